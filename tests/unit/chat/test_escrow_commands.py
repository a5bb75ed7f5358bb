"""/admin's stop on the chain, and /deposit's check before anything is paid in."""

from dataclasses import replace

import pytest

from bot.chat.commands import admin, deposit
from bot.chat.notices import render_notice
from bot.domain.errors import UserError
from bot.services.switches import trading_paused
from tests.unit.chat.chatroom import Chatroom
from tests.unit.services.office import BO, Office


@pytest.fixture
def room(office: Office) -> Chatroom:
    return Chatroom(office)


def labels(room: Chatroom) -> str:
    keyboard = room.bot.sent[-1]["reply_markup"].inline_keyboard
    return " ".join(button.text for row in keyboard for button in row)


async def test_pausing_the_chain_asks_first(room: Chatroom):
    await room.office.agent()
    await admin.chain(await room.talk(), "")
    [text] = room.bot.texts
    assert "Only the deployment's admin key" in text
    assert "Withdrawals to owners go on." in text
    assert room.office.ledger.intents == {}
    assert not await trading_paused(room.office.records)


async def test_pausing_the_chain_pauses_here_first(room: Chatroom):
    office = room.office
    agent = await office.agent(USDC="100")
    waiting = await office.confirmed(agent)
    office.chain.down = True
    await admin.chained(await room.talk(tapped=1), "")
    assert await trading_paused(office.records)
    office.chain.down = False
    assert (await office.run(waiting)).reason == "trading_paused"
    await office.settle()
    assert office.chain.paused
    assert "pausing on the chain" in room.bot.edited[-1]["text"]


async def test_a_local_chain_is_resumed_by_a_tap(office: Office):
    local, real = Chatroom(office, local=True), Chatroom(office)
    await office.agent()
    office.chain.paused = True
    await admin.show(await real.talk(), "")
    await admin.show(await local.talk(), "")
    assert "Resume on the chain" not in labels(real)
    assert "Resume on the chain" in labels(local)
    with pytest.raises(UserError, match="Only the deployment's admin key"):
        await admin.unchain(await real.talk(tapped=1), "")
    assert "Only the deployment's admin key" in real.bot.texts[-1]
    assert "Only the deployment's admin key" not in local.bot.texts[-1]
    await admin.unchain(await local.talk(tapped=1), "")
    assert "On the chain" not in local.bot.edited[-1]["text"]
    assert not office.chain.paused


async def test_on_a_test_chain_the_way_back_is_a_button(office: Office):
    local = Chatroom(office, local=True)
    await office.agent()
    await admin.chain(await local.talk(), "")
    assert "On this test chain a button in /admin resumes it." in local.bot.texts[-1]
    await admin.chained(await local.talk(tapped=1), "")
    await office.settle()
    receipt = await render_notice(local.services, office.notices("outcome")[-1])
    assert "a button in /admin resumes it" in receipt.text
    await admin.show(await local.talk(), "")
    assert "Resume trading ends that, the pause on the chain it does not" in local.bot.texts[-1]
    assert "Resume on the chain ends that" in local.bot.texts[-1]
    await admin.unchain(await local.talk(tapped=1), "")
    assert "paused</b> here; ▶️ Resume trading ends that" in local.bot.edited[-1]["text"]


async def test_without_an_escrow_it_still_pauses_here(room: Chatroom):
    with pytest.raises(UserError, match="nothing to stop on the chain"):
        await admin.chained(await room.talk(tapped=1), "")
    assert await trading_paused(room.office.records)


async def test_before_the_first_deposit_the_check_comes_first(room: Chatroom):
    agent = await room.office.agent()
    await deposit.show(await room.talk(), str(agent.id))
    check, card = room.bot.texts
    assert "Check before you pay in" in check
    assert "Deposit" in card
    assert agent.escrow in check
    assert agent.escrow in card


@pytest.mark.parametrize("how", ["holds something", "traded before"])
async def test_whoever_paid_in_before_is_not_told_again(room: Chatroom, how: str):
    office = room.office
    agent = await office.agent(USDC="100")
    if how == "traded before":
        await office.run(await office.confirmed(agent))
        office.chain.balances.clear()
    await deposit.show(await room.talk(), str(agent.id))
    [card] = room.bot.texts
    assert "Check before you pay in" not in card


async def test_the_check_is_a_tap_away(room: Chatroom):
    agent = await room.office.agent(USDC="1")
    await deposit.show(await room.talk(), str(agent.id))
    taps = [
        b.callback_data for row in room.bot.sent[-1]["reply_markup"].inline_keyboard for b in row
    ]
    assert f"deposit:check:{agent.id}" in taps
    await deposit.check(await room.talk(), str(agent.id))
    assert "Check before you pay in" in room.bot.texts[-1]


async def test_nobody_is_shown_somebody_elses_escrow(room: Chatroom):
    other = await room.office.agent("Beta", BO)
    await room.office.agent()
    for step in (deposit.show, deposit.check):
        with pytest.raises(UserError):
            await step(await room.talk(), str(other.id))
    assert replace(other).escrow not in "".join(room.bot.texts)
