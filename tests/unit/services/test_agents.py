"""Agents: their names, opening, which is current, closing."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UpstreamError, UserError
from bot.domain.money import NATIVE, Amount
from bot.domain.people import Agent, AgentId, AgentState
from bot.domain.trade import DeniedReason, IntentId, IntentKind, IntentState
from bot.policy.exit_codes import exit_hash_of, new_exit_code
from bot.ports.chain import ChainRefusedError
from bot.services.manage_agents import current_agent, open_agent_of, own_agent
from bot.services.open_agent import OpenAgent, parse_instructions, parse_name
from bot.services.refusals import DeniedError
from tests.fakes.chain import SERVER
from tests.unit.services.faults import Faulty, Kill, KilledError
from tests.unit.services.office import ANN, BO, CHAT, ISEI, SEI, USDC, WBTC, Office

HOME = "0x" + "b" * 40


async def opened(office: Office, name: str = "Gamma") -> Agent:
    agent = await office.open_agent.open(await office.origin(), name, "be careful", HOME)
    await office.settle()
    return office.agent_now(agent)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Alpha", "Alpha"),
        ("  Ann's   2nd-best v1.0 ", "Ann's 2nd-best v1.0"),
        ("Žofie Иван 東京", "Žofie Иван 東京"),
        ("\uff26\uff35\uff2c\uff2c", "FULL"),
        ("x" * 32, "x" * 32),
        ("7", "7"),
    ],
)
def test_names_that_are_fine(text: str, name: str):
    assert parse_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        *["", "   ", "\n", "-", ".x", "'"],
        *["a\nb", "a\tb", "a\x00b", "a\x1b[31mb", "a\u202eb", "a\u200bb", "a\u2028b", "\u3164"],
        *["<b>x</b>", "a&b", 'a"b', "a/b", "a:b", "@ann", "\U0001f680", "a\u0300\u0301"],
        *["x" * 33, "x" * 5_000, "\ufdfa\ufdfa"],
    ],
)
def test_names_that_are_not(text: str):
    with pytest.raises(UserError, match="name"):
        parse_name(text)


@given(st.text(max_size=40))
def test_a_name_that_passes_is_one_printable_line_and_stays_itself(text: str):
    try:
        name = parse_name(text)
    except UserError:
        return
    assert 0 < len(name) <= 32
    assert name.isprintable()
    assert not set(name) & set('<>&"/:@\n')
    assert parse_name(name) == name


@pytest.mark.parametrize(
    ("text", "kept"),
    [("", ""), (" a\tb\nc ", "a b\nc"), ("y" * 1_000, "y" * 1_000), ("👩\u200d🚀", "👩\u200d🚀")],
)
def test_instructions_in_a_persons_own_words(text: str, kept: str):
    assert parse_instructions(text) == kept


@pytest.mark.parametrize("text", ["y" * 1_001, "a\x00b", "a\x1bb", "a\u202eb", "a\rb"])
def test_instructions_that_are_refused(text: str):
    with pytest.raises(UserError):
        parse_instructions(text)


async def test_an_agent_opens_with_escrow_and_first_gas(office: Office):
    agent = await opened(office)
    assert agent.state is AgentState.ACTIVE
    assert agent.escrow == office.chain.escrows[agent.actor]
    assert (agent.owner, agent.instructions, agent.seed_version) == (HOME, "be careful", 1)
    assert office.chain.balances[agent.actor, NATIVE] == 25 * 10**16
    intent = office.ledger.intents[IntentId(f"open.{agent.id}")]
    assert (intent.kind, intent.account) == (IntentKind.OPEN_AGENT, SERVER)
    assert [n.data["intent"] for n in office.notices("outcome")] == [intent.id]
    assert await office.records.load_current(CHAT) == agent.id


async def test_an_opening_waits_for_the_chain_however_long(office: Office):
    office.chain.down = True
    agent = await office.open_agent.open(await office.origin(), "Gamma", "", HOME)
    await office.clock.advance(7_200)
    office.chain.down = False
    await office.settle()
    assert office.agent_now(agent).state is AgentState.ACTIVE


async def test_names_are_unique_a_person_while_they_last(office: Office):
    agent = await opened(office)
    with pytest.raises(UserError, match="called gAMMA already"):
        await office.open_agent.open(await office.origin(), "gAMMA", "", HOME)
    await office.open_agent.open(await office.origin(BO), "Gamma", "", HOME)
    await office.set_state(agent, AgentState.CLOSED)
    await opened(office)


async def test_ten_agents_a_person(office: Office):
    agents = [await office.agent(f"A{n}") for n in range(10)]
    with pytest.raises(UserError, match="10 agents, the most"):
        await office.open_agent.open(await office.origin(), "One more", "", HOME)
    assert len(office.records.agents) == 10
    await office.set_state(agents[3], AgentState.CLOSED)
    await opened(office, "One more")


async def test_registering_twice_runs_once(office: Office):
    agent = await office.open_agent.open(await office.origin(), "Gamma", "", HOME)
    await office.open_agent.register(agent, CHAT, "again")
    await office.settle()
    await office.open_agent.register(agent, CHAT, "again")
    await office.settle()
    assert len(office.chain.sent) == 1


@pytest.mark.parametrize("method", ["create_agent", "save_current", "save_actor"])
async def test_an_opening_cut_short_is_finished_after_a_restart(office: Office, method: str):
    agents = Kill(method).of(office.records)
    service = replace(office.open_agent, agents=agents)
    with pytest.raises(KilledError):
        await service.open(await office.origin(), "Gamma", "", HOME)
    assert office.ledger.intents == {}

    assert await office.open_agent.recover() == 1
    await office.settle()

    [agent] = office.records.agents.values()
    assert agent.state is AgentState.ACTIVE
    assert [n.chat_id for n in office.notices("outcome")] == [ANN]
    assert await office.open_agent.recover() == 0


async def test_a_failed_opening_is_closed_after_a_restart(office: Office):
    """Killed between writing the intent's end and closing the agent."""
    agent = await office.open_agent.open(await office.origin(), "Gamma", "", HOME)
    await office.execute.stop()
    office.chain.refusal = ChainRefusedError("OwnerZero")
    agents = Kill("never").of(office.records)
    journal = Kill("advance").of(office.ledger)
    office.execute = office.new_execute(journal=journal, agents=agents)
    await office.execute.recover()
    await office.clock.advance(1)
    assert office.agent_now(agent).state is AgentState.OPENING
    await office.execute.stop()

    assert await office.open_agent.recover() == 0
    assert office.agent_now(agent).state is AgentState.CLOSED


async def test_an_opening_that_ends_during_recovery_is_not_closed(office: Office):
    """The list of openings is older than the intent: it settled in between."""
    agent = await office.open_agent.open(await office.origin(), "Gamma", "", HOME)

    class Late(Faulty):
        async def load_opening(self) -> list[Agent]:
            found = list(await office.records.load_opening())
            await office.settle()
            return found

    service: OpenAgent = replace(
        office.open_agent,
        agents=Late(office.records),
    )
    assert await service.recover() == 0
    assert office.agent_now(agent).state is AgentState.ACTIVE


async def test_an_opening_under_way_is_left_to_its_intent(office: Office):
    agent = await office.open_agent.open(await office.origin(), "Gamma", "", HOME)
    office.chain.down = True
    assert await office.open_agent.recover() == 0
    assert office.agent_now(agent).state is AgentState.OPENING
    office.chain.down = False
    await office.settle()


async def test_whose_agent_it_is(office: Office):
    agent, ann, bo = await office.agent(), await office.user(), await office.user(BO)
    assert await own_agent(office.records, agent.id, ann) == agent
    with pytest.raises(UserError, match="not yours or was deleted"):
        await own_agent(office.records, agent.id, bo)
    await office.set_state(agent, AgentState.CLOSED)
    with pytest.raises(UserError, match="not yours or was deleted"):
        await open_agent_of(office.records, agent.id, ann)


async def test_which_agent_a_chat_looks_at(office: Office):
    user = await office.user()
    assert await current_agent(office.records, CHAT, user) is None
    first, second = await office.agent("One"), await office.agent("Two")
    assert await current_agent(office.records, CHAT, user) == first
    await office.records.save_current(CHAT, AgentId(second.id))
    assert await current_agent(office.records, CHAT, user) == second
    assert await current_agent(office.records, CHAT + 1, user) == first
    await office.set_state(second, AgentState.CLOSED)
    assert await current_agent(office.records, CHAT, user) == first
    foreign = await office.agent("Three", BO)
    await office.records.save_current(CHAT, AgentId(foreign.id))
    assert await current_agent(office.records, CHAT, user) == first


async def test_an_agent_is_closed_over_dust_only(office: Office):
    """A cent is worth withdrawing, less is dust."""
    agent = await office.agent(USDC="0.009999", SEI="0.0399", WBTC="0.00000016")
    assert not (await office.close_agent.close(agent)).left
    assert office.agent_now(agent).state is AgentState.CLOSED


@pytest.mark.parametrize(
    "left",
    [
        USDC.amount(Decimal("0.01")),
        SEI.amount(Decimal("0.04")),
        WBTC.amount(Decimal("0.00000017")),
        ISEI.amount(Decimal(5)),
    ],
    ids=str,
)
async def test_what_must_be_withdrawn_first(office: Office, left: Amount):
    agent = await office.agent()
    office.chain.deposit(agent.escrow, left)
    assert (await office.close_agent.close(agent)).left == [left]
    assert office.agent_now(agent).state is AgentState.ACTIVE


async def test_a_token_without_a_price_is_not_dust(office: Office):
    agent = await office.agent(iSEI="0.000001")
    office.market.forget_price("iSEI")
    assert (await office.close_agent.close(agent)).left == [Amount(ISEI, 1)]


@pytest.mark.parametrize("edge", ["chain", "market"])
async def test_nothing_is_closed_in_the_dark(office: Office, edge: str):
    agent = await office.agent(USDC="10")
    if edge == "chain":
        office.chain.down = True
    else:
        office.market.fail()
    with pytest.raises(UpstreamError):
        await office.close_agent.close(agent)
    assert office.agent_now(agent).state is AgentState.ACTIVE


async def test_several_openings_at_once_each_get_their_own(office: Office):
    origin = await office.origin()
    agents = await asyncio.gather(
        *(office.open_agent.open(origin, f"G{n}", "", HOME) for n in range(3))
    )
    await office.settle()
    now = [office.agent_now(agent) for agent in agents]
    assert len({a.escrow for a in now}) == len({a.actor for a in now}) == 3
    nonces = [i.signed.nonce for i in office.ledger.intents.values() if i.signed]
    assert sorted(nonces) == [0, 1, 2]
    assert all(i.state is IntentState.SETTLED for i in office.ledger.intents.values())


# ---------------------------------------------------------------- exit codes


async def test_an_agent_with_an_exit_code_trades_from_the_start(office: Office):
    exit_hash = exit_hash_of(new_exit_code())
    agent = await office.open_agent.open(await office.origin(), "Gamma", "", HOME, exit_hash)
    await office.settle()
    opened_one = office.agent_now(agent)
    assert opened_one.exit_hash == exit_hash
    assert office.book(opened_one).exit_hash == exit_hash
    office.give(opened_one.escrow, USDC="100")
    intent = await office.confirmed(opened_one)
    assert (await office.run(intent)).state is IntentState.SETTLED


async def test_without_one_it_trades_nothing_before_its_owner_signs(office: Office):
    agent = await opened(office)
    office.give(agent.escrow, USDC="100")
    assert (agent.exit_hash, office.book(agent).exit_hash) == ("", "")
    with pytest.raises(DeniedError) as caught:
        await office.confirmed(agent)
    assert caught.value.denied.reason is DeniedReason.NO_MANDATE


async def test_an_exit_code_survives_an_opening_cut_short(office: Office):
    """The hash is part of the escrow's address: what was shown must be what is registered."""
    exit_hash = exit_hash_of(new_exit_code())
    service = replace(office.open_agent, agents=Kill("create_agent").of(office.records))
    with pytest.raises(KilledError):
        await service.open(await office.origin(), "Gamma", "", HOME, exit_hash)
    assert await office.open_agent.recover() == 1
    await office.settle()
    [agent] = office.records.agents.values()
    assert (agent.exit_hash, office.book(agent).exit_hash) == (exit_hash, exit_hash)


async def test_an_owners_escrows_are_numbered(office: Office):
    agents = [await opened(office, name) for name in ("One", "Two", "Three")]
    assert [agent.index for agent in agents] == [0, 1, 2]
    assert len({agent.escrow for agent in agents}) == 3


def test_exit_codes_are_unguessable():
    codes = {new_exit_code() for _ in range(100)}
    assert len(codes) == 100
    assert {len(code) for code in codes} == {32}


def test_the_hash_of_an_exit_code_is_the_words_own():
    """keccak256 of 32 zero bytes, as anybody can look up."""
    assert exit_hash_of(bytes(32)) == (
        "0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563"
    )
