"""The chain's limits, said first. Whether the contract says the same is tested on a real one, in
`tests/ports/test_mandate_limits.py`; here is what must hold of the figures themselves.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.mandate import (
    EscrowState,
    Mandate,
    MandateWord,
    MicroUsd,
    Standing,
    TokenTerms,
    VenueTerms,
)
from bot.domain.money import BPS, Amount, Bps, Token, Wei
from bot.domain.trade import Approved, Denied, DeniedReason
from bot.policy.mandates import (
    DAY_S,
    Bounds,
    appraise,
    bounds_of,
    check_standing,
    check_swap,
    check_venue,
    most_lost_usd,
    room_of,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADAPTER, OTHER = "0x" + "a" * 40, "0x" + "b" * 40
SOLD = Token("USDC", "0x" + "1" * 40, 6)
BOUGHT = Token("SEI", "0x" + "2" * 40, 18)
STATE = EscrowState(
    at=NOW,
    paused=False,
    dropped=False,
    exited=False,
    nonce=1,
    sequence=0,
    word=MandateWord(7),
    loss=MicroUsd(0),
    volume=MicroUsd(0),
    since=NOW,
    gas_available=Wei(0),
)

limits = st.integers(0, 2**48 - 1)
drawn = st.one_of(limits, st.integers(0, 100))
seconds = st.one_of(st.integers(0, 3 * DAY_S), st.integers(0, 100))
raw = st.integers(0, 10**30)
prices = st.integers(1, 10**14)
epsilons = st.integers(0, 1_000).map(Bps)


def terms(token: Token, price: int = 10**8, epsilon: int = 50) -> TokenTerms:
    return TokenTerms(
        address=token.address,
        on=True,
        listed_at=NOW - timedelta(days=30),
        feed="0xfeed",
        decimals=token.decimals,
        epsilon=Bps(epsilon),
        price=price,
        updated_at=NOW,
        max_age=timedelta(hours=6),
        usable=True,
    )


def bounds(**changes: object) -> Bounds:
    wide = MicroUsd(10**14)
    made = Bounds(wide, wide, wide, Bps(9_999), NOW, NOW, None, None)
    return replace(made, **changes)  # type: ignore[arg-type]


def standing(**changes: object) -> Standing:
    venue = VenueTerms(ADAPTER, on=True, listed_at=NOW - timedelta(days=30))
    made = Standing(STATE, terms(SOLD), terms(BOUGHT, 25 * 10**6), {ADAPTER: venue})
    return replace(made, **changes)  # type: ignore[arg-type]


def state(loss: int = 0, volume: int = 0) -> EscrowState:
    return replace(STATE, loss=MicroUsd(loss), volume=MicroUsd(volume))


def room(in_bucket: int, daily: int, elapsed_s: int) -> int:
    limit = bounds(daily_volume=MicroUsd(daily), daily_loss=MicroUsd(daily))
    found = room_of(state(in_bucket, in_bucket), limit, NOW + timedelta(seconds=elapsed_s))
    assert found.loss == found.volume
    return found.volume


# ---------------------------------------------------------------- buckets


@given(drawn, limits, seconds)
def test_room_is_within_half_of_the_daily_limit(in_bucket: int, daily: int, elapsed_s: int):
    assert 0 <= room(in_bucket, daily, elapsed_s) <= daily // 2


@given(drawn, limits, seconds, seconds)
def test_room_only_grows_while_nothing_is_traded(
    in_bucket: int, daily: int, elapsed_s: int, more_s: int
):
    now = room(in_bucket, daily, elapsed_s)
    assert now <= room(in_bucket, daily, elapsed_s + more_s)
    assert room(in_bucket, daily, elapsed_s) <= room(max(0, in_bucket - 1), daily, elapsed_s)


@given(drawn, limits)
def test_after_a_day_it_is_all_there_again(in_bucket: int, daily: int):
    assert room(in_bucket, daily, DAY_S) == daily // 2


@given(drawn, limits)
def test_a_clock_that_went_back_refills_nothing(in_bucket: int, daily: int):
    assert room(in_bucket, daily, -60) == room(in_bucket, daily, 0)


@given(
    st.integers(0, 10**9),
    st.lists(st.tuples(st.integers(0, DAY_S), st.floats(0, 1)), max_size=40),
)
def test_no_24_hours_take_more_than_the_limit(daily: int, turns: list[tuple[int, float]]):
    """Whatever the rhythm, and with everything that is left taken at the end of each wait."""
    at, in_bucket = 0, 0
    taken: list[tuple[int, int]] = []
    for wait_s, share in turns:
        left = room(in_bucket, daily, wait_s)
        at, amount = at + wait_s, int(left * share)
        in_bucket = daily // 2 - left + amount
        taken.append((at, amount))
    for start, _ in taken:
        window = [amount for when, amount in taken if start <= when < start + DAY_S]
        assert sum(window) <= daily


# ---------------------------------------------------------------- appraisal


@given(raw, prices, epsilons, raw, prices, epsilons)
def test_an_appraisal_is_against_us_and_never_negative(
    spent: int, sell_price: int, sell_eps: Bps, got: int, buy_price: int, buy_eps: Bps
):
    sell, buy = terms(SOLD, sell_price, sell_eps), terms(BOUGHT, buy_price, buy_eps)
    worth = appraise(sell, spent, buy, got)
    exact_in = Fraction(spent * sell_price, 10**8)
    exact_out = Fraction(got * buy_price, 10**20)
    most = exact_in * (BPS + sell_eps) / BPS
    least = exact_out * (BPS - buy_eps) / BPS
    assert exact_in <= worth.value_in < exact_in + 1
    assert exact_out - 1 < worth.value_out <= exact_out
    assert worth.charge >= max(Fraction(0), most - least)
    assert worth.charge < max(Fraction(0), most - least) + 2
    assert worth.charge >= worth.value_in - worth.value_out


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=20), prices)
def test_many_small_trades_are_charged_no_less_than_one(parts: list[int], price: int):
    """Dust does not round away."""
    sell, buy = terms(SOLD, price), terms(BOUGHT)
    whole = appraise(sell, sum(parts), buy, 0)
    split = [appraise(sell, part, buy, 0) for part in parts]
    assert sum(part.value_in for part in split) >= whole.value_in
    assert sum(part.charge for part in split) >= whole.charge


@given(raw, raw, raw)
def test_a_better_fill_is_never_charged_more(spent: int, got: int, more: int):
    sell, buy = terms(SOLD), terms(BOUGHT)
    worse, better = appraise(sell, spent, buy, got), appraise(sell, spent, buy, got + more)
    assert better.charge <= worse.charge
    assert better.value_out >= worse.value_out


# ---------------------------------------------------------------- verdicts


@given(st.integers(1, 10**12), st.integers(1, 10**24), limits, limits, limits, st.integers(0, 9999))
def test_what_passes_is_within_every_limit(
    spent: int, got: int, cap: int, volume: int, loss: int, slippage: int
):
    limit = bounds(
        trade_cap=MicroUsd(cap),
        daily_volume=MicroUsd(volume),
        daily_loss=MicroUsd(loss),
        slippage=Bps(slippage),
    )
    here = standing()
    verdict = check_swap(here, limit, ADAPTER, Amount(SOLD, spent), Amount(BOUGHT, got))
    worth = appraise(here.sell, spent, here.buy, got)
    within = (
        worth.value_in <= cap
        and worth.value_in <= volume // 2
        and worth.charge <= loss // 2
        and worth.value_out * BPS >= worth.value_in * (BPS - slippage)
    )
    assert isinstance(verdict, Approved) == within
    if isinstance(verdict, Denied):
        assert verdict.limit < verdict.actual


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"paused": True, "exited": True, "dropped": True}, DeniedReason.CHAIN_PAUSED),
        ({"exited": True, "dropped": True}, DeniedReason.EXITED),
        ({"dropped": True}, DeniedReason.NO_MANDATE),
        ({"word": MandateWord(0)}, DeniedReason.NO_MANDATE),
    ],
)
def test_the_first_thing_in_the_way_is_named(
    changes: dict[str, object], reason: DeniedReason | None
):
    mandate = signed()
    here = replace(STATE, **changes)  # type: ignore[arg-type]
    verdict = check_standing(here, mandate, has_exit=False)
    assert verdict == (Denied(reason) if reason else Approved())


def test_an_exit_code_makes_the_default_mandate_and_no_other():
    none = replace(STATE, word=MandateWord(0))
    assert check_standing(none, None, has_exit=True) == Approved()
    assert check_standing(none, None, has_exit=False) == Denied(DeniedReason.NO_MANDATE)
    assert check_standing(STATE, None, has_exit=True) == Denied(DeniedReason.UNKNOWN_MANDATE)
    dropped = replace(none, dropped=True)
    assert check_standing(dropped, None, has_exit=True) == Denied(DeniedReason.NO_MANDATE)


@pytest.mark.parametrize(("late_s", "fine"), [(-1, True), (0, True), (1, False)])
def test_a_mandates_last_second_counts(late_s: int, fine: bool):  # noqa: FBT001
    here = replace(STATE, at=NOW + timedelta(seconds=late_s))
    expected = Approved() if fine else Denied(DeniedReason.MANDATE_EXPIRED)
    assert check_standing(here, signed(valid_until=NOW), has_exit=False) == expected


def test_a_mandate_bounds_what_it_says():
    mandate = signed()
    bound = bounds_of(mandate, NOW)
    assert (bound.trade_cap, bound.daily_volume, bound.daily_loss) == (50, 200, 10)
    assert (bound.slippage, bound.listed_by, bound.valid_until) == (150, NOW, mandate.valid_until)
    assert bound.tokens == frozenset({SOLD.address, BOUGHT.address})
    assert bound.adapters == frozenset({ADAPTER})


def test_the_default_mandate_takes_what_was_listed_for_a_week_and_has_no_end():
    bound = bounds_of(None, NOW)
    assert bound.listed_by == NOW - timedelta(days=7)
    assert (bound.valid_until, bound.tokens, bound.adapters) == (None, None, None)


def test_a_venue_must_be_named_known_and_on():
    here = standing()
    assert check_venue(here, bounds(), ADAPTER) == Approved()
    unnamed = bounds(adapters=frozenset({OTHER}))
    assert check_venue(here, unnamed, ADAPTER) == Denied(
        DeniedReason.VENUE_NOT_IN_MANDATE, subject=ADAPTER
    )
    assert check_venue(here, unnamed, OTHER) == Denied(DeniedReason.VENUE_NOT_LISTED, subject=OTHER)


@given(limits, st.integers(0, 400))
def test_the_published_bound_grows_by_half_of_the_loss_a_day(daily: int, days: int):
    bound = bounds(daily_loss=MicroUsd(daily))
    assert most_lost_usd(bound, days) * 2 * 10**6 <= daily * (1 + days)
    assert most_lost_usd(bound, days + 2) - most_lost_usd(bound, days) == Fraction(daily, 10**6)


def signed(**changes: object) -> Mandate:
    made = Mandate(
        nonce=1,
        issued_at=NOW,
        valid_until=NOW + timedelta(days=30),
        sign_by=NOW,
        slippage=Bps(150),
        trade_cap=MicroUsd(50),
        daily_volume=MicroUsd(200),
        daily_loss=MicroUsd(10),
        tokens=(SOLD.address, BOUGHT.address),
        adapters=(ADAPTER,),
    )
    return replace(made, **changes)  # type: ignore[arg-type]
