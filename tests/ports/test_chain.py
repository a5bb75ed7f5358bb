"""What every `ChainReader` and `Executor` owes its callers: the fake, and the RPC over anvil."""

from dataclasses import replace

import pytest

from bot.domain.money import Amount
from bot.domain.trade import IntentKind, Order
from bot.ports.chain import ChainRefusedError
from tests.ports.chain_world import FIRST_GAS, World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_empty_holder_has_a_zero_of_every_token(world: World) -> None:
    holder = world.new_agent().actor
    balances = await world.reader.read_balances([holder], list(world.tokens.values()))
    assert balances == {holder: {s: Amount(t, 0) for s, t in world.tokens.items()}}


async def test_balances_come_by_holder_as_given_and_by_symbol(world: World) -> None:
    rich, poor = await world.open_agent(USDC="12.5", WETH="2"), await world.open_agent(SEI="3")
    holders, tokens = [rich.escrow, poor.escrow.lower()], [world.tokens["WETH"]]
    tokens += [world.tokens["SEI"], world.tokens["USDC"]]
    if world.local is None:
        holders = [rich.escrow, poor.escrow]

    balances = await world.reader.read_balances(holders, tokens)

    assert list(balances) == holders
    assert balances[holders[0]] == {
        "WETH": world.amount("WETH", 2),
        "SEI": world.amount("SEI", 0),
        "USDC": world.amount("USDC", "12.5"),
    }
    assert balances[holders[1]]["SEI"] == world.amount("SEI", 3)


async def test_sei_is_native_and_wrapped_together(world: World) -> None:
    agent = await world.open_agent(SEI="3", USDC="100")
    sell = world.amount("USDC", 10)
    receipt = await world.run(await world.swap(agent, sell, "SEI"), agent)

    balances = await world.reader.read_balances([agent.escrow], [world.tokens["SEI"]])

    assert balances[agent.escrow]["SEI"].raw == world.amount("SEI", 3).raw + receipt.got
    assert await world.reader.read_native(agent.escrow) == world.amount("SEI", 3).raw


async def test_many_holders_keep_their_own_balances(world: World) -> None:
    tokens = list(world.tokens.values())
    holders = [f"0x{number + 10**6:040x}" for number in range(150)]
    for number in (0, 49, 50, 51, 99, 100, 149):
        await world.give(holders[number], world.amount("USDC", number + 1))

    balances = await world.reader.read_balances(holders, tokens)

    held = {holders.index(h): row["USDC"].raw for h, row in balances.items() if row["USDC"].raw}
    expected = {n: world.amount("USDC", n + 1).raw for n in (0, 49, 50, 51, 99, 100, 149)}
    assert held == expected


async def test_nothing_asked_is_nothing_answered(world: World) -> None:
    assert await world.reader.read_balances([], list(world.tokens.values())) == {}
    assert await world.reader.read_balances(["0x" + "77" * 20], []) == {"0x" + "77" * 20: {}}


async def test_the_head_moves_with_each_transaction(world: World) -> None:
    before = await world.reader.read_head()
    await world.open_agent()
    after = await world.reader.read_head()
    assert after.block > before.block
    assert after.at >= before.at
    assert after.at.tzinfo is not None


async def test_gas_has_a_price(world: World) -> None:
    assert await world.reader.read_gas_price() > 0


async def test_an_actor_is_the_same_every_time_and_nobody_elses(world: World) -> None:
    executor = world.executor
    assert executor.derive_actor(1, 2) == executor.derive_actor(1, 2)
    others = {executor.derive_actor(user, agent)[0] for user in (1, 2) for agent in (1, 2)}
    assert len(others) == 4


async def test_a_key_is_held_for_the_actors_of_seeds_that_are_here(world: World) -> None:
    agent = world.new_agent()
    assert world.executor.holds_key_of(agent)
    assert not world.executor.holds_key_of(replace(agent, seed_version=agent.seed_version + 1))


async def test_opening_an_agent_gives_an_escrow_and_the_first_gas(world: World) -> None:
    agent = world.new_agent()
    intent = world.intent(agent, IntentKind.OPEN_AGENT, world.first_gas)

    receipt = await world.run(intent, agent)

    assert receipt.succeeded
    assert receipt.escrow not in ("", agent.actor, agent.owner)
    assert await world.reader.read_native(agent.actor) == world.amount("SEI", FIRST_GAS).raw


async def test_an_actor_is_registered_once(world: World) -> None:
    agent = await world.open_agent()
    again = world.intent(agent, IntentKind.OPEN_AGENT, world.first_gas)
    with pytest.raises(ChainRefusedError) as refused:
        await world.executor.simulate(again, agent)
    assert refused.value.name == "ActorAlreadyRegistered"
    assert refused.value.figures == (agent.actor.lower(), agent.escrow.lower()) or (
        refused.value.figures == (agent.actor, agent.escrow)
    )


@pytest.mark.parametrize(("sold", "bought"), [("USDC", "SEI"), ("SEI", "USDC"), ("iSEI", "USDC")])
async def test_a_swap_says_what_it_really_spent_and_got(
    world: World, sold: str, bought: str
) -> None:
    agent = await world.open_agent(**{sold: "40"})
    quote = await world.quote(world.amount(sold, 25), bought)

    receipt = await world.run(world.swap_of(agent, quote), agent)

    both = [world.tokens[sold], world.tokens[bought]]
    held = (await world.reader.read_balances([agent.escrow], both))[agent.escrow]
    assert receipt.succeeded
    assert receipt.spent == quote.sell.raw == world.amount(sold, 40).raw - held[sold].raw
    assert receipt.got == quote.buy.raw == held[bought].raw
    assert receipt.gas_paid > 0
    assert receipt.gas_used > 21_000


async def test_gas_is_paid_by_the_account_that_signs(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    before = await world.reader.read_native(agent.actor)
    receipt = await world.run(await world.swap(agent, world.amount("USDC", 5), "SEI"), agent)
    assert await world.reader.read_native(agent.actor) == before - receipt.gas_paid


@pytest.mark.parametrize("symbol", ["SEI", "USDC"])
async def test_a_withdrawal_pays_the_owner(world: World, symbol: str) -> None:
    agent = await world.open_agent(**{symbol: "8"})
    token = world.tokens[symbol]
    before = (await world.reader.read_balances([agent.owner], [token]))[agent.owner][symbol]
    order = Order(world.amount(symbol, 5))

    receipt = await world.run(world.intent(agent, IntentKind.WITHDRAW, order), agent)

    after = await world.reader.read_balances([agent.owner, agent.escrow], [token])
    assert receipt.succeeded
    assert after[agent.owner][symbol].raw - before.raw == order.sell.raw
    assert after[agent.escrow][symbol] == world.amount(symbol, 3)


async def test_sei_that_was_bought_can_be_withdrawn(world: World) -> None:
    agent = await world.open_agent(USDC="30")
    bought = await world.run(await world.swap(agent, world.amount("USDC", 20), "SEI"), agent)
    before = await world.reader.read_native(agent.owner)
    order = Order(Amount(world.tokens["SEI"], bought.got))

    await world.run(world.intent(agent, IntentKind.WITHDRAW, order), agent)

    assert await world.reader.read_native(agent.owner) == before + bought.got


async def test_the_escrow_refills_its_actors_gas(world: World) -> None:
    agent = await world.open_agent(SEI="5")
    before = await world.reader.read_native(agent.actor)
    order = Order(world.amount("SEI", "0.5"))

    receipt = await world.run(world.intent(agent, IntentKind.FUND_ACTOR, order), agent)

    held = (await world.reader.read_balances([agent.escrow], [world.tokens["SEI"]]))[agent.escrow]
    after = await world.reader.read_native(agent.actor)
    assert after == before + order.sell.raw - receipt.gas_paid
    assert held["SEI"] == world.amount("SEI", "4.5")


async def test_a_minimum_the_market_does_not_give_is_refused_before_sending(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    quote = await world.quote(world.amount("USDC", 10), "SEI")
    greedy = world.swap_of(agent, quote, least=quote.buy.raw * 2)
    with pytest.raises(ChainRefusedError) as refused:
        await world.executor.simulate(greedy, agent)
    assert refused.value.name
    assert await world.executor.read_nonce(agent.actor) == 0


async def test_more_than_is_held_is_refused_with_figures(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    quote = await world.quote(world.amount("USDC", 50), "SEI")
    with pytest.raises(ChainRefusedError) as refused:
        await world.executor.simulate(world.swap_of(agent, quote), agent)
    assert refused.value.name == "InsufficientBalance"
    assert refused.value.figures[1:] == (
        world.amount("USDC", 40).raw,
        world.amount("USDC", 50).raw,
    )


async def test_a_used_id_never_runs_again(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    await world.run(await world.swap(agent, world.amount("USDC", 10), "SEI", sequence=5), agent)
    again = await world.swap(agent, world.amount("USDC", 10), "SEI", sequence=5)
    with pytest.raises(ChainRefusedError) as refused:
        await world.executor.simulate(again, agent)
    assert (refused.value.name, refused.value.figures) == ("IdOutOfRange", (5, 5))


async def test_a_pause_stops_swaps_and_not_withdrawals(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    withdrawal = world.intent(agent, IntentKind.WITHDRAW, Order(world.amount("USDC", 40)))
    await world.pause(paused=True)
    try:
        with pytest.raises(ChainRefusedError) as refused:
            await world.executor.simulate(swap, agent)
        assert refused.value.name == "TradingPaused"
        assert (await world.run(withdrawal, agent)).succeeded
    finally:
        await world.pause(paused=False)


async def test_without_an_escrow_nothing_can_be_traded(world: World) -> None:
    agent = world.new_agent()
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    with pytest.raises(ChainRefusedError) as refused:
        await world.executor.simulate(swap, agent)
    assert refused.value.name == "NoEscrow"


async def test_an_account_that_cannot_pay_its_gas_is_refused(world: World) -> None:
    agent = await world.open_penniless_agent(USDC="40")
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    with pytest.raises(ChainRefusedError) as refused:
        await world.executor.simulate(swap, agent)
    assert refused.value.name == "InsufficientFunds"
    assert refused.value.figures[0] == 0


async def test_signing_alone_moves_nothing(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    signed = await world.sign(await world.swap(agent, world.amount("USDC", 10), "SEI"), agent)
    held = (await world.reader.read_balances([agent.escrow], [world.tokens["USDC"]]))[agent.escrow]
    assert signed.signed is not None
    assert (signed.signed.account, signed.signed.nonce) == (agent.actor, 0)
    assert held["USDC"] == world.amount("USDC", 40)
    assert await world.executor.read_nonce(agent.actor) == 0
    assert await world.executor.read_receipt(signed, agent) is None


async def test_nothing_signed_has_no_receipt(world: World) -> None:
    agent = await world.open_agent()
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    assert await world.executor.read_receipt(swap, agent) is None


async def test_sending_again_runs_it_once(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    intent = await world.sign(await world.swap(agent, world.amount("USDC", 10), "SEI"), agent)

    await world.send(intent)
    await world.send(intent)
    first = await world.receipt(intent, agent)
    await world.send(intent)

    held = (await world.reader.read_balances([agent.escrow], [world.tokens["USDC"]]))[agent.escrow]
    assert held["USDC"] == world.amount("USDC", 30)
    assert await world.receipt(intent, agent) == first
    assert await world.executor.read_nonce(agent.actor) == 1


async def test_a_nonce_another_transaction_used_leaves_no_receipt(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    one = await world.sign(await world.swap(agent, world.amount("USDC", 10), "SEI"), agent)
    other = await world.sign(await world.swap(agent, world.amount("USDC", 20), "SEI"), agent)
    assert one.signed
    assert other.signed
    assert one.signed.nonce == other.signed.nonce

    await world.send(one)
    await world.receipt(one, agent)
    await world.send(other)

    assert (await world.executor.read_receipt(other, agent)) is None
    assert await world.executor.read_nonce(agent.actor) > other.signed.nonce


async def test_a_revert_on_the_chain_is_a_receipt_with_its_reason(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    late = await world.sign(await world.swap(agent, world.amount("USDC", 10), "SEI"), agent)
    await world.pause(paused=True)
    try:
        await world.send(late)
        receipt = await world.receipt(late, agent)
    finally:
        await world.pause(paused=False)

    held = (await world.reader.read_balances([agent.escrow], [world.tokens["USDC"]]))[agent.escrow]
    assert not receipt.succeeded
    assert receipt.reason == "TradingPaused"
    assert (receipt.spent, receipt.got) == (0, 0)
    assert receipt.gas_paid > 0
    assert held["USDC"] == world.amount("USDC", 40)
