"""Every limit of a mandate: the bot names it first, and the chain holds it without the bot."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from bot.domain.trade import IntentState, Side
from bot.ports.chain import ChainReader
from tests.e2e.hands import days_pass, smuggle
from tests.e2e.scene import Scene, scene
from tests.e2e.stage import Message, buttons_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

Terms = Mapping[str, Any]
USD = Decimal


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on(tmp_path_factory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("caps")) as on:
        yield on


def of_tokens(*symbols: str) -> Callable[[Scene], Terms]:
    return lambda on: {"tokens": [on.local.edges.deployment.token(s).address for s in symbols]}


def of_exchange(kind: str) -> Callable[[Scene], Terms]:
    return lambda on: {
        "adapters": [v.adapter for v in on.local.edges.deployment.venues if v.kind == kind]
    }


def of(**terms: Decimal) -> Callable[[Scene], Terms]:
    return lambda _: terms


@dataclass(frozen=True)
class Case:
    """A mandate, a trade it does not allow, and in whose words that is said.

    `figures` are the bot's refusal, `error` and `words` the chain's: its name and the receipt's.
    """

    terms: Callable[[Scene], Terms]
    trade: tuple[str, str]
    figures: str
    error: str
    words: str
    before: tuple[str, str] | None = None


CASES = {
    "a trade": Case(
        of(trade_usd=USD(10), volume_usd=USD(100), loss_usd=USD(50)),
        ("SEI", "$15"),
        r"\$1[45]\.\d\d is over the mandate's \$10\.00 a trade\.",
        "TradeCapExceeded",
        r"\$1[45]\.\d\d is over the mandate's \$10\.00 a trade",
    ),
    "volume of a day": Case(
        of(trade_usd=USD(20), volume_usd=USD(40), loss_usd=USD(30)),
        ("SEI", "$15"),
        r"\$1[45]\.\d\d is more than the mandate has room for now: \$[45]\.\d\d\. Half",
        "VolumeExceeded",
        r"\$1[45]\.\d\d is more than the \$[45]\.\d\d the mandate has room for now",
        before=("SEI", "$15"),
    ),
    "loss of a day": Case(
        of(trade_usd=USD(50), volume_usd=USD(200), loss_usd=USD(1)),
        ("WBTC", "$49"),
        r"This could lose \$0\.\d\d, and the mandate has room for \$0\.50 now",
        "LossBudgetExceeded",
        r"it could lose \$0\.\d\d; the mandate has room for \$0\.50",
    ),
    "slippage": Case(
        of(slippage_pct=USD("0.1")),
        ("WBTC", "$20"),
        r"receive 0\.[1-9]\d % less than it gives by the chain's price feeds, over the mandate's "
        r"0\.10 %",
        "SlippageExceeded",
        r"it would receive \$19\.\d\d, less than the mandate's \$(19|20)\.\d\d",
    ),
    "a token": Case(
        of_tokens("USDC", "SEI"),
        ("WETH", "$5"),
        r"The mandate does not include WETH\.",
        "TokenNotInMandate",
        r"the mandate does not include one of the tokens",
    ),
    "an exchange": Case(
        of_exchange("uniswap_v2"),
        ("SolvBTC", "$5"),
        r"The mandate does not include Uniswap V3, the only exchange that offers this now",
        "VenueNotInMandate",
        r"the mandate does not include the exchange",
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_limit_is_said_first_and_held_by_the_chain(on: Scene, name: str) -> None:
    case, ann = CASES[name], on.ann
    await days_pass(on, hours=25)
    await on.allow(ann, **case.terms(on))
    if case.before:
        await buys(on, *case.before)

    async with on.nothing_moves():
        said = text_of(await ann.say(f"/buy {' '.join(case.trade)}"))
        assert re.search(case.figures, said), said
        assert "/mandate" in said
        assert said.endswith("Nothing was moved.")

    # Past all that the bot checks, simulated first: nothing is even sent.
    seen, wealth = ann.last["message_id"], await on.wealth()
    done = await smuggle(on, ann, Side.BUY, *case.trade)
    assert done.state is IntentState.REFUSED
    assert done.reason.split()[0] == case.error
    told = text_of(await ann.sees("Nothing was traded", after=seen))
    assert re.search(case.words, told), told
    assert "/mandate" in told
    assert await on.wealth() == wealth

    # And without trying first: the chain undoes it, and only gas is gone.
    seen, gas = ann.last["message_id"], await gas_of(on)
    on.gate.blind = True
    try:
        done = await smuggle(on, ann, Side.BUY, *case.trade)
    finally:
        on.gate.blind = False
    assert done.state is IntentState.REVERTED
    assert done.reason.split()[0] == case.error
    told = text_of(await ann.sees("The chain undid the trade", "/mandate", after=seen))
    assert "the chain refused it" not in told, "every limit has words of its own"
    assert await on.wealth() == wealth
    assert done.receipt
    assert gas - await gas_of(on) == done.receipt.gas_paid > 0


async def test_a_suggestion_keeps_to_the_mandate(on: Scene) -> None:
    """No button that is refused when it is tapped."""
    await days_pass(on, hours=25)
    await on.allow(on.ann, trade_usd=USD(10), volume_usd=USD(100), loss_usd=USD(50))
    card = await on.ann.say("Should I buy SEI now?")
    (label,) = [label for label in buttons_of(card) if "✅" in label]
    assert re.search(r"\$9\.\d\d", label), label
    offer = await on.ann.press(card, label)
    assert "Buy SEI?" in text_of(offer)
    await on.ann.press(offer, "Decline")


async def test_what_is_left_comes_back_over_a_day(on: Scene) -> None:
    ann = on.ann
    await days_pass(on, hours=25)
    await on.allow(ann, trade_usd=USD(20), volume_usd=USD(40), loss_usd=USD(30))
    assert "Room now: trades of $20.00" in text_of(await ann.say("/mandate"))
    await buys(on, "SEI", "$18")
    assert re.search(r"trades of \$2\.\d\d", text_of(await ann.say("/mandate")))
    assert "more than the mandate has room for" in text_of(await ann.say("/buy SEI $10"))
    await days_pass(on, hours=12)
    assert re.search(r"trades of \$1[12]\.\d\d", text_of(await ann.say("/mandate")))
    await buys(on, "SEI", "$10")


async def test_a_lower_limit_does_not_refill_what_was_used(on: Scene) -> None:
    """Lower and then higher again: what was traded stays counted, in the bot as on the chain."""
    ann = on.ann
    await days_pass(on, hours=25)
    await on.allow(ann, trade_usd=USD(40), volume_usd=USD(80), loss_usd=USD(60))
    await buys(on, "SEI", "$38")
    await on.allow(ann, trade_usd=USD(5), volume_usd=USD(10), loss_usd=USD(8))
    assert "Room now: trades of $0.00" in text_of(await ann.say("/mandate"))
    # 38 of 5 empties at 38 a day: after half a day 19 are left, still more than fit.
    await days_pass(on, hours=12)
    assert "Room now: trades of $0.00" in text_of(await ann.say("/mandate"))
    said = text_of(await ann.say("/buy SEI $2"))
    assert re.search(r"more than the mandate has room for now: \$0\.00", said), said
    done = await smuggle(on, ann, Side.BUY, "SEI", "$2")
    assert done.reason.split()[0] == "VolumeExceeded"
    await on.allow(ann, trade_usd=USD(40), volume_usd=USD(80), loss_usd=USD(60))
    said = text_of(await ann.say("/mandate"))
    assert re.search(r"trades of \$2[12]\.\d\d", said), "38 of 40, at 40 a day: 18 or so are left"


async def buys(on: Scene, symbol: str, amount: str) -> Message:
    offer = await on.ann.say(f"/buy {symbol} {amount}")
    await on.ann.press(offer, "Confirm")
    return await on.ann.sees("Bought", after=offer["message_id"])


async def gas_of(on: Scene) -> int:
    agent = await on.agent_of(on.ann)
    reader: ChainReader = on.service.services.reader
    return await reader.read_native(agent.actor)
