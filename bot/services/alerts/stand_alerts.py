"""Whether an alert can be, and where it stands when it begins, now or once more."""

from dataclasses import dataclass, replace

from bot.domain.alerts import Alert, AlertDraft, Condition, Place
from bot.domain.errors import UserError
from bot.domain.people import User
from bot.domain.tokens import Listing
from bot.policy.alerts.bounds import check_draft, check_level, distance_of
from bot.policy.alerts.digest_times import next_due
from bot.policy.alerts.kind import AlertKind, AlertKinds, Watch
from bot.policy.alerts.proposals import Proposal, draft_of, standing_of
from bot.ports.clock import Clock
from bot.ports.figures import Figures
from bot.ports.records import Agents, People


@dataclass(frozen=True, slots=True)
class StandAlerts:
    """Holds alerts against what may be, and against the present figures."""

    clock: Clock
    people: People
    agents: Agents
    kinds: AlertKinds
    watch: Figures
    listing: Listing

    def kind_of(self, condition: Condition) -> AlertKind:
        """The kind of a condition.

        Raises:
            UserError: no kind has that name.
        """
        try:
            return self.kinds.of(condition)
        except KeyError:
            raise UserError("I do not know that kind of alert. /alert shows all kinds.") from None

    async def check(self, user: User, place: Place, draft: AlertDraft) -> None:
        """Refuse what cannot be.

        Raises:
            UserError: the sentence says what to do.
        """
        condition = draft.condition
        kind = self.kind_of(condition)
        kind.check(condition)
        if "token" in kind.asks and self.listing.find(condition.symbol) is None:
            raise UserError(
                f"I do not know {condition.symbol[:20] or 'that token'}. "
                f"I watch {', '.join(self.listing.symbols)}."
            )
        await self.check_agent(user, place, condition)
        check_draft(draft, self.clock.now())

    async def check_agent(self, user: User, place: Place, condition: Condition) -> None:
        """Refuse to watch an agent that is somebody else's, not open or deleted.

        Raises:
            UserError: the sentence says so.
        """
        if not condition.agent_id:
            return
        if place.is_group:
            raise UserError("What an agent holds is told in private only. Set it in our chat.")
        held = await self.agents.load_agents(user.id)
        if not any(agent.id == condition.agent_id and agent.escrow for agent in held):
            raise UserError(
                "That agent is not yours, its escrow is not open yet, or it was deleted. See "
                "/agents."
            )

    async def propose(
        self, zone: str, place: Place, draft: AlertDraft, watch: Watch | None
    ) -> Proposal:
        """How it would stand now; a digest comes by the clock of `zone`.

        Raises:
            UserError: its line is too far from the present figure.
        """
        if watch is None:
            due_at = next_due(draft.condition, zone, self.clock.now())
            return Proposal(draft, place, None, reached=False, distance=None, due_at=due_at)
        figure = await self.watch.measure_now(draft.condition)
        if figure is not None:
            check_level(watch, figure, self.kind_of(draft.condition).figure)
        hit = figure is not None and not watch.both_ways and watch.fire().is_hit(figure)
        distance = None if figure is None else distance_of(watch, figure)
        return Proposal(draft, place, figure, reached=hit, distance=distance, due_at=None)

    async def anew(self, user: User, alert: Alert) -> Alert:
        """The alert, standing as a new one does: nothing of before now says anything to it.

        Its digests come by the clock of who set it up, whoever `user` is.

        Raises:
            UserError: as `propose`.
        """
        watch = self.kinds.watch(alert.condition)
        owner = user if alert.user_id == user.id else await self.people.load_user(alert.user_id)
        zone = (owner or user).time_zone
        proposal = await self.propose(zone, alert.place, draft_of(alert), watch)
        return replace(
            alert,
            standing=standing_of(proposal, watch),
            seen_value=proposal.figure,
            seen_at=self.clock.now(),
            rang_at=None,
        )
