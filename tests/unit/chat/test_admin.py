"""/admin: what runs by itself, what waits, what was given up, and what was not believed."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.chat.commands import admin
from bot.chat.notices import render_notice
from bot.chat.render import clock as clock_of
from bot.chat.view import MAX_TEXT, View, bare, length
from bot.domain.alerts import Tick
from bot.ports.jobs import JobRun
from bot.ports.ledger import OutboxState, Priority
from tests.fakes.clock import START
from tests.unit.chat.chatroom import Chatroom, notice_of, taps
from tests.unit.services.office import Office

SECOND = timedelta(seconds=1)
WELL = JobRun("a_well", START - 60 * SECOND, 12 * SECOND, START + 9 * SECOND)
FAILING = JobRun(
    "b_failing", START - 200 * SECOND, 120 * SECOND / 1000, START, 3, "market: <b>no</b> answer"
)
DEAD = JobRun("c_dead", START, failures=5, error="KeyError: 'x'", dead_at=START - 7200 * SECOND)
NEW = JobRun("d_new", next_at=START + 3600 * SECOND)


@pytest.fixture
def room(office: Office) -> Chatroom:
    return Chatroom(office)


def hang(room: Chatroom, *runs: JobRun) -> None:
    room.board.board = {run.name: run for run in runs}


async def shown(room: Chatroom, handler=admin.show, argument: str = "") -> str:
    """What an admin reads."""
    talk = await room.talk()
    await handler(talk, argument)
    return room.bot.texts[-1]


def buttons(room: Chatroom) -> list[str]:
    return taps(View("", room.bot.sent[-1]["reply_markup"].inline_keyboard))


async def queue(room: Chatroom, key: str, chat: int, priority: Priority, **more) -> None:
    notice = replace(notice_of("alert"), key=key, chat_id=chat, priority=priority, **more)
    await room.office.ledger.queue(notice, room.office.clock.now())


async def fail(room: Chatroom, key: str, reason: str) -> int:
    await queue(room, key, 70 + len(room.office.ledger.notices), Priority.ALERT)
    last = room.office.ledger.notices[-1]
    await room.office.ledger.mark_failed(last.id, reason)
    return last.id


async def test_a_quiet_day(room: Chatroom):
    hang(room, WELL)
    text = await shown(room)
    for line in (
        "🟢 Jobs: 1 running well, 0 failing, 0 dead",
        "Outbox: nothing waits",
        "Messages of the last 24 h: none went astray",
        "Alerts active: 0",
        "Last prices: none yet",
        "Prices not believed: none",
    ):
        assert line in text.splitlines()
    assert {"admin:jobs", "admin:dead", "admin:prices", "admin:pause", "admin:show"} <= set(
        buttons(room)
    )


async def test_a_bad_day(room: Chatroom):
    office = room.office
    hang(room, WELL, FAILING, DEAD, NEW)
    await queue(room, "old", 1, Priority.MONEY)
    office.clock.jump(300)
    for n, priority in enumerate((Priority.MONEY, Priority.ALERT, Priority.ALERT)):
        await queue(room, f"new {n}", 2, priority)
    await queue(room, "lost", 3, Priority.ALERT)
    await office.ledger.lose_chat(3, None, "kicked")
    await fail(room, "broken", "a bug")
    room.ticks.ticks[office.clock.now()] = Tick(office.clock.now(), {"SEI": Decimal(1)})
    now = office.clock.now()
    office.clock.jump(130)
    for n, symbol in enumerate(("SEI", "WBTC", "USDC", "iSEI")):
        for _ in range(n + 1):
            await room.ticks.save_doubt(symbol, "disagreement", office.clock.now(), "5 % apart")
        office.clock.jump(60)
    lines = (await shown(room)).splitlines()
    for line in (
        "☠️ Jobs: 2 running well, 1 failing, 1 dead",
        "Outbox: 2 about money, 2 alerts; the oldest for 11 min",
        "Messages of the last 24 h: 1 lost with their chat, 1 failed",
        f"Last prices: {clock_of(now)}, 6 min ago",
        "Prices not believed: 10",
        "• iSEI, pool and feed disagree: 4 times, last 1 min ago",
    ):
        assert line in lines
    assert not any(line.startswith("• SEI") for line in lines)


async def test_what_is_held_back_for_the_night_is_not_late(room: Chatroom):
    night = room.office.clock.now() + timedelta(hours=8)
    await queue(room, "held", 1, Priority.DIGEST, not_before=night)
    assert "Outbox: 1 digest; none of it is due yet" in await shown(room)


async def test_what_ended_yesterday_is_not_of_today(room: Chatroom):
    await fail(room, "broken", "a bug")
    room.office.clock.jump(86_401)
    assert "none went astray" in await shown(room)


async def test_each_job_has_its_line(room: Chatroom):
    hang(room, WELL, FAILING, DEAD, NEW)
    room.board.under_way = frozenset({"d_new"})
    text = await shown(room, admin.jobs)
    assert text.splitlines()[2:8] == [
        "🟢 a_well · ran 1 min ago, 12 s · next in 9 s",
        "🟡 b_failing · ran 3 min ago, 120 ms · next in 0 ms · failures in a row: 3",
        "   market: <b>no</b> answer",
        "☠️ c_dead · given up 2 h ago",
        "   KeyError: 'x'",
        "🟢 d_new · running for 0 ms",
    ]
    assert "&lt;b&gt;no" in room.bot.sent[-1]["text"]
    assert buttons(room) == ["admin:show", "admin:jobs"]


async def test_a_job_that_is_tried_again_is_not_well_before_it_has_run(room: Chatroom):
    hang(room, replace(DEAD, dead_at=None, failures=0, next_at=START))
    assert "🟡 Jobs: 0 running well, 1 failing, 0 dead" in await shown(room)
    assert "🟡 c_dead · ran just now, 0 ms · next in 0 ms\n" in await shown(room, admin.jobs)


async def test_many_failing_jobs_fit_into_one_message(room: Chatroom):
    hang(room, *(replace(FAILING, name=f"job_number_{n}", error="<" * 200) for n in range(20)))
    await admin.jobs(await room.talk(), "")
    assert length(room.bot.sent[-1]["text"]) < MAX_TEXT


async def test_a_dead_job_is_tried_again(room: Chatroom):
    hang(room, WELL, FAILING, DEAD)
    text = await shown(room, admin.dead)
    assert "Job c_dead, 2 h ago: KeyError: 'x'" in text
    assert "a_well" not in text
    assert "b_failing" not in text
    assert buttons(room)[0] == "admin:job:c_dead"
    talk = await room.talk(tapped=1)
    await admin.job(talk, "c_dead")
    assert talk.toast == "It runs again."
    assert room.board.retried == ["c_dead"]
    assert "There are none." in room.bot.edited[-1]["text"]
    await admin.job(talk, "c_dead")
    assert talk.toast == "It is not dead any more."


async def test_a_failed_notice_is_tried_again(room: Chatroom):
    first, second = [await fail(room, key, f"<{key}>") for key in ("one", "two")]
    text = await shown(room, admin.dead)
    assert f"No. {second}: alert to 71, queued just now: <two>" in text
    assert buttons(room)[:2] == [f"admin:notice:{second}", f"admin:notice:{first}"]
    talk = await room.talk(tapped=1)
    await admin.notice(talk, str(first))
    assert talk.toast == "It is in the queue again."
    states = [waiting.state for waiting in room.office.ledger.notices]
    assert states == [OutboxState.PENDING, OutboxState.FAILED]
    assert f"No. {first}" not in bare(room.bot.edited[-1]["text"])
    await admin.notice(talk, str(first))
    assert talk.toast == "It has not failed, or is gone."


async def test_more_dead_letters_than_fit_are_announced(room: Chatroom):
    for n in range(9):
        await fail(room, f"letter {n}", "x" * 500)
    text = await shown(room, admin.dead)
    assert "older ones" in text
    assert "No. 1:" not in text
    assert len([tap for tap in buttons(room) if tap.startswith("admin:notice:")]) == 8
    await room.office.ledger.retry_failed(9, room.office.clock.now())
    assert "older ones" not in await shown(room, admin.dead)


@pytest.mark.parametrize("forged", ["", "²", "-1", "9" * 30, "1000000", "x", "<b>"])
async def test_forged_buttons_do_nothing(room: Chatroom, forged: str):
    hang(room, WELL, DEAD)
    letter = await fail(room, "one", "a bug")
    for handler in (admin.job, admin.notice, admin.prices):
        await handler(await room.talk(), forged)
    assert room.board.retried == []
    assert room.office.ledger.notices[letter - 1].state == OutboxState.FAILED


async def test_all_prices_not_believed_are_pages(room: Chatroom):
    for n in range(17):
        await room.ticks.save_doubt(f"T{n}", "stale", room.office.clock.now(), f"detail <{n}>")
        room.office.clock.jump(60)
    first = await shown(room, admin.prices)
    assert "• T16, too old: once, last 1 min ago\n   detail <16>" in first
    assert "• T9," in first
    assert "• T8," not in first
    assert "admin:prices:1" in buttons(room)
    last = await shown(room, admin.prices, "2")
    assert "• T0," in last
    assert "• T1," not in last
    assert await shown(room, admin.prices, "99") == last
    room.ticks.doubts.clear()
    assert "There were none." in await shown(room, admin.prices)


async def test_admins_read_which_job_is_dead(room: Chatroom):
    notice = notice_of("job_dead", name="watch_prices", error="KeyError: '<b>'")
    view = await render_notice(room.services, notice)
    assert "watch_prices failed too often" in bare(view.text)
    assert "KeyError: '&lt;b&gt;'" in view.text
    assert taps(view) == ["admin:job:watch_prices", "admin:dead"]
    await admin.COMMAND.taps["job"](await room.talk(), "watch_prices")


async def test_what_perhaps_arrived_is_listed(room: Chatroom):
    assert "There are none." in await shown(room, admin.perhaps)
    await queue(room, "alert:5:1", -100, Priority.ALERT)
    waiting = room.office.ledger.notices[-1]
    await room.office.ledger.mark_sending(waiting.id)
    now = room.office.clock.now()
    await room.office.ledger.mark_retry(waiting.id, now, ambiguous=True)
    room.office.clock.jump(120)
    assert "1 perhaps arrived and not repeated" in await shown(room)
    assert "admin:perhaps" in buttons(room)
    said = await shown(room, admin.perhaps)
    assert "• alert to -100, queued 12:00 UTC (2 min ago): alert:5:1" in said
    for number in range(25):
        await queue(room, f"alert:6:{number}", 7, Priority.ALERT)
        room.office.ledger.notices[-1].state = OutboxState.AMBIGUOUS
    assert "older ones" in await shown(room, admin.perhaps)
    assert length(room.bot.sent[-1]["text"]) < MAX_TEXT
    room.office.clock.jump(86_401)
    assert "There are none." in await shown(room, admin.perhaps)
