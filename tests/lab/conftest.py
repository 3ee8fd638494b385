"""A lab for each test, and the name of each protocol."""

import pytest
from alchemy.lab import Lab
from alchemy.lab.protocols import PROTOCOLS


@pytest.fixture
def lab():
    with Lab() as served:
        yield served


@pytest.fixture(params=list(PROTOCOLS))
def api(request):
    return request.param
