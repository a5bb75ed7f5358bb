"""What the port of groups owes its callers: the fake, SQLite and PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db
from bot.domain.alerts import Place
from bot.domain.analysis import Action
from bot.domain.people import Agent, AgentState, QuietHours, UserId
from bot.ports.groups import Following, Group, PassedSignal
from bot.ports.ledger import Notice, Priority
from db.codec import dump_decision
from db.intents import fill_values
from db.schema import decisions, trade_history, user_agents
from tests.fakes.clock import FakeClock
from tests.ports.databases import (
    CHAT,
    SETTINGS,
    USER,
    Stores,
    add_agent,
    confirmed,
    empty,
    fill,
    opened,
    settle,
    swap,
)
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


async def trade(stores: Stores, agent: Agent, clock: FakeClock) -> str:
    """A swap that settles; its intent."""
    clock.jump(1)
    intent = await confirmed(stores, swap(agent, clock), clock)
    await settle(stores, intent, clock, fill=fill(intent, clock))
    return intent.id


async def traded(stores: Stores, limit: int = 10) -> list[str]:
    return [trade.fill.intent_id for trade in await stores.groups.load_trades(limit)]


def signal_notice(decision_id: int, place: Place = TOPIC) -> Notice:
    key = f"signal:{decision_id}:{place.chat_id}:{place.thread_id}"
    data = {"decision": str(decision_id)}
    return Notice(place.chat_id, "signal", key, data, Priority.ALERT, place.thread_id)


def ended_notice(following: Following) -> Notice:
    place = following.place
    key = f"{place.chat_id}:{place.thread_id}:{following.agent_id}"
    return Notice(place.chat_id, "signals_ended", key, {}, Priority.ALERT, place.thread_id)


async def test_a_group_is_known_by_its_present_id(stores: Stores) -> None:
    assert await stores.groups.load_group(CHAT) is None
    group = Group(CHAT, "Sei <Traders> 🚀")
    await stores.groups.save_group(group)
    assert await stores.groups.load_group(CHAT) == group
    lost = replace(group, title="Traders", lost="kicked", topics={7: "Sígnals 🚀", 9: "Chat"})
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
    for dropped in (2, 0):
        assert await stores.groups.drop_followers(alpha.id, ended_notice, clock.now()) == dropped
    due = await stores.outbox.load_due(clock.now(), 10, ())
    assert {queued.notice.key for queued in due} == {f"{CHAT}:7:{alpha.id}", f"{BO}:0:{alpha.id}"}
    assert not await stores.groups.load_followers(alpha.id)
    assert len(await stores.groups.load_followers(beta.id)) == 2


async def test_whoever_cannot_be_told_goes_on_following(stores: Stores, clock: FakeClock) -> None:
    alpha = await public_agent(stores)
    await stores.groups.follow(TOPIC, alpha.id, USER, clock.now(), 5)

    def broken(_: Following) -> Notice:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        await stores.groups.drop_followers(alpha.id, broken, clock.now())
    assert len(await stores.groups.load_followers(alpha.id)) == 1


async def test_only_public_agents_are_followed(stores: Stores, clock: FakeClock) -> None:
    private, withdrawn, closed = [
        await add_agent(stores, "Private"),
        await public_agent(stores, "Withdrawn"),
        await public_agent(stores, "Closed"),
    ]
    await stores.agents.save_public(withdrawn.id, public=False)
    await stores.agents.save_state(closed.id, AgentState.CLOSED)
    for agent in (private, withdrawn, closed):
        assert not await stores.groups.follow(TOPIC, agent.id, USER, clock.now(), 5)
    assert not await stores.groups.load_followings(TOPIC)


async def test_nobody_begins_to_follow_an_agent_that_becomes_private(
    postgres_url: str, clock: FakeClock
) -> None:
    """Only PostgreSQL writes two at a time."""
    async with opened(postgres_url, clock) as stores:
        await empty(stores)
        alpha = await public_agent(stores)
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slowly(tx: AsyncConnection) -> None:
            private = sa.update(user_agents).values(public_from=None)
            await tx.execute(private.where(user_agents.c.id == alpha.id))
            begun.set()
            await go_on.wait()

        hiding = asyncio.create_task(stores.store.transact(slowly))
        await begun.wait()
        following = asyncio.create_task(stores.groups.follow(TOPIC, alpha.id, USER, clock.now(), 5))
        await asyncio.wait({following}, timeout=0.2)
        go_on.set()
        await hiding
        assert not await following, "it waits for what was begun before"


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


async def test_what_is_no_signal_is_looked_at_once(database: db.Database, clock: FakeClock) -> None:
    """The cursor is behind all that was decided, whoever decided it."""
    private, alpha = await add_agent(database, "Private"), await public_agent(database)
    assert not await signalled(database)
    last = 0
    for _ in range(3):
        last = await decide(database, private, clock)
        assert not await signalled(database)
        assert await database.switches.load_switch("signals") == str(last)
    mine = [await decide(database, alpha, clock), await decide(database, alpha, clock)]
    await decide(database, private, clock)
    assert await signalled(database, limit=1) == mine[:1]
    assert await signalled(database) == mine, "what was found waits to be passed on"
    assert await database.switches.load_switch("signals") == str(last)


@pytest.mark.parametrize("behind", ["Alpha", "Private"])
async def test_a_decision_that_is_written_late_is_not_left_behind(
    postgres_url: str, clock: FakeClock, behind: str
) -> None:
    """Only PostgreSQL writes two at a time, and may commit the later one first."""
    async with opened(postgres_url, clock) as stores:
        await empty(stores)
        alpha, private = await public_agent(stores), await add_agent(stores, "Private")
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
        second = await decide(stores, alpha if behind == "Alpha" else private, clock)
        looking = asyncio.create_task(signalled(stores))
        await asyncio.wait({looking}, timeout=0.2)
        go_on.set()
        signals = [await first, second] if behind == "Alpha" else [await first]
        assert await looking == signals, "it waits for what was begun before"


async def test_followers_come_with_their_quiet_hours(stores: Stores, clock: FakeClock) -> None:
    alpha = await public_agent(stores)
    quiet = QuietHours(time(22, 30), time(7), lets_urgent=False)
    settings = replace(SETTINGS, time_zone="Asia/Kolkata", quiet=quiet)
    await stores.people.save_settings(USER, settings)
    for place in (TOPIC, Place(USER)):
        await stores.groups.follow(place, alpha.id, USER, clock.now(), 5)
    expected = [(TOPIC, None, "UTC"), (Place(USER), quiet, "Asia/Kolkata")]
    followers = await stores.groups.load_followers(alpha.id)
    assert [(f.place, f.quiet, f.time_zone) for f in followers] == expected
    told: list[Following] = []

    def tell(following: Following) -> Notice:
        told.append(following)
        return ended_notice(following)

    await stores.groups.drop_followers(alpha.id, tell, clock.now())
    assert told == followers


async def test_what_was_passed_on_is_known_by_agent_and_token(
    stores: Stores, clock: FakeClock
) -> None:
    alpha, beta = await public_agent(stores), await public_agent(stores, "Beta")
    word = PassedSignal(
        alpha.id, "SEI", Action.BUY, Decimal("0.2500000000000000001"), None, Decimal(1), clock.now()
    )
    assert await stores.groups.load_passed(alpha.id, "SEI") is None
    await stores.groups.pass_signals(1, [], clock.now(), [word, replace(word, symbol="WBTC")])
    assert await stores.groups.load_passed(alpha.id, "SEI") == word
    assert await stores.groups.load_passed(beta.id, "SEI") is None
    clock.jump(5)
    later = replace(word, action=Action.SELL, stop_loss=Decimal(2), decided_at=clock.now())
    await stores.groups.pass_signals(2, [], clock.now(), [later])
    assert await stores.groups.load_passed(alpha.id, "SEI") == later


async def test_paused_agents_say_nothing_later_either(stores: Stores, clock: FakeClock) -> None:
    alpha = await public_agent(stores)
    await stores.agents.save_state(alpha.id, AgentState.PAUSED)
    await decide(stores, alpha, clock)
    await trade(stores, alpha, clock)
    for state in (AgentState.PAUSED, AgentState.ACTIVE):
        await stores.agents.save_state(alpha.id, state)
        assert not await signalled(stores)
        assert not await traded(stores)


async def test_only_trades_since_it_is_public_are_told(stores: Stores, clock: FakeClock) -> None:
    alpha, private = await add_agent(stores), await add_agent(stores, "Private")
    await trade(stores, alpha, clock)
    await stores.agents.save_public(alpha.id, public=True)
    await trade(stores, private, clock)
    mine = [await trade(stores, alpha, clock) for _ in range(3)]
    assert await traded(stores) == mine
    assert await traded(stores, limit=2) == mine[:2]
    await stores.agents.save_public(alpha.id, public=False)
    assert not await traded(stores)
    await stores.agents.save_public(alpha.id, public=True)
    assert not await traded(stores)
    later = await trade(stores, alpha, clock)
    await stores.agents.save_public(alpha.id, public=True)
    assert await traded(stores) == [later], "being made public twice changes nothing"


async def test_trades_are_told_once(stores: Stores, clock: FakeClock) -> None:
    alpha = await public_agent(stores)
    first = await trade(stores, alpha, clock)
    second = await trade(stores, alpha, clock)
    found = await stores.groups.load_trades(10)
    assert [one.fill.intent_id for one in found] == [first, second]
    assert found[0].fill == (await stores.journal.load_fills(alpha.id))[-1]
    notices = [signal_notice(1), signal_notice(1, Place(BO))]
    assert await stores.groups.pass_trades(found[0].trade_id, notices, clock.now()) == 2
    assert await traded(stores) == [second]
    assert await stores.groups.pass_trades(found[0].trade_id, notices, clock.now()) == 0
    assert await stores.groups.pass_trades(found[1].trade_id, [], clock.now()) == 0
    assert await stores.groups.pass_trades(found[0].trade_id, [], clock.now()) == 0
    assert not await traded(stores), "it never goes back"
    assert not await signalled(stores), "decisions have a cursor of their own"


async def test_a_trade_that_is_written_late_is_not_left_behind(
    postgres_url: str, clock: FakeClock
) -> None:
    """Only PostgreSQL writes two at a time, and may commit the later one first."""
    async with opened(postgres_url, clock) as stores:
        await empty(stores)
        alpha, private = await public_agent(stores), await add_agent(stores, "Private")
        intent = await confirmed(stores, swap(alpha, clock), clock)
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slowly(tx: AsyncConnection) -> None:
            await tx.execute(sa.insert(trade_history).values(fill_values(fill(intent, clock))))
            begun.set()
            await go_on.wait()

        first = asyncio.create_task(stores.store.transact(slowly))
        await begun.wait()
        await trade(stores, private, clock)
        looking = asyncio.create_task(traded(stores))
        await asyncio.wait({looking}, timeout=0.2)
        go_on.set()
        await first
        assert await looking == [intent.id], "it waits for what was begun before"


async def test_a_moved_group_keeps_what_it_has(stores: Stores, clock: FakeClock) -> None:
    alpha, beta = await public_agent(stores), await public_agent(stores, "Beta")
    await stores.groups.save_group(Group(CHAT, "Traders", topics={7: "Signals"}))
    moved = Place(SUPERGROUP)
    for place, agent in ((GROUP, alpha), (GROUP, beta), (moved, beta), (Place(BO), beta)):
        await stores.groups.follow(place, agent.id, USER, clock.now(), 5)
    for _ in range(2):
        await stores.groups.move_chat(CHAT, SUPERGROUP)
        assert await stores.groups.load_group(CHAT) is None
        assert await stores.groups.load_group(SUPERGROUP) == Group(
            SUPERGROUP, "Traders", topics={7: "Signals"}
        )
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
