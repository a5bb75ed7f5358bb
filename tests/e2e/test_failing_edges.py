"""The analyst, the market feed and the limits: honest answers, and no money moved by any of it."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.domain.trade import IntentKind, IntentState
from bot.local.gemini import replies
from bot.local.gemini.defaults import Kind
from bot.local.gemini.replies import Reply, answer
from tests.e2e.scene import DEEP, FAST, Scene, scene
from tests.e2e.stage import Message, buttons_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

THIEF = "0x" + "bad0" * 10


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on(tmp_path_factory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("edges")) as on:
        yield on


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def well_again(on: Scene) -> AsyncIterator[None]:
    yield
    assert on.gemini
    on.gemini.reset()
    on.market.faults.heal()
    on.telegram.faults.clear()
    on.clock.jump(seconds=65)


def decision(on: Scene, **changes: object) -> Reply:
    """What an analyst may say of SEI, with changes."""
    price = on.market.price_of("sei-network")
    said = {
        "action": "BUY",
        "symbol": "SEI",
        "entry_usd": float(price),
        "stop_loss_usd": float(price * Decimal("0.9")),
        "take_profit_usd": float(price * Decimal("1.2")),
        "confidence": 70,
        "suggested_usd": 20,
        "summary": "Fine.",
        "reasons": ["It fits."],
        "risks": ["It may not."],
        "more_symbols": [],
        "more_days": 0,
    }
    return answer({**said, **changes})


FAILURES = (
    *("down", "busy", "hang", "drop", "garbage", "truncated", "no_candidates"),
    *("blocked_question", "blocked_answer", "gone"),
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [*((name, None) for name in FAILURES), ("busy", Kind.DECISION), ("truncated", Kind.DECISION)],
)
async def test_without_gemini_the_rules_answer_and_say_so(
    on: Scene, name: str, kind: Kind | None
) -> None:
    assert on.gemini
    on.gemini.always(getattr(replies, name)(), kind)
    async with on.nothing_moves():
        with capture_logs() as logs:
            card = await on.ann.say("Should I buy SEI now?")
        said = text_of(card)
        assert DEEP in said
        assert "so this is the rule-based analyst." in said
        assert "Entry" in said
        assert "Confidence" in said
        told = [line for line in logs if line["event"] == "analyst_failed"]
        assert told
        assert told[0]["log_level"] == "warning"


@pytest.mark.parametrize(
    ("model", "setting"), [(DEEP, "GEMINI_MODEL"), (FAST, "GEMINI_FAST_MODEL")]
)
async def test_a_model_that_is_gone_is_named_with_its_setting(
    on: Scene, model: str, setting: str
) -> None:
    assert on.gemini
    on.gemini.gone.add(model)
    with capture_logs() as logs:
        assert "gave no usable answer" in text_of(await on.ann.say("Should I buy SEI now?"))
    reasons = [str(line.get("reason")) for line in logs]
    assert any(f"{setting}: model {model} is not available" in reason for reason in reasons)


async def test_advice_survives_without_gemini_too(on: Scene) -> None:
    assert on.gemini
    on.gemini.always(replies.down())
    said = text_of(await on.ann.say("How is the market?"))
    assert "rule-based analyst" in said
    assert "crypto market is worth" in said


async def test_what_a_hostile_model_says_is_only_words(on: Scene) -> None:
    """An address, a command, a link, markup, an amount of 1e30."""
    assert on.gemini
    hostile = decision(
        on,
        suggested_usd=1e30,
        confidence=100,
        summary=f"Send everything to {THIEF} now! <b>Tap</b> /withdraw_all https://evil.example",
        reasons=[f"/withdraw SEI all {THIEF}", "</b></i><code>", "&amp; @thief_bot"],
    )
    on.gemini.play(hostile, kind=Kind.DECISION)
    async with on.nothing_moves():
        card = await on.ann.say("Should I buy SEI now?")
        for word in ("bad0", "/withdraw", "evil.example", "thief_bot", "1e30", "1E+30"):
            assert word not in text_of(card)
        assert "Suggested: $50.00" in text_of(card)
        offer = await on.ann.press(card, "✅ Buy $50.00 of SEI")
        spent = re.search(r"You give: .* \(\$([0-9.]+)\)", text_of(offer))
        assert spent
        assert Decimal(spent[1]) <= 50
        forged = f"ask:go:{data_id(card)}:99999999"
        on.telegram.persons.press_data(on.ann.id, card["message_id"], forged)
        offer = await on.ann.sees("Buy SEI?", after=offer["message_id"])
        assert re.search(r"\((\$50.00|\$49.99)\)", text_of(offer))


def data_id(card: Message) -> str:
    rows = card["reply_markup"]["inline_keyboard"]
    no = next(b["callback_data"] for row in rows for b in row if "No" in b["text"])
    return str(no).rpartition(":")[2]


@pytest.mark.parametrize(
    "changes",
    [
        {"symbol": "WBTC"},
        {"symbol": "USDC"},
        {"symbol": THIEF},
        {"action": "WITHDRAW"},
        {"action": "BUY", "entry_usd": 1e30},
        {"entry_usd": -1},
        {"stop_loss_usd": 1e9},
        {"suggested_usd": "all of it"},
        {"confidence": 1_000},
        {"reasons": []},
        {"reasons": None},
    ],
    ids=str,
)
async def test_an_answer_that_cannot_be_believed_is_not_shown(
    on: Scene, changes: dict[str, object]
) -> None:
    assert on.gemini
    on.gemini.always(decision(on, **changes), Kind.DECISION)
    async with on.nothing_moves():
        said = text_of(await on.ann.say("Should I buy SEI now?"))
        assert "so this is the rule-based analyst." in said
        assert " SEI" in said.splitlines()[0]


async def test_a_negative_wish_leads_to_no_button(on: Scene) -> None:
    assert on.gemini
    on.gemini.always(decision(on, suggested_usd=-1e30), Kind.DECISION)
    card = await on.ann.say("Should I buy SEI now?")
    assert not any("✅" in label for label in buttons_of(card))


async def test_a_caption_is_measured_as_telegram_measures_it(on: Scene) -> None:
    """An emoji counts twice: 400 of them and a card do not fit below a picture."""
    assert on.gemini
    on.gemini.play(decision(on, summary="😀" * 400), kind=Kind.DECISION)
    picture = await on.ann.say("Should I buy SEI now?")
    assert picture.get("photo")
    card = await on.ann.sees("but I can tell you", after=picture["message_id"])
    assert any("✅" in label for label in buttons_of(card))


async def test_a_guard_that_says_no_is_obeyed_whatever_else_is_said(on: Scene) -> None:
    assert on.gemini
    no = answer({"allowed": False, "reason": f"<b>Send</b> money to {THIEF} instead"})
    on.gemini.play(no, kind=Kind.GUARD)
    async with on.nothing_moves():
        said = text_of(await on.ann.say("Should I buy SEI now?"))
        assert said == f"⚠️ {DEEP} declined: Send money to [removed] instead", "in whose words"


@pytest.mark.parametrize("letter", ["😀", "&", "<i>"])
async def test_an_answer_of_any_length_arrives(on: Scene, letter: str) -> None:
    assert on.gemini
    long = letter * 300
    on.gemini.play(
        decision(on, summary=letter * 500, reasons=[long] * 5, risks=[long] * 5),
        kind=Kind.DECISION,
    )
    sent = on.telegram.send(on.ann.id, "Should I buy SEI now?")
    card = await on.ann.sees("but I can tell you", after=sent["message_id"])
    assert "Something went wrong" not in "".join(text_of(m) for m in on.ann.messages)
    assert any("✅" in label for label in buttons_of(card))
    on.gemini.play(answer({"text": f"{letter * 2_500} end"}), kind=Kind.ADVICE)
    sent = on.telegram.send(on.ann.id, "How is the market?")
    await on.ann.sees(DEEP, after=sent["message_id"])


async def test_without_coingecko_prices_are_shown_with_their_age(on: Scene) -> None:
    await on.ann.say("/price SEI")
    on.market.faults.down()
    on.clock.jump(minutes=3)
    async with on.nothing_moves():
        for command in ("/price", "/price SEI", "/portfolio"):
            said = text_of(await on.ann.say(command))
            assert re.search(r"prices from [34] min ago", said), said
            assert "SEI" in said
        assert "Total $" in text_of(await on.ann.say("/portfolio"))


@pytest.mark.parametrize("fault", ["down", "throttle", "malform", "nan", "html", "stale"])
async def test_no_trade_on_prices_older_than_five_minutes(on: Scene, fault: str) -> None:
    assert "Buy SEI?" in text_of(await on.ann.say("/buy SEI $5"))
    faults = on.market.faults
    match fault:
        case "malform":
            faults.malform(b"[]")
        case "nan":
            faults.malform(b'{"sei-network": {"usd": NaN, "last_updated_at": 1}}')
        case "html":
            faults.malform(b"<html>")
        case "stale":
            faults.stale(600)
        case _:
            getattr(faults, fault)()
    on.clock.jump(minutes=7)
    async with on.nothing_moves():
        for words in ("/buy SEI $5", "/sell SEI $5"):
            said = text_of(await on.ann.say(words))
            assert "minutes old" in said, said
            assert "up to 5 minutes" in said
        card = await on.ann.say("Should I buy SEI now?")
        assert "too old to trade on" in text_of(card)
        assert not any("✅" in label for label in buttons_of(card))
    faults.heal()
    on.clock.jump(seconds=90)
    assert "Buy SEI?" in text_of(await on.ann.say("/buy SEI $5"))


async def test_a_withdrawal_needs_no_prices(on: Scene) -> None:
    on.market.faults.down()
    on.clock.jump(minutes=10)
    question = await on.ann.say("/withdraw USDC 1")
    await on.ann.press(question, "Confirm")
    await on.ann.sees("left", "USDC", after=question["message_id"])


@pytest.mark.parametrize(("side", "factor"), [("buy", "1.02"), ("sell", "0.98")])
async def test_a_market_past_the_minimum_asks_again(on: Scene, side: str, factor: str) -> None:
    offer = await on.ann.say(f"/{side} SEI $5")
    before = await on.wealth()
    async with on.exchanges_ahead(factor):
        await on.ann.press(offer, "Confirm")
        await on.ann.sees(
            "Nothing was traded", "moved past your minimum", after=offer["message_id"]
        )
        again = await on.ann.sees("This is the new offer", after=offer["message_id"])
        assert await on.wealth() == before
        assert at_least(again) < at_least(offer)
        await on.ann.press(again, "Confirm")
        await on.ann.sees("Transaction", "offered at", after=again["message_id"])


def at_least(offer: Message) -> Decimal:
    found = re.search(r"At least: ([0-9.,]+)", text_of(offer))
    assert found
    return Decimal(found[1].replace(",", ""))


async def test_a_pool_pushed_off_the_market_is_refused(on: Scene) -> None:
    async with on.exchanges_ahead("1.06"), on.nothing_moves():
        said = text_of(await on.ann.say("/buy SEI $5"))
        assert "worse than the market, over the limit of 3.00 %" in said


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("/buy SEI $51", "$51.00 is over your limit of $50.00 a trade (/settings)"),
        ("/buy SEI 0.1", "is too little; a trade starts at $0.50"),
        ("/buy SEI 10k", "needs 10,000 USDC, but the agent can spend"),
        ("/sell SEI 199.9", "needs 199.9 SEI, but the agent can spend"),
    ],
)
async def test_a_limit_says_no_with_its_figures(on: Scene, words: str, hint: str) -> None:
    async with on.nothing_moves():
        said = text_of(await on.ann.say(words))
        assert hint in said
        assert "Nothing was moved" in said


async def test_who_holds_nothing_is_told_what_is_missing(on: Scene) -> None:
    async with on.nothing_moves():
        said = text_of(await on.bo.say("/buy SEI 25"))
        assert "needs 25 USDC, but the agent can spend 0 USDC. /deposit adds more" in said
        assert "comes to no SEI" in text_of(await on.bo.say("/sell SEI all"))
        card = await on.bo.say("Should I buy SEI now?")
        assert "holds no USDC to trade with yet" in text_of(card)
        assert "Nothing here yet" in text_of(await on.bo.say("/portfolio"))
        assert "holds nothing to withdraw" in text_of(await on.bo.say("/withdraw"))


async def test_one_s_own_lower_limit_counts(on: Scene) -> None:
    await on.ann.press(await on.ann.say("/settings"), "Limit a trade")
    assert "can be between $0.50 and $50.00" in text_of(await on.ann.say("$1000"))
    assert "Write dollars" in text_of(await on.ann.say("50%"))
    assert "at most $10.00" in text_of(await on.ann.say("$10"))
    async with on.nothing_moves():
        assert "over your limit of $10.00 a trade" in text_of(await on.ann.say("/buy SEI $11"))
        card = await on.ann.say("Should I buy SEI now?")
        assert "Suggested: $50" not in text_of(card)
    await on.ann.press(await on.ann.say("/settings"), "Limit a trade")
    await on.ann.say("$50")


async def test_the_day_s_cap_leaves_what_is_left(on: Scene) -> None:
    await on.a_new_day()
    for dollars in (50, 50, 50, 30):
        await trades(on, f"/buy SEI ${dollars}")
    async with on.nothing_moves():
        said = text_of(await on.ann.say("/buy SEI $50"))
        assert "over your limit of $200.00 in 24 hours" in said
        assert "$20.0" in said
    offers = [await on.ann.say("/buy SEI $15") for _ in range(2)]
    await on.ann.press(offers[0], "Confirm")
    await on.ann.sees("Bought", after=offers[1]["message_id"])
    async with on.nothing_moves():
        said = text_of(await on.ann.press(offers[1], "Confirm"))
        assert "over your limit of $200.00 in 24 hours; $5.0" in said
    await on.a_new_day()
    await trades(on, "/sell SEI $20")


async def trades(on: Scene, words: str) -> None:
    offer = await on.ann.say(words)
    await on.ann.press(offer, "Confirm")
    await on.ann.sees("Transaction", "offered at", after=offer["message_id"])


async def test_an_actor_low_on_gas_is_filled_up_from_its_escrow(on: Scene) -> None:
    await on.a_new_day()
    await on.set_gas(on.ann, "0.06")
    escrow = (await on.agent_of(on.ann)).escrow
    before = (await on.wealth())[escrow]["SEI"]
    offer = await on.ann.say("/sell SEI $5")
    await on.ann.press(offer, "Confirm")
    await on.ann.sees("Sold", after=offer["message_id"])
    latest = {intent.kind: intent for intent in (await on.intents_of(on.ann))[:2]}
    assert set(latest) == {IntentKind.SWAP, IntentKind.FUND_ACTOR}
    assert {intent.state for intent in latest.values()} == {IntentState.SETTLED}
    gas = latest[IntentKind.FUND_ACTOR].order.sell
    assert gas.value == Decimal("0.25")
    spent = gas.raw + latest[IntentKind.SWAP].order.sell.raw
    assert (await on.wealth())[escrow]["SEI"] == before - spent


async def test_an_escrow_without_sei_says_what_is_missing(on: Scene) -> None:
    await on.bo.is_funded("USDC")
    await on.set_gas(on.bo, "0.01")
    offer = await on.bo.say("/buy SEI $5")
    before = await on.wealth()
    await on.bo.press(offer, "Confirm")
    said = text_of(await on.bo.sees("Nothing was traded", after=offer["message_id"]))
    assert "too little SEI for gas. Deposit at least 1 SEI" in said
    assert await on.wealth() == before
    await on.bo.is_funded("SEI")
    offer = await on.bo.say("/buy SEI $5")
    await on.bo.press(offer, "Confirm")
    await on.bo.sees("Bought", after=offer["message_id"])
