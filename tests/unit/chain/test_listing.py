"""Bands of believable prices: the twin of `Listing.bandOf`."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chain.listing import ListedTerms, answer_of, band_answer, high_band, listed_terms, low_band
from bot.chain.networks import NETWORKS, Network, stable_feed, volatile_feed
from bot.domain.money import NATIVE

CODES = range(256)
CHEAPEST, DEAREST = Decimal("0.00032768"), Decimal("1319413.95333120")
WIDEST_BAND = 64

prices = st.decimals(CHEAPEST, DEAREST, places=18)


def test_codes_stand_for_eight_steps_an_octave() -> None:
    answers = [band_answer(code) for code in CODES]
    assert answers == sorted(set(answers))
    assert all(answers[code + 8] == 2 * answers[code] for code in CODES[:-8])
    assert [answer_of(CHEAPEST), answer_of(DEAREST)] == [answers[0], answers[-1]]
    # 0.9 and 1.1 dollars lie within; worked out by hand from the contract's formula.
    assert (band_answer(90), band_answer(94)) == (10 << 23, 14 << 23)


@given(usd=prices)
def test_a_band_is_the_narrowest_around_a_price(usd: Decimal) -> None:
    low, high, answer = low_band(usd), high_band(usd), Fraction(usd) * 10**8
    assert band_answer(low) <= answer <= band_answer(high)
    assert high - low == (band_answer(low) != answer)


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_its_own_band(code: int) -> None:
    usd = Decimal(band_answer(code)).scaleb(-8)
    assert low_band(usd) == high_band(usd) == code


def test_prices_beyond_all_codes_have_no_band() -> None:
    a_little = Decimal("1e-9")
    for usd in (Decimal(0), Decimal(-1), CHEAPEST - a_little):
        with pytest.raises(ValueError, match="below"):
            low_band(usd)
        assert high_band(usd) == 0
    with pytest.raises(ValueError, match="above"):
        high_band(DEAREST + a_little)
    assert low_band(DEAREST + a_little) == 255


@given(usd=st.decimals(0, 10**7, places=20))
def test_an_answer_is_the_price_rounded_down(usd: Decimal) -> None:
    assert 0 <= Fraction(usd) - Fraction(answer_of(usd), 10**8) < Fraction(1, 10**8)


def test_terms_go_to_the_contract_in_its_order() -> None:
    feed = "0x" + "ab" * 20
    assert listed_terms(None) == ListedTerms(NATIVE, 0, 0, 0, 0)
    assert listed_terms(stable_feed(feed)) == (feed, 22_000, 35, 90, 94)
    terms = listed_terms(volatile_feed(feed, Decimal(1), Decimal(16)))
    assert (terms.max_age_s, terms.epsilon_bps) == (22_000, 65)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=lambda network: network.name)
def test_the_terms_of_every_network_are_such_as_the_contract_takes(network: Network) -> None:
    feeds = {token.symbol: token.feed for token in network.tokens if token.feed is not None}
    for feed in feeds.values():
        terms = listed_terms(feed)
        low, high = band_answer(terms.low), band_answer(terms.high)
        assert low < high <= WIDEST_BAND * low
        assert 0 < terms.max_age_s < 2**16
        assert 15 < terms.epsilon_bps <= 1_000
    assert {feeds[symbol].deviation_bps for symbol in feeds.keys() & {"USDC", "USDT0"}} <= {20}
    assert {feeds[symbol].deviation_bps for symbol in feeds.keys() - {"USDC", "USDT0"}} <= {50}
    assert len({feed.feed for feed in feeds.values()}) == len(feeds)
