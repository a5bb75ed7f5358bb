"""Alerts on the running service: set in every way, rung once, changed from the message."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from bot.domain.alerts import Alert, AlertDraft, AlertState, Condition, Place, Repeat
from bot.domain.people import UserId
from tests.e2e.scene import Scene, scene
from tests.e2e.stage import Message, Person, buttons_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

RANG = "When armed"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("alerts")) as on:
        yield on


@pytest_asyncio.fixture(loop_scope="module")
async def on(running: Scene) -> AsyncIterator[Scene]:
    """Nobody has an alert, and what moved before counts no more."""
    await running.time_passes(hours=2)
    await looks(running)
    yield running
    for person in running.people:
        await running.service.services.alerts.stop_place(Place(person.id), topic_only=False)


async def looks(on: Scene) -> None:
    """The bot looks at the prices now."""
    await on.service.services.prices.tick()


async def moves(on: Scene, factor: str) -> None:
    """The price of SEI goes there, everywhere; a minute later the bot looks."""
    on.market.shock("sei-network", Decimal(factor))
    await on.time_passes(seconds=61)
    await looks(on)


def level(on: Scene, factor: str) -> str:
    """SEI's price times a factor."""
    return f"{on.market.price_of('sei-network') * Decimal(factor):.5f}"


async def alerts_of(on: Scene, person: Person) -> list[Alert]:
    return list(await on.service.services.alerts.load_of_person(UserId(person.id)))


async def sets(on: Scene, person: Person, words: str) -> Message:
    """A line or a sentence, and a tap on Set it; the message that it is set."""
    card = await person.say(words)
    assert "✅ Set it" in buttons_of(card), text_of(card)
    return await person.press(card, "Set it")


def rings(person: Person, after: Message) -> list[Message]:
    """The messages of alerts since another message."""
    return [
        message
        for message in person.messages
        if message["message_id"] > after["message_id"] and RANG in text_of(message)
    ]


async def test_a_line_rings_once_with_chart_and_buttons(on: Scene) -> None:
    done = await sets(on, on.ann, f"/alert SEI above {level(on, '1.02')}")
    assert "Set: SEI above" in text_of(done)
    await moves(on, "1.03")
    rung = await on.ann.sees("SEI $", RANG, after=done["message_id"])
    assert "photo" in rung
    assert "When armed" in text_of(rung)
    assert "Data" in text_of(rung)
    labels = buttons_of(rung)
    for label in ("💬 Ask", "🟢 Buy SEI", "🔴 Sell SEI", "😴 15 min", "😴 1 day", "🔁 Set again"):
        assert any(label in found for found in labels), label
    await moves(on, "0.96")
    await moves(on, "1.05")
    await on.ann.say("/alerts")
    assert len(rings(on.ann, done)) == 1
    assert not await alerts_of(on, on.ann)


async def test_a_peak_that_nobody_looked_at_rings_late(on: Scene) -> None:
    """No candle of it has closed: the market's single prices tell."""
    done = await sets(on, on.ann, f"/alert SEI above {level(on, '1.2')}")
    on.clock.jump(minutes=6)
    on.market.shock("sei-network", Decimal("1.4"))
    on.clock.jump(minutes=6)
    on.market.shock("sei-network", 1 / Decimal("1.4"))
    await on.time_passes(minutes=6)
    await looks(on)
    rung = text_of(await on.ann.sees("SEI $", RANG, after=done["message_id"]))
    assert "late" in rung.casefold()
    await on.time_passes(seconds=61)
    await looks(on)
    assert len(rings(on.ann, done)) == 1


async def test_step_by_step(on: Scene) -> None:
    screen = await on.ann.say("/alert")
    for label in ("Percent change", "SEI", "1h"):
        screen = await on.ann.press(screen, label)
    card = await on.ann.press(screen, "-2 %")
    assert "SEI falls 2 % within 1h" in text_of(card)
    card = await on.ann.press(card, "Every time")
    done = await on.ann.press(card, "Set it")
    await moves(on, "0.97")
    await on.ann.sees("SEI falls 2 %", RANG, after=done["message_id"] - 1)
    (alert,) = await alerts_of(on, on.ann)
    assert alert.standing.state is AlertState.RESTING


async def test_plain_words_without_the_model(on: Scene) -> None:
    assert on.gemini is not None
    on.gemini.calls.clear()
    done = await sets(on, on.ann, "wake me if SEI drops 8% in an hour")
    assert "falls 8 % within 1h" in text_of(done)
    assert not on.gemini.calls
    await moves(on, "0.9")
    await on.ann.sees("🚨", RANG, after=done["message_id"])


async def test_everything_from_the_message_itself(on: Scene) -> None:
    done = await sets(on, on.ann, f"/alert SEI above {level(on, '1.02')} every time")
    await moves(on, "1.06")  # far enough for a quarter of an hour of market
    rung = await on.ann.sees(RANG, after=done["message_id"])
    said = await on.ann.press(rung, "😴 15 min")
    assert "silent until" in text_of(said)
    (alert,) = await alerts_of(on, on.ann)
    assert alert.standing.state is AlertState.SNOOZED
    await on.time_passes(minutes=15)
    await looks(on)
    await on.time_passes(seconds=61)
    await looks(on)
    await on.until(lambda: len(rings(on.ann, done)) == 2)
    again = rings(on.ann, done)[1]
    card = await on.ann.press(again, "✏️ Edit")
    card = await on.ann.press(card, "✏️ Figure")
    edited = await on.ann.say(level(on, "1.5"))
    assert "to go" in text_of(edited)
    gone = await on.ann.press(again, "🔕 Off")
    assert "Deleted" in text_of(gone)
    assert not await alerts_of(on, on.ann)
    await on.ann.press(gone, "Undo")
    assert len(await alerts_of(on, on.ann)) == 1


async def test_asking_and_trading_from_the_message(on: Scene) -> None:
    done = await sets(on, on.ann, f"/alert SEI above {level(on, '1.02')}")
    await moves(on, "1.03")
    rung = await on.ann.sees(RANG, after=done["message_id"])
    menu = await on.ann.press(rung, "🟢 Buy SEI")
    assert "How much" in text_of(menu)
    await on.ann.press(menu, "Cancel")
    on.telegram.press(on.ann.id, rung["message_id"], "💬 Ask the analyst")
    await on.ann.sees("Not investment advice", after=menu["message_id"])


async def test_stop_and_target_by_one_tap_however_often(on: Scene) -> None:
    asked = await on.ann.say("Should I buy SEI now?")
    card = await on.ann.sees("Confidence", after=asked["message_id"] - 1)
    assert "watch them yet" not in text_of(card)
    assert "I can tell you" in text_of(card)
    for _ in range(2):
        on.telegram.press(on.ann.id, card["message_id"], "🔔 Alert me at stop and target")
    await on.ann.sees("I tell you at stop and target", after=card["message_id"])
    made = await alerts_of(on, on.ann)
    assert {alert.condition.type for alert in made} == {"PRICE_ABOVE", "PRICE_BELOW"}
    assert all(alert.urgent and "of your SEI decision" in alert.note for alert in made)
    go = next(label for label in buttons_of(card) if label.startswith("✅ Buy"))
    offer = await on.ann.press(card, go)
    await on.ann.press(offer, "Confirm")
    receipt = await on.ann.sees("Bought", after=card["message_id"])
    on.telegram.press(on.ann.id, receipt["message_id"], "🔔 Alert me at stop and target")
    await on.ann.say("/alerts")
    assert len(await alerts_of(on, on.ann)) == 2


async def test_quiet_hours_hold_back_what_is_not_urgent(on: Scene) -> None:
    now = on.clock.now()
    screen = await on.ann.press(await on.ann.say("/settings"), "Quiet hours")
    begin, end = now - timedelta(hours=1), now + timedelta(hours=2)
    await on.ann.say(f"{begin:%H:%M}-{end:%H:%M}")
    calm = await sets(on, on.ann, f"/alert SEI above {level(on, '1.02')}")
    assert "quiet hours" in text_of(calm)
    await sets(on, on.ann, f"/alert SEI above {level(on, '1.021')}, urgent")
    await moves(on, "1.03")
    loud = await on.ann.sees("🚨", RANG, after=screen["message_id"])
    await on.ann.say("/help")
    assert rings(on.ann, calm) == [loud]
    await on.time_passes(hours=2)
    on.service.door.sender.wake()
    await on.until(lambda: len(rings(on.ann, calm)) == 2)
    await on.ann.press(await on.ann.say("/settings"), "Quiet hours")
    await on.ann.say("off")


async def test_the_time_zone_is_asked_as_people_know_it(on: Scene) -> None:
    await on.ann.press(await on.ann.say("/settings"), "Time zone")
    assert "Tokyo" in text_of(await on.ann.say("tokyo"))
    done = await sets(on, on.ann, "/alert daily digest at 08:00")
    assert "08:00 Tokyo" in text_of(done)
    (alert,) = await alerts_of(on, on.ann)
    assert alert.standing.due_at is not None
    assert alert.standing.due_at.hour == 23
    await on.ann.press(await on.ann.say("/settings"), "Time zone")
    await on.ann.say("utc")


async def test_no_more_than_a_hundred_and_no_flood(on: Scene) -> None:
    services = on.service.services
    user = await services.people.load_user(UserId(on.bo.id))
    assert user is not None
    price = on.market.price_of("sei-network")
    for number in range(100):
        if number % 20 == 0:
            on.clock.jump(seconds=61)
        line = price * (2 + Decimal(number) / 100)
        draft = AlertDraft(Condition("PRICE_ABOVE", "SEI", line), Repeat.ONCE)
        await services.set_alerts.create(user, Place(on.bo.id), draft)
    card = await on.bo.say("/alert SEI above 2")
    assert "more than 20 alerts in a minute" in text_of(await on.bo.press(card, "Set it"))
    on.clock.jump(seconds=61)
    card = await on.bo.say("/alert SEI above 2")
    assert "100 alerts already" in text_of(await on.bo.press(card, "Set it"))
    listed = await on.bo.say("/alerts")
    assert "1/17" in buttons_of(listed)
    assert len(await alerts_of(on, on.bo)) == 100


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("SEI above 0", "more than zero"),
        ("SEI above -5", ""),
        ("SEI above 99999", "hundredfold"),
        ("SEI above 0.0000001", "hundredfold"),
        ("SEI above 0.3 and below 0.2", ""),
        ("DOGE above 1", "do not know"),
        ("SEI", ""),
        ("SEI above", ""),
        ("SEI -500% 1h", "100 %"),
        ("SEI -5% 9y", "watch"),
        ("SEI above 0.3 until yesterday", "until when"),
        ("SEI above 0.3 until 2001-01-01", "past"),
        ("SEI above 0.3 only once, every time", "Once or every time"),
        ("SEI above 0.3 every 10 seconds", "5 minutes"),
        ("portfolio above 1e99", ""),
        ("<b>SEI</b> & above", ""),
        ("\u0660\u0661", ""),
        ("x" * 350, "too long"),
        ("'; DROP TABLE market_alerts; --", ""),
    ],
)
async def test_garbage_gets_a_sentence_and_sets_nothing(on: Scene, words: str, hint: str) -> None:
    said = await on.ann.say(f"/alert {words}")
    assert text_of(said).startswith("⚠️"), text_of(said)
    assert "went wrong" not in text_of(said)
    assert hint in text_of(said)
    assert not await alerts_of(on, on.ann)
