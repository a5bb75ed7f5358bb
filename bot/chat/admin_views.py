"""What admins see of the machinery: jobs, the outbox, dead letters, prices not believed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.chat.render import age, ago, clock, esc
from bot.chat.services import Services
from bot.chat.view import Row, View, button, pages
from bot.ports.alerts import Doubt
from bot.ports.jobs import JobRun
from bot.ports.ledger import FailedNotice, OutboxState, Priority

_DAY = timedelta(days=1)
_LATEST = 3
_A_PAGE = 8
_LETTERS = 8
_PERHAPS = 20
_LONGEST_ERROR = 120
_WAITING = {
    Priority.MONEY: "about money",
    Priority.URGENT: "urgent",
    Priority.ALERT: "alerts",
    Priority.DIGEST: "digests",
}
_ENDS = {
    OutboxState.AMBIGUOUS: "perhaps arrived and not repeated",
    OutboxState.LOST: "lost with their chat",
    OutboxState.FAILED: "failed",
}
_DOUBTS = {
    "stale": "too old",
    "disagreement": "pool and feed disagree",
    "absurd": "an absurd jump",
}
_BACK = button("‹ Admin", "admin", "show")


async def machinery_lines(services: Services) -> list[str]:
    """One line a thing."""
    now = services.clock.now()
    doubts = await services.ticks.load_doubts()
    tick = await services.ticks.load_last_tick()
    return [
        _jobs_line(services.board.runs()),
        await _waiting_line(services, now),
        await _ends_line(services, now),
        f"Alerts active: {await services.alerts.count_active():,}",
        f"Last prices: {clock(tick.at)}, {ago(now - tick.at)}" if tick else "Last prices: none yet",
        f"Prices not believed: {_count(doubts)}",
        *(_doubt_line(doubt, now) for doubt in doubts[:_LATEST]),
    ]


def machinery_row() -> Row:
    """The ways to the screens below."""
    return (
        button("🗓 Jobs", "admin", "jobs"),
        button("☠️ Dead letters", "admin", "dead"),
        button("🤷 Perhaps arrived", "admin", "perhaps"),
        button("🔎 Prices", "admin", "prices"),
    )


def jobs_view(services: Services) -> View:
    """Every job: how the last run went, and when the next one is due."""
    now, under_way = services.clock.now(), services.board.running()
    lines = ["🗓 <b>Jobs</b>", ""]
    for run in services.board.runs():
        lines.append(_job_line(run, now, running=run.name in under_way))
        if run.error:
            lines.append(f"   <i>{_cut(run.error)}</i>")
    return _screen(lines, now, "jobs", ())


async def dead_view(services: Services) -> View:
    """Jobs and notices that were given up, each with a button to try it again."""
    now = services.clock.now()
    dead = [run for run in services.board.runs() if run.dead_at is not None]
    failed = await services.outbox.load_failed(_LETTERS + 1)
    shown = failed[:_LETTERS]
    lines = ["☠️ <b>Dead letters</b>", ""]
    if not dead and not failed:
        lines.append("There are none.")
    lines += [
        f"• Job <b>{esc(run.name)}</b>, {ago(now - (run.dead_at or now))}: {_cut(run.error)}"
        for run in dead
    ]
    lines += [_letter_line(letter, now) for letter in shown]
    if len(failed) > len(shown):
        lines.append("• … and older ones. They show when these are gone.")
    rows: list[Row] = [(button(f"🔁 {run.name}", "admin", "job", run.name),) for run in dead]
    rows += [
        (button(f"🔁 No. {letter.id}, {letter.notice.kind}", "admin", "notice", letter.id),)
        for letter in shown
    ]
    return _screen(lines, now, "dead", rows)


async def perhaps_view(services: Services) -> View:
    """Messages of a day that may have arrived and are not sent again, latest first."""
    now = services.clock.now()
    found = await services.outbox.load_ambiguous(now - _DAY, _PERHAPS + 1)
    lines = ["🤷 <b>Perhaps arrived</b>", "", "Telegram took them, or did not: I was not told."]
    lines.append(
        "They are not repeated, so that nothing rings twice." if found else "There are none."
    )
    lines.append("")
    lines += [
        f"• {esc(item.notice.kind)} to <code>{item.notice.chat_id}</code>, queued "
        f"{clock(item.queued_at)} ({ago(now - item.queued_at)}): "
        f"<code>{esc(item.notice.key)}</code>"
        for item in found[:_PERHAPS]
    ]
    if len(found) > _PERHAPS:
        lines.append("• … and older ones.")
    return _screen(lines, now, "perhaps", ())


async def prices_view(services: Services, page: int) -> View:
    """All prices that were not believed, latest first. Pages count from 0."""
    now = services.clock.now()
    doubts = await services.ticks.load_doubts()
    count = max(1, -(-len(doubts) // _A_PAGE))
    page = min(page, count - 1)
    lines = ["🔎 <b>Prices not believed</b>", ""]
    if not doubts:
        lines.append("There were none.")
    for doubt in doubts[page * _A_PAGE : (page + 1) * _A_PAGE]:
        lines += [_doubt_line(doubt, now), f"   <i>{_cut(doubt.detail)}</i>"]
    lines += ["", "Nothing rings on them. The others of the same look were used."]
    turn = pages("admin", "prices", page, count)
    return _screen(lines, now, f"prices:{page}", (turn,) if turn else ())


def job_dead_view(name: str, error: str) -> View:
    """The notice that a job was given up."""
    return View(
        f"☠️ <b>A job stopped</b>\n\n{esc(name)} failed too often in a row and runs no more. The "
        f"last error:\n<i>{_cut(error)}</i>\n\nThe log has its trace. Try it again here once the "
        "cause is gone; a restart does so too.",
        (
            (
                button("🔁 Try again", "admin", "job", name),
                button("☠️ Dead letters", "admin", "dead"),
            ),
        ),
    )


def _screen(lines: Sequence[str], now: datetime, action: str, rows: Sequence[Row]) -> View:
    text = "\n".join([*lines, "", f"<i>Updated {clock(now)}</i>"])
    name, _, argument = action.partition(":")
    refresh = button("🔄 Refresh", "admin", name, *([argument] if argument else ()))
    return View(text, (*rows, (_BACK, refresh)))


def _jobs_line(runs: Sequence[JobRun]) -> str:
    dead = sum(run.dead_at is not None for run in runs)
    failing = sum(run.error != "" and run.dead_at is None for run in runs)
    mark = "☠️" if dead else "🟡" if failing else "🟢"
    well = len(runs) - dead - failing
    return f"{mark} Jobs: {well} running well, {failing} failing, {dead} dead"


async def _waiting_line(services: Services, now: datetime) -> str:
    waiting = await services.outbox.count_waiting()
    parts = [_counted(waiting[p], words) for p, words in _WAITING.items() if waiting.get(p)]
    if not parts:
        return "Outbox: nothing waits"
    oldest = await services.outbox.load_oldest(now)
    since = f"the oldest for {_span(now - oldest)}" if oldest else "none of it is due yet"
    return f"Outbox: {', '.join(parts)}; {since}"


def _counted(number: int, words: str) -> str:
    """`2 digests`, `1 digest`; `urgent` and `about money` have no other form."""
    return f"{number:,} {words.removesuffix('s') if number == 1 else words}"


async def _ends_line(services: Services, now: datetime) -> str:
    ends = await services.outbox.count_ends(now - _DAY)
    parts = [f"{ends[state]:,} {words}" for state, words in _ENDS.items() if ends.get(state)]
    return f"Messages of the last 24 h: {', '.join(parts) or 'none went astray'}"


def _job_line(run: JobRun, now: datetime, *, running: bool) -> str:
    name = f"<b>{esc(run.name)}</b>"
    if run.dead_at is not None:
        return f"☠️ {name} · given up {ago(now - run.dead_at)}"
    parts = [f"{'🟡' if run.error else '🟢'} {name}"]
    if running:
        parts.append(f"running for {_span(now - (run.started_at or now))}")
    else:
        if run.started_at is not None:
            parts.append(f"ran {ago(now - run.started_at)}, {_span(run.took)}")
        if run.next_at is not None:
            parts.append(f"next in {_span(run.next_at - now)}")
    if run.failures:
        parts.append(f"failures in a row: {run.failures}")
    return " · ".join(parts)


def _letter_line(letter: FailedNotice, now: datetime) -> str:
    notice = letter.notice
    return (
        f"• No. {letter.id}: {esc(notice.kind)} to <code>{notice.chat_id}</code>, queued "
        f"{ago(now - letter.queued_at)}: {_cut(letter.reason)}"
    )


def _doubt_line(doubt: Doubt, now: datetime) -> str:
    reason, when = _DOUBTS.get(doubt.reason, doubt.reason), ago(now - doubt.at)
    often = "once" if doubt.count == 1 else f"{doubt.count:,} times"
    return f"• {esc(doubt.symbol)}, {esc(reason)}: {often}, last {when}"


def _count(doubts: Sequence[Doubt]) -> str:
    return f"{sum(doubt.count for doubt in doubts):,}" if doubts else "none"


def _span(span: timedelta) -> str:
    """`120 ms`, `12 s`, `3 min`; what lies behind us is `0 ms`."""
    milliseconds = max(span, timedelta(0)) // timedelta(milliseconds=1)
    if milliseconds < 1_000:
        return f"{milliseconds} ms"
    return f"{milliseconds // 1_000} s" if milliseconds < 60_000 else age(span)


def _cut(text: str) -> str:
    line = " ".join(text.split()) or "no reason was kept"
    return esc(line if len(line) <= _LONGEST_ERROR else f"{line[: _LONGEST_ERROR - 1]}…")
