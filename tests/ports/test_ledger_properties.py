"""Whatever order things happen in, the journal's promises hold."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

import db
from bot.domain.people import Agent
from bot.domain.trade import IN_FLIGHT, STEPS, Intent, IntentId, IntentKind, IntentState
from bot.ports.ledger import Step
from tests.fakes.clock import FakeClock
from tests.ports.databases import (
    CAP,
    FakeStores,
    Stores,
    add_agent,
    copy_sqlite,
    empty,
    receipt,
    signed,
    swap,
)

T = TypeVar("T")
KINDS = st.sampled_from([IntentKind.SWAP, IntentKind.SWAP, IntentKind.WITHDRAW])
STATES = sorted(STEPS)


class JournalMachine(RuleBasedStateMachine):
    """Two agents of one server; taps and steps at random, some late and some out of order."""

    intents: Bundle[Intent] = Bundle("intents")

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.runner = asyncio.Runner()
        self.clock = FakeClock()
        self.stores: Stores = FakeStores.make(self.clock)
        self.agents: list[Agent] = []
        self.states: dict[IntentId, IntentState] = {}
        self.nonces: dict[str, list[int]] = {}
        self.sequences: dict[int, list[int]] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        if self.url:
            self.stores = database = self.run(db.open(self.url, self.clock))
            self.run(empty(database))
        self.agents = [self.run(add_agent(self.stores, name)) for name in ("Alpha", "Beta")]

    @override
    def teardown(self) -> None:
        if isinstance(self.stores, db.Database):
            self.run(self.stores.close())
        self.runner.close()

    @rule(target=intents, which=st.integers(0, 1), kind=KINDS, usd=st.integers(1, 90))
    def propose(self, which: int, kind: IntentKind, usd: int) -> Intent:
        intent = swap(self.agents[which], self.clock, str(usd), kind=kind)
        if kind is IntentKind.WITHDRAW:
            intent = replace(intent, account="0xserver")
        self.run(self.stores.journal.save_proposal(intent))
        self.states[intent.id] = IntentState.PROPOSED
        return intent

    @rule(seconds=st.sampled_from([0.5, 30, 61, 3600, 86_400]))
    def wait(self, seconds: float) -> None:
        self.clock.jump(seconds)

    @rule(intent=intents)
    def tap(self, intent: Intent) -> None:
        """Fresh at most once, in time, within the cap, with the next number."""
        now = self.clock.now()
        waiting = self.states[intent.id] is IntentState.PROPOSED
        spent = self.run(self.stores.journal.load_day_volume(intent.agent_id, now))
        fits = intent.kind is not IntentKind.SWAP or spent + intent.notional_usd <= CAP
        answer = self.run(self.stores.journal.confirm(intent.id, now, CAP))
        assert answer is not None
        assert answer.fresh == (waiting and now < intent.expires_at and fits)
        if answer.fresh and intent.kind is IntentKind.SWAP:
            self.sequences.setdefault(intent.agent_id, []).append(answer.intent.sequence)
        if answer.fresh:
            assert answer.intent.state is IntentState.CONFIRMED
        elif waiting and now >= intent.expires_at:
            assert answer.intent.state is IntentState.EXPIRED
        else:
            assert answer.intent.state is self.states[intent.id]
        self.states[intent.id] = answer.intent.state

    @rule(intent=intents, pick=st.integers(0, 2), frees=st.booleans())
    def go_on(self, intent: Intent, pick: int, *, frees: bool) -> None:
        """The step that fits, if the account is free."""
        state = self.states[intent.id]
        if state in STEPS:
            following = sorted(STEPS[state])
            self.take(intent, state, following[pick % len(following)], frees=frees)

    @rule(intent=intents, state=st.sampled_from(STATES), pick=st.integers(0, 2))
    def stumble(self, intent: Intent, state: IntentState, pick: int) -> None:
        """Any step, most of them too early or too late."""
        following = sorted(STEPS[state])
        self.take(intent, state, following[pick % len(following)])

    @rule(intent=intents)
    def sign_again(self, intent: Intent) -> None:
        """A nonce that is used already never signs."""
        nonce = self.run(self.stores.journal.load_nonce(intent.account))
        if nonce:
            used = signed(intent, nonce - 1)
            step = Step(IntentState.CONFIRMED, IntentState.SIGNED, self.clock.now(), signed=used)
            assert self.run(self.stores.journal.advance(intent.id, step)) is None

    @rule(which=st.integers(0, 1))
    def deposit(self, which: int) -> None:
        agent = self.agents[which]
        flying = any(
            intent.agent_id == agent.id and intent.state in IN_FLIGHT for intent in self.all()
        )
        seen = self.run(self.stores.deposits.load_seen([agent.id]))
        assert (agent.id in seen) is not flying
        if not flying:
            assert self.run(self.stores.deposits.save_seen(agent.id, seen[agent.id], []))
            assert not self.run(self.stores.deposits.save_seen(agent.id, seen[agent.id], []))

    def take(
        self, intent: Intent, expect: IntentState, to: IntentState, *, frees: bool = False
    ) -> None:
        used = self.nonces.setdefault(intent.account, [])
        signing = to is IntentState.SIGNED
        step = Step(
            expect,
            to,
            self.clock.now(),
            signed=signed(intent, len(used)) if signing else None,
            receipt=receipt(intent) if to is IntentState.MINED else None,
            frees_nonce=frees and to is IntentState.DROPPED,
        )
        free = not signing or all(
            other.account != intent.account or other.state not in IN_FLIGHT for other in self.all()
        )
        after = self.run(self.stores.journal.advance(intent.id, step))
        assert (after is not None) == (self.states[intent.id] is expect and free)
        if after is None:
            return
        self.states[intent.id] = to
        if step.signed:
            used.append(step.signed.nonce)
        if step.frees_nonce:
            used.pop()

    def all(self) -> list[Intent]:
        found = [self.run(self.stores.journal.load_intent(key)) for key in self.states]
        return [intent for intent in found if intent]

    @invariant()
    def nothing_moves_by_itself(self) -> None:
        assert {intent.id: intent.state for intent in self.all()} == self.states

    @invariant()
    def nonces_and_numbers_have_no_gaps(self) -> None:
        for account, used in self.nonces.items():
            assert used == list(range(len(used)))
            assert self.run(self.stores.journal.load_nonce(account)) == len(used)
        for numbers in self.sequences.values():
            assert numbers == list(range(1, len(numbers) + 1))

    @invariant()
    def the_cap_holds(self) -> None:
        for agent in self.agents:
            now = self.clock.now()
            assert self.run(self.stores.journal.load_day_volume(agent.id, now)) <= CAP


@pytest.mark.parametrize(("kind", "examples"), [("fake", 50), ("sqlite", 12), ("postgresql", 4)])
def test_the_journals_promises(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, examples: int
) -> None:
    url = ""
    if kind == "sqlite":
        url = copy_sqlite(request.getfixturevalue("sqlite_template"), tmp_path)
    elif kind == "postgresql":
        url = request.getfixturevalue("postgres_url")
    run_state_machine_as_test(
        lambda: JournalMachine(url),  # type: ignore[arg-type]
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
