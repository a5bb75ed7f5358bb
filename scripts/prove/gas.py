"""What our checks cost: one table of gas, with real transactions on anvil.

    python -m scripts.prove.gas

Every figure is a receipt's, after refunds. Sei charges 72,000 for a storage slot that was zero; the
second column counts those in a trace and puts the difference to the stock schedule on top.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from eth_account import Account
from web3.types import TxReceipt

from bot.domain.money import NATIVE
from bot.local.chain.anvil import start_anvil
from scripts.prove.delegation import Delegated
from scripts.prove.rig import (
    DAY_S,
    EXIT_CODE,
    EXIT_HASH,
    SEI,
    UNLIMITED,
    USDC,
    Chain,
    Market,
    Ours,
    Trader,
)
from scripts.prove.writes import EXTRA_FRESH_SLOT, Write, read_writes

MOST_REGISTRATION = 250_000
MOST_OVER_DIRECT = {"plain": 80_000, "redstone": 100_000}

_AMOUNT = 20 * USDC
_WARM_UPS = 2
_PAUSE_S = 15

Send = Callable[[], TxReceipt]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of transaction; `over` what it costs more than the direct swap, if it is one."""

    name: str
    gas: int
    fresh_slots: int
    over: int | None = None

    @property
    def at_sei(self) -> int:
        """Gas with Sei's price of a fresh slot."""
        return self.gas + self.fresh_slots * EXTRA_FRESH_SLOT


@dataclass(frozen=True, slots=True)
class Report:
    """All rows, and what was missed."""

    rows: Sequence[Row]
    misses: Sequence[str]

    def render(self) -> str:
        """A Markdown table."""
        lines = [
            "| transaction | gas | over direct | fresh slots | gas at 72,000 a fresh slot |",
            "|---|---:|---:|---:|---:|",
        ]
        for row in self.rows:
            over = "" if row.over is None else f"{row.over:+,}"
            lines.append(
                f"| {row.name} | {row.gas:,} | {over} | {row.fresh_slots} | {row.at_sei:,} |"
            )
        return "\n".join(lines)


def measure() -> Report:
    """Start a chain, deploy everything, measure; a few seconds."""
    anvil = asyncio.run(start_anvil())
    try:
        return _Measuring(Chain(anvil.rpc_url)).run()
    finally:
        asyncio.run(anvil.stop())


class _Measuring:
    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._market = Market(chain)
        self._rows: list[Row] = []
        self._misses: list[str] = []
        self._direct = 0

    def run(self) -> Report:
        plain = Ours(self._market, self._market.plain_feeds())
        redstone = Ours(self._market, self._market.redstone_feeds())
        self._chain.wait(DAY_S // 2)
        self._swap_directly()
        self._measure_life(plain)
        self._measure_swaps(plain, "plain", "plain feeds")
        self._register(redstone)
        self._measure_swaps(redstone, "redstone", "feeds as RedStone's")
        for is_7702, name in ((True, "EIP-7702 account"), (False, "Hybrid account")):
            delegated = Delegated(self._market, is_7702=is_7702)
            name = f"swap by MetaMask's delegation, six caveats, {name}"
            self._repeat(name, partial(delegated.swap, _AMOUNT))
        return Report(tuple(self._rows), tuple(self._misses))

    # ---------------------------------------------------------------- swaps

    def _swap_directly(self) -> None:
        market, trader = self._market, self._chain.accounts[9]
        market.give(trader, 1_000 * USDC, SEI)
        self._chain.call(market.usdc.functions.approve(market.router.address, UNLIMITED), trader)
        terms = market.path, trader, _AMOUNT, 1
        swap = market.router.functions.exactInput(terms)
        self._repeat("swap, direct on the router", lambda: self._chain.call(swap, trader))

    def _measure_swaps(self, ours: Ours, kind: str, feeds: str) -> None:
        default = Trader(ours, ours.escrow_of(ours.exit_actor), ours.exit_actor)
        self._repeat_checked(f"swap, {feeds}, default mandate", kind, default)
        escrow = ours.escrow_of(ours.actor)
        mandate = ours.write_mandate(escrow.functions.nonce().call() + 1)
        self._chain.call(escrow.functions.setMandate(mandate, ours.sign(escrow, mandate)))
        signed = Trader(ours, escrow, ours.actor, mandate)
        self._repeat_checked(f"swap, {feeds}, signed mandate of five tokens", kind, signed)

    def _repeat_checked(self, name: str, kind: str, trader: Trader) -> None:
        receipt = self._repeat(name, lambda: trader.swap(_AMOUNT))
        over = receipt["gasUsed"] - self._direct
        if over > MOST_OVER_DIRECT[kind]:
            self._misses.append(f"{name}: {over:,} over direct, above {MOST_OVER_DIRECT[kind]:,}")
        writes = [w for w in self._writes(receipt) if w.account == trader.address]
        if len(writes) != 1 or writes[0].is_fresh:
            self._misses.append(f"{name}: not one write to one used slot of the escrow: {writes}")

    def _repeat(self, name: str, send: Send) -> TxReceipt:
        """Measure it with all slots in use already."""
        for _ in range(_WARM_UPS):
            send()
        self._market.rewind_pool()
        # A pool writes its price history once a second.
        self._chain.wait(_PAUSE_S)
        receipt = send()
        if not self._direct:
            self._direct = receipt["gasUsed"]
        self._add(name, receipt, over=receipt["gasUsed"] - self._direct)
        return receipt

    # ---------------------------------------------------------------- the rest of an escrow's life

    def _register(self, ours: Ours) -> None:
        """Both kinds of escrow, with both tokens in them."""
        ours.register(ours.actor, ours.owner)
        ours.register(ours.exit_actor, ours.owner, EXIT_HASH)
        for actor in (ours.actor, ours.exit_actor):
            self._market.give(ours.escrow_of(actor).address, 500 * USDC, SEI)

    def _measure_life(self, ours: Ours) -> None:
        chain, market = self._chain, self._market
        first = self._add("registerActor, an owner's first", ours.register(ours.actor, ours.owner))
        more = self._add("registerActor, its second", ours.register(_fresh(), ours.owner))
        named = ours.register(ours.exit_actor, ours.owner, EXIT_HASH)
        coded = self._add("registerActorWithExit, its third", named)
        paid = ours.register(_fresh(), _fresh(), EXIT_HASH, value=SEI)
        # Paying somebody who is new to the chain costs 34,000 whoever does it.
        self._add("registerActorWithExit, first, 1 SEI to a new actor", paid)
        for row in (first, more, coded):
            if row.at_sei > MOST_REGISTRATION:
                self._misses.append(f"{row.name}: {row.at_sei:,} at Sei's price")
        escrow = ours.escrow_of(ours.actor)
        calls = escrow.functions
        chain.call(market.usdc.functions.mint(escrow.address, 500 * USDC))
        mandate = ours.write_mandate(1)
        setting = calls.setMandate(mandate, ours.sign(escrow, mandate))
        self._add("setMandate, five tokens, the first", chain.call(setting))
        trader = Trader(ours, escrow, ours.actor, mandate)
        self._add("swap, the escrow's first", trader.swap(_AMOUNT))
        mandate = ours.write_mandate(2)
        setting = calls.setMandate(mandate, ours.sign(escrow, mandate))
        self._add("setMandate, five tokens, another", chain.call(setting))
        chain.pay(escrow.address, 10 * SEI)
        market.give(escrow.address, 500 * USDC, 10 * SEI)
        self._measure_payments(ours, trader)

    def _measure_payments(self, ours: Ours, trader: Trader) -> None:
        chain, market, calls = self._chain, self._market, trader.escrow.functions
        usdc, wsei = market.usdc.address, market.wsei.address
        market.give(ours.owner, USDC, SEI)
        funding = calls.fundActor(NATIVE, SEI // 10)
        chain.call(funding, ours.actor)
        self._add("fundActor, native SEI", chain.call(funding, ours.actor))
        funding = calls.fundActor(wsei, SEI // 10)
        self._add("fundActor, out of WSEI", chain.call(funding, ours.actor))
        paying = calls.withdraw(usdc, ours.owner, USDC)
        self._add("withdraw, USDC", chain.call(paying, ours.owner))
        paying = calls.withdraw(NATIVE, ours.owner, SEI)
        self._add("withdraw, native SEI", chain.call(paying, ours.owner))
        paying = calls.releaseFunds(usdc, ours.owner, USDC)
        self._add("releaseFunds, USDC", chain.call(paying, ours.server))
        coded = ours.escrow_of(ours.exit_actor)
        market.give(coded.address, 500 * USDC, SEI)
        leaving = coded.functions.exit(EXIT_CODE, usdc)
        before = chain.request("evm_snapshot")
        self._add("exit, USDC, of an escrow that never traded", chain.call(leaving))
        chain.request("evm_revert", before)
        Trader(ours, coded, ours.exit_actor).swap(_AMOUNT)
        before = chain.request("evm_snapshot")
        self._add("exit, USDC, of one that did", chain.call(leaving))
        chain.request("evm_revert", before)

    # ---------------------------------------------------------------- reading receipts

    def _add(self, name: str, receipt: TxReceipt, over: int | None = None) -> Row:
        self._rows.append(self._read(name, receipt, over))
        return self._rows[-1]

    def _read(self, name: str, receipt: TxReceipt, over: int | None = None) -> Row:
        fresh = sum(write.is_fresh for write in self._writes(receipt))
        return Row(name, receipt["gasUsed"], fresh, over)

    def _writes(self, receipt: TxReceipt) -> Sequence[Write]:
        return read_writes(self._chain.w3, receipt)


def _fresh() -> str:
    return str(Account.create().address)


def main() -> None:
    """Print the table; fail when a target is missed."""
    report = measure()
    print(report.render())
    if report.misses:
        sys.exit("\n".join(["missed:", *report.misses]))


if __name__ == "__main__":
    main()
