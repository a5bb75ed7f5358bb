"""`sei-trader check`: whether an address is a genuine escrow, by the chain and this release."""

from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import override

from bot.app.process import PATIENCE_S, say
from bot.chain.escrow_facts import (
    Claim,
    Condition,
    EscrowFacts,
    OrchestratorFacts,
    read_facts,
    read_holdings,
)
from bot.chain.genuine import Clone, Terms, init_code
from bot.chain.networks import NATIVE_SYMBOL, NETWORKS, QUOTE_SYMBOL, TokenInfo
from bot.chain.rpc import Rpc
from bot.chain.token_book import TokenBook
from bot.chain.token_facts import ListedToken, read_listed
from bot.domain.money import NATIVE

_YES, _NO, _FACT, _ASK = "✓", "✗", "·", "?"
NO_EXIT_CODE = bytes(32)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the escrow should be, as far as somebody said so."""

    owner: str | None = None
    orchestrator: str | None = None
    exit_hash: bytes | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """`expected` is compared; `claim` is what would be where nothing is deployed yet."""

    escrow: str
    rpc_url: str
    expected: Expected
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A finding: right, wrong, or just so (`passed` None), maybe for the reader to compare."""

    passed: bool | None
    text: str
    asks: bool = False

    @override
    def __str__(self) -> str:
        if self.asks:
            return f"{_ASK} {self.text}"
        mark = _FACT if self.passed is None else _YES if self.passed else _NO
        return f"{mark} {self.text}"


async def check(order: CheckOrder) -> int:
    """Print the findings; 0 when nothing is wrong, else 1.

    Raises:
        UpstreamError: the RPC does not answer.
    """
    rpc = Rpc(order.rpc_url, timeout_s=PATIENCE_S)
    try:
        facts = await read_facts(rpc, order.escrow, order.claim)
        lines = findings(facts, order.expected)
        if facts.orchestrator is not None:
            lines += _lists(facts, await read_listed(rpc, facts.orchestrator.address))
        lines += [Line(None, text) for text in await _contents(rpc, facts)]
    finally:
        await rpc.close()
    for line in lines:
        say(str(line))
    if facts.clone is not None and facts.orchestrator is not None:
        say("\nThe same with cast, for those who trust no program of ours:\n")
        say("\n".join(cast_commands(facts, facts.clone, facts.orchestrator)))
    say(f"\n{verdict(lines, order.expected)}")
    return 1 if any(line.passed is False for line in lines) else 0


def verdict(lines: Sequence[Line], expected: Expected) -> str:
    """What it comes to. Whose code it is, code alone cannot tell. Pure."""
    wrong = sum(line.passed is False for line in lines)
    if wrong:
        return f"{wrong} of these are wrong: do not pay in."
    if expected.orchestrator is None:
        return "Nothing is wrong with the code; the orchestrator's address is yours to compare."
    if any(line.asks for line in lines):
        return "Nothing is wrong with the code; what is marked ? is yours to compare."
    return "Nothing is wrong."


def findings(facts: EscrowFacts, expected: Expected) -> list[Line]:
    """Every finding on an escrow. Pure."""
    lines = [
        Line(None, f"chain {facts.chain_id}, block {facts.block}, {facts.at:%Y-%m-%d %H:%M} UTC")
    ]
    if facts.clone is None:
        text = (
            "the code here is not that of an escrow: no minimal proxy with an escrow's arguments"
            if facts.deployed
            else "nothing is deployed here; for an escrow still to be deployed name --orchestrator "
            "and --owner too"
        )
        return [*lines, Line(passed=False, text=text)]
    lines.append(_deployed(facts))
    lines += _code(facts, facts.clone)
    if facts.orchestrator is not None:
        lines.append(_whose(facts.orchestrator.address, expected.orchestrator))
    lines += _terms(facts.clone.terms, expected)
    if facts.orchestrator is not None:
        lines += _deployment(facts, facts.orchestrator)
    if facts.condition is not None:
        lines += _standing(facts.clone.terms, facts.condition, facts.orchestrator)
    return lines


def _deployed(facts: EscrowFacts) -> Line:
    if facts.deployed:
        return Line(passed=True, text="the code here is an escrow's: a minimal proxy of 109 bytes")
    return Line(
        None, "nothing is deployed here yet; what is paid in now can be had after deployEscrow"
    )


def _code(facts: EscrowFacts, clone: Clone) -> list[Line]:
    orchestrator = facts.orchestrator
    lines = [
        Line(
            facts.genuine, f"the code behind it, {clone.implementation}, is this release's escrow"
        ),
    ]
    if orchestrator is None:
        return lines
    computed = facts.computed_address
    return [
        *lines,
        Line(
            orchestrator.genuine,
            f"its orchestrator, {orchestrator.address}, is this release's orchestrator",
        ),
        Line(
            orchestrator.implementation == clone.implementation,
            f"that orchestrator makes escrows with the code {orchestrator.implementation}",
        ),
        Line(
            computed == facts.escrow,
            f"orchestrator, code, owner, exit code and index lead to the address {computed}",
        ),
    ]


def _whose(orchestrator: str, expected: str | None) -> Line:
    """Anybody can deploy this release: lists and feeds of their own go with it."""
    if expected is None:
        text = (
            "is this the orchestrator your operator published? Anybody can deploy this code, with "
            f"lists and price feeds of their own: compare {orchestrator} with an address that you "
            "have from elsewhere than the bot, or pass that as --orchestrator"
        )
        return Line(None, text, asks=True)
    if orchestrator == expected:
        return Line(passed=True, text=f"that orchestrator is the one you named, {expected}")
    text = f"that orchestrator is {orchestrator}, and not the one you named, {expected}"
    return Line(passed=False, text=text)


def _terms(terms: Terms, expected: Expected) -> list[Line]:
    exits = (
        "no exit code: the owner signs mandates and withdraws"
        if terms.exit_hash == NO_EXIT_CODE
        else f"an exit code, whose hash is 0x{terms.exit_hash.hex()}"
    )
    named = expected.exit_hash
    hashed = None if named is None else f"the hash 0x{named.hex()}"
    place = f"index: {terms.index}, counted from 0 among the owner's escrows"
    return [
        _compared(terms.owner, expected.owner, f"owner: {terms.owner}", expected.owner),
        _compared(terms.exit_hash, named, f"exit: {exits}", hashed),
        _compared(terms.index, expected.index, place, expected.index),
    ]


def _compared(found: object, wanted: object, text: str, shown: object) -> Line:
    """A term, right or wrong where one is wanted."""
    if wanted is None:
        return Line(None, text)
    right = found == wanted
    return Line(right, text if right else f"{text}, and not {shown}")


def _deployment(facts: EscrowFacts, it: OrchestratorFacts) -> list[Line]:
    lines = [*_roles(it), *_money(facts, it)]
    if facts.actor == NATIVE:
        return [*lines, Line(None, "agent's account: none is registered yet")]
    text = f"agent's account: {facts.actor}, which may trade from {facts.actors_escrow}"
    return [*lines, Line(facts.actors_escrow == facts.escrow, text)]


def _roles(it: OrchestratorFacts) -> list[Line]:
    pending = f", who offers it to {it.pending_admin}" if it.pending_admin != NATIVE else ""
    return [
        Line(it.admin != it.server, f"admin, another account than the server: {it.admin}{pending}"),
        Line(None, f"server: {it.server if it.server != NATIVE else 'none'}"),
        Line(None, f"guardian: {it.guardian if it.guardian != NATIVE else 'none'}"),
        Line(
            it.is_sealed,
            "lists: closed, so a new token or exchange takes two days"
            if it.is_sealed
            else "lists: still open, so the admin can list a token or exchange at once",
        ),
        Line(None, "trading: paused for all escrows" if it.paused else "trading: not paused"),
    ]


def _money(facts: EscrowFacts, it: OrchestratorFacts) -> list[Line]:
    """On a network with known tokens, the wrapper and the quote token must be those."""
    network = next((n for n in NETWORKS.values() if n.chain_id == facts.chain_id), None)
    known = {t.symbol: t.address for t in network.tokens} if network else {}
    found = {NATIVE_SYMBOL: ("wrapped SEI", it.wsei), QUOTE_SYMBOL: ("quote token", it.quote)}
    return [
        Line(known[symbol] == address if symbol in known else None, f"{name}: {address}")
        for symbol, (name, address) in found.items()
    ]


def _standing(terms: Terms, it: Condition, orchestrator: OrchestratorFacts | None) -> list[Line]:
    lines = [Line(None, f"mandate: {_mandate(terms, it)}; last number used: {it.nonce}")]
    if it.exited:
        lines.append(Line(None, "the exit code was used: it never trades again"))
    elif it.dropped:
        lines.append(Line(None, "the mandate was revoked or dropped"))
    trading = it.trading and not (orchestrator and orchestrator.paused)
    lines.append(Line(None, f"the agent can {'trade' if trading else 'not trade'} now"))
    return lines


def _mandate(terms: Terms, it: Condition) -> str:
    if it.word:
        return f"the owner's, 0x{it.word:064x}, until {it.valid_until:%Y-%m-%d %H:%M:%S} UTC"
    return "none yet" if terms.exit_hash == NO_EXIT_CODE else "the default one"


def _lists(facts: EscrowFacts, listed: Sequence[ListedToken]) -> list[Line]:
    network = next((n for n in NETWORKS.values() if n.chain_id == facts.chain_id), None)
    known = {t.symbol: t for t in network.tokens} if network else {}
    lines = [_listed(facts, token, known.get(token.symbol)) for token in listed]
    text = (
        "not shown here: tokens listed under other symbols, and the exchanges; the orchestrator's "
        "events TokenListed and VenueListed name every one, on its page in an explorer"
    )
    return [*lines, Line(None, text)]


def _listed(facts: EscrowFacts, token: ListedToken, known: TokenInfo | None) -> Line:
    """A listing; one that differs from what this release knows is for the reader to compare."""
    feed = f"feed {token.feed}" if token.feed != NATIVE else "no feed, so a hop of a route only"
    state = "on" if token.is_on else "off"
    if token.is_on and token.counts_from is not None and token.counts_from > facts.at:
        state = f"on from {token.counts_from:%Y-%m-%d %H:%M} UTC"
    text = f"lists {token.symbol}: {token.address}, {feed}, {state}"
    if known is None:
        return Line(None, text)
    known_feed = known.feed.feed if known.feed else NATIVE
    if (token.address, token.feed) == (known.address, known_feed):
        return Line(passed=True, text=text)
    theirs = f"feed {known_feed}" if known.feed else "no feed"
    return Line(None, f"{text}; this release knows {known.address}, {theirs}", asks=True)


async def _contents(rpc: Rpc, facts: EscrowFacts) -> list[str]:
    if facts.orchestrator is None:
        return []
    book = TokenBook(rpc, [facts.orchestrator.address])
    await book.load()
    held = await read_holdings(rpc, facts.escrow, book.known)
    return [f"holds {book.list_of(held)}, of the tokens this release knows by symbol"]


def cast_commands(facts: EscrowFacts, clone: Clone, it: OrchestratorFacts) -> Sequence[str]:
    """What to type to see the same. Pure."""
    terms = clone.terms
    owner, exit_hash = terms.owner, f"0x{terms.exit_hash.hex()}"
    own = ["owner()(address)", "exitHash()(bytes32)", "index()(uint96)", "actor()(address)"]
    own += ["stopped()(bool,bool)", "status()(uint256,uint256,uint256,uint256,bool)"]
    roles = ["owner()(address)", "server()(address)", "guardian()(address)"]
    roles += ["isSealed()(bool)", "tradingPaused()(bool)"]
    return [
        "export ETH_RPC_URL=...   # a node you trust",
        f"cast code {facts.escrow}",
        *(f"cast call {facts.escrow} '{view}'" for view in own if facts.deployed),
        f"cast call {clone.implementation} 'orchestrator()(address)'",
        f"cast call {it.address} 'implementation()(address)'",
        *(f"cast call {it.address} '{view}'" for view in roles),
        f"cast call {it.address} 'escrowAddress(uint256,bytes32,uint256)(address)' "
        f"{owner} {exit_hash} {terms.index}",
        f"cast create2 --deployer {it.address} --salt 0x{'00' * 32} "
        f"--init-code 0x{init_code(clone.implementation, terms).hex()}",
        f"cast code {clone.implementation}   # compare with `runtime` in "
        "contracts/artifacts/CaretEscrow.json",
        f"cast code {it.address}   # and with CaretOrchestrator.json; `immutables` says where "
        "addresses are filled in",
    ]
