"""All that the chain says of one escrow, asked by somebody who believes nobody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.chain.errors import NodeError, not_answered
from bot.chain.genuine import Clone, Terms, escrow_address, is_release, parse_clone
from bot.chain.rpc import Ask, Rpc, parse_bytes, parse_quantity
from bot.chain.views import View, read_views
from bot.domain.money import NATIVE

_UNTIL_BITS = 40
_ROLES = ("owner", "pendingOwner", "server", "guardian")
_FLAGS = ("tradingPaused", "isSealed")
_PARTS = ("implementation", "wsei", "usdt")


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of an escrow that is not deployed yet."""

    orchestrator: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class OrchestratorFacts:
    """A deployment's orchestrator; `genuine` is whether it has this release's code.

    Addresses are zero, and flags False, where it does not answer.
    """

    address: str
    genuine: bool
    admin: str
    pending_admin: str
    server: str
    guardian: str
    paused: bool
    is_sealed: bool
    implementation: str
    wsei: str
    quote: str


@dataclass(frozen=True, slots=True)
class Condition:
    """How an escrow stands. `word` is what it keeps of its mandate, 0 for the default one.

    `trading` is whether a mandate is in force now, whatever is paused; `nonce` the last one used.
    """

    dropped: bool
    exited: bool
    trading: bool
    word: int
    nonce: int

    @property
    def valid_until(self) -> datetime:
        """The end of the signed mandate."""
        return datetime.fromtimestamp(self.word % (1 << _UNTIL_BITS), UTC)


@dataclass(frozen=True, slots=True)
class EscrowFacts:
    """One escrow. `clone` is None where the code is no escrow's proxy; then the rest is unknown.

    `genuine` is whether the code behind the proxy is this release's; `actor` is zero where no
    agent is registered, and `actors_escrow` what the orchestrator says the actor may trade from.
    """

    escrow: str
    chain_id: int
    block: int
    at: datetime
    deployed: bool
    clone: Clone | None
    genuine: bool = False
    orchestrator: OrchestratorFacts | None = None
    actor: str = NATIVE
    actors_escrow: str = NATIVE
    condition: Condition | None = None

    @property
    def computed_address(self) -> str | None:
        """Where the orchestrator puts the escrow of these arguments, computed here."""
        if self.clone is None or self.orchestrator is None:
            return None
        clone = self.clone
        return escrow_address(self.orchestrator.address, clone.implementation, clone.terms)


async def read_facts(rpc: Rpc, escrow: str, claim: Claim | None = None) -> EscrowFacts:
    """Read an escrow. Where nothing is deployed yet, `claim` says what would be.

    Raises:
        UpstreamError: the node did not answer.
    """
    chain_id, block, code = await _answers(
        rpc,
        [
            Ask("eth_chainId", (), parse_quantity),
            Ask("eth_getBlockByNumber", ("latest", False), dict),
            _code(escrow),
        ],
    )
    clone = parse_clone(code)
    orchestrator = NATIVE
    if clone is not None:
        view = View("CaretEscrow", clone.implementation, "orchestrator")
        orchestrator = (await read_views(rpc, [view]))[0] or NATIVE
    elif not code and claim is not None:
        orchestrator = claim.orchestrator
        view = View("CaretOrchestrator", orchestrator, "implementation")
        clone = Clone((await read_views(rpc, [view]))[0] or NATIVE, claim.terms)
    facts = EscrowFacts(
        escrow=escrow,
        chain_id=chain_id,
        block=parse_quantity(block["number"]),
        at=datetime.fromtimestamp(parse_quantity(block["timestamp"]), UTC),
        deployed=bool(code),
        clone=clone,
    )
    return facts if clone is None else await _complete(rpc, facts, clone, orchestrator)


async def read_holdings(rpc: Rpc, holder: str, tokens: Sequence[str]) -> Mapping[str, int | None]:
    """What an address holds, in base units, without what it holds none of; `NATIVE` is SEI.

    None is an amount that cannot be read.

    Raises:
        UpstreamError: the node did not answer.
    """
    others = [token for token in tokens if token != NATIVE]
    (native,) = await _answers(rpc, [Ask("eth_getBalance", (holder, "latest"), parse_quantity)])
    balances = await read_views(
        rpc, [View("TestToken", token, "balanceOf", (holder,)) for token in others]
    )
    held = dict(zip([NATIVE, *others], [native, *balances], strict=True))
    return {token: raw for token, raw in held.items() if raw != 0}


async def _complete(rpc: Rpc, facts: EscrowFacts, clone: Clone, address: str) -> EscrowFacts:
    orchestrator = await _read_orchestrator(rpc, address)
    (code,) = await _answers(rpc, [_code(clone.implementation)])
    genuine = is_release("CaretEscrow", code)
    terms = clone.terms
    place = (int(terms.owner, 16), terms.index)
    (actor,) = await read_views(rpc, [View("CaretOrchestrator", address, "actors", place)])
    actors_escrow = NATIVE
    if actor and actor != NATIVE:
        view = View("CaretOrchestrator", address, "escrows", (actor,))
        actors_escrow = (await read_views(rpc, [view]))[0] or NATIVE
    return replace(
        facts,
        genuine=genuine,
        orchestrator=orchestrator,
        actor=actor or NATIVE,
        actors_escrow=actors_escrow,
        condition=await _read_condition(rpc, facts.escrow) if facts.deployed else None,
    )


async def _read_condition(rpc: Rpc, escrow: str) -> Condition | None:
    names = ("status", "stopped", "nonce")
    said = await read_views(rpc, [View("CaretEscrow", escrow, name) for name in names])
    if None in said:
        return None
    (*_, word, trading), (dropped, exited), nonce = said
    return Condition(dropped, exited, trading, word, nonce)


async def _read_orchestrator(rpc: Rpc, address: str) -> OrchestratorFacts:
    (code,) = await _answers(rpc, [_code(address)])
    names = (*_ROLES, *_FLAGS, *_PARTS)
    said = await read_views(rpc, [View("CaretOrchestrator", address, name) for name in names])
    found = dict(zip(names, said, strict=True))
    return OrchestratorFacts(
        address=address,
        genuine=is_release("CaretOrchestrator", code),
        admin=found["owner"] or NATIVE,
        pending_admin=found["pendingOwner"] or NATIVE,
        server=found["server"] or NATIVE,
        guardian=found["guardian"] or NATIVE,
        paused=bool(found["tradingPaused"]),
        is_sealed=bool(found["isSealed"]),
        implementation=found["implementation"] or NATIVE,
        wsei=found["wsei"] or NATIVE,
        quote=found["usdt"] or NATIVE,
    )


def _code(address: str) -> Ask[bytes]:
    return Ask("eth_getCode", (address, "latest"), parse_bytes)


async def _answers(rpc: Rpc, asks: Sequence[Ask[Any]]) -> list[Any]:
    answers = await rpc.batch(asks)
    for answer in answers:
        if isinstance(answer, NodeError):
            raise not_answered(answer)
    return answers
