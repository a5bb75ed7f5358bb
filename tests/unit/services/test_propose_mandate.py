"""What the chain would refuse is refused before it is offered, with its figures and by its name."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from bot.domain.errors import UpstreamError
from bot.domain.mandate import MICRO, MicroUsd
from bot.domain.money import Bps
from bot.domain.people import Agent, AgentState
from bot.domain.trade import Denied, DeniedReason, Side, TradeRequest
from bot.services.refusals import DeniedError
from tests.fakes.chain import FakeVenue
from tests.fakes.contracts import Book, fake_address
from tests.fakes.escrows import wide_mandate
from tests.unit.services.office import SEI, USDC, WBTC, Office, fair_rate

EXIT_HASH = "0x" + "ab" * 32


@pytest.fixture
async def agent(office: Office) -> Agent:
    return await office.agent(USDC="300", SEI="1000")


def usd(value: float) -> MicroUsd:
    return MicroUsd(int(value * MICRO))


async def narrow(office: Office, agent: Agent, **changes: object) -> None:
    """The mandate in force is this much less than everything."""
    await office.adopt(agent, wide_mandate(office.chain.contracts, nonce=2, **changes))


async def denied(office: Office, agent: Agent, request: TradeRequest | None = None) -> Denied:
    """Why an offer is refused; nothing may be journalled."""
    with pytest.raises(DeniedError) as caught:
        await office.propose.propose(request or office.request(agent), await office.origin())
    assert office.ledger.intents == {}
    return caught.value.denied


async def offered(office: Office, agent: Agent, request: TradeRequest | None = None) -> str:
    """The exchange of an offer."""
    proposal = await office.propose.propose(request or office.request(agent), await office.origin())
    office.ledger.intents.clear()
    return proposal.intent.order.venue


async def test_an_offer_carries_the_mandate_in_force(office: Office, agent: Agent):
    proposal = await office.propose.propose(office.request(agent), await office.origin())
    assert proposal.intent.order.mandate == office.book(agent).mandate


async def test_under_the_default_mandate_an_offer_carries_none(office: Office):
    agent = await office.bare_agent(exit_hash=EXIT_HASH, USDC="100")
    proposal = await office.propose.propose(office.request(agent), await office.origin())
    assert proposal.intent.order.mandate is None


# ---------------------------------------------------------------- whether it trades at all


async def test_without_a_mandate(office: Office):
    agent = await office.bare_agent(USDC="100")
    assert await denied(office, agent) == Denied(DeniedReason.NO_MANDATE)


@pytest.mark.parametrize("exit_hash", ["", EXIT_HASH])
async def test_a_dropped_mandate(office: Office, exit_hash: str):
    agent = await office.bare_agent(exit_hash=exit_hash, USDC="100")
    office.book(agent).dropped = True
    assert await denied(office, agent) == Denied(DeniedReason.NO_MANDATE)


async def test_a_used_exit_code(office: Office, agent: Agent):
    office.book(agent).exited = True
    office.book(agent).dropped = True
    assert await denied(office, agent) == Denied(DeniedReason.EXITED)


async def test_a_pause_of_the_chain(office: Office, agent: Agent):
    office.chain.paused = True
    assert await denied(office, agent) == Denied(DeniedReason.CHAIN_PAUSED)


async def test_a_mandate_nobody_knows(office: Office, agent: Agent):
    mandate = wide_mandate(office.chain.contracts, nonce=2)
    await office.adopt(agent, mandate, known=False)
    assert await denied(office, agent) == Denied(DeniedReason.UNKNOWN_MANDATE)
    office.chain.happen(agent.escrow, "MandateSet", mandate, nonce=2)
    assert await offered(office, agent) == "Cheap"


async def test_a_mandate_that_has_run_out(office: Office, agent: Agent):
    now = office.chain.contracts.now()
    await narrow(office, agent, valid_until=now + timedelta(seconds=10))
    office.clock.jump(10)
    assert await offered(office, agent) == "Cheap"
    office.clock.jump(1)
    assert await denied(office, agent) == Denied(DeniedReason.MANDATE_EXPIRED)


async def test_our_own_limits_are_named_first(office: Office):
    """A paused agent without a mandate is told of the pause: that is what it can change here."""
    agent = await office.bare_agent(USDC="100")
    await office.set_state(agent, AgentState.PAUSED)
    assert (await denied(office, agent)).reason is DeniedReason.AGENT_NOT_ACTIVE


async def test_a_dead_chain_offers_nothing(office: Office, agent: Agent):
    office.chain.contracts.books.clear()
    with pytest.raises(UpstreamError):
        await office.propose.propose(office.request(agent), await office.origin())


# ---------------------------------------------------------------- tokens, feeds, exchanges


@pytest.mark.parametrize("missing", [SEI, USDC], ids=lambda token: token.symbol)
@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
async def test_a_token_outside_of_the_mandate(
    office: Office, agent: Agent, missing: object, side: Side
):
    tokens = tuple(t.address for t in (SEI, USDC, WBTC) if t != missing)
    await narrow(office, agent, tokens=tokens)
    verdict = await denied(office, agent, office.request(agent, side, amount="20"))
    assert verdict == Denied(
        DeniedReason.TOKEN_NOT_IN_MANDATE,
        subject=missing.symbol,  # type: ignore[attr-defined]
    )


async def test_a_token_switched_off(office: Office, agent: Agent):
    contracts = office.chain.contracts
    contracts.tokens[SEI.address] = replace(contracts.tokens[SEI.address], on=False)
    assert await denied(office, agent) == Denied(DeniedReason.TOKEN_NOT_LISTED, subject="SEI")


async def test_a_token_listed_after_the_signature(office: Office, agent: Agent):
    contracts = office.chain.contracts
    issued_at = contracts.now()
    for late_s, reason in ((0, None), (1, DeniedReason.TOKEN_NOT_LISTED)):
        contracts.tokens[SEI.address] = replace(
            contracts.tokens[SEI.address], listed_at=issued_at + timedelta(seconds=late_s)
        )
        if reason is None:
            assert await offered(office, agent) == "Cheap"
        else:
            assert await denied(office, agent) == Denied(reason, subject="SEI")


async def test_a_token_without_a_feed(office: Office, agent: Agent):
    contracts = office.chain.contracts
    contracts.tokens[SEI.address] = replace(contracts.tokens[SEI.address], feed="", usable=False)
    assert await denied(office, agent) == Denied(DeniedReason.NO_FEED, subject="SEI")


async def test_a_stale_feed(office: Office, agent: Agent):
    contracts = office.chain.contracts
    fresh = replace(contracts.tokens[USDC.address], max_age=timedelta(seconds=60))
    contracts.tokens[USDC.address] = fresh
    office.clock.jump(60)
    assert await offered(office, agent) == "Cheap"
    office.clock.jump(1)
    assert await denied(office, agent) == Denied(DeniedReason.FEED_UNUSABLE, subject="USDC")


async def test_the_best_quote_of_an_allowed_exchange_is_chosen(office: Office, agent: Agent):
    assert await offered(office, agent) == "Cheap"
    await narrow(office, agent, adapters=(fake_address("Dear"),))
    assert await offered(office, agent) == "Dear"
    proposal = await office.propose.propose(office.request(agent), await office.origin())
    assert proposal.intent.order.adapter == fake_address("Dear")
    assert proposal.intent.order.fee == 100


async def test_an_exchange_switched_off_is_passed_over(office: Office, agent: Agent):
    venues = office.chain.contracts.venues
    venues[fake_address("Cheap")] = replace(venues[fake_address("Cheap")], on=False)
    assert await offered(office, agent) == "Dear"


async def test_of_many_allowed_exchanges_the_best_is_chosen(office: Office, agent: Agent):
    free = FakeVenue(office.chain, "Free", {("SEI", "USDC"): fair_rate(SEI, USDC)}, fee=Bps(0))
    office.venues.append(free)
    assert await offered(office, agent) == "Free"
    await narrow(office, agent, adapters=(fake_address("Cheap"), fake_address("Dear")))
    assert await offered(office, agent) == "Cheap"


async def test_no_allowed_exchange_is_named(office: Office, agent: Agent):
    await narrow(office, agent, adapters=(fake_address("Free"),))
    assert await denied(office, agent) == Denied(DeniedReason.VENUE_NOT_IN_MANDATE, subject="Cheap")
    venues = office.chain.contracts.venues
    await office.adopt(agent, wide_mandate(office.chain.contracts, nonce=3))
    for name in ("Cheap", "Dear"):
        venues[fake_address(name)] = replace(venues[fake_address(name)], on=False)
    assert await denied(office, agent) == Denied(DeniedReason.VENUE_NOT_LISTED, subject="Cheap")


# ---------------------------------------------------------------- amounts


async def test_the_cap_of_a_trade(office: Office, agent: Agent):
    await narrow(office, agent, trade_cap=usd(20))
    over = office.request(agent, amount="20.000001")
    assert await denied(office, agent, over) == Denied(
        DeniedReason.MANDATE_TRADE_CAP, Decimal(20), Decimal("20.000001")
    )
    assert await offered(office, agent, office.request(agent, amount="20")) == "Cheap"


async def test_the_volume_of_a_day(office: Office, agent: Agent):
    await narrow(office, agent, daily_volume=usd(60))
    assert await offered(office, agent, office.request(agent, amount="30")) == "Cheap"
    spent(office.book(agent), office, volume=20)
    assert await denied(office, agent, office.request(agent, amount="11")) == Denied(
        DeniedReason.MANDATE_VOLUME, Decimal(10), Decimal(11)
    )
    office.clock.jump(86_400 / 30)
    office.refresh_prices()
    assert await offered(office, agent, office.request(agent, amount="11")) == "Cheap"


async def test_the_loss_of_a_day(office: Office, agent: Agent):
    """At most 0.5 % by each feed and 0.05 % for the exchange: $40 may lose $0.4199."""
    await narrow(office, agent, daily_loss=usd(1))
    assert await offered(office, agent, office.request(agent, amount="40")) == "Cheap"
    spent(office.book(agent), office, loss=0.2)
    assert await denied(office, agent, office.request(agent, amount="40")) == Denied(
        DeniedReason.MANDATE_LOSS, Decimal("0.3"), Decimal("0.4199")
    )


async def test_the_slippage_by_the_feeds(office: Office, agent: Agent):
    """The market agrees with the pool; the chain's feed says it is 2 % dear."""
    contracts = office.chain.contracts
    contracts.list_token(SEI, "0.245")
    await narrow(office, agent, slippage=Bps(150))
    verdict = await denied(office, agent)
    assert (verdict.reason, verdict.limit) == (DeniedReason.MANDATE_SLIPPAGE, Decimal(150))
    assert 204 < verdict.actual < 206
    await office.adopt(agent, wide_mandate(contracts, nonce=3, slippage=Bps(206)))
    assert await offered(office, agent) == "Cheap"


async def test_what_was_traded_counts(office: Office):
    """From the chain's own books: two trades of $40 leave $20 of $100."""
    agent = await office.agent(USDC="300")
    await narrow(office, agent, daily_volume=usd(200))
    for _ in range(2):
        await office.run(await office.confirmed(agent, "40"))
    origin = await office.origin()
    with pytest.raises(DeniedError) as caught:
        await office.propose.propose(office.request(agent, amount="30"), origin)
    verdict = caught.value.denied
    assert (verdict.reason, verdict.actual) == (DeniedReason.MANDATE_VOLUME, Decimal(30))
    assert 20 <= verdict.limit < Decimal("20.1")


async def test_the_default_mandate_has_limits_of_its_own(office: Office):
    agent = await office.bare_agent(exit_hash=EXIT_HASH, USDC="300")
    spent(office.book(agent), office, volume=60)
    assert await denied(office, agent, office.request(agent, amount="41")) == Denied(
        DeniedReason.MANDATE_VOLUME, Decimal(40), Decimal(41)
    )
    assert await offered(office, agent, office.request(agent, amount="40")) == "Cheap"


async def test_an_exchange_that_is_better_than_the_feeds_is_no_loss(office: Office, agent: Agent):
    rate = fair_rate(SEI, USDC) * Fraction(97, 100)
    office.venues = [FakeVenue(office.chain, "Cheap", {("SEI", "USDC"): rate}, fee=Bps(0))]
    await narrow(office, agent, daily_loss=MicroUsd(0), slippage=Bps(0))
    assert await offered(office, agent) == "Cheap"


def spent(book: Book, office: Office, volume: float = 0, loss: float = 0) -> None:
    book.volume, book.loss = usd(volume), usd(loss)
    book.since = office.chain.contracts.now()
