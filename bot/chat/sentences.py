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

_CHAIN = {
    DeniedReason.CHAIN_PAUSED: "Trading is paused on the chain, for all escrows. Withdrawals work "
    "as always.",
    DeniedReason.EXITED: "The exit code of this escrow was used: it trades no more. Withdraw what "
    "is left and open a new agent.",
    DeniedReason.NO_MANDATE: "The owner has signed no mandate that is in force. Sign one under "
    "/mandate.",
    DeniedReason.UNKNOWN_MANDATE: "The mandate in force was signed elsewhere and I cannot find its "
    "text. Sign one under /mandate.",
    DeniedReason.MANDATE_EXPIRED: "The mandate has run out. Sign a new one under /mandate.",
    DeniedReason.TOKEN_NOT_IN_MANDATE: "The mandate does not include {subject}. Change it under "
    "/mandate.",
    DeniedReason.VENUE_NOT_IN_MANDATE: "The mandate does not include {subject}, the only exchange "
    "that offers this now. Change it under /mandate.",
    DeniedReason.TOKEN_NOT_LISTED: "{subject} is switched off, or was listed after the mandate was "
    "signed. Sign a new one under /mandate.",
    DeniedReason.VENUE_NOT_LISTED: "{subject} is switched off, or was listed after the mandate was "
    "signed. Sign a new one under /mandate.",
    DeniedReason.NO_FEED: "{subject} has no price feed on the chain, so the escrow cannot trade "
    "it. You can hold and withdraw it.",
    DeniedReason.FEED_UNUSABLE: "The price feed of {subject} on the chain is stale or out of its "
    "range, so the escrow would refuse. Try again later.",
    DeniedReason.MANDATE_TRADE_CAP: "{actual} is over the mandate's {limit} a trade. Change it "
    "under /mandate.",
    DeniedReason.MANDATE_SLIPPAGE: "This would receive {actual_pct} less than it gives by the "
    "chain's price feeds, over the mandate's {limit_pct}. Try a smaller amount, or change it under "
    "/mandate.",
    DeniedReason.MANDATE_LOSS: "This could lose {actual}, and the mandate has room for {limit} "
    "now; half of its daily loss limit is there at once and comes back over 24 hours. Change it "
    "under /mandate.",
    DeniedReason.MANDATE_VOLUME: "{actual} is more than the mandate has room for now: {limit}. "
    "Half of its daily volume is there at once and comes back over 24 hours. Change it under "
    "/mandate.",
}
"""What the chain would say. Figures are the limit and what was asked, as USD or percent."""

REVERT_SENTENCES = {
    "gas": "the agent has too little SEI for gas. Deposit at least 1 SEI",
    "trading_paused": "trading is paused by an admin",
    "network": "the Sei network is closed to me right now, an admin has to look",
    "expired": "the offer expired before it was signed",
    "agent_paused": "the agent is paused",
    "NoMandate": "no mandate is in force any more (/mandate)",
    "MandateExpired": "the mandate has run out (/mandate)",
    "NotTheMandate": "the mandate was replaced meanwhile; ask again",
    "Exited": "the exit code of this escrow was used",
    "TradingPaused": "trading is paused on the chain",
    "TokenNotListed": "a token on the way is switched off, or too new for the mandate (/mandate)",
    "VenueNotListed": "the exchange is switched off, or too new for the mandate (/mandate)",
    "TokenNotInMandate": "the mandate does not include one of the tokens (/mandate)",
    "VenueNotInMandate": "the mandate does not include the exchange (/mandate)",
    "FeedUnusable": "a price feed on the chain is stale or out of its range",
    "NoFeed": "a token has no price feed on the chain",
    "NonceTooLow": "something newer was signed meanwhile",
    "SignatureTooLate": "the signature came too late; sign again (/mandate)",
    "NotSignedByOwner": "it is not the owner's signature",
    "NotServerOrOwner": "the server's key was replaced",
    "NotServer": "the server's key was replaced",
    "WrongActorSeed": "the key of this account is not here any more",
    "NoActorSeed": "the key of this account is not here any more",
    "DeadlinePassed": "it came too late",
    "InsufficientBalance": "the escrow holds less than that by now",
    "InsufficientFunds": "the account that sends it has too little SEI; an admin has to look",
    "GasLimitExceeded": "its gas allowance of the day is used up",
    "TradeCapExceeded": "it is over the mandate's limit for a trade (/mandate)",
    "VolumeExceeded": "it is over the mandate's volume for a day (/mandate)",
    "LossBudgetExceeded": "it is over what the mandate lets it lose in a day (/mandate)",
    "SlippageExceeded": "it would receive less than the mandate demands (/mandate)",
}

REVERT_FIGURES = {
    "TradeCapExceeded": "{asked} is over the mandate's {allowed} a trade (/mandate)",
    "VolumeExceeded": "{asked} is more than the {allowed} the mandate has room for now (/mandate)",
    "LossBudgetExceeded": "it could lose {asked}; the mandate has room for {allowed} (/mandate)",
    "SlippageExceeded": "it would receive {asked}, less than the mandate's {allowed} (/mandate)",
}
"""Custom errors of the escrow whose two figures are micro-USD."""


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
        case reason if reason in _CHAIN:
            text = _CHAIN[reason].format(
                limit=usd(limit),
                actual=usd(actual),
                limit_pct=percent(limit),
                actual_pct=percent(actual),
                subject=denied.subject,
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
