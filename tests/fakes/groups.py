"""Groups and followings in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from bot.domain.alerts import Place
from bot.domain.people import AgentId, AgentState, UserId
from bot.ports.groups import Following, Group, PassedSignal, PublicTrade, Signal
from bot.ports.ledger import Notice
from tests.fakes.ledger import FakeLedger
from tests.fakes.records import FakeRecords


class FakeGroups:
    """Decisions and who is public stand in the records, notices in the ledger."""

    def __init__(self, records: FakeRecords, ledger: FakeLedger) -> None:
        self._records = records
        self._ledger = ledger
        self._ids = count(1)
        self.groups: dict[int, Group] = {}
        self.followings: list[Following] = []
        self.upto = 0
        self.upto_trade = 0
        self.passed: dict[tuple[AgentId, str], PassedSignal] = {}

    async def save_group(self, group: Group) -> None:
        self.groups[group.chat_id] = group

    async def load_group(self, chat_id: int) -> Group | None:
        return self.groups.get(chat_id)

    async def follow(
        self, place: Place, agent_id: AgentId, user_id: UserId, now: datetime, most: int
    ) -> bool:
        if not self._is_public(agent_id):
            return False
        held = await self.load_followings(place)
        if any(following.agent_id == agent_id for following in held):
            return True
        if len(held) >= most:
            return False
        self.followings.append(Following(next(self._ids), place, agent_id, user_id))
        return True

    async def unfollow(self, place: Place, agent_id: AgentId) -> bool:
        return bool(
            self._drop([f for f in self.followings if (f.place, f.agent_id) == (place, agent_id)])
        )

    async def load_followings(self, place: Place) -> Sequence[Following]:
        return [following for following in self.followings if following.place == place]

    async def load_chat_followings(self, chat_id: int) -> Sequence[Following]:
        return [following for following in self.followings if following.place.chat_id == chat_id]

    async def load_followers(self, agent_id: AgentId) -> Sequence[Following]:
        return [self._with_quiet(f) for f in self.followings if f.agent_id == agent_id]

    async def drop_followers(
        self, agent_id: AgentId, tell: Callable[[Following], Notice], now: datetime
    ) -> int:
        gone = [following for following in self.followings if following.agent_id == agent_id]
        for notice in [tell(self._with_quiet(following)) for following in gone]:
            await self._ledger.queue(notice, now)
        return len(self._drop(gone))

    async def load_signals(self, limit: int) -> Sequence[Signal]:
        found = [
            Signal(decision_id, AgentId(agent_id), self._records.decided_at[decision_id])
            for decision_id, (agent_id, _) in sorted(self._records.decisions.items())
            if decision_id > self.upto
            and self._is_heard(AgentId(agent_id))
            and decision_id > self._records.public_from[AgentId(agent_id)]
        ]
        if not found:
            self.upto = max(self._records.decisions, default=0)
        return found[:limit]

    async def pass_signals(
        self,
        upto: int,
        notices: Sequence[Notice],
        now: datetime,
        passed: Sequence[PassedSignal] = (),
    ) -> int:
        self.upto = max(self.upto, upto)
        self.passed |= {(signal.agent_id, signal.symbol): signal for signal in passed}
        return await self._queue(notices, now)

    async def load_passed(self, agent_id: AgentId, symbol: str) -> PassedSignal | None:
        return self.passed.get((agent_id, symbol))

    async def load_trades(self, limit: int) -> Sequence[PublicTrade]:
        found = [
            PublicTrade(number, fill)
            for number, fill in enumerate(self._ledger.fills, 1)
            if number > self.upto_trade
            and self._is_heard(AgentId(fill.agent_id))
            and number > self._records.public_from_trade[AgentId(fill.agent_id)]
        ]
        if not found:
            self.upto_trade = len(self._ledger.fills)
        return found[:limit]

    async def pass_trades(self, upto: int, notices: Sequence[Notice], now: datetime) -> int:
        self.upto_trade = max(self.upto_trade, upto)
        return await self._queue(notices, now)

    async def move_chat(self, old: int, new: int) -> None:
        if (known := self.groups.pop(old, None)) is not None:
            self.groups.setdefault(new, replace(known, chat_id=new))
        for following in [f for f in self.followings if f.place.chat_id == old]:
            self.followings.remove(following)
            place = replace(following.place, chat_id=new)
            if all((f.place, f.agent_id) != (place, following.agent_id) for f in self.followings):
                self.followings.append(replace(following, place=place))
        self.followings.sort(key=lambda following: following.id)

    async def stop_place(self, place: Place, *, topic_only: bool) -> Sequence[Following]:
        return self._drop(
            [
                following
                for following in self.followings
                if following.place == place
                or (not topic_only and following.place.chat_id == place.chat_id)
            ]
        )

    def _is_public(self, agent_id: AgentId) -> bool:
        agent = self._records.agents[agent_id]
        return agent.state is not AgentState.CLOSED and agent_id in self._records.public_from

    def _is_heard(self, agent_id: AgentId) -> bool:
        paused = self._records.agents[agent_id].state is AgentState.PAUSED
        return self._is_public(agent_id) and not paused

    def _with_quiet(self, following: Following) -> Following:
        user = self._records.users.get(following.user_id)
        if following.place.is_group or user is None:
            return following
        return replace(following, quiet=user.quiet, time_zone=user.time_zone)

    async def _queue(self, notices: Sequence[Notice], now: datetime) -> int:
        before = len(self._ledger.notices)
        for notice in notices:
            await self._ledger.queue(notice, now)
        return len(self._ledger.notices) - before

    def _drop(self, gone: list[Following]) -> list[Following]:
        self.followings = [following for following in self.followings if following not in gone]
        return gone
