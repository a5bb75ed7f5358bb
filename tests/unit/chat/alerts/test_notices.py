"""The messages that alerts and digests become."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.chat.notices import render_notice
from bot.chat.view import MAX_CAPTION, View, bare, length
from bot.domain.alerts import Alert, AlertDraft, Condition, Place, Reading, Repeat, Tick
from bot.domain.people import QuietHours
from bot.ports.alerts import Look
from bot.ports.ledger import Notice, Priority
from bot.services.alerts.ring import Ring
from bot.services.alerts.send_digests import SendDigests
from tests.fakes.market import history_of
from tests.unit.chat.chatroom import KINDS, Chatroom, taps
from tests.unit.chat.groups.visitor import Visitor
from tests.unit.services.office import ANN, BO, Office

HOME, GROUP = Place(int(ANN)), Place(-100, 4)
ABOVE = AlertDraft(Condition("PRICE_ABOVE", "SEI", Decimal("0.25")))

CROSSES = AlertDraft(Condition("PRICE_CROSSES", "SEI", Decimal("0.25")))


class Bell:
    """Sets alerts in a room and lets them ring."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.room = Chatroom(office)
        self.room.figures.known = {"price:SEI:": Decimal("0.2"), "fall:SEI:1h": Decimal(0)}
        self.ring = Ring(office.clock, KINDS)

    async def sets(self, draft: AlertDraft, place: Place = HOME) -> Alert:
        user = await self.office.user()
        return await self.room.services.set_alerts.create(user, place, draft)

    async def rings(
        self, series: str, value: str, *, age_s: int = 12, late_by: timedelta = timedelta(0)
    ) -> Notice:
        """A look that lets one alert ring; what it queued."""
        at = self.office.clock.now() - late_by
        reading = Reading(Decimal(value), at, at - timedelta(seconds=age_s), late=bool(late_by))
        prices = {"SEI": Decimal("0.2514")}
        look = Look(at, {series: reading}, Tick(at, prices, late=bool(late_by)))
        await self.room.alerts.apply(look, self.ring.looking(None, prices))
        return self.office.notices("alert")[-1]

    async def shows(self, notice: Notice) -> View:
        return await render_notice(self.room.services, notice)


@pytest.fixture
def bell(office: Office) -> Bell:
    return Bell(office)


async def test_it_says_what_happened_and_how_things_stand(bell: Bell):
    await bell.sets(ABOVE)
    bell.office.clock.jump(3_600)
    notice = await bell.rings("price:SEI:", "0.2514")
    bell.room.figures.known["price:SEI:"] = Decimal("0.26")
    view = await bell.shows(notice)
    said = bare(view.text)
    assert said.splitlines() == [
        "🔔 SEI $0.2514, above $0.25, at 13:00 UTC",
        "Now: $0.26",
        "When armed: $0.2 (▲ 30.0 % since), 12:00 UTC",
        "Data 12 s old at that time. That was all: this alert is over. 😴 reminds you once more, "
        "🔁 sets it again.",
    ]
    assert "Late" not in said
    assert view.photo is not None
    assert view.photo.startswith(b"\x89PNG")
    assert length(view.text) < MAX_CAPTION


@pytest.mark.parametrize("draft", [ABOVE, CROSSES])
async def test_what_was_to_remind_once_more_does_not_say_how_it_was_armed_at_first(
    bell: Bell, draft: AlertDraft
):
    alert = await bell.sets(draft)
    assert "When armed" in (await bell.shows(await bell.rings("price:SEI:", "0.26"))).text
    await Visitor(bell.room).send(f"alerts:snooze:{alert.id}:15")
    bell.office.clock.jump(15 * 60 + 1)
    await bell.room.alerts.apply(Look(bell.office.clock.now(), {}), bell.ring.looking())
    view = await bell.shows(await bell.rings("price:SEI:", "0.27"))
    assert "SEI $0.27" in bare(view.text)
    assert "When armed" not in view.text
    assert "reminds you once more" in view.text
    assert bell.room.alerts.alerts[alert.id].rings == 2


async def test_what_a_person_has_ended_is_not_reminded_of(bell: Bell):
    alert = await bell.sets(ABOVE)
    notice = await bell.rings("price:SEI:", "0.26")
    await Visitor(bell.room).send(f"alerts:delete:{alert.id}:0")
    alive = bell.room.alerts.alerts[alert.id]
    bell.room.alerts.alerts[alert.id] = replace(alive, rang_at=None)
    assert "That was all: this alert is over. 🔁 sets it again." in (await bell.shows(notice)).text


async def test_times_are_the_persons_and_utc(bell: Bell):
    await bell.sets(ABOVE)
    await bell.office.user(time_zone="Asia/Kolkata")
    said = bare((await bell.shows(await bell.rings("price:SEI:", "0.2514"))).text)
    assert "🔔 SEI $0.2514, above $0.25, at 17:30 Kolkata (12:00 UTC)" in said


async def test_late_is_said_plainly(bell: Bell):
    alert = await bell.sets(ABOVE)
    bell.room.alerts.alerts[alert.id] = replace(
        alert, seen_at=bell.office.clock.now() - timedelta(days=1)
    )
    notice = await bell.rings("price:SEI:", "0.2514", late_by=timedelta(hours=2))
    bell.room.figures.known["price:SEI:"] = Decimal("0.2514")
    said = bare((await bell.shows(notice)).text)
    assert "Late:" in said
    assert "SEI $0.2514, above $0.25, at 10:00 UTC" in said
    assert "Now: $0.2514" in said, "also where it is the same"
    assert "From the market's history." in said
    assert "old at that time" not in said


async def test_a_look_that_was_left_out_is_told(bell: Bell):
    await bell.sets(ABOVE)
    notice = await bell.rings("price:SEI:", "0.2514")
    since = bell.office.clock.now() - timedelta(minutes=3)
    unseen = replace(notice, data={**notice.data, "unseen": since.isoformat()})
    assert "Late" not in bare((await bell.shows(notice)).text)
    assert "I had not looked since 11:57 UTC" in bare((await bell.shows(unseen)).text)


async def test_other_figures_come_with_the_price(bell: Bell):
    draft = AlertDraft(Condition("PERCENT_CHANGE", "SEI", Decimal(-5), "1h"))
    await bell.sets(draft)
    bell.room.figures.known["price:SEI:"] = Decimal("0.24")
    said = bare((await bell.shows(await bell.rings("fall:SEI:1h", "-6.5"))).text)
    assert "SEI falls 5 % within 1h" in said
    assert "-6.5 %" in said
    assert "Price of SEI: $0.2514, now $0.24" in said


async def test_the_buttons_of_a_private_one(bell: Bell):
    alert = await bell.sets(ABOVE)
    view = await bell.shows(await bell.rings("price:SEI:", "0.2514"))
    assert taps(view) == [
        "alert:ask:SEI",
        "buy:ask:SEI",
        "sell:ask:SEI",
        f"alerts:snooze:{alert.id}:15",
        f"alerts:snooze:{alert.id}:60",
        f"alerts:snooze:{alert.id}:1440",
        f"alerts:restore:{alert.id}:0",
    ], "one that is over cannot be switched off"


async def test_what_trades_are_paid_in_is_not_bought(bell: Bell):
    bell.room.figures.known["price:USDC:"] = Decimal(1)
    await bell.sets(AlertDraft(Condition("PRICE_BELOW", "USDC", Decimal("0.98"))))
    view = await bell.shows(await bell.rings("price:USDC:", "0.97"))
    assert not [tap for tap in taps(view) if tap.startswith(("buy", "sell"))]


async def test_in_a_group_everybody_may_take_it_along(bell: Bell):
    alert = await bell.sets(replace(ABOVE, repeat=Repeat.EVERY), GROUP)
    notice = await bell.rings("price:SEI:", "0.2514")
    assert (notice.chat_id, notice.thread_id) == (-100, 4)
    view = await bell.shows(notice)
    links = [button.url for row in view.rows for button in row if button.url]
    assert links == [
        f"https://t.me/SeiTraderBot?start=sub_{alert.share}",
        "https://t.me/SeiTraderBot?start=ask_SEI",
    ]
    assert f"alerts:off:{alert.id}" in taps(view)
    assert not [tap for tap in taps(view) if tap.startswith(("buy", "sell", "alert:"))]


async def test_one_that_has_ended_in_its_group_is_not_offered(bell: Bell):
    await bell.sets(ABOVE, GROUP)
    view = await bell.shows(await bell.rings("price:SEI:", "0.2514"))
    links = [button.url for row in view.rows for button in row if button.url]
    assert links == ["https://t.me/SeiTraderBot?start=ask_SEI"]
    assert not [tap for tap in taps(view) if "off" in tap]


async def test_the_taps_of_the_message_work(bell: Bell):
    alert = await bell.sets(replace(ABOVE, repeat=Repeat.EVERY))
    ann = Visitor(bell.room)
    view = await bell.shows(await bell.rings("price:SEI:", "0.2514"))
    ann.buttons = {b.text: str(b.callback_data) for row in view.rows for b in row}
    rung = dict(ann.buttons)
    assert "silent until 12:15 UTC" in await ann.tap("15 min")
    assert "Now $0.2" in await ann.tap("Wake it now")
    ann.buttons = rung
    assert "Deleted" in await ann.tap("Off")
    assert not bell.room.alerts.alerts[alert.id].is_active
    await ann.tap("Undo")
    assert bell.room.alerts.alerts[alert.id].is_active
    bo = Visitor(bell.room, BO)
    await bell.office.user(BO)
    for data in (f"alerts:snooze:{alert.id}:15", f"alerts:off:{alert.id}"):
        assert "not yours" in await bo.send(data)


async def test_a_picture_that_cannot_be_had_is_left_out(bell: Bell):
    await bell.sets(ABOVE)
    notice = await bell.rings("price:SEI:", "0.2514")
    bell.office.market.fail()
    view = await bell.shows(notice)
    assert "SEI $0.2514, above $0.25" in bare(view.text)
    assert view.photo is not None, "our own ticks are enough to say that there are none yet"


async def test_what_it_is_for_is_said_and_foreign_words_stay_words(bell: Bell):
    await bell.sets(replace(ABOVE, note="stop-loss <b>&x", urgent=True))
    view = await bell.shows(await bell.rings("price:SEI:", "0.2514"))
    assert "For: stop-loss &lt;b&gt;&amp;x" in view.text
    assert "🚨" in view.text


async def test_it_waits_for_the_end_of_quiet_hours_unless_urgent(bell: Bell):
    """And says that it did."""
    noon = bell.office.clock.now().time()
    await bell.office.user()
    await bell.office.user(quiet=QuietHours(noon, noon.replace(hour=14)))
    await bell.sets(ABOVE)
    notice = await bell.rings("price:SEI:", "0.2514")
    assert notice.not_before == bell.office.clock.now().replace(hour=14)
    bell.office.clock.jump(7_200)
    assert "🌙 It waited for the end of your quiet hours." in (await bell.shows(notice)).text
    bell.office.clock.jump(-7_200)
    await bell.sets(replace(ABOVE, condition=Condition("PRICE_ABOVE", "SEI", Decimal("0.3")),
                            urgent=True))  # fmt: skip
    notice = await bell.rings("price:SEI:", "0.31")
    assert (notice.not_before, notice.priority) == (None, Priority.URGENT)
    assert "It waited" not in (await bell.shows(notice)).text


async def test_after_a_restart_the_price_of_now_is_the_last_that_was_seen(bell: Bell):
    await bell.sets(ABOVE)
    notice = await bell.rings("price:SEI:", "0.2514")
    bell.office.clock.jump(300)
    at = bell.office.clock.now()
    bell.room.ticks.ticks[at] = Tick(at, {"SEI": Decimal("0.24")})
    del bell.room.figures.known["price:SEI:"]
    bell.office.clock.jump(180)
    said = bare((await bell.shows(notice)).text)
    assert "Now: $0.24 (3 min old)" in said
    assert "When armed: $0.2 (▲ 20.0 % since)" in said


async def test_an_alert_that_is_gone_is_no_message(bell: Bell):
    await bell.sets(ABOVE)
    notice = await bell.rings("price:SEI:", "0.2514")
    with pytest.raises(LookupError):
        await bell.shows(replace(notice, data={**notice.data, "alert": "77"}))


async def test_the_end_date_is_told(bell: Bell):
    end = bell.office.clock.now() + timedelta(hours=1)
    await bell.sets(replace(ABOVE, expires_at=end))
    bell.office.clock.jump(3_601)
    digests = SendDigests(bell.office.clock, bell.room.alerts, bell.ring, (), bell.office.wake)
    await digests.tick()
    (notice,) = bell.office.notices("alert_ended")
    said = bare((await bell.shows(notice)).text)
    assert "SEI above $0.25 has come to its end date" in said


async def digest_of(
    bell: Bell,
    place: Place,
    kind: str = "DIGEST_DAILY",
    repeat: Repeat = Repeat.EVERY,
    window: str = "",
) -> View:
    window = window or ("13:00" if kind == "DIGEST_DAILY" else "fri 13:00")
    await bell.sets(AlertDraft(Condition(kind, "", Decimal(0), window), repeat), place)
    bell.office.clock.jump(3_601 if window.endswith("13:00") else 3 * 24 * 3_600)
    digests = SendDigests(bell.office.clock, bell.room.alerts, bell.ring, (), bell.office.wake)
    await digests.tick()
    return await bell.shows(bell.office.notices("digest")[-1])


def rising(office: Office) -> None:
    for symbol, closes in (("SEI", ["0.2", "0.25"]), ("WBTC", ["61000", "60000"])):
        office.market.set_history(history_of(symbol, 7, closes, office.clock.now()))


async def test_the_daily_digest(bell: Bell):
    await bell.office.agent(SEI="100", USDC="10")
    rising(bell.office)
    view = await digest_of(bell, HOME)
    said = bare(view.text)
    assert "Daily digest · 13:00 UTC" in said
    assert "That was all" not in said
    assert "Market $3.00T ▼ 0.7 % in 24 h, bitcoin 56 % of it" in said
    assert "SEI $0.25 ▲ 1.5 % · week ▲ 25.0 %" in said
    assert "🤖 Alpha: $35.00" in said
    assert "Late" not in said
    assert view.photo is not None
    assert length(view.text) < MAX_CAPTION


async def test_on_workdays_it_is_a_weekday_digest(bell: Bell):
    said = bare((await digest_of(bell, HOME, window="weekdays 08:00")).text)
    assert said.startswith("🗞 Weekday digest · 08:00 UTC")


async def test_what_trades_are_paid_in_is_neither_best_nor_worst(bell: Bell):
    now = bell.office.clock.now()
    for symbol, closes in (("SEI", ["0.26", "0.25"]), ("WBTC", ["61000", "60000"])):
        bell.office.market.set_history(history_of(symbol, 7, closes, now))
    said = bare((await digest_of(bell, HOME, "DIGEST_WEEKLY")).text)
    assert "Best: WBTC ▼ 1.6 % · 🥀 Worst: SEI ▼ 3.8 %" in said, "iSEI has not moved"


async def test_a_digest_that_quiet_hours_held_back_says_so(bell: Bell):
    noon = bell.office.clock.now().time()
    await bell.office.user()
    await bell.office.user(quiet=QuietHours(noon, noon.replace(hour=14)))
    assert "It waited for the end of your quiet hours" in (await digest_of(bell, HOME)).text


async def test_the_weekly_digest_names_best_and_worst_of_the_week(bell: Bell):
    rising(bell.office)
    said = bare((await digest_of(bell, HOME, "DIGEST_WEEKLY")).text)
    assert "Best: SEI ▲ 25.0 % · 🥀 Worst: WBTC ▼ 1.6 %" in said


@pytest.mark.parametrize("place", [HOME, GROUP])
async def test_a_digest_that_was_to_come_once_says_that_it_is_over(bell: Bell, place: Place):
    view = await digest_of(bell, place, repeat=Repeat.ONCE)
    assert "That was all: this digest was to come once." in view.text
    (alert,) = bell.room.alerts.alerts.values()
    assert not alert.is_active
    again = f"alerts:restore:{alert.id}:0"
    assert (again in taps(view)) == (place == HOME)
    assert not [tap for tap in taps(view) if "off" in tap]
    if place == HOME:
        said = await Visitor(bell.room).send(again)
        assert "Next on Sat 21 Nov, 13:00 UTC" in said


async def test_one_that_was_switched_off_meanwhile_does_not_say_so(bell: Bell):
    await digest_of(bell, HOME)
    (alert,) = bell.room.alerts.alerts.values()
    await bell.room.services.set_alerts.delete(await bell.office.user(), alert.id)
    assert "That was all" not in (await bell.shows(bell.office.notices("digest")[-1])).text


async def test_in_a_group_nobodys_money_is_shown(bell: Bell):
    await bell.office.agent(SEI="100", USDC="10")
    view = await digest_of(bell, GROUP)
    assert "Alpha" not in view.text
    assert "SEI" in view.text
    assert all(tap.startswith("alerts:off:") for tap in taps(view))


async def test_a_digest_comes_even_if_nothing_answers(bell: Bell):
    await bell.office.agent(SEI="100")
    bell.office.market.fail()
    view = await digest_of(bell, HOME)
    assert "no prices now" in view.text
