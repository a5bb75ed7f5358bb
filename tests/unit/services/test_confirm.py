"""The tap that counts: once, by its owner, in time, within limits of now."""

import asyncio
from decimal import Decimal

import pytest

from bot.domain.errors import UpstreamError, UserError
from bot.domain.people import Agent, AgentState
from bot.domain.trade import Denied, DeniedReason, Intent, IntentId, IntentState
from bot.policy.amounts import Units
from bot.ports.chain import ChainRefusedError
from bot.services.refusals import DeniedError
from bot.services.switches import pause_trading
from tests.unit.services.office import BO, PRICES, Office
from tests.unit.services.test_converse import asked


@pytest.fixture
async def agent(office: Office) -> Agent:
    return await office.agent(USDC="300", SEI="1000")


async def offered(
    office: Office, agent: Agent, usd: str = "10", decision_id: int | None = None
) -> Intent:
    origin = await office.origin(decision_id=decision_id)
    return (await office.propose.propose(office.request(agent, amount=usd), origin)).intent


async def test_a_tap_confirms_and_numbers_it(office: Office, agent: Agent):
    first, second = await offered(office, agent), await offered(office, agent)
    user = await office.user()
    confirmed = await office.confirm.confirm(second.id, user)
    assert (confirmed.state, confirmed.sequence) == (IntentState.CONFIRMED, 1)
    assert (await office.confirm.confirm(first.id, user)).sequence == 2
    assert office.chain.signed == {}


async def test_of_many_taps_one_counts(office: Office, agent: Agent):
    intent, user = await offered(office, agent), await office.user()
    taps = await asyncio.gather(
        *(office.confirm.confirm(intent.id, user) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(tap, Intent) for tap in taps) == 1
    assert sum(isinstance(tap, UserError) for tap in taps) == 4


@pytest.mark.parametrize("action", ["confirm", "decline"])
@pytest.mark.parametrize("wrong", ["person", "id"])
async def test_a_foreign_or_forged_button_does_nothing(
    office: Office, agent: Agent, action: str, wrong: str
):
    intent = await offered(office, agent)
    user = await office.user(BO) if wrong == "person" else await office.user()
    intent_id = IntentId("forged") if wrong == "id" else intent.id
    with pytest.raises(UserError, match=r"not yours or no longer exists\. Nothing was moved"):
        await getattr(office.confirm, action)(intent_id, user)
    assert office.now_of(intent) == intent


async def test_declined_is_declined(office: Office, agent: Agent):
    intent, user = await offered(office, agent), await office.user()
    assert (await office.confirm.decline(intent.id, user)).state is IntentState.DECLINED
    with pytest.raises(UserError, match="You turned this one down"):
        await office.confirm.confirm(intent.id, user)
    with pytest.raises(UserError, match="You turned this one down"):
        await office.confirm.decline(intent.id, user)
    assert office.now_of(intent).state is IntentState.DECLINED


async def test_confirmed_cannot_be_declined(office: Office, agent: Agent):
    intent, user = await offered(office, agent), await office.user()
    await office.confirm.confirm(intent.id, user)
    with pytest.raises(UserError, match="under way"):
        await office.confirm.decline(intent.id, user)
    await office.run(intent)
    with pytest.raises(UserError, match="done already"):
        await office.confirm.confirm(intent.id, user)
    assert office.executed(intent) == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [("Refused", "before it was signed"), ("reverted", "only gas was spent"), ("", "never ran")],
)
async def test_a_late_tap_hears_what_became_of_it(
    office: Office, agent: Agent, name: str, says: str
):
    intent = await office.confirmed(agent)
    if name == "Refused":
        await pause_trading(office.records, paused=True)
    elif name:
        office.chain.reverts.append(name)
    else:
        office.chain.send_refusal = ChainRefusedError("NodeRefused")
    await office.run(intent)
    await pause_trading(office.records, paused=False)
    with pytest.raises(UserError, match=says):
        await office.confirm.confirm(intent.id, await office.user())


@pytest.mark.parametrize(("after_s", "state"), [(59, "confirmed"), (60, "expired")])
async def test_an_offer_ends(office: Office, agent: Agent, after_s: int, state: str):
    intent, user = await offered(office, agent), await office.user()
    office.clock.jump(after_s)
    if state == "confirmed":
        await office.confirm.confirm(intent.id, user)
    else:
        with pytest.raises(UserError, match=r"expired\. Nothing was moved"):
            await office.confirm.confirm(intent.id, user)
    assert office.now_of(intent).state.value == state


async def test_an_expired_offer_needs_no_market_to_say_so(office: Office, agent: Agent):
    intent, user = await offered(office, agent), await office.user()
    office.clock.jump(61)
    office.market.fail()
    with pytest.raises(UserError, match="expired"):
        await office.confirm.confirm(intent.id, user)


@pytest.mark.parametrize("symbol", ["SEI", "USDC"])
async def test_a_price_that_has_gone_stale_waits_for_a_fresh_one(
    office: Office, agent: Agent, symbol: str
):
    intent, user = await offered(office, agent), await office.user()
    office.market.set_price(symbol, PRICES[symbol], age_s=400)
    with pytest.raises(DeniedError) as caught:
        await office.confirm.confirm(intent.id, user)
    assert caught.value.denied == Denied(DeniedReason.STALE_PRICE, Decimal(300), Decimal(400))
    assert office.now_of(intent).state is IntentState.PROPOSED
    office.refresh_prices(age_s=300)
    assert (await office.confirm.confirm(intent.id, user)).state is IntentState.CONFIRMED


async def test_a_market_that_does_not_answer_confirms_nothing(office: Office, agent: Agent):
    intent, user = await offered(office, agent), await office.user()
    office.market.fail()
    with pytest.raises(UpstreamError):
        await office.confirm.confirm(intent.id, user)
    assert office.now_of(intent).state is IntentState.PROPOSED


async def test_a_pause_of_trading_or_agent_since_the_offer(office: Office, agent: Agent):
    intent, user = await offered(office, agent), await office.user()
    await pause_trading(office.records, paused=True)
    with pytest.raises(DeniedError) as caught:
        await office.confirm.confirm(intent.id, user)
    assert caught.value.denied.reason is DeniedReason.TRADING_PAUSED
    await pause_trading(office.records, paused=False)
    for state in (AgentState.PAUSED, AgentState.CLOSED):
        await office.set_state(agent, state)
        with pytest.raises(DeniedError) as caught:
            await office.confirm.confirm(intent.id, user)
        assert caught.value.denied.reason is DeniedReason.AGENT_NOT_ACTIVE
    assert office.now_of(intent).state is IntentState.PROPOSED


async def test_the_day_cap_holds_over_offers_made_side_by_side(office: Office, agent: Agent):
    user = await office.user(day_cap_usd=Decimal(60))
    first, second = await offered(office, agent, "40"), await offered(office, agent, "30")
    await office.confirm.confirm(first.id, user)
    with pytest.raises(DeniedError) as caught:
        await office.confirm.confirm(second.id, user)
    assert caught.value.denied == Denied(DeniedReason.DAY_CAP, Decimal(60), Decimal(20))
    assert caught.value.symbol == "USDC"
    assert office.now_of(second).state is IntentState.PROPOSED


async def test_the_services_day_cap_holds_whatever_a_person_chose(office: Office, agent: Agent):
    user = await office.user(day_cap_usd=Decimal(10**6))
    offers = [await offered(office, agent, "50") for _ in range(5)]
    for offer in offers[:4]:
        await office.confirm.confirm(offer.id, user)
    with pytest.raises(DeniedError) as caught:
        await office.confirm.confirm(offers[4].id, user)
    assert caught.value.denied == Denied(DeniedReason.DAY_CAP, Decimal(200), Decimal(0))


async def test_what_did_not_run_gives_its_volume_back(office: Office, agent: Agent):
    user = await office.user(day_cap_usd=Decimal(60))
    first, second = await offered(office, agent, "40"), await offered(office, agent, "30")
    office.chain.reverts.append("TooLittleReceived")
    await office.run(await office.confirm.confirm(first.id, user))
    await office.confirm.confirm(second.id, user)


@pytest.mark.parametrize(("action", "answer"), [("confirm", "traded"), ("decline", "declined")])
async def test_the_answer_is_kept_with_the_decision(
    office: Office, agent: Agent, action: str, answer: str
):
    decided = await asked(office, agent, "should I buy SEI?")
    intent = await offered(office, agent, decision_id=decided.decision_id)
    await getattr(office.confirm, action)(intent.id, await office.user())
    assert office.records.answers == {decided.decision_id: answer}


async def test_a_withdrawal_is_confirmed_without_market_or_trading(office: Office, agent: Agent):
    [intent] = await office.withdraw.propose(
        agent, "USDC", Units(Decimal(300)), await office.origin()
    )
    await pause_trading(office.records, paused=True)
    office.market.fail()
    await office.set_state(agent, AgentState.PAUSED)
    confirmed = await office.confirm.confirm(intent.id, await office.user())
    assert (await office.run(confirmed)).state is IntentState.SETTLED


async def test_another_amount_leaves_the_decision_open(office: Office, agent: Agent):
    decided = await asked(office, agent)
    user = await office.user()
    first = await offered(office, agent, decision_id=decided.decision_id)
    await office.confirm.decline(first.id, user, for_good=False)
    assert office.records.answers == {}
    second = await offered(office, agent, usd="12", decision_id=decided.decision_id)
    await office.confirm.confirm(second.id, user)
    assert office.records.answers == {decided.decision_id: "traded"}
