"""Every change of an escrow is told once, wherever it came from, and none is missed."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.errors import UpstreamError
from bot.domain.people import Agent, AgentState
from bot.ports.ledger import Notice
from bot.services.watch_escrows import WatchEscrows
from tests.fakes.contracts import ORCHESTRATOR
from tests.fakes.escrows import wide_mandate
from tests.unit.services.faults import Kill, KilledError
from tests.unit.services.office import ADMIN, ANN, BO, OWNER, Office

STRANGER = "0x" + "B" * 40


@pytest.fixture
async def agent(office: Office) -> Agent:
    made = await office.agent(USDC="100")
    office.chain.contracts.events.clear()
    return made


def told(office: Office, kind: str = "escrow_event") -> Sequence[Notice]:
    return office.notices(kind)


def names(office: Office, kind: str = "escrow_event") -> list[str]:
    return [notice.data["name"] for notice in told(office, kind)]


async def test_what_somebody_else_does_is_told_to_its_owner(office: Office, agent: Agent):
    other = await office.agent("Beta", BO)
    event = office.chain.happen(agent.escrow, "Withdrawn", token=STRANGER, to=OWNER, amount=5)
    assert await office.watch_escrows().tick() == 1
    [notice] = told(office)
    assert notice.chat_id == ANN
    assert notice.key == f"event:{event.tx_hash}:0"
    assert notice.data == {
        "agent": str(agent.id),
        "name": "Withdrawn",
        "emitter": agent.escrow,
        "tx_hash": event.tx_hash,
        "block": str(event.block),
        "field_token": STRANGER,
        "field_to": OWNER,
        "field_amount": "5",
    }
    assert office.wakes == 1
    office.chain.happen(other.escrow, "ExitUsed", by=STRANGER)
    assert await office.watch_escrows().tick() == 1
    assert [n.chat_id for n in told(office)] == [ANN, BO]


async def test_it_is_told_once_however_often_we_look(office: Office, agent: Agent):
    office.chain.happen(agent.escrow, "Dropped", by=OWNER)
    watch = office.watch_escrows()
    for _ in range(3):
        await watch.tick()
    assert names(office) == ["Dropped"]
    assert len(office.ledger.happened) == 1


async def test_what_we_did_ourselves_is_told_by_its_receipt(office: Office, agent: Agent):
    await office.run(await office.confirmed(agent))
    await office.change_mandate.drop(agent, await office.origin())
    await office.settle()
    assert await office.watch_escrows().tick() == 0
    assert names(office) == []
    said = [event.name for _, event in office.ledger.happened.values()]
    assert said == ["Swapped", "Dropped"], "it is kept all the same"


async def test_a_transaction_of_ours_in_flight_is_ours(office: Office, agent: Agent):
    """Its event may be seen before its receipt is."""
    await office.change_mandate.drop(agent, await office.origin())
    office.chain.lose_answers = 10**6
    for _ in range(20):
        await office.clock.advance(0.01)
    assert [e.name for e in office.chain.contracts.events] == ["Dropped"]
    assert await office.watch_escrows().tick() == 0
    assert names(office) == []


async def test_deposits_are_told_from_balances(office: Office, agent: Agent):
    office.chain.happen(agent.escrow, "Received", from_=STRANGER, amount=7)
    assert await office.watch_escrows().tick() == 0
    assert names(office) == []
    assert office.wakes == 0


async def test_a_restart_goes_on_where_it_was(office: Office, agent: Agent):
    office.chain.happen(agent.escrow, "Dropped", by=OWNER)
    await office.watch_escrows().tick()
    office.chain.calls.clear()
    office.chain.happen(agent.escrow, "Revoked", nonce=4)
    await office.watch_escrows().tick()
    assert names(office) == ["Dropped", "Revoked"]


async def test_the_first_look_begins_at_the_deployment(office: Office, agent: Agent):
    asked: list[tuple[int, int]] = []

    class Logs:
        async def read_events(self, emitters: Sequence[str], first: int, last: int) -> list[object]:
            asked.append((first, last))
            return []

    office.chain.block = 5
    watch = replace(office.watch_escrows(logs=Logs()), deployed_at=3)
    assert await watch.tick() == 0
    assert await watch.tick() == 0
    office.chain.block = 6
    await watch.tick()
    assert asked == [(3, 5), (3, 6)], "the last blocks are looked at once more"


async def test_what_a_lagging_node_left_out_is_told_once(office: Office, agent: Agent):
    event = office.chain.happen(agent.escrow, "Dropped", by=OWNER)
    behind = [[], [event], [event], [event]]

    class Lagging:
        async def read_events(self, emitters: Sequence[str], first: int, last: int) -> list[object]:
            found = behind.pop(0)
            return [e for e in found if first <= e.block <= last]

    watch = office.watch_escrows(logs=Lagging())
    counts = []
    for _ in range(4):
        counts.append(await watch.tick())
        office.chain.block += 1
    assert counts == [0, 1, 0, 0]
    assert names(office) == ["Dropped"]


async def test_after_a_long_absence_the_looks_follow_each_other(office: Office, agent: Agent):
    for block in (10, 19_999, 20_000, 20_001, 45_000):
        office.chain.block = block - 1
        office.chain.happen(agent.escrow, "Revoked", nonce=block)
    office.chain.block = 50_000
    watch = office.watch_escrows()
    counts = [await watch.tick() for _ in range(4)]
    assert counts == [3, 1, 1, 0]
    nonces = [notice.data["field_nonce"] for notice in told(office)]
    assert nonces == ["10", "19999", "20000", "20001", "45000"]


async def test_a_dead_chain_skips_nothing(office: Office, agent: Agent):
    watch = office.watch_escrows()
    await watch.tick()
    office.chain.happen(agent.escrow, "Dropped", by=OWNER)
    office.chain.down = True
    with pytest.raises(UpstreamError):
        await watch.tick()
    office.chain.down = False
    assert await watch.tick() == 1


@pytest.mark.parametrize("method", ["load_from", "load_ours", "save_events"])
async def test_a_process_that_dies_tells_it_once(office: Office, agent: Agent, method: str):
    office.chain.happen(agent.escrow, "Dropped", by=OWNER)
    with pytest.raises(KilledError):
        await office.watch_escrows(events=Kill(method).of(office.ledger)).tick()
    await office.watch_escrows().tick()
    assert names(office) == ["Dropped"]


async def test_a_mandate_somebody_brought_in_is_learned(office: Office, agent: Agent):
    mandate = wide_mandate(office.chain.contracts, nonce=8)
    await office.adopt(agent, mandate, known=False)
    office.chain.happen(agent.escrow, "MandateSet", mandate, nonce=8, mandateHash="0x00")
    await office.watch_escrows().tick()
    [notice] = told(office)
    assert notice.data["name"] == "MandateSet"
    assert notice.data["word"] == hex(office.signatures.word_of(mandate))
    word = office.signatures.word_of(mandate)
    assert await office.records.load_mandate(agent.id, word) == mandate
    state = await office.escrows.read_escrow(agent.escrow)
    assert await office.change_mandate.find(agent, state) == mandate
    assert "find_mandate" not in office.chain.calls


async def test_a_paused_agent_is_watched_and_a_closed_one_not(office: Office, agent: Agent):
    await office.set_state(agent, AgentState.PAUSED)
    office.chain.happen(agent.escrow, "Dropped", by=OWNER)
    assert await office.watch_escrows().tick() == 1
    await office.set_state(agent, AgentState.CLOSED)
    office.chain.happen(agent.escrow, "ExitUsed", by=OWNER)
    assert await office.watch_escrows().tick() == 0


async def test_strangers_escrows_are_nobodys_business(office: Office, agent: Agent):
    office.chain.happen("0x" + "9" * 40, "Dropped", by=OWNER)
    assert await office.watch_escrows().tick() == 0
    assert office.ledger.happened == {}


# ---------------------------------------------------------------- the whole deployment


async def begun(office: Office, *admins: int) -> WatchEscrows:
    """A watcher that has looked once already."""
    watch = replace(office.watch_escrows(), admin_ids=frozenset(admins or {ADMIN}))
    await watch.tick()
    return watch


async def test_admins_are_told_what_changes_the_deployment(office: Office, agent: Agent):
    watch = await begun(office, ADMIN, 100)
    event = office.chain.happen(ORCHESTRATOR, "GuardianSet", guardian=STRANGER)
    assert await watch.tick() == 2
    notices = {n.chat_id: n for n in told(office, "deployment_event")}
    assert set(notices) == {ADMIN, 100}
    assert notices[ADMIN].data["name"] == "GuardianSet"
    assert notices[ADMIN].data["field_guardian"] == STRANGER
    assert notices[ADMIN].key == f"event:{event.tx_hash}:0:{ADMIN}"
    assert told(office) == []
    await watch.tick()
    assert len(told(office, "deployment_event")) == 2


@pytest.mark.parametrize("name", ["Paused", "Unpaused"])
async def test_a_pause_of_the_chain_is_told_to_everybody_once(
    office: Office, agent: Agent, name: str
):
    await office.agent("Second of Ann's")
    await office.agent("Beta", BO)
    watch = await begun(office, ADMIN, int(BO))
    office.chain.happen(ORCHESTRATOR, name, by=STRANGER)
    assert await watch.tick() == 3
    assert [n.chat_id for n in told(office, "deployment_event")] == [ANN, BO, ADMIN]


async def test_how_the_deployment_set_itself_up_is_no_news(office: Office, agent: Agent):
    for name in ("ServerSet", "Sealed", "Paused"):
        office.chain.happen(ORCHESTRATOR, name, by=STRANGER)
    assert await office.watch_escrows().tick() == 0
    assert office.notices() == []


async def test_registrations_are_no_news(office: Office, agent: Agent):
    watch = await begun(office)
    for name in ("EscrowDeployed", "ActorRegistered"):
        office.chain.happen(ORCHESTRATOR, name, owner=OWNER)
    assert await watch.tick() == 0


async def test_a_pause_ordered_here_is_news_to_owners_not_to_admins(office: Office, agent: Agent):
    watch = await begun(office)
    await office.change_mandate.pause_chain(await office.origin())
    await office.settle()
    assert await watch.tick() == 1
    assert [n.chat_id for n in told(office, "deployment_event")] == [ANN]
    assert names(office, "deployment_event") == ["Paused"]


async def test_without_any_agent_admins_are_told_all_the_same(office: Office):
    watch = await begun(office)
    office.chain.happen(ORCHESTRATOR, "GuardianSet", guardian=STRANGER)
    assert await watch.tick() == 1
    assert names(office, "deployment_event") == ["GuardianSet"]
