"""How long the run is: a short one that is the same each time, or the long one that `make fuzz` makes."""

import os

from hypothesis import HealthCheck, settings

# Inputs for each test of the long run; unset, the run is short.
CASES = int(os.environ.get("ALCHEMY_FUZZ_CASES", "0"))

settings.register_profile(
    "fuzz",
    max_examples=CASES or 60,
    derandomize=not CASES,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


def pytest_collection_modifyitems(items):
    for item in items:
        test = getattr(item, "function", None)
        if "tests/fuzz/" in item.path.as_posix() and hasattr(test, "hypothesis"):
            test._hypothesis_internal_use_settings = settings.get_profile("fuzz")
