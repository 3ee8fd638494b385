"""An answer that we decoded and put into the next request makes it the request that was recorded."""

from collections import Counter

import pytest
from allowed_sent_back import REPLAYED
from corpus import OTHER_SET, RECORDINGS, SAME_FORM
from left_out import NOT_SENT_BACK
from request_corpus import FOLDERS
from request_replay import replays

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(),
    reason=f"no recordings at {RECORDINGS}; set ALCHEMY_WIRE to their folder",
)

own_set = pytest.mark.skipif(OTHER_SET, reason="ALCHEMY_WIRE names another set of recordings")

# Protocol -> how many blocks of which kind go back with a signature, at least.
SIGNED = {
    "openai-completions": {"thinking": 25},
    "openai-responses": {"thinking": 60, "tool_call": 110, "text": 40},
    "anthropic-messages": {"thinking": 14, "tool_call": 60},
    "google-generative-ai": {"tool_call": 40, "text": 8},
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_answers_go_back(folder, capsys):
    """Every answer that its recording sends back goes back from our types, signatures and all."""
    result = replays(folder)
    signed = ", ".join(f"{number} {kind}" for kind, number in sorted(result.signatures.items()))
    with capsys.disabled():
        print(f"\n{folder}: {result.sent_back} answers sent back, signed: {signed}, {len(result.failed)} failed")
        for verb, reasons in (("explained", result.reasons), ("without", result.dropped), ("skipped", result.skipped)):
            for reason, number in sorted(reasons.items()):
                print(f"  {verb} {number}: {reason}")
    report = [f"{case}\n    " + "\n    ".join(rest) for case, rest in list(result.failed.items())[:40]]
    assert not result.failed, f"{len(result.failed)} requests differ\n" + "\n".join(report)


@own_set
@pytest.mark.parametrize("api", SIGNED)
def test_reasons_explain_something(api):
    """An allowed difference that no answer shows has to go, and so many blocks go back with their signatures."""
    found = [replays(folder) for folder in FOLDERS if SAME_FORM.get(folder, folder) == api]
    used = {name for result in found for name in result.reasons}
    assert {entry.name for entry in REPLAYED if api in entry.apis} - used == set()
    signed = sum((result.signatures for result in found), Counter())
    assert {kind: min(signed[kind], number) for kind, number in SIGNED[api].items()} == SIGNED[api]


@own_set
def test_cases_not_sent_back_are_there():
    """A case that is left out by its id is one of the recordings."""
    assert NOT_SENT_BACK.keys() <= {path.parent.name for path in RECORDINGS.glob("*/*/case.json")}
