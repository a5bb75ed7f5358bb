"""What went wrong, in plain sentences: what happened, whether money moved, what to do."""

from decimal import Decimal

from bot.chat.render import percent, quantity, usd
from bot.domain.errors import UpstreamError, UserError
from bot.domain.trade import Denied, DeniedReason
from bot.services.refusals import DeniedError

_EDGES = {
    "chain": "The Sei network does not answer right now, so I do not know balances or prices "
    "there. Nothing was moved.",
    "market": "The market data source does not answer right now. Nothing was moved.",
    "gemini": "The analyst does not answer right now. Nothing was moved.",
    "telegram": "Telegram did not take a message.",
}

REVERT_SENTENCES = {
    "gas": "the agent has too little SEI for gas. Deposit at least 1 SEI",
    "trading_paused": "trading is paused by an admin",
    "network": "the Sei network is closed to me right now, an admin has to look",
    "expired": "the offer expired before it was signed",
}


def sentence(error: UserError | UpstreamError) -> str:
    """The text for a user, unescaped."""
    if isinstance(error, DeniedError):
        return denied_sentence(error.denied, error.symbol)
    if isinstance(error, UpstreamError):
        hint = "Please try again in a minute." if error.retryable else "An admin has to look."
        return f"{_EDGES.get(error.edge, 'Something outside failed.')} {hint}"
    return str(error)


def denied_sentence(denied: Denied, symbol: str) -> str:
    """Why a limit said no, with its figures and where to change it."""
    limit, actual = denied.limit, denied.actual
    match denied.reason:
        case DeniedReason.TRADING_PAUSED:
            text = "Trading is paused by an admin. Withdrawals work as always."
        case DeniedReason.AGENT_NOT_ACTIVE:
            text = "This agent is paused. Resume it under /agents."
        case DeniedReason.TRADE_CAP:
            text = f"{usd(actual)} is over your limit of {usd(limit)} a trade (/settings)."
        case DeniedReason.DAY_CAP:
            text = (
                f"That would go over your limit of {usd(limit)} in 24 hours; "
                f"{usd(actual)} is left (/settings)."
            )
        case _:
            text = _market_sentence(denied, symbol, limit, actual)
    return f"{text} Nothing was moved."


def _market_sentence(denied: Denied, symbol: str, limit: Decimal, actual: Decimal) -> str:
    match denied.reason:
        case DeniedReason.BALANCE:
            return (
                f"That needs {quantity(actual)} {symbol}, but the agent can spend "
                f"{quantity(limit)} {symbol}. /deposit adds more."
            )
        case DeniedReason.DUST:
            return f"{usd(actual)} is too little; a trade starts at {usd(limit)}."
        case DeniedReason.STALE_PRICE:
            return (
                f"The price of {symbol} is {int(actual) // 60} minutes old; I trade on prices "
                f"up to {int(limit) // 60} minutes old only. Try again soon."
            )
        case DeniedReason.PRICE_IMPACT:
            return (
                f"This trade would move the price by {percent(actual)}, over the limit of "
                f"{percent(limit)}. Try a smaller amount."
            )
        case DeniedReason.UNFAIR_QUOTE:
            return (
                f"The best exchange offer is {percent(actual)} worse than the market, over the "
                f"limit of {percent(limit)}. Try later or with a smaller amount."
            )
        case _:
            return "A limit said no."
