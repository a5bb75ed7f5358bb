"""A day of market in seconds: what rings is what the oracle says, once each."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.integration.alerts.replaying import Plan, begun, consult, firings_of, keys_of
from tests.integration.alerts.world import DAY, HOUR, MINUTE, Glitch

NO_TIME = timedelta(0)
PLAN = Plan(
    seed=11,
    alerts=1_500,
    parts=(
        (240, NO_TIME),
        (200, timedelta(seconds=1)),
        (420, HOUR),
        (220, -20 * MINUTE),
        (60, 4 * MINUTE),
        (100, DAY),
        (200, NO_TIME),
    ),
    glitches=(
        Glitch("absurd", "SEI", 70, 70),
        Glitch("tiny", "WETH", 95, 96),
        Glitch("absurd", "PEPE", 130, 150),
        Glitch("stale", "WBTC", 160, 200),
        Glitch("missing", "SOL", 170, 230),
        Glitch("pool", "ATOM", 180, 260),
        Glitch("stale", "SEI", 800, 805),
    ),
    down=((620, 679), (1_000, 1_006)),
)
"""Restarts after a second, an hour, four minutes and a day; the clock is set back once."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


async def test_a_day_of_market_rings_as_the_oracle_says(tmp_path: Path) -> None:
    async with begun(tmp_path / "bot.db", PLAN) as (engine, oracle):
        for moment in PLAN.moments()[1:]:
            await engine.live(moment)
            consult(oracle, moment)
        rang = await firings_of(engine.database)
        keys = await keys_of(engine.database)

    assert Counter(rang) == Counter(oracle.firings)
    told = [f"alert:{alert}:{number}" for alert, number, _, _ in rang]
    assert Counter(key for key in keys if key.startswith("alert:")) == Counter(told)
    ended = Counter(int(key.split(":")[1]) for key in keys if key.startswith("ended:"))
    assert ended == Counter(oracle.ended)
    assert len({oracle.models[alert].kind for alert, *_ in rang}) == 20, "not every kind rang"
    late = Counter(oracle.models[alert].kind for alert, *_, late in rang if late)
    assert {"PRICE_ABOVE", "PERCENT_CHANGE", "NEW_HIGH", "RSI_ABOVE", "DIGEST_DAILY"} <= set(late)
    assert engine.wakes > 0
