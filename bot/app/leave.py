"""`sei-trader exit`: the money out of an escrow, without the bot. MOVES MONEY of its owner.

As the owner it withdraws; with the exit code anybody pays the gas, and the owner gets the money.
What was done is not done again, so it may be repeated as often as need be.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from eth_typing import HexStr
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3.types import TxReceipt

from bot.app.process import PATIENCE_S, say
from bot.chain.bindings import load_abi
from bot.chain.deployer import KeyedAccount, connected
from bot.chain.escrow_facts import Claim, EscrowFacts, read_facts, read_holdings
from bot.chain.escrow_logs import LOG_SPAN, RpcEscrowLogs
from bot.chain.genuine import Clone, Terms
from bot.chain.rpc import Rpc, read_call
from bot.chain.token_book import TokenBook
from bot.domain.errors import UpstreamError, UserError
from bot.domain.money import NATIVE
from bot.ports.chain import Call, ChainRefusedError

AskSecret = Callable[[str, str], str]
"""A secret by the environment variable that may hold it, and the question if none does."""

_HEX_32 = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_ALL = 2**256 - 1
_LOOK_BACK = 100 * LOG_SPAN


@dataclass(frozen=True, slots=True)
class LeaveOrder:
    """`to` is where an owner's withdrawal goes, the owner itself without it.

    `tokens` are moved too, `first` is the block to look for listed tokens from; `claim` says what
    an escrow is that nobody has deployed. `unasked` goes on without a question.
    """

    escrow: str
    rpc_url: str
    with_code: bool = False
    to: str | None = None
    tokens: tuple[str, ...] = ()
    first: int | None = None
    claim: Claim | None = None
    unasked: bool = False


async def leave(order: LeaveOrder, ask_secret: AskSecret) -> int:
    """Say what will be done, do it, say what is left; 0 when nothing is.

    Raises:
        UserError: the key, the code or the address is not the right one. Nothing was sent.
        UpstreamError: the RPC does not answer. Run it again.
    """
    if order.with_code and order.to:
        raise UserError("With the exit code money goes to the owner only: leave --to away.")
    async with AsyncExitStack() as stack:
        rpc = Rpc(order.rpc_url, timeout_s=PATIENCE_S)
        stack.push_async_callback(rpc.close)
        facts = await read_facts(rpc, order.escrow, order.claim)
        clone = _escrow_of(facts)
        code = _exit_code(ask_secret, clone.terms) if order.with_code else None
        key = ask_secret("EXIT_KEY", "Private key of the account that pays the gas")
        if not _HEX_32.fullmatch(key):
            raise UserError("That is no private key: 64 hexadecimal digits. Nothing was sent.")
        account = KeyedAccount(await stack.enter_async_context(connected(order.rpc_url)), key)
        _check_payer(account.address, clone.terms, code)
        book = await _tokens(rpc, facts, order)
        return await _Leaving(order, rpc, facts, account, book, clone.terms, code).run()


def _escrow_of(facts: EscrowFacts) -> Clone:
    if facts.clone is None and facts.deployed:
        raise UserError(f"{facts.escrow} is no escrow. Nothing was sent.")
    if facts.clone is None:
        raise UserError(
            f"Nothing is deployed at {facts.escrow} on chain {facts.chain_id}. If it is an escrow "
            "still to be deployed, name --orchestrator, --owner, --exit-hash and --index."
        )
    if not facts.deployed and facts.computed_address != facts.escrow:
        raise UserError(
            f"The escrow of these is {facts.computed_address}, not {facts.escrow}. Nothing was "
            "sent."
        )
    return facts.clone


def _exit_code(ask_secret: AskSecret, terms: Terms) -> bytes:
    text = ask_secret("EXIT_CODE", "Exit code")
    code = bytes.fromhex(text.removeprefix("0x")) if _HEX_32.fullmatch(text) else b""
    if not code or keccak(code) != terms.exit_hash:
        raise UserError("That is not the exit code of this escrow. Nothing was sent.")
    return code


def _check_payer(payer: str, terms: Terms, code: bytes | None) -> None:
    if code is None and payer != terms.owner:
        raise UserError(
            f"That is the key of {payer}, and the owner is {terms.owner}. Use the owner's, or "
            "--with-code and any account that can pay the gas. Nothing was sent."
        )


async def _tokens(rpc: Rpc, facts: EscrowFacts, order: LeaveOrder) -> TokenBook:
    """Tokens known by symbol, those that were listed lately, those named."""
    orchestrator = facts.orchestrator.address if facts.orchestrator else NATIVE
    book = TokenBook(rpc, [orchestrator])
    await book.load()
    first = max(0, facts.block - _LOOK_BACK) if order.first is None else order.first
    say(f"Looking for listed tokens in the chain's events from block {first} on.")
    try:
        events = await RpcEscrowLogs(rpc).read_events([orchestrator], first, facts.block)
        await book.learn(e.fields["token"] for e in events if e.name == "TokenListed")
    except UpstreamError as error:
        say(f"The RPC does not tell ({error.reason}): name what is missing with --token.")
    await book.learn(order.tokens)
    return book


@dataclass(frozen=True, slots=True)
class _Leaving:
    """One run, with everything it needs."""

    order: LeaveOrder
    rpc: Rpc
    facts: EscrowFacts
    account: KeyedAccount
    book: TokenBook
    terms: Terms
    code: bytes | None

    @property
    def receiver(self) -> str:
        """Where the money goes."""
        return self.terms.owner if self.code else self.order.to or self.terms.owner

    async def run(self) -> int:
        """Plan, ask, act, report."""
        plan = await self._plan()
        if not plan and self.facts.deployed:
            say(f"{self.order.escrow} holds none of the tokens looked at.")
            return 0
        self._show(plan)
        await self._check_gas()
        if not self.order.unasked and not _agreed():
            say("Nothing was sent.")
            return 1
        failed = 0
        if not self.facts.deployed:
            await self._deploy()
        for token in plan:
            failed += not await self._move(token)
        return await self._report(failed)

    @property
    def wrapped(self) -> str:
        """Wrapped SEI."""
        return self.facts.orchestrator.wsei if self.facts.orchestrator else NATIVE

    async def _plan(self) -> Sequence[str]:
        """Tokens to move, native SEI first: it takes wrapped SEI along, which else goes alone."""
        held = await self._held()
        tokens = [token for token in held if token != NATIVE]
        exited = self.facts.condition is not None and self.facts.condition.exited
        if NATIVE in held or self.wrapped in held or (self.code and not exited):
            tokens.insert(0, NATIVE)
        return tokens

    def _show(self, plan: Sequence[str]) -> None:
        say(f"Escrow {self.order.escrow} of the owner {self.terms.owner}.")
        if not self.facts.genuine:
            say("✗ Its code is not this release's: `sei-trader check` says more.")
        say(f"Paid by {self.account.address}, this will be done:")
        if not self.facts.deployed:
            say("- deploy the escrow")
        if self.code:
            say("- end its trading for good, with the exit code")
        for token in plan:
            if token == self.wrapped != NATIVE and NATIVE in plan:
                continue
            name = "SEI, native and wrapped" if token == NATIVE else self.book.symbol_of(token)
            say(f"- send all {name} to {self.receiver}")

    async def _check_gas(self) -> None:
        if not await read_holdings(self.rpc, self.account.address, [NATIVE]):
            raise UserError(
                f"{self.account.address} has no SEI to pay gas with. Half a SEI is plenty. Nothing "
                "was sent."
            )

    async def _deploy(self) -> None:
        orchestrator = self.facts.orchestrator
        if orchestrator is None:
            raise LookupError("an escrow that is not deployed has been looked up by its maker")
        method = load_abi("CaretOrchestrator").methods["deployEscrow"]
        arguments = (int(self.terms.owner, 16), self.terms.exit_hash, self.terms.index)
        receipt = await self._send(Call(orchestrator.address, method.encode(*arguments)))
        say(f"✓ The escrow is deployed [{receipt['transactionHash'].to_0x_hex()}].")

    async def _move(self, token: str) -> bool:
        """Move all of a token; whether that went well. One that fails does not stop the others."""
        if token != NATIVE and token not in await self._held():
            return True
        name = self.book.symbol_of(token)
        try:
            receipt = await self._send(Call(self.order.escrow, self._call(token)))
        except ChainRefusedError as error:
            say(f"✗ {name} cannot be moved: {_words(error)}.")
            return False
        except UpstreamError as error:
            if error.retryable:
                raise
            say(f"✗ {name} cannot be moved: {error.reason}.")
            return False
        paid = _paid(receipt, self.order.escrow)
        done = (
            f"Sent {self.book.amount_of(*paid)} to {self.receiver}"
            if paid
            else f"The code is used; there was no {name} to send"
        )
        say(f"✓ {done} [{receipt['transactionHash'].to_0x_hex()}].")
        return True

    def _call(self, token: str) -> bytes:
        methods = load_abi("CaretEscrow").methods
        if self.code:
            return methods["exit"].encode(self.code, token)
        return methods["withdraw"].encode(token, self.receiver, _ALL)

    async def _send(self, call: Call) -> TxReceipt:
        """Try it without sending, so that a refusal costs nothing and has a name; then send."""
        await self.rpc.ask(read_call(call, bytes, **{"from": self.account.address}))
        return await self.account.transact(
            to_checksum_address(call.to), HexStr(f"0x{call.data.hex()}")
        )

    @property
    def _tokens(self) -> list[str]:
        return list(dict.fromkeys([*self.book.known, *self.order.tokens]))

    async def _held(self) -> Mapping[str, int | None]:
        return await read_holdings(self.rpc, self.order.escrow, self._tokens)

    async def _report(self, failed: int) -> int:
        left = await self._held()
        arrived = await read_holdings(self.rpc, self.receiver, self._tokens)
        say(f"Left in the escrow: {self.book.list_of(left)}.")
        say(f"{self.receiver} holds {self.book.list_of(arrived)}.")
        if left or failed:
            say("Run the same again later for what is left; what was done is not done twice.")
        say("A token not named here is not looked at: name it with --token.")
        return 1 if left or failed else 0


def _paid(receipt: TxReceipt, escrow: str) -> tuple[str, int] | None:
    """The token and amount that left, as the escrow says."""
    events = load_abi("CaretEscrow").events
    known = {events[name].topic: events[name] for name in ("Withdrawn", "Released")}
    for log in receipt["logs"]:
        event = known.get(bytes(log["topics"][0])) if log["topics"] else None
        if event is not None and log["address"] == escrow:
            fields = event.decode([bytes(t) for t in log["topics"]], bytes(log["data"]))
            return to_checksum_address(fields["token"]), fields["amount"]
    return None


def _words(error: ChainRefusedError) -> str:
    return " ".join([error.name, *map(str, error.figures)])


def _agreed() -> bool:
    try:
        return input("Go on? Type yes: ").strip().lower() == "yes"
    except EOFError:
        return False
