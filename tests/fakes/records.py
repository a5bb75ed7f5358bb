"""People, agents, mandates, dialogues, conversations and switches in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from bot.domain.analysis import TradeDecision, Turn
from bot.domain.mandate import Mandate, MandateWord
from bot.domain.people import Agent, AgentId, AgentState, User, UserId
from bot.domain.trade import Fill
from bot.ports.clock import Clock
from bot.ports.records import Dialogue, NameTakenError, UserSettings


class FakeRecords:
    """One object for the ports of `bot.ports.records`; `EscrowEvents` is the ledger's."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._ids = count(1)
        self.users: dict[UserId, User] = {}
        self.accepted_at: dict[UserId, datetime] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.current: dict[int, AgentId | None] = {}
        self.dialogues: dict[int, tuple[Dialogue, datetime]] = {}
        self.turns: list[tuple[int, int, Turn]] = []
        self.decisions: dict[int, tuple[int, TradeDecision]] = {}
        self.decided_at: dict[int, datetime] = {}
        self.public_from: dict[AgentId, int] = {}
        self.public_from_trade: dict[AgentId, int] = {}
        self.fills: list[Fill] = []
        self.answers: dict[int, str] = {}
        self.switches: dict[str, str] = {}
        self.mandates: dict[tuple[int, MandateWord], Mandate] = {}

    async def load_user(self, user_id: UserId) -> User | None:
        return self.users.get(user_id)

    async def save_user(
        self, user_id: UserId, name: str, username: str | None, defaults: UserSettings
    ) -> User:
        known = self.users.get(user_id)
        if known is None:
            settings = (defaults.slippage, defaults.trade_cap_usd, defaults.day_cap_usd)
            known = User(user_id, name, username, None, *settings, defaults.language)
            known = replace(known, time_zone=defaults.time_zone, quiet=defaults.quiet)
        self.users[user_id] = replace(known, name=name, username=username)
        return self.users[user_id]

    async def accept_terms(self, user_id: UserId, version: str, now: datetime) -> None:
        self.users[user_id] = replace(self.users[user_id], accepted_terms=version)
        self.accepted_at[user_id] = now

    async def save_settings(self, user_id: UserId, settings: UserSettings) -> None:
        self.users[user_id] = replace(
            self.users[user_id],
            slippage=settings.slippage,
            trade_cap_usd=settings.trade_cap_usd,
            day_cap_usd=settings.day_cap_usd,
            language=settings.language,
            time_zone=settings.time_zone,
            quiet=settings.quiet,
        )

    async def load_user_ids(self) -> Sequence[UserId]:
        return sorted(self.users)

    async def create_agent(
        self, user_id: UserId, name: str, instructions: str, owner: str, exit_hash: str = ""
    ) -> Agent:
        names = {agent.name.casefold() for agent in await self.load_agents(user_id)}
        if name.casefold() in names:
            raise NameTakenError(name)
        agent = Agent(
            id=AgentId(next(self._ids)),
            user_id=user_id,
            name=name,
            instructions=instructions,
            owner=owner,
            actor="",
            escrow="",
            seed_version=0,
            state=AgentState.OPENING,
            created_at=self.clock.now(),
            exit_hash=exit_hash,
        )
        self.agents[agent.id] = agent
        return agent

    async def save_actor(self, agent_id: AgentId, actor: str, seed_version: int) -> None:
        agent = self.agents[agent_id]
        if not agent.escrow and agent.state is not AgentState.CLOSED:
            self.agents[agent_id] = replace(agent, actor=actor, seed_version=seed_version)

    async def load_agent(self, agent_id: AgentId) -> Agent | None:
        return self.agents.get(agent_id)

    async def load_agents(self, user_id: UserId) -> Sequence[Agent]:
        return [agent for agent in self._kept() if agent.user_id == user_id]

    async def load_live(self) -> Sequence[Agent]:
        return [agent for agent in self._kept() if agent.escrow]

    async def load_opening(self) -> Sequence[Agent]:
        return [agent for agent in self._kept() if not agent.escrow]

    async def is_ours(self, address: str) -> bool:
        return any(address in (agent.escrow, agent.actor) for agent in self.agents.values())

    async def save_instructions(self, agent_id: AgentId, instructions: str) -> None:
        agent = self.agents[agent_id]
        if agent.state is not AgentState.CLOSED:
            self.agents[agent_id] = replace(agent, instructions=instructions)

    async def save_state(self, agent_id: AgentId, state: AgentState) -> None:
        agent = self.agents[agent_id]
        if agent.state is not AgentState.CLOSED:
            self.agents[agent_id] = replace(agent, state=state)

    async def save_public(self, agent_id: AgentId, *, public: bool) -> None:
        agent = self.agents[agent_id]
        if agent.state is AgentState.CLOSED or agent.is_public == public:
            return
        self.agents[agent_id] = replace(agent, is_public=public)
        self.public_from[agent_id] = max(self.decisions, default=0)
        self.public_from_trade[agent_id] = len(self.fills)
        if not public:
            del self.public_from[agent_id], self.public_from_trade[agent_id]

    async def load_public(self) -> Sequence[Agent]:
        return [agent for agent in self._kept() if agent.is_public]

    async def load_current(self, chat_id: int) -> AgentId | None:
        return self.current.get(chat_id)

    async def save_current(self, chat_id: int, agent_id: AgentId | None) -> None:
        self.current[chat_id] = agent_id

    async def load_dialogue(self, chat_id: int, now: datetime) -> Dialogue | None:
        dialogue, expires_at = self.dialogues.get(chat_id, (None, now))
        return dialogue if expires_at > now else None

    async def save_dialogue(self, chat_id: int, dialogue: Dialogue, expires_at: datetime) -> None:
        self.dialogues[chat_id] = (dialogue, expires_at)

    async def drop_dialogue(self, chat_id: int) -> bool:
        return self.dialogues.pop(chat_id, None) is not None

    async def save_turn(self, chat_id: int, agent_id: int, turn: Turn) -> None:
        self.turns.append((chat_id, agent_id, turn))

    async def load_turns(
        self, chat_id: int, agent_id: int, since: datetime, limit: int
    ) -> Sequence[Turn]:
        found = [
            turn
            for chat, agent, turn in self.turns
            if (chat, agent) == (chat_id, agent_id) and turn.at >= since
        ]
        return sorted(found, key=lambda turn: turn.at)[-limit:]

    async def forget_turns(self, before: datetime) -> int:
        kept = [saved for saved in self.turns if saved[2].at >= before]
        forgotten = len(self.turns) - len(kept)
        self.turns = kept
        return forgotten

    async def save_decision(
        self, agent_id: int, question: str, decision: TradeDecision, now: datetime
    ) -> int:
        decision_id = next(self._ids)
        self.decisions[decision_id] = (agent_id, decision)
        self.decided_at[decision_id] = now
        return decision_id

    async def load_decision(self, decision_id: int) -> tuple[int, TradeDecision] | None:
        return self.decisions.get(decision_id)

    async def save_answer(self, decision_id: int, answer: str, now: datetime) -> bool:
        if decision_id not in self.decisions or decision_id in self.answers:
            return False
        self.answers[decision_id] = answer
        return True

    async def load_switch(self, name: str) -> str | None:
        return self.switches.get(name)

    async def save_switch(self, name: str, value: str) -> None:
        self.switches[name] = value

    async def save_mandate(self, agent_id: int, word: MandateWord, mandate: Mandate) -> None:
        self.mandates.setdefault((agent_id, word), mandate)

    async def load_mandate(self, agent_id: int, word: MandateWord) -> Mandate | None:
        return self.mandates.get((agent_id, word))

    def open_escrow(self, agent_id: int, escrow: str, index: int = 0) -> None:
        """What a settled OPEN_AGENT intent does to its agent."""
        agent = self.agents[AgentId(agent_id)]
        opening = agent.state is AgentState.OPENING
        state = AgentState.ACTIVE if opening else agent.state
        self.agents[agent.id] = replace(agent, escrow=escrow, index=index, state=state)

    def _kept(self) -> list[Agent]:
        return [agent for agent in self.agents.values() if agent.state is not AgentState.CLOSED]
