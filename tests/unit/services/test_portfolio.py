"""What an agent holds and what its trades made of it, by average cost."""

from decimal import Decimal

import pytest

from bot.domain.errors import UpstreamError
from bot.domain.people import Agent
from bot.domain.trade import IntentState, Side
from bot.services.portfolio import Holding, Portfolio
from tests.fakes.chain import GAS, GAS_PRICE
from tests.unit.services.office import SEI, Office

GAS_USD = Decimal(GAS * GAS_PRICE).scaleb(-18) * Decimal("0.25")


@pytest.fixture
async def agent(office: Office) -> Agent:
    return await office.agent(USDC="60", SEI="100", iSEI="50")


def by_symbol(portfolio: Portfolio) -> dict[str, Holding]:
    return {holding.amount.token.symbol: holding for holding in portfolio.holdings}


async def trade(office: Office, agent: Agent, side: Side, amount: str) -> None:
    origin = await office.origin()
    request = office.request(agent, side, amount=amount)
    proposal = await office.propose.propose(request, origin)
    intent = await office.confirm.confirm(proposal.intent.id, origin.user)
    assert (await office.run(intent)).state is IntentState.SETTLED


async def test_balances_with_value_and_share_dearest_first(office: Office, agent: Agent):
    office.market.set_price("iSEI", "0.3", age_s=90)
    portfolio = await office.portfolio.view(agent)
    assert [
        (h.amount.token.symbol, h.amount.value, h.value_usd, h.share) for h in portfolio.holdings
    ] == [
        ("USDC", Decimal(60), Decimal(60), Decimal("0.6")),
        ("SEI", Decimal(100), Decimal(25), Decimal("0.25")),
        ("iSEI", Decimal(50), Decimal(15), Decimal("0.15")),
    ]
    assert portfolio.total_usd == 100
    assert portfolio.realised_usd == portfolio.unrealised_usd == 0
    assert portfolio.prices_as_of is not None
    assert (office.clock.now() - portfolio.prices_as_of).total_seconds() == 90
    assert portfolio.advice is None
    assert portfolio.agent == agent


async def test_balances_cost_one_read_of_the_chain(office: Office, agent: Agent):
    office.chain.calls.clear()
    await office.portfolio.view(agent)
    assert office.chain.calls == ["read_balances"]


async def test_without_prices_there_are_balances_and_no_values(office: Office, agent: Agent):
    office.market.fail()
    portfolio = await office.portfolio.view(agent)
    assert {h.amount.token.symbol: h.amount.value for h in portfolio.holdings} == {
        "SEI": 100,
        "USDC": 60,
        "iSEI": 50,
    }
    assert {(h.price, h.value_usd, h.share) for h in portfolio.holdings} == {(None, None, None)}
    assert portfolio.total_usd == 0
    assert (portfolio.prices_as_of, portfolio.advice) == (None, None)


async def test_one_unknown_price_leaves_the_others(office: Office, agent: Agent):
    office.market.forget_price("iSEI")
    portfolio = await office.portfolio.view(agent)
    holdings = by_symbol(portfolio)
    assert portfolio.total_usd == 85
    assert (holdings["iSEI"].value_usd, holdings["iSEI"].share) == (None, None)
    assert round(holdings["SEI"].share or 0, 9) == round(Decimal(25) / 85, 9)


async def test_without_the_chain_there_are_no_zeros(office: Office, agent: Agent):
    office.chain.down = True
    with pytest.raises(UpstreamError, match="chain"):
        await office.portfolio.view(agent)


async def test_an_empty_agent(office: Office):
    portfolio = await office.portfolio.view(await office.agent())
    assert portfolio.holdings == ()
    assert portfolio.total_usd == 0
    assert portfolio.advice is None
    assert portfolio.prices_as_of is None


async def test_profit_and_loss_by_average_cost(office: Office):
    """20 USDC buy 79.96 SEI at $0.25, 20 more 39.98 at $0.5; 40 are sold at $1."""
    agent = await office.agent(USDC="40", SEI="10")
    del office.venues[1]
    await trade(office, agent, Side.BUY, "20")
    office.market.set_price("SEI", "0.5")
    office.venues[0].rates["SEI", "USDC"] *= 2  # type: ignore[index]
    office.clock.jump(1)
    await trade(office, agent, Side.BUY, "20")
    office.venues[0].rates["SEI", "USDC"] *= 2  # type: ignore[index]
    office.market.set_price("SEI", "1")
    office.clock.jump(1)
    await trade(office, agent, Side.SELL, "40")

    portfolio = await office.portfolio.view(agent)

    bought = Decimal("79.96") + Decimal("39.98")
    average = 40 / bought
    sei = by_symbol(portfolio)["SEI"]
    assert sei.position is not None
    assert sei.position.quantity == bought - 40
    assert round(sei.position.average_usd or 0, 12) == round(average, 12)
    gas = GAS_USD * (1 + 2 + 4)
    assert round(portfolio.realised_usd, 9) == round(40 * (Decimal("0.9995") - average) - gas, 9)
    assert round(portfolio.unrealised_usd, 9) == round((bought - 40) * (1 - average), 9)
    assert sei.amount.value == bought - 40 + 10


async def test_a_token_sold_out_stays_with_its_result(office: Office):
    agent = await office.agent(USDC="20", SEI="10")
    await trade(office, agent, Side.BUY, "20")
    await trade(office, agent, Side.SELL, "79.96")
    office.chain._take(agent.escrow, SEI.amount(Decimal(10)))
    portfolio = await office.portfolio.view(agent)
    sei = by_symbol(portfolio)["SEI"]
    assert sei.amount.raw == 0
    assert sei.unrealised_usd == 0
    assert portfolio.realised_usd < 0
    assert by_symbol(portfolio)["USDC"].amount.value < 20


async def test_what_was_deposited_has_no_result(office: Office):
    agent = await office.agent(SEI="100")
    await trade(office, agent, Side.SELL, "40")
    portfolio = await office.portfolio.view(agent)
    assert portfolio.realised_usd == -GAS_USD
    assert portfolio.unrealised_usd == 0


async def test_a_position_without_a_price_has_no_gain(office: Office):
    agent = await office.agent(USDC="20", SEI="10")
    await trade(office, agent, Side.BUY, "20")
    office.market.fail()
    portfolio = await office.portfolio.view(agent)
    assert by_symbol(portfolio)["SEI"].unrealised_usd is None
    assert portfolio.unrealised_usd == 0


@pytest.mark.parametrize(("sei", "usdc", "warns"), [("260", "40", "62%"), ("240", "40", "")])
async def test_one_volatile_token_too_much_is_said(office: Office, sei: str, usdc: str, warns: str):
    """Above 60 %."""
    portfolio = await office.portfolio.view(await office.agent(SEI=sei, USDC=usdc))
    assert (portfolio.advice or "").startswith(f"{warns} of this agent is in SEI" if warns else "")
    assert bool(portfolio.advice) is bool(warns)


async def test_the_quote_token_is_no_concentration(office: Office):
    assert (await office.portfolio.view(await office.agent(USDC="100"))).advice is None
