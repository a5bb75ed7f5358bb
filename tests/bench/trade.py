"""From the tap on Confirm to the receipt, against web3 alone."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from decimal import Decimal
from itertools import cycle
from typing import Any

from eth_account import Account

import bot.venues
from bot.catalogue import discover
from bot.chain.artifacts import load_artifact
from bot.chain.deployer import KeyedAccount, connected
from bot.chain.reader import RpcReader
from bot.chain.rpc import Rpc
from bot.chain.typed import mandate_struct
from bot.domain.trade import Quote
from bot.local.chain.accounts import TEST_WALLET
from bot.services.quotes import best_quote, read_quotes
from tests.bench.figure import Promise, Result, ms
from tests.bench.processes import PYTHON, running
from tests.bench.stage import TRADERS, Stage
from tests.e2e.stage import text_of

ROUNDS = 11
SPENT_USD = Decimal(5)
_REST_S = 1.5
_GAS_SEI = Decimal(5)
_FAR = 2**40

TRADE = Promise(
    "Confirm to receipt",
    "at most 1.3x web3 alone",
    "Tap on Confirm to the receipt's sendMessage received, receipts at Sei's pace (0.4 s); against"
    " a process with nothing but web3 that builds, signs and sends the same swap from an escrow of"
    f" its own and waits for the receipt. $5 of SEI each, {ROUNDS} rounds in turns, medians. Ours"
    " are three people's in turn with a rest between: a chat gets five messages in five seconds.",
)


async def measure(stage: Stage) -> list[Result]:
    ours, theirs = [], []
    given = json.dumps(await _bare_swap(stage))
    command = (PYTHON, "-m", "tests.bench.bare_swap", given)
    async with running(*command, folder=stage.folder) as bare:
        for _, trader in zip(range(ROUNDS), cycle(TRADERS), strict=False):
            bare.tell("swap")
            theirs.append(float(await bare.line()))
            ours.append(await _confirmed(stage, trader))
            await asyncio.sleep(_REST_S)
    ratio = ms(ours) / ms(theirs)
    measured = f"{ratio:.2f}x ({ms(ours):.0f} ms, web3 {ms(theirs):.0f} ms)"
    return [TRADE.result(measured, ok=ratio <= 1.3)]


async def _confirmed(stage: Stage, trader: int) -> float:
    person, telegram = stage.bot.person(trader), stage.bot.telegram
    offer = await person.say(f"/buy SEI {SPENT_USD}")
    assert "You give" in text_of(offer), text_of(offer)
    seen = stage.bot.last_call
    telegram.press(trader, offer["message_id"], "✅ Confirm")
    pressed_s = telegram.updates.log[-1].queued_s
    receipt = await stage.bot.call("sendMessage", seen, "Bought")
    return receipt.received_s - pressed_s


async def _bare_swap(stage: Stage) -> dict[str, Any]:
    """What the anchor is given: an actor with an escrow of its own, and the swap it makes."""
    quote, actor = await _quote(stage), Account.from_key(secrets.token_hex(32))
    escrow = await _register(stage, actor.address)
    await stage.fund(escrow)
    mandate = await stage.allow(escrow)
    return {
        "rpc_url": stage.chain.rpc_url,
        "key": actor.key.to_0x_hex(),
        "escrow": escrow,
        "abi": list(load_artifact("CaretEscrow").abi),
        "trade": _trade(quote),
        "mandate": mandate_struct(mandate),
    }


def _trade(quote: Quote) -> Sequence[object]:
    sold, bought = quote.sell.token.address, quote.buy.token.address
    least = quote.buy.raw * 9 // 10
    return [_FAR, quote.adapter, sold, bought, quote.sell.raw, least, f"0x{quote.data.hex()}"]


async def _quote(stage: Stage) -> Quote:
    deployment = stage.chain.deployment
    rpc = Rpc(stage.chain.rpc_url)
    try:
        reader, kinds = RpcReader(rpc, deployment.lens), discover(bot.venues, "VENUE")
        venues = [kinds[venue.kind].build(venue, reader) for venue in deployment.venues]
        sell, bought = deployment.quote.amount(SPENT_USD), deployment.sei
        return best_quote(await read_quotes(venues, sell, bought, bought), sell, bought)
    finally:
        await rpc.close()


async def _register(stage: Stage, actor: str) -> str:
    async with connected(stage.chain.rpc_url) as w3:
        server = KeyedAccount(w3, stage.server_key)
        orchestrator = w3.eth.contract(
            address=w3.to_checksum_address(stage.chain.deployment.orchestrator),
            abi=load_artifact("CaretOrchestrator").abi,
        )
        data = orchestrator.encode_abi("registerActor", args=[int(TEST_WALLET, 16), actor])
        await server.transact(orchestrator.address, data, int(_GAS_SEI * 10**18))
        escrow: str = await orchestrator.functions.escrows(actor).call()
        return escrow
