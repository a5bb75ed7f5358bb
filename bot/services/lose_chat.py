"""A chat is gone, or has a new id: what was told there ends, or goes along."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.alerts import Alert, AlertId, Place
from bot.domain.people import UserId
from bot.policy.alerts.quiet import quiet_until
from bot.ports.alerts import Alerts
from bot.ports.clock import Clock
from bot.ports.groups import Following, Group, Groups
from bot.ports.ledger import Notice, Outbox, Priority
from bot.ports.records import People

_NAMED = 5
"""Alerts that a message about a lost place names."""
_TOPICS = 100
"""Names of topics kept of a group."""


@dataclass(frozen=True, slots=True)
class LoseChat:
    """Safe to repeat: whoever set something up is told once, and nothing ends silently.

    Messages are queued before anything is stopped, by keys that follow from what is stopped, so a
    break between the two tells nobody twice and forgets nobody.
    """

    clock: Clock
    people: People
    alerts: Alerts
    groups: Groups
    outbox: Outbox
    wake: Callable[[], None]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def lose(self, chat_id: int, thread_id: int | None, reason: str) -> None:
        """Stop everything in a chat, or in one topic of it; tell those who had set it up.

        Args:
            chat_id: of a private chat or a group.
            thread_id: of the lost topic; None for the whole chat.
            reason: `blocked`, `kicked`, `no_rights`, `topic_gone` or `chat_gone`.
        """
        async with self._turn:
            place = Place(chat_id, thread_id or 0)
            topic_only = thread_id is not None
            if place.is_group:
                await self._tell(place, reason, topic_only=topic_only)
            await self.outbox.lose_chat(chat_id, thread_id, reason)
            ended = [
                *await self.alerts.stop_place(place, topic_only=topic_only),
                *await self.groups.stop_place(place, topic_only=topic_only),
            ]
            if not topic_only and (place.is_group or ended):
                await self._mark(chat_id, reason)

    async def move(self, old: int, new: int) -> None:
        """A group has become a supergroup with a new id."""
        async with self._turn:
            await self.alerts.move_chat(old, new)
            await self.groups.move_chat(old, new)
        self.wake()

    async def regain(self, chat_id: int, title: str) -> Group | None:
        """It can post in a chat (again); what was known of it before.

        None for a group seen for the first time, and for a private chat where nothing had ended.
        """
        async with self._turn:
            before = await self.groups.load_group(chat_id)
            if before is None and not Place(chat_id).is_group:
                return None
            now = replace(before or Group(chat_id, ""), title=title, lost="")
            if before != now:
                await self.groups.save_group(now)
            return before

    async def note_title(self, chat_id: int, title: str) -> None:
        """What a group is called now."""
        async with self._turn:
            known = await self.groups.load_group(chat_id)
            if known is None or known.title != title:
                await self.groups.save_group(replace(known or Group(chat_id, ""), title=title))

    async def note_topic(
        self, chat_id: int, thread_id: int, name: str, *, renamed: bool = False
    ) -> None:
        """What a topic is called; a name that is known stays, unless it was renamed."""
        async with self._turn:
            known = await self.groups.load_group(chat_id) or Group(chat_id, "")
            before = known.topics.get(thread_id)
            if before == name or (before is not None and not renamed):
                return
            others = [topic for topic in known.topics.items() if topic[0] != thread_id]
            topics = dict([*others[1 - _TOPICS :], (thread_id, name)])
            await self.groups.save_group(replace(known, topics=topics))

    async def _mark(self, chat_id: int, reason: str) -> None:
        known = await self.groups.load_group(chat_id)
        if known != (lost := replace(known or Group(chat_id, ""), lost=reason)):
            await self.groups.save_group(lost)

    async def _tell(self, place: Place, reason: str, *, topic_only: bool) -> None:
        alerts = list(await self.alerts.load_of_group(place.chat_id))
        alerts += await self._unheard(place, {alert.id for alert in alerts}, topic_only=topic_only)
        followings = await self.groups.load_chat_followings(place.chat_id)
        if topic_only:
            alerts = [alert for alert in alerts if alert.place == place]
            followings = [following for following in followings if following.place == place]
        group = await self.groups.load_group(place.chat_id)
        for user_id in sorted({alert.user_id for alert in alerts} | _people(followings)):
            mine = [alert for alert in alerts if alert.user_id == user_id]
            followed = [following for following in followings if following.user_id == user_id]
            notice = _notice(user_id, place, mine, followed)
            data = {**notice.data, "title": group.title if group else "", "reason": reason}
            user, now = await self.people.load_user(user_id), self.clock.now()
            waits = quiet_until(user.quiet, user.time_zone, now) if user else None
            await self.outbox.queue(replace(notice, data=data, not_before=waits), now)
            self.wake()

    async def _unheard(
        self, place: Place, known: set[AlertId], *, topic_only: bool
    ) -> Sequence[Alert]:
        """Alerts that have rung for the last time, but whose message cannot arrive any more."""
        thread_id = place.thread_id if topic_only else None
        waiting = await self.outbox.load_waiting(place.chat_id, thread_id)
        rung = {int(n.data["alert"]) for n in waiting if n.data.get("alert", "").isdecimal()}
        found = [
            await self.alerts.load_alert(AlertId(alert_id)) for alert_id in sorted(rung - known)
        ]
        return [alert for alert in found if alert is not None]


def _notice(
    user_id: UserId, place: Place, alerts: Sequence[Alert], followings: Sequence[Following]
) -> Notice:
    # An ended alert that came back and is lost once more has another version.
    alert = max(((alert.id, alert.version) for alert in alerts), default=(0, 0))
    following = max((following.id for following in followings), default=0)
    kinds = Counter("alert" if alert.series else "digest" for alert in alerts)
    return Notice(
        user_id,
        "place_lost",
        ":".join(["lost", *map(str, (place.chat_id, place.thread_id, user_id, *alert, following))]),
        {
            "group": str(place.chat_id),
            "thread": str(place.thread_id),
            "alerts": str(kinds["alert"]),
            "digests": str(kinds["digest"]),
            "followings": str(len(followings)),
            "named": ",".join(str(alert.id) for alert in alerts[:_NAMED]),
        },
        Priority.ALERT,
    )


def _people(followings: Sequence[Following]) -> set[UserId]:
    return {following.user_id for following in followings}
