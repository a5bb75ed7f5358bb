"""One office a test; what it logs is kept, not rendered."""

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.fakes.clock import FakeClock
from tests.unit.services.office import Office


@pytest.fixture
def office(clock: FakeClock) -> Office:
    return Office(clock)


@pytest.fixture(autouse=True)
def logged() -> Iterator[Sequence[MutableMapping[str, Any]]]:
    with capture_logs() as entries:
        yield entries
