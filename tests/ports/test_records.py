"""What the ports of `bot.ports.records` owe their callers: fakes, SQLite and PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import pytest

from bot.domain.analysis import Action, TradeDecision, Turn
from bot.domain.money import Bps
from bot.domain.people import AgentId, AgentState, QuietHours, User, UserId
from bot.ports.records import Dialogue, NameTakenError, UserSettings
from tests.fakes.clock import FakeClock
from tests.ports.databases import CHAT, SETTINGS, USER, Stores, add_agent

DECISION = TradeDecision(
    action=Action.BUY,
    symbol="SEI",
    entry=Decimal("0.123456789012345678901234567890"),
    stop_loss=None,
    take_profit=Decimal("1e-30"),
    confidence=70,
    suggested_usd=Decimal("25.00"),
    summary="Ein Satz mit Ümläuten und 🚀",
    reasons=("one", "two"),
    risks=(),
    analyst="rules",
)


async def test_a_person_is_known_by_number(stores: Stores) -> None:
    people = stores.people
    assert await people.load_user(USER) is None
    ann = await people.save_user(USER, "Ann <b>", "ann", SETTINGS)
    assert ann == User(USER, "Ann <b>", "ann", None, Bps(50), Decimal(50), Decimal(200), "en")
    assert await people.load_user(USER) == ann


async def test_new_names_leave_settings_alone(stores: Stores, clock: FakeClock) -> None:
    people = stores.people
    await people.save_user(USER, "Ann", "ann", SETTINGS)
    chosen = UserSettings(Bps(100), Decimal("12.5"), Decimal("99.99"), "de")
    await people.save_settings(USER, chosen)
    await people.accept_terms(USER, "2026-11", clock.now())
    again = await people.save_user(USER, "Anna", None, SETTINGS)
    assert again == User(
        USER, "Anna", None, "2026-11", Bps(100), Decimal("12.5"), Decimal("99.99"), "de"
    )
    assert await people.load_user(USER) == again


async def test_quiet_hours_and_zone_are_kept(stores: Stores) -> None:
    people = stores.people
    ann = await people.save_user(USER, "Ann", None, SETTINGS)
    assert (ann.time_zone, ann.quiet) == ("UTC", None)
    for quiet in (
        QuietHours(time(22), time(7), lets_urgent=False),
        QuietHours(time(0, 1), time(23, 59)),
        None,
    ):
        chosen = replace(SETTINGS, time_zone="America/Argentina/Buenos_Aires", quiet=quiet)
        await people.save_settings(USER, chosen)
        expected = replace(ann, time_zone=chosen.time_zone, quiet=quiet)
        assert await people.load_user(USER) == expected
        assert await people.save_user(USER, "Ann", None, SETTINGS) == expected
    other = replace(SETTINGS, time_zone="Asia/Tokyo", quiet=QuietHours(time(1), time(2)))
    bob = await people.save_user(UserId(7), "Bob", None, other)
    assert (bob.time_zone, bob.quiet) == (other.time_zone, other.quiet)


async def test_public_agents_are_listed_while_they_are_public(stores: Stores) -> None:
    names = ["Gamma", "Alpha", "Beta"]
    agents = [await add_agent(stores, name) for name in names]
    assert not agents[0].is_public
    for agent in reversed(agents):
        await stores.agents.save_public(agent.id, public=True)
        await stores.agents.save_public(agent.id, public=True)
    assert list(await stores.agents.load_public()) == [replace(a, is_public=True) for a in agents]
    await stores.agents.save_public(agents[0].id, public=False)
    await stores.agents.save_public(agents[0].id, public=False)
    await stores.agents.save_state(agents[1].id, AgentState.CLOSED)
    await stores.agents.save_public(agents[1].id, public=False)
    (left,) = await stores.agents.load_public()
    assert left.name == "Beta"
    assert await stores.agents.load_agent(agents[0].id) == agents[0]


async def test_a_read_beside_a_write_leaves_nothing_old_behind(stores: Stores) -> None:
    people = stores.people
    await people.save_user(USER, "Ann", None, SETTINGS)
    for cap in range(1, 30):
        chosen = replace(SETTINGS, day_cap_usd=Decimal(cap))
        reads = (people.load_user(USER) for _ in range(5))
        await asyncio.gather(*reads, people.save_settings(USER, chosen), people.load_user(USER))
        user = await people.load_user(USER)
        assert user
        assert user.day_cap_usd == cap


async def test_everyone_is_listed(stores: Stores) -> None:
    for user in (9, 2**50, 4):
        await stores.people.save_user(UserId(user), "x", None, SETTINGS)
    assert list(await stores.people.load_user_ids()) == [4, 9, 2**50]


async def test_an_agent_begins_as_opening(stores: Stores, clock: FakeClock) -> None:
    await stores.people.save_user(USER, "Ann", None, SETTINGS)
    made = await stores.agents.create_agent(USER, "Alpha", "be bold", "0xowner")
    assert (made.state, made.actor, made.escrow) == (AgentState.OPENING, "", "")
    assert (made.name, made.instructions, made.owner) == ("Alpha", "be bold", "0xowner")
    assert made.created_at == clock.now()
    await stores.agents.save_actor(made.id, "0xactor", 3)
    expected = replace(made, actor="0xactor", seed_version=3)
    assert await stores.agents.load_agent(made.id) == expected
    assert await stores.agents.load_agent(type(made.id)(404)) is None


async def test_names_are_taken_within_a_person(stores: Stores) -> None:
    agent = await add_agent(stores, "Straße")
    for name in ("Straße", "STRASSE"):
        with pytest.raises(NameTakenError):
            await stores.agents.create_agent(USER, name, "", "0xowner")
    await add_agent(stores, "Straße", UserId(7))
    await stores.agents.save_state(agent.id, AgentState.CLOSED)
    successor = await add_agent(stores, "straße")
    assert successor.id != agent.id


async def test_of_two_at_once_one_gets_the_name(stores: Stores) -> None:
    await stores.people.save_user(USER, "Ann", None, SETTINGS)
    results = await asyncio.gather(
        *(stores.agents.create_agent(USER, name, "", "0xowner") for name in ("Alpha", "ALPHA")),
        return_exceptions=True,
    )
    assert [isinstance(result, NameTakenError) for result in results].count(True) == 1


async def test_agents_are_listed_oldest_first(stores: Stores) -> None:
    names = ["Gamma", "Alpha", "Beta"]
    agents = [await add_agent(stores, name) for name in names]
    await add_agent(stores, "Other", UserId(7))
    await stores.agents.save_state(agents[1].id, AgentState.CLOSED)
    listed = await stores.agents.load_agents(USER)
    assert [agent.name for agent in listed] == ["Gamma", "Beta"]
    closed = await stores.agents.load_agent(agents[1].id)
    assert closed is not None
    assert closed.state is AgentState.CLOSED
    assert not await stores.agents.load_live()


async def test_a_closed_agent_stays_as_it_was(stores: Stores) -> None:
    agent = await add_agent(stores)
    await stores.agents.save_instructions(agent.id, "sell high")
    await stores.agents.save_state(agent.id, AgentState.CLOSED)
    await stores.agents.save_state(agent.id, AgentState.ACTIVE)
    await stores.agents.save_instructions(agent.id, "too late")
    await stores.agents.save_actor(agent.id, "0xother", 9)
    expected = replace(agent, instructions="sell high", state=AgentState.CLOSED)
    assert await stores.agents.load_agent(agent.id) == expected


async def test_a_chat_looks_at_one_agent(stores: Stores) -> None:
    first, second = await add_agent(stores), await add_agent(stores, "Beta")
    assert await stores.agents.load_current(CHAT) is None
    for chosen in (first.id, second.id, None):
        await stores.agents.save_current(CHAT, chosen)
        assert await stores.agents.load_current(CHAT) == chosen


async def test_a_dialogue_ends_by_itself(stores: Stores, clock: FakeClock) -> None:
    dialogues = stores.dialogues
    until = clock.now() + timedelta(minutes=10)
    assert await dialogues.load_dialogue(CHAT, clock.now()) is None
    await dialogues.save_dialogue(CHAT, Dialogue("agents", "name", {}), until)
    moved_on = Dialogue("agents", "instructions", {"name": "a\0'\"<"})
    await dialogues.save_dialogue(CHAT, moved_on, until)
    assert await dialogues.load_dialogue(CHAT, clock.now()) == moved_on
    assert await dialogues.load_dialogue(CHAT + 1, clock.now()) is None
    assert await dialogues.load_dialogue(CHAT, until) is None
    assert await dialogues.drop_dialogue(CHAT)
    assert not await dialogues.drop_dialogue(CHAT)
    assert await dialogues.load_dialogue(CHAT, clock.now()) is None


async def test_context_is_the_latest_turns(stores: Stores, clock: FakeClock) -> None:
    start = clock.now()
    turns = [Turn(f"q{n}", f"a{n}", start + timedelta(hours=n)) for n in range(5)]
    talk = stores.conversations
    for turn in turns:
        await talk.save_turn(CHAT, 1, turn)
    await talk.save_turn(CHAT, 2, turns[0])
    await talk.save_turn(CHAT + 1, 1, turns[0])
    assert list(await talk.load_turns(CHAT, 1, start, 3)) == turns[2:]
    assert list(await talk.load_turns(CHAT, 1, turns[3].at, 9)) == turns[3:]
    assert await talk.forget_turns(turns[1].at) == 3
    assert list(await talk.load_turns(CHAT, 1, start, 9)) == turns[1:]


async def test_a_decision_is_answered_once(stores: Stores, clock: FakeClock) -> None:
    talk = stores.conversations
    first = await talk.save_decision(7, "Buy?", DECISION, clock.now())
    second = await talk.save_decision(7, "Buy?", DECISION, clock.now())
    assert first != second
    assert await talk.load_decision(first) == (7, DECISION)
    assert await talk.load_decision(404) is None
    assert await talk.save_answer(first, "declined", clock.now())
    assert not await talk.save_answer(first, "traded", clock.now())
    assert not await talk.save_answer(404, "traded", clock.now())
    assert await talk.save_answer(second, "traded", clock.now())


async def test_a_switch_keeps_its_last_position(stores: Stores) -> None:
    assert await stores.switches.load_switch("trading") is None
    for value in ("paused", ""):
        await stores.switches.save_switch("trading", value)
        assert await stores.switches.load_switch("trading") == value
    assert await stores.switches.load_switch("other") is None


async def test_words_no_database_takes_are_mended(stores: Stores) -> None:
    """Telegram should not send these; one that does must not stop the bot."""
    await stores.people.save_user(USER, "An\0n\ud800", None, SETTINGS)
    known = await stores.people.load_user(USER)
    assert known is not None
    assert known.name.startswith("An")


async def test_escrows_and_actors_are_known_as_ours(stores: Stores):
    agent = await add_agent(stores)
    for address in (agent.escrow, agent.actor):
        assert await stores.agents.is_ours(address)
    assert not await stores.agents.is_ours(agent.owner)
    await stores.agents.save_state(AgentId(agent.id), AgentState.CLOSED)
    assert await stores.agents.is_ours(agent.escrow)
