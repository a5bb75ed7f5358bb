"""What happened to an escrow, in plain words: for `sei-trader watch` and for notices. Pure.

Sentences are plain text; names and symbols come from the caller, who answers for what is in them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.mandate import EscrowEvent, MicroUsd, usd_of
from bot.domain.money import BPS, NATIVE, Bps
from bot.policy.mandate_words import describe as describe_mandate
from bot.policy.mandate_words import dollars

UNUSUAL_CHARGE = Bps(300)
"""A trade that is charged more of its value than this has lost more than feeds and fees explain.

A charge holds the doubt about both feeds, 1.3 % at most for the tokens we know, and pools' fees.
"""

_YEAR_NAMED = datetime(1970, 1, 1, tzinfo=UTC)
_NO_HASH = f"0x{'0' * 64}"


@dataclass(frozen=True, slots=True)
class _Told:
    """One event, and how its reader names things."""

    event: EscrowEvent
    symbol_of: Callable[[str], str]
    amount_of: Callable[[str, int], str]

    def __getitem__(self, field: str) -> str:
        return self.event.fields[field]

    def number(self, field: str) -> int:
        return int(self[field])

    def named(self, field: str) -> str:
        return self.symbol_of(self[field])

    def amount(self, token: str, raw: str) -> str:
        return self.amount_of(self[token], self.number(raw))

    def native(self, raw: str) -> str:
        return self.amount_of(NATIVE, self.number(raw))


def describe_event(
    event: EscrowEvent,
    symbol_of: Callable[[str], str],
    amount_of: Callable[[str, int], str],
) -> str:
    """One or more sentences on one event.

    Args:
        event: of an escrow or of the orchestrator; a `Transfer` is a token's, told by the escrow.
        symbol_of: a token's symbol or an exchange's name by its address; of any other address,
            whatever the reader should see of it. `NATIVE` is native SEI.
        amount_of: base units of a token with its symbol, e.g. `1.5 USDC`.
    """
    write = _WORDS.get(event.name)
    if write is None:
        return f"Something happened that this release has no words for: the event {event.name}."
    return write(_Told(event, symbol_of, amount_of))


def is_unusual(event: EscrowEvent) -> bool:
    """Whether a swap lost more than price feeds and fees explain."""
    value, charge = int(event.fields["valueIn"]), int(event.fields["charge"])
    return charge * BPS > value * UNUSUAL_CHARGE


def _received(told: _Told) -> str:
    return f"{told.native('amount')} came in from {told['from']}."


def _withdrawn(told: _Told) -> str:
    return f"The owner withdrew {told.amount('token', 'amount')} to {told['to']}."


def _released(told: _Told) -> str:
    return f"{told.amount('token', 'amount')} was paid out to the owner, {told['to']}."


def _funded(told: _Told) -> str:
    return f"The agent's account drew {told.native('amount')} for gas."


def _swapped(told: _Told) -> str:
    value, charge = (usd_of(MicroUsd(told.number(name))) for name in ("valueIn", "charge"))
    text = (
        f"Trade {told['id']} on {told.named('adapter')}: {told.amount('tokenIn', 'spent')} for "
        f"{told.amount('tokenOut', 'got')}. It counts {dollars(value)} against the daily volume "
        f"and {dollars(charge)} against the daily loss."
    )
    if not is_unusual(told.event):
        return text
    return (
        f"{text} That loss is more than price feeds and fees explain: look at this trade, and stop "
        "the agent if you do not know why."
    )


def _mandate_set(told: _Told) -> str:
    text = f"Mandate {told['nonce']}, signed by the owner, is in force from now on"
    if told.event.mandate is None:
        return f"{text}."
    allowed = describe_mandate(told.event.mandate, told.symbol_of, told.symbol_of, _YEAR_NAMED)
    return f"{text}: the agent {allowed}."


def _revoked(told: _Told) -> str:
    return (
        "The owner revoked the mandate: the agent trades and draws no more until the owner signs a "
        f"new one. Every signature up to number {told['nonce']} is void."
    )


def _dropped(told: _Told) -> str:
    return (
        f"{told['by']} dropped the mandate, as the server and the owner may: the agent trades and "
        "draws no more until the owner signs a new one."
    )


def _exited(told: _Told) -> str:
    return (
        f"The exit code was used, by {told['by']}: this escrow never trades again. What it holds "
        "can go to its owner only."
    )


def _transferred(told: _Told) -> str:
    amount = told.amount("token", "value")
    if told["from"] == told.event.emitter:
        return f"{amount} left for {told['to']}."
    return f"{amount} came in from {told['from']}."


def _deployed(told: _Told) -> str:
    exits = "without" if told["exitHash"] == _NO_HASH else "with"
    return (
        f"The escrow was deployed: number {told['index']} of the owner {told['owner']}, {exits} an "
        "exit code."
    )


def _registered(told: _Told) -> str:
    text = f"{told['actor']} was registered as the agent's account of this escrow"
    gas = f", with {told.native('gas')} as its first gas" if told.number("gas") else ""
    return f"{text}{gas}."


def _server_set(told: _Told) -> str:
    if told["server"] == NATIVE:
        return (
            "The server was removed: nobody opens escrows or releases money now. Owners withdraw "
            "as always."
        )
    return (
        f"The server is {told['server']} from now on: it opens escrows, releases money to owners "
        "and drops mandates."
    )


def _guardian_set(told: _Told) -> str:
    if told["guardian"] == NATIVE:
        return "There is no guardian any more: server and admin can still pause trading."
    return f"The guardian is {told['guardian']} from now on: it can pause trading."


def _paused(told: _Told) -> str:
    return (
        f"Trading was paused for all escrows, by {told['by']}. Withdrawals and exits go on as "
        "always."
    )


def _unpaused(told: _Told) -> str:
    return f"Trading was resumed for all escrows, by {told['by']}."


def _sealed(_: _Told) -> str:
    return "The first lists were closed: from now on a token or exchange takes two days to count."


def _token_listed(told: _Told) -> str:
    symbol, token, feed = told["symbol"], told["token"], told["feed"]
    how = (
        "without a price feed, so it can only be passed through"
        if feed == NATIVE
        else f"priced by {feed}"
    )
    return f"The token {_printable(symbol)} ({token}) was listed, {how}. {_counts(told)}"


def _venue_listed(told: _Told) -> str:
    return (
        f"The exchange behind {told['router']} was listed, with the adapter {told['adapter']}. "
        f"{_counts(told)}"
    )


def _counts(told: _Told) -> str:
    listed_at = told.number("listedAt")
    if not listed_at:
        return "It counts at once, as one of the first lists."
    at = datetime.fromtimestamp(listed_at, UTC)
    return (
        f"It counts from {at:%Y-%m-%d %H:%M} UTC on, and only for mandates signed after that which "
        "name it; for the default mandate seven days later."
    )


def _switched_off(told: _Told) -> str:
    return f"{told.named('entry')} was switched off: nothing trades in it or on it any more."


def _token_made(told: _Told) -> str:
    symbol = _printable(told["symbol"])
    return f"The test token {symbol} was made, at {told['token']}. It is not listed."


def _offered(told: _Told) -> str:
    return (
        f"The admin {told['previousOwner']} offers its role to {told['newOwner']}, who still has "
        "to accept."
    )


def _handed_over(told: _Told) -> str:
    return (
        f"The admin is {told['newOwner']} from now on: it lists tokens and exchanges, names server "
        "and guardian, and resumes trading."
    )


def _printable(symbol: str) -> str:
    """A symbol from the chain may hold anything."""
    return "".join(c for c in symbol if c.isprintable())[:20] or "without a name"


_WORDS: Mapping[str, Callable[[_Told], str]] = {
    "Received": _received,
    "Withdrawn": _withdrawn,
    "Released": _released,
    "ActorFunded": _funded,
    "Swapped": _swapped,
    "MandateSet": _mandate_set,
    "Revoked": _revoked,
    "Dropped": _dropped,
    "ExitUsed": _exited,
    "Transfer": _transferred,
    "EscrowDeployed": _deployed,
    "ActorRegistered": _registered,
    "ServerSet": _server_set,
    "GuardianSet": _guardian_set,
    "Paused": _paused,
    "Unpaused": _unpaused,
    "Sealed": _sealed,
    "TokenListed": _token_listed,
    "VenueListed": _venue_listed,
    "SwitchedOff": _switched_off,
    "TokenRegistered": _token_made,
    "OwnershipTransferStarted": _offered,
    "OwnershipTransferred": _handed_over,
}

TOLD_EVENTS = frozenset(_WORDS)
