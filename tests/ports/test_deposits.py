"""What `Deposits` keeps of money that came in: the fake, SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

from bot.ports.ledger import DepositRow, Notice, SeenBalances
from tests.fakes.clock import FakeClock
from tests.ports.databases import Stores, add_agent, notice

HUGE = 2**200 + 1


def told(key: str, symbol: str, raw: int) -> Notice:
    return replace(notice(key, symbol=symbol, raw=str(raw)), kind="deposit")


async def test_what_is_told_of_deposits_is_kept(stores: Stores, clock: FakeClock):
    alpha, beta = await add_agent(stores), await add_agent(stores, "Beta")
    start = await stores.deposits.last_deposit_id()
    both = (alpha.id, beta.id)
    notices = [told("d:1", "SEI", HUGE), notice("other"), told("d:2", "USDC", 5)]
    assert await stores.deposits.save_seen(alpha.id, SeenBalances(0, {"SEI": HUGE}), notices)
    later = clock.now() + timedelta(hours=1)
    clock.jump(3600)
    assert await stores.deposits.save_seen(
        beta.id, SeenBalances(0, {"SEI": 7}), [told("d:3", "SEI", 7)]
    )
    rows = await stores.deposits.load_deposits(start, both)
    first, second, third = (row.id for row in rows)
    assert start < first < second < third
    assert list(rows) == [
        DepositRow(first, alpha.id, "SEI", HUGE, later - timedelta(hours=1)),
        DepositRow(second, alpha.id, "USDC", 5, later - timedelta(hours=1)),
        DepositRow(third, beta.id, "SEI", 7, later),
    ]
    assert await stores.deposits.last_deposit_id() == third
    assert list(await stores.deposits.load_deposits(first, both)) == list(rows[1:])
    assert list(await stores.deposits.load_deposits(0, [beta.id])) == [rows[2]]
    assert list(await stores.deposits.load_deposits(third, both)) == []
    assert list(await stores.deposits.load_deposits(0, [])) == []


async def test_a_stale_look_or_a_notice_known_already_is_no_deposit(stores: Stores):
    agent = await add_agent(stores)
    start = await stores.deposits.last_deposit_id()
    first = [told("d:1", "SEI", 1)]
    assert not await stores.deposits.save_seen(agent.id, SeenBalances(9, {"SEI": 1}), first)
    assert await stores.deposits.last_deposit_id() == start
    assert await stores.deposits.save_seen(agent.id, SeenBalances(0, {"SEI": 1}), first)
    assert await stores.deposits.save_seen(agent.id, SeenBalances(1, {"SEI": 2}), first)
    assert len(await stores.deposits.load_deposits(start, [agent.id])) == 1
