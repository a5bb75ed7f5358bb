"""One tap on a decision: alerts at its stop and its target, and what is said of those there."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.chat.decision_alerts import levels_lines
from bot.domain.alerts import Alert, AlertDraft, AlertState, Condition, Place, Reading
from bot.domain.analysis import Action, TradeDecision
from bot.domain.people import QuietHours
from bot.policy.alerts.decision_levels import levels_of
from bot.ports.alerts import Look
from bot.services.alerts.ring import Ring
from tests.unit.chat.chatroom import KINDS, Chatroom
from tests.unit.chat.groups.visitor import Visitor
from tests.unit.services.office import ANN, BO, Office

DECISION = TradeDecision(
    Action.BUY, "SEI", Decimal("0.2"), Decimal("0.18"), Decimal("0.26"), 70, Decimal(10),
    "up", (), (), "test",
)  # fmt: skip


class Desk:
    """A decision of Ann's, and the tap on it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.room = Chatroom(office)
        self.room.figures.known = {"price:SEI:": Decimal("0.2")}
        self.ann = Visitor(self.room)

    async def decides(self, decision: TradeDecision = DECISION) -> str:
        agent = await self.office.agent()
        now = self.office.clock.now()
        number = await self.office.records.save_decision(int(agent.id), "?", decision, now)
        return f"alert:levels:{number}"

    async def sets(self, words: str) -> Alert:
        await self.ann.say(f"/alert {words}")
        await self.ann.tap("Set it")
        return self.alerts[-1]

    @property
    def alerts(self) -> list[Alert]:
        return list(self.room.alerts.alerts.values())

    @property
    def described(self) -> list[str]:
        return [KINDS.describe(alert.condition) for alert in self.alerts]


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


async def test_stop_and_target_become_alerts_by_one_tap(desk: Desk):
    tap = await desk.decides()
    for _ in range(3):
        await desk.ann.send(tap)
    assert desk.described == ["SEI below $0.18", "SEI above $0.26"]
    assert {alert.urgent for alert in desk.alerts} == {True}
    assert desk.alerts[0].note == "stop-loss of your SEI decision"
    assert desk.ann.toast == "You have both already."
    assert len(desk.room.bot.sent) == 1
    await desk.office.user(BO)
    assert "not yours" in await Visitor(desk.room, BO).send(tap)


async def test_it_names_both_says_how_loud_they_are_and_can_be_taken_back(desk: Desk):
    said = await desk.ann.send(await desk.decides())
    assert "🛑 Stop-loss: SEI below $0.18. Now $0.2, 10.0 % to go" in said
    assert "🎯 Take-profit: SEI above $0.26." in said
    assert "🚨 Both are urgent: they come in quiet hours too, unless you choose" in said
    listed = await desk.ann.say("/alerts")
    assert "🔔 🚨 SEI below $0.18" in listed
    assert "stop-loss of your SEI decision" in listed
    desk.ann.buttons = {"Undo": f"alert:unlevels:{desk.alerts[0].id}:{desk.alerts[1].id}"}
    assert "Deleted: SEI below $0.18, SEI above $0.26." in await desk.ann.tap("Undo")
    assert not [alert for alert in desk.alerts if alert.is_active]


@pytest.mark.parametrize(
    ("lets", "says"), [(True, ": they come in your quiet hours"), (False, ", but your quiet hours")]
)
async def test_it_says_what_quiet_hours_do_to_them(desk: Desk, lets: bool, says: str):  # noqa: FBT001
    noon = desk.office.clock.now().time()
    await desk.office.user(ANN, quiet=QuietHours(noon, noon.replace(hour=14), lets_urgent=lets))
    said = await desk.ann.send(await desk.decides())
    assert f"🚨 Both are urgent{says} (12:00–14:00)" in said


async def test_only_what_the_tap_has_set_is_taken_back(desk: Desk):
    tap = await desk.decides()
    await desk.sets("SEI below 0.18")
    await desk.ann.send(tap)
    await desk.ann.tap("Undo")
    assert [alert.is_active for alert in desk.alerts] == [True, False]
    await desk.office.user(BO)
    bo = Visitor(desk.room, BO)
    for word in (str(desk.alerts[0].id), "x", "", "9" * 30):
        assert "refused" in await bo.send(f"alert:unlevels:{word}")
    assert desk.alerts[0].is_active


@pytest.mark.parametrize("room_for", [0, 1])
@pytest.mark.parametrize("by", ["number", "flood"])
async def test_half_a_success_is_told_as_that(desk: Desk, room_for: int, by: str):
    tap = await desk.decides()
    user = await desk.office.user()
    most = 100 if by == "number" else 20
    for number in range(most - room_for):
        if by == "number":
            desk.office.clock.jump(10)
        draft = AlertDraft(Condition("PRICE_ABOVE", "SEI", Decimal(f"0.5{number:03}")))
        await desk.room.services.set_alerts.create(user, Place(int(ANN)), draft)
    why = "100 alerts already" if by == "number" else "more than 20 alerts in a minute"
    said = await desk.ann.send(tap)
    assert why in said
    if not room_for:
        assert said.startswith("refused: Neither is set.")
        assert len(desk.alerts) == most
        return
    assert said.startswith("⚠️ The stop-loss is set, the take-profit is not.")
    assert "🛑 Stop-loss: SEI below $0.18. Now" in said
    assert "🎯 Take-profit: SEI above $0.26, not set." in said
    assert "🚨 The stop-loss is urgent" in said
    assert desk.ann.toast == "The take-profit is not set."
    assert desk.described[-1] == "SEI below $0.18"
    desk.office.clock.jump(61)
    if by == "flood":
        assert "✅ I tell you at stop and target." in await desk.ann.tap("Try again")


async def test_the_lines_are_the_prices_of_the_card(desk: Desk):
    odd = replace(DECISION, stop_loss=Decimal("0.182153"), take_profit=Decimal("12.345678"))
    said = await desk.ann.send(await desk.decides(odd))
    assert "SEI below $0.18215." in said
    assert desk.alerts[0].condition.threshold == Decimal("0.18215")
    assert desk.alerts[1].condition.threshold == Decimal("12.346")
    assert levels_lines(odd) == ["Advice: stop-loss $0.18215, take-profit $12.346"]
    dear = replace(odd, entry=Decimal(60_000), stop_loss=Decimal("59876.5432"), take_profit=None)
    (level,) = levels_of(dear)
    assert level.draft.condition.threshold == Decimal("59876.54")
    assert not levels_lines(None)


async def test_the_stop_of_a_sale_is_above_it(desk: Desk):
    stop, target = Decimal("0.22"), Decimal("0.15")
    sale = replace(DECISION, action=Action.SELL, stop_loss=stop, take_profit=target)
    await desk.ann.send(await desk.decides(sale))
    assert desk.described == ["SEI above $0.22", "SEI below $0.15"]


async def test_without_levels_there_is_nothing_to_set(desk: Desk):
    bare_one = replace(DECISION, stop_loss=None, take_profit=None)
    said = await desk.ann.send(await desk.decides(bare_one))
    assert "neither stop nor target" in said


@pytest.mark.parametrize(("act", "word"), [("pause", "paused"), ("snooze", "snoozed")])
async def test_silent_ones_are_woken(desk: Desk, act: str, word: str):
    tap = await desk.decides()
    await desk.ann.send(tap)
    stop = desk.alerts[0]
    argument = f"{stop.id}:60" if act == "snooze" else f"{stop.id}:0"
    await desk.ann.send(f"alerts:{act}:{argument}")
    said = await desk.ann.send(tap)
    assert desk.ann.toast == "Set."
    assert f"It was {word} and is watched again." in said
    assert "Stop-loss: SEI below $0.18. Now $0.2, 10.0 % to go" in said
    assert desk.alerts[0].standing.state is AlertState.ARMED
    assert len(desk.alerts) == 2


async def test_the_end_of_one_that_was_there_is_named(desk: Desk):
    tap = await desk.decides()
    await desk.sets("SEI below 0.18 for 1h")
    said = await desk.ann.send(tap)
    assert "You had it already. Kept until it rings, 13:00 UTC at the latest" in said
    assert said.count("You had it already") == 1
    said = await desk.ann.send(tap)
    assert "13:00 UTC at the latest" in said
    assert desk.ann.toast == "You have them already. See how they stand."


async def test_one_that_waits_for_quiet_hours_to_end_says_so(desk: Desk):
    noon = desk.office.clock.now().time()
    tap = await desk.decides()
    await desk.office.user(ANN, quiet=QuietHours(noon, noon.replace(hour=14)))
    await desk.sets("SEI below 0.18")
    await desk.sets("SEI above 0.26")
    assert (await desk.ann.send(tap)).count("it waits for their end") == 2
    await desk.office.user(ANN, quiet=None)
    await desk.ann.send(tap)
    assert desk.ann.toast == "You have both already."


async def test_one_that_rests_is_named(desk: Desk):
    tap = await desk.decides()
    alert = await desk.sets("SEI below 0.18 at most once a day")
    assert alert.condition == Condition("PRICE_BELOW", "SEI", Decimal("0.18"))
    now = desk.office.clock.now()
    look = Look(now, {alert.series: Reading(Decimal("0.17"), now, now)})
    await desk.room.alerts.apply(look, Ring(desk.office.clock, KINDS).looking())
    desk.office.clock.jump(timedelta(hours=1).total_seconds())
    assert "Has rung, rests until Sat 21 Nov, 12:00 UTC" in await desk.ann.send(tap)


async def test_asking_from_the_message_asks_the_analyst(desk: Desk):
    await desk.office.agent()
    said = await desk.ann.send("alert:ask:SEI")
    assert "SEI" in said
    assert any("SEI" in question for question in desk.office.brain.questions)
    assert any("Alert me at stop and target" in label for label in desk.ann.buttons)
