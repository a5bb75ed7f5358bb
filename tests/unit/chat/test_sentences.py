"""Every refusal in a plain sentence: what happened, with its figures, and whether money moved."""

from decimal import Decimal

import pytest

from bot.chat.cards import is_market_move, reason_sentence
from bot.chat.sentences import (
    REVERT_FIGURES,
    REVERT_SENTENCES,
    denied_sentence,
    sentence,
)
from bot.domain.errors import UpstreamError, UserError
from bot.domain.trade import Denied, DeniedReason
from bot.services.refusals import DeniedError

FIGURES = {
    DeniedReason.TRADE_CAP: ["$50.00", "$123.45"],
    DeniedReason.DAY_CAP: ["$50.00", "$123.45"],
    DeniedReason.BALANCE: ["50 SEI", "123.45 SEI"],
    DeniedReason.DUST: ["$50.00", "$123.45"],
    DeniedReason.PRICE_IMPACT: ["0.50 %", "1.23 %"],
    DeniedReason.UNFAIR_QUOTE: ["0.50 %", "1.23 %"],
    DeniedReason.MANDATE_TRADE_CAP: ["$50.00", "$123.45"],
    DeniedReason.MANDATE_LOSS: ["$50.00", "$123.45"],
    DeniedReason.MANDATE_VOLUME: ["$50.00", "$123.45"],
    DeniedReason.MANDATE_SLIPPAGE: ["0.50 %", "1.23 %"],
}
WITH_SUBJECT = {
    DeniedReason.TOKEN_NOT_IN_MANDATE,
    DeniedReason.VENUE_NOT_IN_MANDATE,
    DeniedReason.TOKEN_NOT_LISTED,
    DeniedReason.VENUE_NOT_LISTED,
    DeniedReason.NO_FEED,
    DeniedReason.FEED_UNUSABLE,
}
WAYS_ON = ("/mandate", "/settings", "/deposit", "/agents", "ithdraw", "smaller", "later", "soon")


def said(reason: DeniedReason) -> str:
    return denied_sentence(Denied(reason, Decimal(50), Decimal("123.45"), "DragonSwap"), "SEI")


@pytest.mark.parametrize("reason", DeniedReason)
def test_every_denial_has_a_sentence_of_its_own(reason: DeniedReason):
    text = said(reason)
    assert text.endswith(" Nothing was moved.")
    assert "A limit said no" not in text
    assert not set(text) & set("{}<>")
    assert [said(other) for other in DeniedReason].count(text) == 1 or reason in WITH_SUBJECT
    assert any(way in text for way in WAYS_ON) or reason is DeniedReason.DUST
    for figure in FIGURES.get(reason, []):
        assert figure in text
    assert ("DragonSwap" in text) == (reason in WITH_SUBJECT)


def test_a_denial_is_told_with_its_figures_wherever_it_comes_from():
    error = DeniedError(Denied(DeniedReason.MANDATE_VOLUME, Decimal(10), Decimal(11)), "USDC")
    text = sentence(error)
    assert text.startswith("$11.00 is more than the mandate has room for now: $10.00.")
    assert sentence(UserError("As it is.")) == "As it is."
    assert "Sei network" in sentence(UpstreamError("chain", "secret", retryable=True))
    assert "secret" not in sentence(UpstreamError("chain", "secret", retryable=True))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "TradeCapExceeded 50000001 50000000",
            "$50.00 is over the mandate's $50.00 a trade (/mandate)",
        ),
        (
            "VolumeExceeded 11000000 10000000",
            "$11.00 is more than the $10.00 the mandate has room for now (/mandate)",
        ),
        (
            "LossBudgetExceeded 420000 300000",
            "it could lose $0.42; the mandate has room for $0.30 (/mandate)",
        ),
        (
            "SlippageExceeded 9800000 9850000",
            "it would receive $9.80, less than the mandate's $9.85 (/mandate)",
        ),
        ("LossBudgetExceeded 1 0", "it could lose about $0.00; the mandate has room for $0.00 "),
        ("NonceTooLow 3 5", "something newer was signed meanwhile"),
        ("MandateExpired 1790000000 1790000001", "the mandate has run out (/mandate)"),
        ("NoMandate", "no mandate is in force any more (/mandate)"),
        ("agent_paused", "the agent is paused"),
        ("TooLittleReceived 39 40", "the market moved past your minimum"),
        ("Too little received", "the market moved past your minimum"),
        ("Whatever 5", "the chain refused it (Whatever 5)"),
        ("", "the chain refused it (no reason given)"),
    ],
)
def test_a_journalled_reason_in_words(reason: str, words: str):
    assert reason_sentence(reason).startswith(words)


@pytest.mark.parametrize("name", sorted(REVERT_FIGURES))
def test_a_limit_without_its_figures_is_still_a_sentence(name: str):
    """A revert on the chain may come without them."""
    for reason in (name, f"{name} 5", f"{name} 5 x", f"{name} -5 7"):
        assert reason_sentence(reason) == REVERT_SENTENCES[name]
        assert not set(reason_sentence(reason)) & set("{}")


@pytest.mark.parametrize("name", sorted(REVERT_SENTENCES))
def test_every_known_reason_reads_as_the_rest_of_a_sentence(name: str):
    text = reason_sentence(name)
    assert text == REVERT_SENTENCES[name]
    assert text[0].islower()
    assert not text.endswith(".")


def test_only_a_moved_market_is_worth_a_fresh_offer():
    """The mandate's own slippage is measured by the feeds: the next offer would fail as well."""
    assert is_market_move("TooLittleReceived 1 2")
    assert is_market_move("UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT")
    for reason in ("SlippageExceeded 1 2", "LossBudgetExceeded 1 2", "NoMandate", ""):
        assert not is_market_move(reason)
