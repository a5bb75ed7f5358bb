"""Everything a person may do to an alert: set it, change it, silence it, end it.

Ownership is checked on every action: a private alert belongs to its person. For a group's alert
the caller has checked that the person may manage that group, and says so by naming the group.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.alerts import (
    Alert,
    AlertDraft,
    AlertId,
    AlertState,
    Condition,
    Place,
    Standing,
)
from bot.domain.errors import UserError
from bot.domain.people import User, UserId
from bot.domain.tokens import Listing
from bot.policy.alerts.bounds import distance_of
from bot.policy.alerts.changes import (
    end,
    has_rung_out,
    ringing_as,
    silenced,
    still_active,
    without_past_end,
)
from bot.policy.alerts.digest_times import next_due
from bot.policy.alerts.kind import AlertKind, AlertKinds, Watch
from bot.policy.alerts.proposals import (
    LONGEST_SNOOZE,
    Change,
    Nearby,
    Proposal,
    changed,
    draft_of,
    nearness,
    silent_still,
    standing_of,
    tidy,
)
from bot.policy.alerts.states import pause
from bot.policy.risk import Limits
from bot.ports.alerts import Alerts, Rung
from bot.ports.clock import Clock
from bot.ports.figures import Figures
from bot.ports.records import Agents, People
from bot.services.alerts.measure_shown import MeasureShown
from bot.services.alerts.stand_alerts import StandAlerts
from bot.services.flood import Flood

_A_MINUTE = 20
_TRIES = 5
_PRIVATE = 0
_LATELY = timedelta(days=1)
_RINGS = 5


@dataclass(slots=True)
class SetAlerts:
    """Sets up and changes alerts; every change is retried when it loses a race."""

    clock: Clock
    alerts: Alerts
    people: People
    agents: Agents
    kinds: AlertKinds
    watch: Figures
    listing: Listing
    limits: Limits
    _flood: Flood = field(init=False)
    _stand: StandAlerts = field(init=False)
    _shown: MeasureShown = field(init=False)

    def __post_init__(self) -> None:
        self._stand = StandAlerts(
            self.clock, self.people, self.agents, self.kinds, self.watch, self.listing
        )
        self._shown = MeasureShown(self.kinds, self.watch)
        self._flood = Flood(self.clock, _A_MINUTE)

    async def propose(self, user: User, place: Place, draft: AlertDraft) -> Proposal:
        """How an alert would stand, without setting it.

        Raises:
            UserError: it cannot be, or is there already; the sentence says what to do.
        """
        draft = tidy(draft)
        watch = await self._check(user, place, draft, own_id=None)
        return await self._stand.propose(user.time_zone, place, draft, watch)

    async def create(self, user: User, place: Place, draft: AlertDraft) -> Alert:
        """Set an alert; one of the same condition in the same place is refused.

        Raises:
            UserError: as `propose`, or too many of them, or too many in a minute.
        """
        self._pace(user)
        draft = tidy(draft)
        watch = await self._check(user, place, draft, own_id=None)
        proposal = await self._stand.propose(user.time_zone, place, draft, watch)
        most = self._most(place)
        alert = await self.alerts.create(
            user.id,
            place,
            draft,
            series=watch.series if watch else "",
            standing=standing_of(proposal, watch),
            seen=proposal.figure,
            now=self.clock.now(),
            most=most,
        )
        if alert is None:
            raise UserError(_full(place, most))
        return alert

    async def create_once(self, user: User, place: Place, draft: AlertDraft) -> tuple[Alert, bool]:
        """Set an alert unless there is one of the same condition; True if it is new."""
        if same := await self._same(user, place, tidy(draft).condition, own_id=None):
            return same, False
        return await self.create(user, place, draft), True

    async def subscribe(self, user: User, share: str) -> Alert:
        """Set the same alert as a group's, in the person's private chat.

        Raises:
            UserError: the group's alert has ended, or as `create`.
        """
        shared = await self.alerts.load_shared(share)
        if shared is None:
            raise UserError("That alert has ended in its group. /alert sets one for you.")
        draft = AlertDraft(
            shared.condition, shared.repeat, shared.cooldown, shared.expires_at, shared.urgent
        )
        return await self.create(user, Place(int(user.id)), draft)

    async def own(self, user: User, alert_id: int, group: int = _PRIVATE) -> Alert:
        """An alert of the person's private chat, or of `group`, whose rights the caller checked.

        Raises:
            UserError: there is none of that id, or it is somebody else's.
        """
        alert = await self.alerts.load_alert(AlertId(alert_id))
        if alert is None or not _may(alert, user, group):
            raise UserError("That alert is not yours or no longer exists. /alerts shows yours.")
        return alert

    async def pause(self, user: User, alert_id: int, group: int = _PRIVATE) -> Alert:
        """Silence an alert until it is resumed."""

        async def change(alert: Alert) -> Alert:
            return pause(still_active(alert))

        return await self._change(user, alert_id, group, change)

    async def resume(self, user: User, alert_id: int, group: int = _PRIVATE) -> Alert:
        """Let a silent alert ring again, as if it were new."""

        async def change(alert: Alert) -> Alert:
            return await self._stand.anew(user, still_active(alert))

        return await self._change(user, alert_id, group, change)

    async def snooze(
        self, user: User, alert_id: int, span: timedelta, group: int = _PRIVATE
    ) -> Alert:
        """Silence an alert for a while; one that has rung for the last time gets one more.

        If its condition holds at the end, it rings then.

        Raises:
            UserError: a digest, one that was ended otherwise or ends before, no room, or a twin
                was set meanwhile.
        """
        if not timedelta(0) < span <= LONGEST_SNOOZE:
            raise UserError("A snooze takes from a minute to 30 days.")

        async def change(alert: Alert) -> Alert:
            if not alert.series:
                raise UserError("A digest comes by the clock. Pause it instead, see /alerts.")
            if not alert.is_active and not has_rung_out(alert):
                raise UserError("That alert was ended, it rings no more. /alert sets a new one.")
            await self._room(user, alert)
            return silenced(alert, self.clock.now() + span, self.kinds.watch(alert.condition))

        return await self._change(user, alert_id, group, change)

    async def delete(self, user: User, alert_id: int, group: int = _PRIVATE) -> Alert:
        """End an alert; `restore` takes that back. Ending an ended one changes nothing."""

        async def change(alert: Alert) -> Alert:
            return end(alert)

        return await self._change(user, alert_id, group, change)

    async def restore(
        self, user: User, alert_id: int, group: int = _PRIVATE, was: Standing | None = None
    ) -> Alert:
        """Set an ended alert once more, as if it were new; an active one stays as it is.

        `was` is how it stood before it was deleted: silent ones come back silent. An end date
        that has passed is dropped.

        Raises:
            UserError: there is no room, or a twin was set meanwhile.
        """

        async def change(alert: Alert) -> Alert:
            if alert.is_active:
                return alert
            await self._room(user, alert)
            now = self.clock.now()
            anew = await self._stand.anew(user, without_past_end(alert, now))
            return silent_still(anew, was, now) if was else anew

        return await self._change(user, alert_id, group, change)

    async def edit(self, user: User, alert_id: int, change: Change, group: int = _PRIVATE) -> Alert:
        """Change an alert; with another line or window it stands as a new one, silent if it was.

        Raises:
            UserError: as `propose`.
        """

        async def apply(alert: Alert) -> Alert:
            after = changed(still_active(alert), change)
            draft = draft_of(after)
            watch = await self._check(user, alert.place, draft, own_id=alert.id)
            if after.condition == alert.condition:
                return ringing_as(alert, after)
            after = replace(after, series=watch.series if watch else "")
            anew = await self._stand.anew(user, after)
            return silent_still(anew, alert.standing, self.clock.now())

        return await self._change(user, alert_id, group, apply)

    async def pause_all(self, user: User, group: int = _PRIVATE) -> int:
        """Silence all of a person's private alerts, or all of a group; how many it silenced."""
        held = await self._held(user, group)
        loud = [alert for alert in held if alert.standing.state is not AlertState.PAUSED]
        for alert in loud:
            await self.pause(user, alert.id, group)
        return len(loud)

    async def resume_all(self, user: User, group: int = _PRIVATE) -> int:
        """Let all paused ones ring again; how many there were."""
        held = await self._held(user, group)
        silent = [alert for alert in held if alert.standing.state is AlertState.PAUSED]
        for alert in silent:
            await self.resume(user, alert.id, group)
        return len(silent)

    async def nearest(self, user: User, group: int = _PRIVATE) -> list[Nearby]:
        """All active ones: nearest to firing first, then those that wait, paused ones last.

        Figures that no look measures just now are measured, for a second at most.
        """
        held = await self._held(user, group)
        await self._shown.measure(held)
        return sorted((self.look_at(alert) for alert in held), key=nearness)

    async def rang_lately(self, user: User) -> Sequence[Rung]:
        """The last few rings of a day of a person's private alerts, latest first."""
        return await self.alerts.load_rings(user.id, self.clock.now() - _LATELY, _RINGS)

    async def see(self, alert: Alert) -> Nearby:
        """As `look_at`; a figure that no look measures just now is measured, within a second."""
        await self._shown.measure([alert])
        return self.look_at(alert)

    def look_at(self, alert: Alert) -> Nearby:
        """An alert with the present figure of its series, as far as somebody has measured it."""
        watch = self.kinds.watch(alert.condition)
        figure = self.watch.figure(alert.series) if watch else None
        distance = None if watch is None or figure is None else distance_of(watch, figure)
        return Nearby(alert, figure, distance)

    async def follow_zone(self, user_id: UserId) -> int:
        """After a person's time zone changed: their digests come by the new one; how many do.

        So do those that they set up in groups.
        """
        user = await self.people.load_user(user_id)
        if user is None:
            return 0
        moved = 0
        for alert in await self.alerts.load_digests_by(user_id):
            if alert.standing.due_at is None:
                continue

            async def change(alert: Alert) -> Alert:
                if alert.standing.due_at is None:
                    return alert
                due = next_due(alert.condition, user.time_zone, self.clock.now())
                return replace(alert, standing=replace(alert.standing, due_at=due))

            group = alert.place.chat_id if alert.place.is_group else _PRIVATE
            await self._change(user, alert.id, group, change)
            moved += 1
        return moved

    def kind_of(self, condition: Condition) -> AlertKind:
        """The kind of a condition.

        Raises:
            UserError: no kind has that name.
        """
        return self._stand.kind_of(condition)

    async def _check(
        self, user: User, place: Place, draft: AlertDraft, own_id: AlertId | None
    ) -> Watch | None:
        """Refuse what cannot be, and a twin; the line it watches, None for a digest."""
        await self._stand.check(user, place, draft)
        condition, kind = draft.condition, self.kind_of(draft.condition)
        if await self._same(user, place, condition, own_id=own_id):
            whose = "This group has" if place.is_group else "You have"
            raise UserError(
                f"{whose} that one already: {kind.describe(condition)}. /alerts shows it; "
                "it can be changed there."
            )
        return kind.watch(condition)

    async def _same(
        self, user: User, place: Place, condition: Condition, own_id: AlertId | None
    ) -> Alert | None:
        held = await self._held(user, place.chat_id if place.is_group else _PRIVATE)
        return next(
            (
                alert
                for alert in held
                if (alert.place, alert.condition) == (place, condition) and alert.id != own_id
            ),
            None,
        )

    async def _held(self, user: User, group: int) -> list[Alert]:
        if group:
            return list(await self.alerts.load_of_group(group))
        return list(await self.alerts.load_of_person(user.id))

    async def _room(self, user: User, alert: Alert) -> None:
        """Refuse to bring an ended alert back where its agent or the room is gone, or a twin is."""
        if alert.is_active:
            return
        await self._stand.check_agent(user, alert.place, alert.condition)
        if await self._same(user, alert.place, alert.condition, own_id=alert.id):
            raise UserError("That one was set again meanwhile. /alerts shows it.")
        group = alert.place.chat_id if alert.place.is_group else _PRIVATE
        most = self._most(alert.place)
        if len(await self._held(user, group)) >= most:
            raise UserError(_full(alert.place, most))

    def _most(self, place: Place) -> int:
        return self.limits.max_group_alerts if place.is_group else self.limits.max_alerts

    def _pace(self, user: User) -> None:
        if wait_s := self._flood.wait_s(user.id):
            raise UserError(
                f"That is more than {_A_MINUTE} alerts in a minute; this one is not set. "
                f"Try again in {wait_s} seconds."
            )

    async def _change(self, user: User, alert_id: int, group: int, change: "_Changer") -> Alert:
        for _ in range(_TRIES):
            alert = await self.own(user, alert_id, group)
            after = await change(alert)
            if after == alert or await self.alerts.save_alert(after):
                return after
        raise UserError("That alert is ringing right now. Please try again.")


_Changer = Callable[[Alert], Awaitable[Alert]]


def _may(alert: Alert, user: User, group: int) -> bool:
    if alert.place.is_group:
        return group == alert.place.chat_id
    return alert.user_id == user.id


def _full(place: Place, most: int) -> str:
    whose = "This group has" if place.is_group else "You have"
    return (
        f"{whose} {most} alerts already, as many as I keep. This one is not set: delete one at "
        "/alerts first."
    )
