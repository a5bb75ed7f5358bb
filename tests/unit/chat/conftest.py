"""An office for the commands and cards of the chat."""

import pytest

from tests.fakes.clock import FakeClock
from tests.unit.services.office import Office


@pytest.fixture
def office(clock: FakeClock) -> Office:
    return Office(clock)
