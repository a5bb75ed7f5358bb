"""Money leaves to the owner only, whatever is paused."""

from decimal import Decimal

import pytest

from bot.domain.errors import UpstreamError, UserError
from bot.domain.people import Agent
from bot.domain.trade import IntentKind, IntentState
from bot.policy.amounts import Dollars, Share, Units, Wish
from tests.fakes.chain import SERVER
from tests.unit.services.office import CHAT, SEI, USDC, Office


@pytest.fixture
async def agent(office: Office) -> Agent:
    return await office.agent(USDC="100", SEI="10", iSEI="0.000001")


@pytest.mark.parametrize(
    ("wish", "sei"),
    [
        (Units(Decimal("2.5")), "2.5"),
        (Dollars(Decimal(1)), "4"),
        (Share(Decimal("0.5")), "5"),
        (Share(Decimal(1)), "10"),
        (Units(Decimal(10)), "10"),
    ],
)
async def test_any_part_and_all_of_it(office: Office, agent: Agent, wish: Wish, sei: str):
    [intent] = await office.withdraw.propose(agent, "sei", wish, await office.origin())
    assert (intent.kind, intent.state) == (IntentKind.WITHDRAW, IntentState.PROPOSED)
    assert intent.order.sell == SEI.amount(Decimal(sei))
    assert (intent.account, intent.chat_id, intent.side) == (SERVER, CHAT, None)
    assert (intent.expires_at - intent.created_at).total_seconds() == 600
    assert office.ledger.intents == {intent.id: intent}

    await office.confirm.confirm(intent.id, await office.user())
    assert (await office.run(intent)).state is IntentState.SETTLED
    assert office.chain.held(agent.owner, SEI) == intent.order.sell.raw
    assert office.held(agent, SEI) == 10 - Decimal(sei)


@pytest.mark.parametrize(
    ("symbol", "wish", "says"),
    [
        ("DOGE", Units(Decimal(1)), "I do not know DOGE. I hold SEI, USDC, WBTC, iSEI"),
        ("WBTC", Share(Decimal(1)), "Alpha holds no WBTC"),
        ("SEI", Units(Decimal("10.1")), "holds 10.* SEI, less than that. Nothing was moved"),
        ("SEI", Dollars(Decimal("2.51")), "less than that"),
        ("USDC", Units(Decimal("0.0000001")), "comes to no USDC"),
        ("iSEI", Share(Decimal("0.5")), "comes to no iSEI"),
    ],
)
async def test_what_cannot_be_withdrawn(
    office: Office, agent: Agent, symbol: str, wish: Wish, says: str
):
    with pytest.raises(UserError, match=says):
        await office.withdraw.propose(agent, symbol, wish, await office.origin())
    assert office.ledger.intents == {}


async def test_everything_is_one_question_over_several_intents(office: Office, agent: Agent):
    intents = await office.withdraw.propose_all(agent, await office.origin())
    assert [i.order.sell.token.symbol for i in intents] == ["SEI", "USDC", "iSEI"]
    batch = intents[0].id.rpartition(".")[0]
    assert await office.withdraw.load_batch(batch) == intents
    assert await office.withdraw.load_batch("forged") == []
    user = await office.user()
    for intent in intents:
        await office.run(await office.confirm.confirm(intent.id, user))
    assert office.held(agent, SEI) == office.held(agent, USDC) == 0
    assert len(office.notices("outcome")) == 3
    with pytest.raises(UserError, match="holds nothing to withdraw"):
        await office.withdraw.propose_all(agent, await office.origin())


async def test_units_need_no_market_and_dollars_do(office: Office, agent: Agent):
    office.market.fail()
    origin = await office.origin()
    assert await office.withdraw.propose(agent, "SEI", Units(Decimal(1)), origin)
    assert await office.withdraw.propose(agent, "SEI", Share(Decimal(1)), origin)
    with pytest.raises(UpstreamError, match="market"):
        await office.withdraw.propose(agent, "SEI", Dollars(Decimal(1)), origin)
    office.market.heal()
    office.market.forget_price("SEI")
    with pytest.raises(UserError, match=r"no price for SEI now\. Write units instead"):
        await office.withdraw.propose(agent, "SEI", Dollars(Decimal(1)), origin)


async def test_without_the_chain_nothing_is_said_to_be_empty(office: Office, agent: Agent):
    office.chain.down = True
    origin = await office.origin()
    with pytest.raises(UpstreamError, match="chain"):
        await office.withdraw.propose(agent, "SEI", Share(Decimal(1)), origin)
    with pytest.raises(UpstreamError, match="chain"):
        await office.withdraw.propose_all(agent, origin)


async def test_a_withdrawal_expires_after_ten_minutes(office: Office, agent: Agent):
    [intent] = await office.withdraw.propose(agent, "SEI", Share(Decimal(1)), await office.origin())
    office.clock.jump(600)
    with pytest.raises(UserError, match="expired"):
        await office.confirm.confirm(intent.id, await office.user())
