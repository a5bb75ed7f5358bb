"""Our own guard says what the contract would say: on random states, and at every border."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chain.escrows import RpcEscrows
from bot.chain.typed import word_of
from bot.domain.mandate import Mandate, MicroUsd, Standing, usd_of
from bot.domain.money import BPS, Amount, Bps
from bot.domain.trade import Denied, DeniedReason, Verdict
from bot.policy import mandates as policy
from bot.policy.mandates import appraise, bounds_of, check_standing, check_swap, room_of
from tests.ports.limits_lab import WEEK_S, Found, Kept, Lab, lab, time_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = {
    DeniedReason.CHAIN_PAUSED: "TradingPaused",
    DeniedReason.EXITED: "Exited",
    DeniedReason.NO_MANDATE: "NoMandate",
    DeniedReason.UNKNOWN_MANDATE: "NotTheMandate",
    DeniedReason.MANDATE_EXPIRED: "MandateExpired",
    DeniedReason.TOKEN_NOT_IN_MANDATE: "TokenNotInMandate",
    DeniedReason.VENUE_NOT_IN_MANDATE: "VenueNotInMandate",
    DeniedReason.TOKEN_NOT_LISTED: "TokenNotListed",
    DeniedReason.VENUE_NOT_LISTED: "VenueNotListed",
    DeniedReason.NO_FEED: "NoFeed",
    DeniedReason.FEED_UNUSABLE: "FeedUnusable",
    DeniedReason.MANDATE_TRADE_CAP: "TradeCapExceeded",
    DeniedReason.MANDATE_SLIPPAGE: "SlippageExceeded",
    DeniedReason.MANDATE_LOSS: "LossBudgetExceeded",
    DeniedReason.MANDATE_VOLUME: "VolumeExceeded",
}
WITH_FIGURES = {
    DeniedReason.MANDATE_TRADE_CAP,
    DeniedReason.MANDATE_LOSS,
    DeniedReason.MANDATE_VOLUME,
}
DROPPED, EXITED = 1, 2
PAIRS = [("USDC", "WETH"), ("WETH", "USDC"), ("WBTC", "USDC"), ("USDC", "WBTC"), ("SEI", "WETH")]
MOST = 10**13

_limits = st.one_of(st.integers(0, 40), st.integers(0, MOST))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Lab]:
    async with lab() as made:
        yield made


@dataclass(frozen=True)
class Scene:
    """An escrow, its mandate (None: the default one), and what is tried."""

    lab: Lab
    mandate: Mandate | None
    trade: tuple[str, int, str, int]
    adapter: str = ""

    async def verdict(self, standing: Standing) -> Verdict:
        """What our guard says."""
        sell, spent, buy, got = self.trade
        has_exit = self.mandate is None
        verdict = check_standing(standing.escrow, self.mandate, has_exit=has_exit)
        if isinstance(verdict, Denied):
            return verdict
        bounds = bounds_of(self.mandate, standing.escrow.at)
        amounts = Amount(self.lab.token(sell), spent), Amount(self.lab.token(buy), got)
        return check_swap(standing, bounds, self.lab.adapter, *amounts)

    async def agree(self) -> Verdict:
        """Ask both; their answer, which must be the same one."""
        agent = self.lab.sleeper if self.mandate is None else self.lab.signer
        standing = await self.lab.standing(agent, self.trade[0], self.trade[2])
        verdict = await self.verdict(standing)
        said = await self.lab.try_swap(agent, self.mandate, self.trade)
        assert name_of(verdict) == said.name, (verdict, said, standing)
        if isinstance(verdict, Denied) and verdict.reason in WITH_FIGURES:
            asked, allowed = said.figures
            assert (verdict.actual, verdict.limit) == (usd_of(asked), usd_of(allowed))
        return verdict


def name_of(verdict: Verdict) -> str:
    return NAMES[verdict.reason] if isinstance(verdict, Denied) else ""


async def mandate_at(bench: Lab, **changes: Any) -> Mandate:
    now = time_of(await bench.now())
    fields: dict[str, Any] = {
        "nonce": 1,
        "issued_at": now,
        "valid_until": now + timedelta(days=30),
        "sign_by": now,
        "slippage": Bps(150),
        "trade_cap": MicroUsd(50_000_000),
        "daily_volume": MicroUsd(200_000_000),
        "daily_loss": MicroUsd(10_000_000),
        "tokens": tuple(bench.token(s).address for s in ("USDC", "WETH", "WBTC", "SEI")),
        "adapters": (bench.adapter,),
        **changes,
    }
    return Mandate(**fields)


async def calm(bench: Lab) -> None:
    """Feeds that say what the pools do."""
    for symbol, usd in (("USDC", 1), ("WETH", 3_000), ("WBTC", 60_000)):
        await bench.set_feed(symbol, usd * 10**8, 0)
    await bench.set_feed("SEI", 25 * 10**6, 0)


# ---------------------------------------------------------------- constants


async def test_the_default_mandate_is_the_contracts(bench: Lab) -> None:
    assert await bench.constant("DEFAULT_TRADE_CAP") == policy.DEFAULT_TRADE_CAP
    assert await bench.constant("DEFAULT_DAILY_VOLUME") == policy.DEFAULT_DAILY_VOLUME
    assert await bench.constant("DEFAULT_DAILY_LOSS") == policy.DEFAULT_DAILY_LOSS
    assert await bench.constant("DEFAULT_SLIPPAGE_BPS") == policy.DEFAULT_SLIPPAGE
    assert await bench.constant("DAILY_GAS") == policy.DAILY_GAS_SEI * 10**18
    now = time_of(10**9)
    age = now - bounds_of(None, now).listed_by
    assert await bench.constant("DEFAULT_LISTING_AGE") == age.total_seconds()


async def test_every_denial_of_the_chain_has_an_error(bench: Lab) -> None:
    ours = {r for r in DeniedReason if r in NAMES}
    local = {
        *("trading_paused", "agent_not_active", "trade_cap", "day_cap", "balance", "dust"),
        *("stale_price", "price_impact", "unfair_quote"),
    }
    assert {reason.value for reason in DeniedReason} - {r.value for r in ours} == local


# ---------------------------------------------------------------- amounts, at random


@settings(max_examples=250)
@given(data=st.data())
async def test_both_say_the_same_of_any_amounts(bench: Lab, data: st.DataObject) -> None:
    draw = data.draw
    sell, buy = draw(st.sampled_from(PAIRS))
    default = draw(st.integers(0, 4)) == 0
    now = await bench.now()
    mandate = None
    if not default:
        mandate = await mandate_at(
            bench,
            slippage=Bps(draw(st.integers(0, 9_999))),
            trade_cap=MicroUsd(draw(_limits)),
            daily_volume=MicroUsd(draw(_limits)),
            daily_loss=MicroUsd(draw(_limits)),
        )
    bounds = bounds_of(mandate, time_of(now))
    agent = bench.sleeper if default else bench.signer
    kept = Kept(
        loss=drawn(draw, bounds.daily_loss),
        volume=drawn(draw, bounds.daily_volume),
        since=now - draw(st.one_of(st.integers(0, 90), st.integers(0, 100_000))),
    )
    await bench.set_escrow(agent, word_of(mandate) if mandate else 0, kept)
    for symbol in (sell, buy):
        low, high = band_of(bench, symbol)
        await bench.set_feed(symbol, draw(st.integers(low, high)), draw(st.integers(0, 21_000)))
    standing = await bench.standing(agent, sell, buy)
    spent, got = amounts(draw, standing, mandate)
    await Scene(bench, mandate, (sell, spent, buy, got)).agree()


def drawn(draw: Any, daily: int) -> int:
    """What was in a bucket: often near its capacity, or over it."""
    near = st.integers(max(0, daily // 2 - 3), daily // 2 + 3)
    return int(draw(st.one_of(st.just(0), near, st.integers(0, daily), st.integers(0, MOST))))


def band_of(bench: Lab, symbol: str) -> tuple[int, int]:
    """Answers a feed may give; the lists' own bounds are a little wider."""
    info = next(t for t in bench.local.deployment.tokens if t.symbol == symbol)
    assert info.feed
    return int(info.feed.low_usd * 10**8) + 1, int(info.feed.high_usd * 10**8)


def amounts(draw: Any, standing: Standing, mandate: Mandate | None) -> tuple[int, int]:
    """Base units around some border: of the cap, the volume, the slippage or the loss."""
    bounds = bounds_of(mandate, standing.escrow.at)
    room = room_of(standing.escrow, bounds, standing.escrow.at)
    sell, buy = standing.sell, standing.buy
    within = min(bounds.trade_cap, room.volume)
    value = draw(st.sampled_from([within, within, within // 2, bounds.trade_cap, draw(_limits)]))
    scale = 10 ** (sell.decimals + 2)
    spent = max(1, value * scale // sell.price + draw(st.integers(-2, 2)))
    worth = appraise(sell, spent, buy, 0)
    border = draw(st.sampled_from(["slippage", "loss", "any"]))
    if border == "any":
        return spent, draw(st.integers(1, 10**24))
    if border == "slippage":
        least = -(-worth.value_in * (BPS - bounds.slippage) // BPS)
        got = -(-least * 10 ** (buy.decimals + 2) // buy.price)
    else:
        wanted = max(0, worth.charge - room.loss)
        got = -(-wanted * 10 ** (buy.decimals + 2) * BPS // (buy.price * (BPS - buy.epsilon)))
    return spent, max(1, got + draw(st.integers(-2, 2)))


# ---------------------------------------------------------------- amounts, border by border


async def borders(
    bench: Lab, mandate: Mandate, trade: tuple[str, int, str, int], **book: int
) -> Verdict:
    await bench.set_escrow(bench.signer, word_of(mandate), Kept(**book))
    return await Scene(bench, mandate, trade).agree()


@pytest.mark.parametrize(("over", "reason"), [(0, ""), (1, "TradeCapExceeded")])
async def test_the_cap_of_a_trade_is_inclusive(bench: Lab, over: int, reason: str) -> None:
    await calm(bench)
    wide = MicroUsd(10**12)
    mandate = await mandate_at(bench, daily_volume=wide, daily_loss=wide)
    verdict = await borders(bench, mandate, ("USDC", 50_000_000 + over, "WETH", 10**17))
    assert name_of(verdict) == reason


@pytest.mark.parametrize(
    ("elapsed", "spent", "reason"),
    [
        (0, 10_000_000, ""),
        (0, 10_000_001, "VolumeExceeded"),
        (86, 10_099_537, ""),
        (86, 10_099_538, "VolumeExceeded"),
        (43_200, 50_000_000, ""),
        (86_400, 50_000_000, ""),
    ],
)
async def test_the_volume_comes_back_by_the_second(
    bench: Lab, elapsed: int, spent: int, reason: str
) -> None:
    """$100 at once, of which $90 are used: $10 are left, and $100 come back over 24 hours."""
    await calm(bench)
    mandate = await mandate_at(bench, daily_loss=MicroUsd(10**12))
    since = await bench.now() - elapsed
    trade = ("USDC", spent, "WETH", 10**17)
    assert name_of(await borders(bench, mandate, trade, volume=90_000_000, since=since)) == reason


@pytest.mark.parametrize(
    ("elapsed", "room"), [(0, 0), (43_199, 0), (43_201, 0), (64_800, 0), (86_400, 50)]
)
async def test_a_bucket_over_its_capacity_empties_within_the_day(
    bench: Lab, elapsed: int, room: int
) -> None:
    """A lower limit came after a higher one: what was spent under it stays in the bucket."""
    await calm(bench)
    mandate = await mandate_at(bench, daily_volume=MicroUsd(100_000_000))
    since = await bench.now() - elapsed
    await bench.set_escrow(bench.signer, word_of(mandate), Kept(volume=10**9, since=since))
    standing = await bench.standing(bench.signer, "USDC", "WETH")
    left = room_of(standing.escrow, bounds_of(mandate, standing.escrow.at), standing.escrow.at)
    assert left.volume == room * 1_000_000
    spent = 49_000_000
    verdict = await Scene(bench, mandate, ("USDC", spent, "WETH", 163 * 10**14)).agree()
    assert name_of(verdict) == ("" if room else "VolumeExceeded")


@pytest.mark.parametrize(("less", "reason"), [(0, ""), (1, "SlippageExceeded")])
async def test_the_slippage_is_inclusive(bench: Lab, less: int, reason: str) -> None:
    await calm(bench)
    mandate = await mandate_at(bench, daily_loss=MicroUsd(10**12))
    verdict = await borders(bench, mandate, ("WBTC", 50_000, "USDC", 29_550_000 - less))
    assert name_of(verdict) == reason


@pytest.mark.parametrize(("less", "reason"), [(0, ""), (1, "LossBudgetExceeded")])
async def test_the_loss_of_a_day_is_inclusive(bench: Lab, less: int, reason: str) -> None:
    """$30 cost at most $30.195 and bring at least 99.65 % of what they brought."""
    await calm(bench)
    mandate = await mandate_at(bench, slippage=Bps(9_999), daily_loss=MicroUsd(2_000_000))
    got = -(-(30_195_000 - 1_000_000) * BPS // (BPS - 35))
    verdict = await borders(bench, mandate, ("WBTC", 50_000, "USDC", got - less))
    assert name_of(verdict) == reason
    if isinstance(verdict, Denied):
        assert (verdict.limit, verdict.actual) == (usd_of(1_000_000), usd_of(1_000_001))


# ---------------------------------------------------------------- what is in the way at all


@pytest.mark.parametrize(
    ("flags", "reason"),
    [(DROPPED, "NoMandate"), (EXITED, "Exited"), (DROPPED | EXITED, "Exited")],
)
@pytest.mark.parametrize("signed", [True, False])
async def test_flags_stop_everything(bench: Lab, flags: int, reason: str, signed: bool) -> None:  # noqa: FBT001
    await calm(bench)
    mandate = await mandate_at(bench) if signed else None
    agent, word = (bench.signer, word_of(mandate)) if mandate else (bench.sleeper, 0)
    await bench.set_escrow(agent, word, Kept(flags=flags))
    verdict = await Scene(bench, mandate, ("USDC", 10**7, "WETH", 10**16)).agree()
    assert name_of(verdict) == reason


@pytest.mark.parametrize(("until", "reason"), [(-1, "MandateExpired"), (0, ""), (1, "")])
async def test_a_mandate_ends_after_its_last_second(bench: Lab, until: int, reason: str) -> None:
    await calm(bench)
    end = time_of(await bench.now() + until)
    mandate = await mandate_at(bench, valid_until=end)
    verdict = await borders(bench, mandate, ("USDC", 10**7, "WETH", 10**16))
    assert name_of(verdict) == reason


async def test_a_mandate_nobody_knows_is_not_traded_under(bench: Lab) -> None:
    await calm(bench)
    known, other = await mandate_at(bench), await mandate_at(bench, slippage=Bps(151))
    await bench.set_escrow(bench.signer, word_of(other))
    state = (await bench.standing(bench.signer, "USDC", "WETH")).escrow
    verdict = check_standing(state, None, has_exit=False)
    trade = ("USDC", 10**7, "WETH", 10**16)
    said = await bench.try_swap(bench.signer, known, trade)
    assert name_of(verdict) == said.name == "NotTheMandate"


async def test_without_any_mandate_nothing(bench: Lab) -> None:
    await calm(bench)
    await bench.set_escrow(bench.signer)
    state = (await bench.standing(bench.signer, "USDC", "WETH")).escrow
    assert check_standing(state, None, has_exit=False) == Denied(DeniedReason.NO_MANDATE)
    said = await bench.try_swap(bench.signer, None, ("USDC", 10**7, "WETH", 10**16))
    assert said == Found("NoMandate")


@pytest.mark.parametrize(("older", "reason"), [(0, ""), (1, "VenueNotListed")])
async def test_what_was_listed_after_the_signature_is_not_covered(
    bench: Lab, older: int, reason: str
) -> None:
    await calm(bench)
    mandate = await mandate_at(bench, issued_at=time_of(bench.listed_at - older))
    verdict = await borders(bench, mandate, ("USDC", 10**7, "WETH", 10**16))
    assert name_of(verdict) == reason


@pytest.mark.parametrize(
    ("left_out", "reason"),
    [("USDC", "TokenNotInMandate"), ("WETH", "TokenNotInMandate"), ("", "VenueNotInMandate")],
)
async def test_what_the_mandate_leaves_out(bench: Lab, left_out: str, reason: str) -> None:
    await calm(bench)
    tokens = tuple(bench.token(s).address for s in ("USDC", "WETH") if s != left_out)
    adapters = (bench.adapter,) if left_out else bench.world.adapters
    mandate = await mandate_at(bench, tokens=tokens, adapters=adapters)
    verdict = await borders(bench, mandate, ("USDC", 10**7, "WETH", 10**16))
    assert name_of(verdict) == reason
    missing = bench.token(left_out).address if left_out else bench.adapter
    assert isinstance(verdict, Denied)
    assert verdict.subject == missing


# ---------------------------------------------------------------- feeds


@pytest.mark.parametrize("symbol", ["USDC", "WETH"])
@pytest.mark.parametrize(
    ("answer", "age_s", "reason"),
    [
        ("mid", 22_000, ""),
        ("mid", 22_001, "FeedUnusable"),
        ("mid", -1, "FeedUnusable"),
        ("low", 0, ""),
        ("low-1", 0, "FeedUnusable"),
        ("high", 0, ""),
        ("high+1", 0, "FeedUnusable"),
        ("zero", 0, "FeedUnusable"),
        ("minus", 0, "FeedUnusable"),
    ],
)
async def test_a_feed_is_believed_within_its_bounds(
    bench: Lab,
    symbol: str,
    answer: str,
    age_s: int,
    reason: str,
) -> None:
    await calm(bench)
    low, high = await listed_band(bench, symbol)
    usd = {"USDC": 1, "WETH": 3_000}[symbol] * 10**8
    said = {
        **{"mid": usd, "low": low, "low-1": low - 1, "high": high, "high+1": high + 1},
        **{"zero": 0, "minus": -usd},
    }[answer]
    await bench.set_feed(symbol, said, age_s)
    most = MicroUsd(10**13)
    mandate = await mandate_at(
        bench, slippage=Bps(9_999), trade_cap=most, daily_volume=most, daily_loss=most
    )
    verdict = await borders(bench, mandate, ("USDC", 10**7, "WETH", 10**17))
    assert name_of(verdict) == reason


async def test_a_price_of_another_feed_than_the_listed_one_is_none(bench: Lab) -> None:
    """A token may be listed anew, with another feed, while we run: we would value it wrongly."""
    await calm(bench)
    found = bench.local.deployment
    tokens = {token.symbol: token for token in found.tokens}
    stale = tokens["WETH"].model_copy(update={"feed": tokens["USDC"].feed})
    others = [token for token in found.tokens if token.symbol != "WETH"]
    record = found.model_copy(update={"tokens": (stale, *others)})
    reader = RpcEscrows(bench.rpc, record)
    addresses = [bench.token(symbol).address for symbol in ("USDC", "WETH")]
    standing = await reader.read_standing(bench.signer.escrow, *addresses)
    assert (standing.sell.usable, standing.buy.usable) == (True, False)
    assert standing.buy.price == 0


async def listed_band(bench: Lab, symbol: str) -> tuple[int, int]:
    """The lowest and highest answer the orchestrator believes."""
    listed = bench.orchestrator.functions.tokenListing(bench.token(symbol).address)
    listing = await listed.call()
    return listing[4], listing[5]


# ---------------------------------------------------------------- last: what cannot be taken back


async def test_the_default_mandate_covers_what_was_listed_for_a_week(bench: Lab) -> None:
    await bench.list_venue()
    await bench.enrich()
    await bench.set_escrow(bench.sleeper)
    for timestamp, reason in (
        (bench.listed_at + WEEK_S - 1, "VenueNotListed"),
        (bench.listed_at + WEEK_S, ""),
    ):
        await bench.at(timestamp)
        await calm(bench)
        verdict = await Scene(bench, None, ("USDC", 10**7, "WETH", 10**16)).agree()
        assert name_of(verdict) == reason


async def test_a_pause_is_for_all(bench: Lab) -> None:
    await calm(bench)
    mandate = await mandate_at(bench)
    await bench.world.pause(paused=True)
    try:
        await calm(bench)
        verdict = await borders(bench, mandate, ("USDC", 10**7, "WETH", 10**16))
    finally:
        await bench.world.pause(paused=False)
    assert name_of(verdict) == "TradingPaused"


@pytest.mark.parametrize("sell", ["WBTC", "USDC"])
async def test_what_is_switched_off_is_not_traded(bench: Lab, sell: str) -> None:
    """First a token, then the venue itself."""
    token = sell == "WBTC"
    entry = bench.token(sell).address if token else bench.adapter
    await bench.deployer.call(f"switch off {entry}", bench.orchestrator, "switchOff", entry)
    await calm(bench)
    verdict = await borders(bench, await mandate_at(bench), (sell, 10_000, "WETH", 10**15))
    reason = DeniedReason.TOKEN_NOT_LISTED if token else DeniedReason.VENUE_NOT_LISTED
    assert verdict == Denied(reason, subject=entry)
