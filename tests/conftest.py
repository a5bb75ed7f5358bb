"""What every test may use. Fixtures of one area live in that area's own conftest."""

import pytest
from hypothesis import HealthCheck, settings

from tests.fakes.clock import FakeClock

# The same examples every time, and no stopwatch: a busy machine must not turn a test red.
settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still until the test advances it."""
    return FakeClock()
