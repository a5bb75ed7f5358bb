"""Journal, deposits, events of escrows and outbox in memory."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from bot.domain.mandate import EscrowEvent
from bot.domain.people import AgentId
from bot.domain.trade import IN_FLIGHT, OPEN, Fill, Intent, IntentId, IntentKind, IntentState
from bot.ports.ledger import (
    Confirmation,
    DepositRow,
    FailedNotice,
    Notice,
    OutboxState,
    Priority,
    Queued,
    SeenBalances,
    Step,
)
from tests.fakes.records import FakeRecords

_DAY = timedelta(hours=24)
_CURSOR = "escrow_events_from"
_WAITING = (OutboxState.PENDING, OutboxState.SENDING)
_ENDED = (OutboxState.AMBIGUOUS, OutboxState.FAILED, OutboxState.LOST)
_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Waiting:
    """A notice in the outbox."""

    id: int
    notice: Notice
    due_at: datetime
    queued_at: datetime
    not_before: datetime | None = None
    sent_at: datetime | None = None
    state: str = OutboxState.PENDING
    attempts: int = 0
    repeat: bool = False
    reason: str = ""

    def in_line(self, now: datetime) -> bool:
        """Its own time, if it has one, has come."""
        return self.not_before is None or self.not_before <= now

    def due(self, now: datetime) -> bool:
        """It may be sent."""
        return self.in_line(now) and self.due_at <= now


class FakeLedger:
    """`Journal`, `Deposits`, `EscrowEvents` and `Outbox` in one, over the agents in `records`."""

    def __init__(self, records: FakeRecords) -> None:
        self._records = records
        self._changes = count(1)
        self._order: dict[IntentId, int] = {}
        self._confirmed: dict[IntentId, int] = {}
        self.intents: dict[IntentId, Intent] = {}
        self.events: list[tuple[IntentId, IntentState]] = []
        self.fills = records.fills
        self.nonces: dict[str, int] = {}
        self.seen: dict[int, SeenBalances] = {}
        self.came_in: list[DepositRow] = []
        self.notices: list[Waiting] = []
        self.happened: dict[tuple[str, int], tuple[int, EscrowEvent]] = {}

    async def save_proposal(self, intent: Intent) -> None:
        if intent.state not in (IntentState.PROPOSED, IntentState.CONFIRMED):
            raise ValueError(f"{intent.id} is {intent.state} already")
        if intent.id in self.intents:
            raise ValueError(f"{intent.id} is there already")
        if intent.state is IntentState.CONFIRMED:
            intent = self._sequenced(intent)
        self._put(intent)

    async def load_intent(self, intent_id: IntentId) -> Intent | None:
        return self.intents.get(intent_id)

    async def load_open(self) -> Sequence[Intent]:
        found = [intent for intent in self.intents.values() if intent.state in OPEN]
        return sorted(found, key=lambda intent: self._confirmed[intent.id])

    async def confirm(
        self, intent_id: IntentId, now: datetime, day_cap_usd: Decimal
    ) -> Confirmation | None:
        intent = self.intents.get(intent_id)
        if intent is None:
            return None
        spent = self._volume(intent.agent_id, now, but=intent.id)
        if intent.state is not IntentState.PROPOSED:
            return Confirmation(intent, fresh=False, spent_usd=spent)
        if now >= intent.expires_at:
            expired = self._put(replace(intent, state=IntentState.EXPIRED, updated_at=now))
            return Confirmation(expired, fresh=False, spent_usd=spent)
        if intent.kind is IntentKind.SWAP and spent + intent.notional_usd > day_cap_usd:
            return Confirmation(intent, fresh=False, spent_usd=spent)
        confirmed = replace(intent, state=IntentState.CONFIRMED, updated_at=now)
        return Confirmation(self._put(self._sequenced(confirmed)), fresh=True, spent_usd=spent)

    async def advance(self, intent_id: IntentId, step: Step) -> Intent | None:
        intent = self.intents.get(intent_id)
        if intent is None or intent.state is not step.expect:
            return None
        if step.signed and not self._take_nonce(intent, step):
            return None
        return self._apply(intent, step)

    async def load_nonce(self, account: str) -> int:
        return self.nonces.get(account, 0)

    async def load_day_volume(self, agent_id: int, now: datetime) -> Decimal:
        return self._volume(agent_id, now)

    async def load_fills(
        self, agent_id: int, limit: int | None = None, offset: int = 0
    ) -> Sequence[Fill]:
        found = [fill for fill in reversed(self.fills) if fill.agent_id == agent_id]
        found.sort(key=lambda fill: fill.at, reverse=True)
        return found[offset:] if limit is None else found[offset : offset + limit]

    async def count_fills(self, agent_id: int) -> int:
        return len(await self.load_fills(agent_id))

    async def load_recent(
        self, agent_id: int, states: Sequence[IntentState], limit: int
    ) -> Sequence[Intent]:
        found = [
            intent
            for intent in self.intents.values()
            if intent.agent_id == agent_id and intent.state in states
        ]
        found.sort(key=lambda intent: (intent.updated_at, self._order[intent.id]), reverse=True)
        return found[:limit]

    async def load_seen(self, agent_ids: Sequence[int]) -> Mapping[int, SeenBalances]:
        return {
            agent_id: self.seen.get(agent_id, SeenBalances(0, {}))
            for agent_id in agent_ids
            if self._quiet(agent_id)
        }

    async def save_seen(self, agent_id: int, seen: SeenBalances, notices: Sequence[Notice]) -> bool:
        before = self.seen.get(agent_id, SeenBalances(0, {}))
        if not self._quiet(agent_id) or before.version != seen.version:
            return False
        self.seen[agent_id] = SeenBalances(seen.version + 1, dict(seen.raw))
        now = self._records.clock.now()
        for notice in notices:
            is_new = all(waiting.notice.key != notice.key for waiting in self.notices)
            await self.queue(notice, now)
            if is_new and notice.kind == "deposit":
                symbol, raw = notice.data["symbol"], int(notice.data["raw"])
                number = len(self.came_in) + 1
                self.came_in.append(DepositRow(number, agent_id, symbol, raw, now))
        return True

    async def load_deposits(self, after_id: int, agent_ids: Sequence[int]) -> Sequence[DepositRow]:
        return [row for row in self.came_in if row.id > after_id and row.agent_id in agent_ids]

    async def last_deposit_id(self) -> int:
        return len(self.came_in)

    async def load_from(self) -> int | None:
        value = self._records.switches.get(_CURSOR)
        return None if value is None else int(value)

    async def load_ours(self, hashes: Sequence[str]) -> frozenset[str]:
        signed = {intent.signed.tx_hash for intent in self.intents.values() if intent.signed}
        return frozenset(signed & set(hashes))

    async def save_events(
        self, events: Sequence[tuple[int, EscrowEvent]], notices: Sequence[Notice], upto: int
    ) -> int:
        if any(AgentId(agent_id) not in self._records.agents for agent_id, _ in events):
            raise ValueError("an event of nobody's escrow")
        for agent_id, event in events:
            self.happened.setdefault((event.tx_hash, event.log_index), (agent_id, event))
        before = len(self.notices)
        for notice in notices:
            self._queue(notice, self._records.clock.now())
        self._records.switches[_CURSOR] = str(upto + 1)
        return len(self.notices) - before

    async def queue(self, notice: Notice, now: datetime) -> None:
        self._queue(notice, now)

    async def load_due(self, now: datetime, limit: int, busy: Collection[int]) -> Sequence[Queued]:
        heads: dict[int, Waiting] = {}
        sending = {w.notice.chat_id for w in self.notices if w.state == OutboxState.SENDING}
        for waiting in sorted(self.notices, key=lambda w: (w.notice.priority, w.id)):
            chat_id = waiting.notice.chat_id
            free = chat_id not in sending and chat_id not in busy
            if waiting.state == OutboxState.PENDING and waiting.in_line(now) and free:
                heads.setdefault(chat_id, waiting)
        due = [head for head in heads.values() if head.due(now)]
        return [_queued(head) for head in due[:limit]]

    async def redate(
        self, chat_id: int, priorities: Collection[Priority], now: datetime, not_before: datetime
    ) -> int:
        found = [
            waiting
            for waiting in self.notices
            if waiting.state == OutboxState.PENDING
            and waiting.notice.chat_id == chat_id
            and waiting.notice.priority in priorities
            and not waiting.in_line(now)
        ]
        for waiting in found:
            waiting.not_before = not_before
        return len(found)

    async def mark_sending(self, queued_id: int) -> bool:
        for waiting in self._in(queued_id, OutboxState.PENDING):
            waiting.state = OutboxState.SENDING
            waiting.attempts += 1
            return True
        return False

    async def mark_sent(self, queued_id: int, now: datetime) -> None:
        for waiting in self._in(queued_id, OutboxState.SENDING):
            waiting.state = OutboxState.SENT
            waiting.sent_at = now

    async def mark_retry(self, queued_id: int, due_at: datetime, *, ambiguous: bool) -> None:
        for waiting in self._in(queued_id, *_WAITING):
            waiting.attempts += waiting.state == OutboxState.PENDING
            waiting.state = _after_doubt(waiting) if ambiguous else OutboxState.PENDING
            waiting.due_at, waiting.not_before = due_at, None
            waiting.repeat = waiting.repeat or ambiguous

    async def put_aside(self, queued_id: int, due_at: datetime | None, reason: str) -> None:
        for waiting in self._in(queued_id, OutboxState.PENDING):
            waiting.attempts += 1
            waiting.due_at, waiting.not_before = due_at or waiting.due_at, None
            if due_at is None:
                waiting.state, waiting.reason = OutboxState.FAILED, reason

    async def hasten(self, now: datetime) -> None:
        for waiting in self.notices:
            waiting.due_at = min(waiting.due_at, now)

    async def hold_chat(self, chat_id: int, until: datetime) -> None:
        for waiting in self.notices:
            if waiting.notice.chat_id == chat_id and waiting.state == OutboxState.PENDING:
                waiting.due_at = max(waiting.due_at, until)

    async def mark_failed(self, queued_id: int, reason: str) -> None:
        for waiting in self._in(queued_id, *_WAITING):
            waiting.state = OutboxState.FAILED
            waiting.reason = reason

    async def load_sent_to_groups(
        self, since: datetime, upto: datetime
    ) -> Sequence[tuple[int, datetime]]:
        sent = [(w.notice.chat_id, w.sent_at) for w in self.notices if w.sent_at is not None]
        found = [(chat_id, at) for chat_id, at in sent if chat_id < 0 and since <= at <= upto]
        return sorted(found, key=lambda one: one[1])

    async def load_waiting(self, chat_id: int, thread_id: int | None) -> Sequence[Notice]:
        return [
            waiting.notice
            for waiting in self.notices
            if waiting.notice.chat_id == chat_id
            and thread_id in (None, waiting.notice.thread_id)
            and waiting.state in _WAITING
        ]

    async def lose_chat(self, chat_id: int, thread_id: int | None, reason: str) -> int:
        lost = [
            waiting
            for waiting in self.notices
            if waiting.notice.chat_id == chat_id
            and thread_id in (None, waiting.notice.thread_id)
            and waiting.state in _WAITING
        ]
        for waiting in lost:
            waiting.state = OutboxState.LOST
            waiting.reason = reason
        return len(lost)

    async def release_claims(self) -> int:
        released = [w for w in self.notices if w.state == OutboxState.SENDING]
        for waiting in released:
            waiting.state = _after_doubt(waiting)
            waiting.repeat = True
        return len(released)

    async def load_failed(self, limit: int) -> Sequence[FailedNotice]:
        failed = [w for w in reversed(self.notices) if w.state == OutboxState.FAILED]
        return [FailedNotice(w.id, _told(w), w.reason, w.queued_at) for w in failed[:limit]]

    async def load_ambiguous(self, since: datetime, limit: int) -> Sequence[Queued]:
        found = [
            Queued(w.id, _told(w), w.attempts, w.repeat, w.queued_at)
            for w in reversed(self.notices)
            if w.state == OutboxState.AMBIGUOUS and w.queued_at >= since
        ]
        return found[:limit]

    async def retry_failed(self, queued_id: int, now: datetime) -> bool:
        for waiting in self._in(queued_id, OutboxState.FAILED):
            waiting.state = OutboxState.PENDING
            waiting.due_at, waiting.not_before = now, None
            waiting.attempts = 0
            waiting.reason = ""
            return True
        return False

    async def count_waiting(self) -> Mapping[Priority, int]:
        return Counter(w.notice.priority for w in self.notices if w.state in _WAITING)

    async def load_oldest(self, now: datetime) -> datetime | None:
        due = [w.queued_at for w in self.notices if w.state in _WAITING and w.due(now)]
        return min(due, default=None)

    async def count_ends(self, since: datetime) -> Mapping[str, int]:
        return Counter(w.state for w in self.notices if w.state in _ENDED and w.queued_at >= since)

    def _put(self, intent: Intent) -> Intent:
        self._order.setdefault(intent.id, next(self._changes))
        if intent.state is IntentState.CONFIRMED:
            self._confirmed[intent.id] = next(self._changes)
        self.intents[intent.id] = intent
        self.events.append((intent.id, intent.state))
        return intent

    def _sequenced(self, intent: Intent) -> Intent:
        if intent.kind is not IntentKind.SWAP:
            return intent
        taken = (i.sequence for i in self.intents.values() if i.agent_id == intent.agent_id)
        return replace(intent, sequence=max(taken, default=0) + 1)

    def _volume(self, agent_id: int, now: datetime, but: str = "") -> Decimal:
        return sum(
            (
                intent.notional_usd
                for intent in self.intents.values()
                if intent.agent_id == agent_id
                and intent.kind is IntentKind.SWAP
                and intent.id != but
                and (
                    intent.state in OPEN
                    or (intent.state is IntentState.SETTLED and intent.updated_at > now - _DAY)
                )
            ),
            Decimal(0),
        )

    def _take_nonce(self, intent: Intent, step: Step) -> bool:
        signed = step.signed
        if signed is None or signed.account != intent.account:
            raise ValueError(f"{intent.id} is not signed by {intent.account}")
        busy = any(
            other.account == signed.account and other.state in IN_FLIGHT
            for other in self.intents.values()
        )
        if busy or self.nonces.get(signed.account, 0) > signed.nonce:
            return False
        self.nonces[signed.account] = signed.nonce + 1
        return True

    def _apply(self, intent: Intent, step: Step) -> Intent:
        if step.frees_nonce and intent.signed:
            self.nonces[intent.signed.account] = intent.signed.nonce
        if step.fill:
            self.fills.append(step.fill)
        if step.notice:
            self._queue(step.notice, step.now)
        if step.balance_changes or (intent.state in IN_FLIGHT) != (step.to in IN_FLIGHT):
            self._change_seen(intent.agent_id, step.balance_changes)
        if step.escrow:
            self._records.open_escrow(intent.agent_id, step.escrow, step.escrow_index)
        return self._put(
            replace(
                intent,
                state=step.to,
                updated_at=step.now,
                reason=step.reason or intent.reason,
                signed=step.signed or intent.signed,
                receipt=step.receipt or intent.receipt,
            )
        )

    def _change_seen(self, agent_id: int, changes: Mapping[str, int]) -> None:
        before = self.seen.get(agent_id, SeenBalances(0, {}))
        raw = dict(before.raw)
        for symbol, change in changes.items():
            raw[symbol] = raw.get(symbol, 0) + change
        self.seen[agent_id] = SeenBalances(before.version + 1, raw)

    def _quiet(self, agent_id: int) -> bool:
        return AgentId(agent_id) in self._records.agents and not any(
            intent.agent_id == agent_id and intent.state in IN_FLIGHT
            for intent in self.intents.values()
        )

    def _queue(self, notice: Notice, now: datetime) -> None:
        if all(waiting.notice.key != notice.key for waiting in self.notices):
            number, own_time = len(self.notices) + 1, notice.not_before
            self.notices.append(Waiting(number, notice, _AT_ONCE, now, own_time))

    def _in(self, queued_id: int, *states: str) -> list[Waiting]:
        return [w for w in self.notices if w.id == queued_id and w.state in states]


def _after_doubt(waiting: Waiting) -> str:
    money = waiting.notice.priority is Priority.MONEY
    return OutboxState.PENDING if money else OutboxState.AMBIGUOUS


def _told(waiting: Waiting) -> Notice:
    return replace(waiting.notice, not_before=None)


def _queued(waiting: Waiting) -> Queued:
    told = _told(waiting)
    return Queued(waiting.id, told, waiting.attempts, waiting.repeat, waiting.queued_at)
