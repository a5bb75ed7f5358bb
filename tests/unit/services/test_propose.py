"""From a request to an offer: what is quoted, what is refused and with which figures."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from typing_extensions import override

from bot.domain.errors import UpstreamError, UserError
from bot.domain.money import NATIVE, Amount, Bps, Token
from bot.domain.people import Agent, AgentState
from bot.domain.trade import Denied, DeniedReason, IntentState, Quote, Side, TradeRequest
from bot.policy.amounts import Dollars, Share, Units
from bot.services.refusals import DeniedError
from bot.services.switches import pause_trading
from tests.fakes.chain import GAS_PRICE, FakeVenue
from tests.unit.services.office import (
    ANN,
    BO,
    CHAT,
    ISEI,
    PRICES,
    SEI,
    USDC,
    Office,
    fair_rate,
)


@pytest.fixture
async def agent(office: Office) -> Agent:
    return await office.agent(USDC="300", SEI="1000")


class DownVenue:
    """A venue whose pools cannot be read."""

    name = "Down"

    async def read_quotes(self, sell: Amount, buy: Token, via: Sequence[Token]) -> Sequence[Quote]:
        raise UpstreamError("chain", "no answer", retryable=True)


class BrokenVenue(DownVenue):
    """A venue with a bug."""

    name = "Broken"

    @override
    async def read_quotes(self, sell: Amount, buy: Token, via: Sequence[Token]) -> Sequence[Quote]:
        raise ZeroDivisionError


async def denied(office: Office, request: TradeRequest, **settings: object) -> DeniedError:
    origin = await office.origin()
    user = replace(origin.user, **settings)  # type: ignore[arg-type]
    with pytest.raises(DeniedError) as caught:
        await office.propose.propose(request, replace(origin, user=user))
    assert office.ledger.intents == {}
    return caught.value


async def test_a_purchase_is_journalled_as_it_is_shown(office: Office, agent: Agent):
    origin = await office.origin(decision_id=5)
    proposal = await office.propose.propose(office.request(agent), origin)
    intent, order = proposal.intent, proposal.intent.order
    assert office.ledger.intents == {intent.id: intent}
    assert (intent.state, intent.user_id, intent.chat_id) == (IntentState.PROPOSED, ANN, CHAT)
    assert (intent.account, intent.decision_id) == (agent.actor, 5)
    assert (intent.correlation_id, intent.sequence) == ("c0ffee", 0)
    assert intent.expires_at == office.clock.now() + timedelta(seconds=60)
    assert intent.notional_usd == 10
    assert order.sell == USDC.amount(Decimal(10))
    assert order.expected_buy == SEI.amount(Decimal("39.98"))
    assert order.min_buy == SEI.amount(Decimal("39.5802"))
    assert (order.venue, order.path, order.fee) == ("Cheap", ("USDC", "SEI"), 5)
    assert (order.native_usd, order.buy_price_usd) == (Decimal("0.25"), Decimal("0.25"))
    assert (proposal.token, proposal.sell_price.symbol, proposal.buy_price.symbol) == (
        SEI,
        "USDC",
        "SEI",
    )
    assert proposal.gas_estimate == GAS_PRICE * 350_000
    assert office.chain.signed == {}


async def test_a_sale_returns_to_the_quote_token_by_way_of_sei(office: Office, agent: Agent):
    office.give(agent.escrow, iSEI="100")
    request = office.request(agent, Side.SELL, "isei", "50")
    order = (await office.propose.propose(request, await office.origin())).intent.order
    assert order.path == ("iSEI", "SEI", "USDC")
    assert order.sell == ISEI.amount(Decimal(50))
    assert order.expected_buy is not None
    assert Decimal("14.98") < order.expected_buy.value < 15
    assert order.buy_price_usd == 1


async def test_the_best_quote_over_all_venues_wins(office: Office, agent: Agent):
    office.venues.append(FakeVenue(office.chain, "Free", {("SEI", "USDC"): fair_rate(SEI, USDC)}))
    office.venues[-1] = replace(office.venues[-1], fee=Bps(0))
    proposal = await office.propose.propose(office.request(agent), await office.origin())
    assert proposal.intent.order.venue == "Free"


async def test_a_venue_that_fails_is_left_out(office: Office, agent: Agent):
    office.venues = [DownVenue(), *office.venues]  # type: ignore[list-item]
    proposal = await office.propose.propose(office.request(agent), await office.origin())
    assert proposal.intent.order.venue == "Cheap"


async def test_without_any_venue_it_says_that_the_chain_fails(office: Office, agent: Agent):
    office.venues = [DownVenue(), DownVenue()]  # type: ignore[list-item]
    with pytest.raises(UpstreamError, match="chain"):
        await office.propose.propose(office.request(agent), await office.origin())


async def test_a_bug_in_a_venue_is_not_hidden(office: Office, agent: Agent):
    office.venues = [BrokenVenue(), *office.venues]  # type: ignore[list-item]
    with pytest.raises(ZeroDivisionError):
        await office.propose.propose(office.request(agent), await office.origin())


async def test_a_pair_nobody_trades_is_said_so(office: Office, agent: Agent):
    office.venues = office.venues[1:]
    with pytest.raises(UserError, match="No exchange offers WBTC for USDC"):
        await office.propose.propose(office.request(agent, symbol="WBTC"), await office.origin())


@pytest.mark.parametrize("edge", ["chain", "market"])
async def test_nothing_is_offered_on_a_dead_edge(office: Office, agent: Agent, edge: str):
    if edge == "chain":
        office.chain.down = True
    else:
        office.market.fail()
    with pytest.raises(UpstreamError, match=edge):
        await office.propose.propose(office.request(agent), await office.origin())
    assert office.ledger.intents == {}


async def test_an_unpriced_token_is_not_traded(office: Office, agent: Agent):
    office.market.forget_price("SEI")
    with pytest.raises(UpstreamError, match="no price for SEI"):
        await office.propose.propose(office.request(agent), await office.origin())


@pytest.mark.parametrize(
    ("symbol", "amount", "says"),
    [
        ("DOGE", "10", "I do not trade DOGE. I trade SEI, USDC, WBTC, iSEI"),
        ("USDC", "10", "USDC is what trades are paid in"),
        ("SEI", "0.0000001", "comes to no USDC"),
        ("SEI", "0", "comes to no USDC"),
    ],
)
async def test_a_request_that_makes_no_sense(
    office: Office, agent: Agent, symbol: str, amount: str, says: str
):
    with pytest.raises(UserError, match=says):
        await office.propose.propose(
            office.request(agent, symbol=symbol, amount=amount), await office.origin()
        )


async def test_somebody_elses_agent_is_nobodys_agent(office: Office, agent: Agent):
    await office.agent("Beta", BO)
    with pytest.raises(UserError, match="not yours"):
        await office.propose.propose(office.request(agent), await office.origin(BO))


async def test_an_agent_that_is_still_opening_cannot_trade(office: Office):
    opening = await office.records.create_agent(ANN, "New", "", "0x" + "b" * 40)
    with pytest.raises(UserError, match="still being opened"):
        await office.propose.propose(office.request(opening), await office.origin())


async def test_paused_trading(office: Office, agent: Agent):
    await pause_trading(office.records, paused=True)
    assert (await denied(office, office.request(agent))).denied == Denied(
        DeniedReason.TRADING_PAUSED
    )


async def test_a_paused_agent(office: Office, agent: Agent):
    await office.set_state(agent, AgentState.PAUSED)
    error = await denied(office, office.request(agent))
    assert error.denied == Denied(DeniedReason.AGENT_NOT_ACTIVE)


async def test_more_than_is_held(office: Office, agent: Agent):
    error = await denied(office, office.request(agent, amount="300.01"))
    assert error.symbol == "USDC"
    assert error.denied == Denied(DeniedReason.BALANCE, Decimal(300), Decimal("300.01"))


async def test_the_gas_reserve_is_not_for_sale(office: Office, agent: Agent):
    error = await denied(office, office.request(agent, Side.SELL, amount="999.5"))
    assert error.denied == Denied(DeniedReason.BALANCE, Decimal(999), Decimal("999.5"))


async def test_an_escrow_with_less_than_the_reserve_sells_no_sei(office: Office):
    poor = await office.agent("Poor", SEI="0.4")
    error = await denied(office, office.request(poor, Side.SELL, amount="0.1"))
    assert error.denied == Denied(DeniedReason.BALANCE, Decimal(0), Decimal("0.1"))


async def test_dust(office: Office, agent: Agent):
    error = await denied(office, office.request(agent, amount="0.49"))
    assert error.denied == Denied(DeniedReason.DUST, Decimal("0.5"), Decimal("0.49"))
    origin = await office.origin()
    await office.propose.propose(office.request(agent, amount="0.5"), origin)


@pytest.mark.parametrize(("own", "cap"), [("50", "50"), ("20", "20"), ("1000", "50")])
async def test_the_trade_cap_is_the_lower_one(office: Office, agent: Agent, own: str, cap: str):
    request = office.request(agent, amount=f"{cap}.01")
    error = await denied(office, request, trade_cap_usd=Decimal(own))
    assert error.denied == Denied(DeniedReason.TRADE_CAP, Decimal(cap), Decimal(f"{cap}.01"))


async def test_exactly_the_cap_is_within_it(office: Office, agent: Agent):
    request = office.request(agent, amount="50")
    assert (await office.propose.propose(request, await office.origin())).intent.notional_usd == 50


@pytest.mark.parametrize(
    ("own", "cap", "left"), [("200", 200, 20), ("185", 185, 5), ("9999", 200, 20)]
)
async def test_the_day_cap_counts_what_was_confirmed(
    office: Office, agent: Agent, own: str, cap: int, left: int
):
    for usd in ("50", "50", "50", "30"):
        await office.confirmed(agent, usd)
    taken = set(office.ledger.intents)
    origin = await office.origin()
    user = replace(origin.user, day_cap_usd=Decimal(own))
    request = office.request(agent, amount=f"{left}.01")
    with pytest.raises(DeniedError) as caught:
        await office.propose.propose(request, replace(origin, user=user))
    assert caught.value.denied == Denied(DeniedReason.DAY_CAP, Decimal(cap), Decimal(left))
    assert set(office.ledger.intents) == taken
    await office.propose.propose(
        office.request(agent, amount=str(left)), replace(origin, user=user)
    )


async def test_the_day_cap_is_each_agents_own(office: Office, agent: Agent):
    other = await office.agent("Beta", USDC="100")
    for _ in range(4):
        await office.confirmed(agent, "50")
    await office.confirmed(other, "50")


@pytest.mark.parametrize("symbol", ["SEI", "USDC"])
async def test_a_stale_price_of_either_token(office: Office, agent: Agent, symbol: str):
    office.market.set_price(symbol, PRICES[symbol], age_s=301)
    error = await denied(office, office.request(agent))
    assert error.denied == Denied(DeniedReason.STALE_PRICE, Decimal(300), Decimal(301))
    office.market.set_price(symbol, PRICES[symbol], age_s=300)
    await office.propose.propose(office.request(agent), await office.origin())


async def test_a_price_from_the_future_is_no_price(office: Office, agent: Agent):
    office.market.set_price("SEI", PRICES["SEI"], age_s=-61)
    assert (await denied(office, office.request(agent))).denied.reason is DeniedReason.STALE_PRICE


async def test_too_much_price_impact(office: Office, agent: Agent):
    office.venues = [replace(office.venues[0], price_impact=Bps(301))]
    error = await denied(office, office.request(agent))
    assert error.denied == Denied(DeniedReason.PRICE_IMPACT, Decimal(300), Decimal(301))
    office.venues = [replace(office.venues[0], price_impact=Bps(300))]
    await office.propose.propose(office.request(agent), await office.origin())


async def test_a_pool_off_the_market_is_unfair(office: Office, agent: Agent):
    office.market.set_price("SEI", "0.24")
    error = await denied(office, office.request(agent))
    assert error.denied.reason is DeniedReason.UNFAIR_QUOTE
    assert error.denied.limit == 300
    assert round(error.denied.actual) == 405


@pytest.mark.parametrize(
    ("side", "wish", "amount"),
    [
        (Side.BUY, Units(Decimal("12.5")), "12.5"),
        (Side.BUY, Dollars(Decimal(25)), "25"),
        (Side.BUY, Share(Decimal("0.5")), "150"),
        (Side.BUY, Share(Decimal(1)), "300"),
        (Side.SELL, Units(Decimal(40)), "40"),
        (Side.SELL, Dollars(Decimal(25)), "100"),
        (Side.SELL, Share(Decimal("0.5")), "499.5"),
        (Side.SELL, Share(Decimal(1)), "999"),
    ],
)
async def test_wishes_are_measured_in_what_is_given_away(
    office: Office, agent: Agent, side: Side, wish: Units | Dollars | Share, amount: str
):
    request = await office.propose.size(agent, "sei", side, wish)
    assert request == TradeRequest(agent_id=agent.id, symbol="SEI", amount=amount, side=side)


async def test_all_of_another_token_is_all_of_it(office: Office, agent: Agent):
    office.give(agent.escrow, WBTC="0.00012345")
    request = await office.propose.size(agent, "WBTC", Side.SELL, Share(Decimal(1)))
    assert request.amount == "0.00012345"


@pytest.mark.parametrize(
    ("symbol", "side", "says"),
    [
        ("WBTC", Side.SELL, "comes to no WBTC"),
        ("NOPE", Side.BUY, "I do not trade NOPE"),
    ],
)
async def test_a_wish_that_comes_to_nothing(
    office: Office, agent: Agent, symbol: str, side: Side, says: str
):
    with pytest.raises(UserError, match=says):
        await office.propose.size(agent, symbol, side, Share(Decimal(1)))


async def test_wishes_need_an_answer_of_the_chain(office: Office, agent: Agent):
    office.chain.down = True
    with pytest.raises(UpstreamError):
        await office.propose.size(agent, "SEI", Side.SELL, Share(Decimal(1)))


async def test_native_and_wrapped_sei_are_one(office: Office, agent: Agent):
    office.chain.balances[agent.escrow, SEI.address] = 50 * 10**18
    assert office.chain.balances[agent.escrow, NATIVE] == 1000 * 10**18
    request = await office.propose.size(agent, "SEI", Side.SELL, Share(Decimal(1)))
    assert request.amount == "1049"
