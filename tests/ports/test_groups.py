"""What the port of groups owes its callers: the fake, SQLite and PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import Place
from bot.domain.people import Agent, AgentState, UserId
from bot.ports.groups import Group
from bot.ports.ledger import Notice, Priority
from db.codec import dump_decision
from db.schema import decisions
from tests.fakes.clock import FakeClock
from tests.ports.databases import CHAT, USER, Stores, add_agent, empty, opened
from tests.ports.test_records import DECISION

GROUP, TOPIC = Place(CHAT), Place(CHAT, 7)
SUPERGROUP = -1_009_876_543_210
BO = UserId(5_000_000_002)


async def public_agent(stores: Stores, name: str = "Alpha") -> Agent:
    agent = await add_agent(stores, name)
    await stores.agents.save_public(agent.id, public=True)
    return agent


async def decide(stores: Stores, agent: Agent, clock: FakeClock) -> int:
    return await stores.conversations.save_decision(agent.id, "why?", DECISION, clock.now())


async def signalled(stores: Stores, limit: int = 10) -> list[int]:
    return [signal.decision_id for signal in await stores.groups.load_signals(limit)]


def signal_notice(decision_id: int, place: Place = TOPIC) -> Notice:
    key = f"signal:{decision_id}:{place.chat_id}:{place.thread_id}"
    data = {"decision": str(decision_id)}
    return Notice(place.chat_id, "signal", key, data, Priority.ALERT, place.thread_id)


async def test_a_group_is_known_by_its_present_id(stores: Stores) -> None:
    assert await stores.groups.load_group(CHAT) is None
    group = Group(CHAT, "Sei <Traders> 🚀")
    await stores.groups.save_group(group)
    assert await stores.groups.load_group(CHAT) == group
    lost = replace(group, title="Traders", lost="kicked")
    await stores.groups.save_group(lost)
    assert await stores.groups.load_group(CHAT) == lost


async def test_a_place_follows_an_agent_once(stores: Stores, clock: FakeClock) -> None:
    alpha, beta = await public_agent(stores), await public_agent(stores, "Beta")
    for _ in range(2):
        assert await stores.groups.follow(TOPIC, alpha.id, USER, clock.now(), 5)
    assert await stores.groups.follow(TOPIC, beta.id, USER, clock.now(), 5)
    assert await stores.groups.follow(GROUP, alpha.id, USER, clock.now(), 5)
    here = await stores.groups.load_followings(TOPIC)
    assert [(f.place, f.agent_id, f.user_id) for f in here] == [
        (TOPIC, alpha.id, USER),
        (TOPIC, beta.id, USER),
    ]
    assert [f.place for f in await stores.groups.load_followers(alpha.id)] == [TOPIC, GROUP]


async def test_a_place_has_room_for_so_many(stores: Stores, clock: FakeClock) -> None:
    alpha, beta = await public_agent(stores), await public_agent(stores, "Beta")
    assert await stores.groups.follow(TOPIC, alpha.id, USER, clock.now(), 1)
    assert not await stores.groups.follow(TOPIC, beta.id, USER, clock.now(), 1)
    assert await stores.groups.follow(TOPIC, alpha.id, USER, clock.now(), 1), "it does already"
    assert await stores.groups.follow(GROUP, beta.id, USER, clock.now(), 1), "another place"
    assert await stores.groups.unfollow(TOPIC, alpha.id)
    assert not await stores.groups.unfollow(TOPIC, alpha.id)
    assert await stores.groups.follow(TOPIC, beta.id, USER, clock.now(), 1)


async def test_nobody_follows_whom_all_were_dropped_from(stores: Stores, clock: FakeClock) -> None:
    alpha, beta = await public_agent(stores), await public_agent(stores, "Beta")
    for agent in (alpha, beta):
        for place in (TOPIC, Place(BO)):
            await stores.groups.follow(place, agent.id, USER, clock.now(), 5)
    word = signal_notice(1)
    assert await stores.groups.drop_followers(alpha.id, [word], clock.now()) == 2
    assert await stores.groups.drop_followers(alpha.id, [word], clock.now()) == 0
    due = await stores.outbox.load_due(clock.now(), 10, ())
    assert [queued.notice.key for queued in due] == [word.key]
    assert not await stores.groups.load_followers(alpha.id)
    assert len(await stores.groups.load_followers(beta.id)) == 2


async def test_only_decisions_since_it_is_public_are_signals(
    stores: Stores, clock: FakeClock
) -> None:
    alpha, private = await add_agent(stores), await add_agent(stores, "Private")
    await decide(stores, alpha, clock)
    await stores.agents.save_public(alpha.id, public=True)
    await decide(stores, private, clock)
    clock.jump(5)
    mine = [await decide(stores, alpha, clock) for _ in range(3)]
    assert await signalled(stores) == mine
    assert await signalled(stores, limit=2) == mine[:2]
    first = (await stores.groups.load_signals(1))[0]
    assert (first.agent_id, first.decided_at) == (alpha.id, clock.now())


async def test_what_was_decided_in_private_stays_private(stores: Stores, clock: FakeClock) -> None:
    alpha = await public_agent(stores)
    await decide(stores, alpha, clock)
    await stores.agents.save_public(alpha.id, public=False)
    assert not await signalled(stores)
    await decide(stores, alpha, clock)
    await stores.agents.save_public(alpha.id, public=True)
    assert not await signalled(stores)
    later = await decide(stores, alpha, clock)
    await stores.agents.save_public(alpha.id, public=True)
    assert await signalled(stores) == [later], "being made public twice changes nothing"
    await stores.agents.save_state(alpha.id, AgentState.CLOSED)
    assert not await signalled(stores)


async def test_signals_are_passed_on_once(stores: Stores, clock: FakeClock) -> None:
    alpha = await public_agent(stores)
    first, second = [await decide(stores, alpha, clock) for _ in range(2)]
    notices = [signal_notice(first), signal_notice(first, Place(BO))]
    assert await stores.groups.pass_signals(first, notices, clock.now()) == 2
    assert await signalled(stores) == [second]
    assert await stores.groups.pass_signals(first, notices, clock.now()) == 0
    assert await stores.groups.pass_signals(second, [], clock.now()) == 0
    assert await stores.groups.pass_signals(first, [], clock.now()) == 0
    assert not await signalled(stores), "it never goes back"
    due = await stores.outbox.load_due(clock.now(), 10, ())
    assert {queued.notice.key for queued in due} == {notice.key for notice in notices}


async def test_a_decision_that_is_written_late_is_not_left_behind(
    postgres_url: str, clock: FakeClock
) -> None:
    """Only PostgreSQL writes two at a time, and may commit the later one first."""
    async with opened(postgres_url, clock) as stores:
        await empty(stores)
        alpha = await public_agent(stores)
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slowly(tx: AsyncConnection) -> int:
            row = {"agent_id": alpha.id, "question": "", "created_at": clock.now()}
            values = row | {"decision": dump_decision(DECISION)}
            made = await tx.execute(sa.insert(decisions).values(values).returning(decisions.c.id))
            begun.set()
            await go_on.wait()
            return int(made.scalar_one())

        first = asyncio.create_task(stores.store.transact(slowly))
        await begun.wait()
        second = await decide(stores, alpha, clock)
        looking = asyncio.create_task(signalled(stores))
        await asyncio.wait({looking}, timeout=0.2)
        go_on.set()
        assert await looking == [await first, second], "it waits for what was begun before"


async def test_a_moved_group_keeps_what_it_has(stores: Stores, clock: FakeClock) -> None:
    alpha, beta = await public_agent(stores), await public_agent(stores, "Beta")
    await stores.groups.save_group(Group(CHAT, "Traders"))
    moved = Place(SUPERGROUP)
    for place, agent in ((GROUP, alpha), (GROUP, beta), (moved, beta), (Place(BO), beta)):
        await stores.groups.follow(place, agent.id, USER, clock.now(), 5)
    for _ in range(2):
        await stores.groups.move_chat(CHAT, SUPERGROUP)
        assert await stores.groups.load_group(CHAT) is None
        assert await stores.groups.load_group(SUPERGROUP) == Group(SUPERGROUP, "Traders")
        assert not await stores.groups.load_followings(GROUP)
        here = await stores.groups.load_followings(moved)
        assert sorted(f.agent_id for f in here) == [alpha.id, beta.id]
        assert len(await stores.groups.load_followings(Place(BO))) == 1


async def test_a_move_overwrites_nothing_newer(stores: Stores) -> None:
    await stores.groups.save_group(Group(CHAT, "Old"))
    await stores.groups.save_group(Group(SUPERGROUP, "New"))
    await stores.groups.move_chat(CHAT, SUPERGROUP)
    assert await stores.groups.load_group(SUPERGROUP) == Group(SUPERGROUP, "New")


async def test_a_topic_or_a_whole_chat_follows_nothing_more(
    stores: Stores, clock: FakeClock
) -> None:
    alpha = await public_agent(stores)
    clock.jump(timedelta(minutes=1).total_seconds())
    for place in (GROUP, TOPIC, Place(CHAT, 8), Place(BO)):
        await stores.groups.follow(place, alpha.id, USER, clock.now(), 5)
    all_there = [GROUP, TOPIC, Place(CHAT, 8)]
    assert [f.place for f in await stores.groups.load_chat_followings(CHAT)] == all_there
    stopped = await stores.groups.stop_place(TOPIC, topic_only=True)
    assert [f.place for f in stopped] == [TOPIC]
    assert not await stores.groups.stop_place(TOPIC, topic_only=True)
    stopped = await stores.groups.stop_place(GROUP, topic_only=False)
    assert [f.place for f in stopped] == [GROUP, Place(CHAT, 8)]
    assert [f.place for f in await stores.groups.load_followers(alpha.id)] == [Place(BO)]
