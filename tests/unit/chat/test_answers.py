"""The card that answers a question."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.chat.answers import plain
from bot.domain.analysis import Action, TradeDecision
from tests.unit.chat.chatroom import Chatroom
from tests.unit.services.office import Office

BUY = TradeDecision(
    Action.BUY, "SEI", Decimal("0.2"), Decimal("0.18"), Decimal("0.26"), 70, Decimal(10),
    "It rises.", ("The trend points up.",), (), "test",
)  # fmt: skip
HOLD = replace(BUY, action=Action.HOLD, stop_loss=None, take_profit=None, suggested_usd=Decimal(0))


async def answer(office: Office, decision: TradeDecision) -> str:
    room = Chatroom(office)
    await office.agent()
    office.brain.decisions.append(decision)
    begun: list[Awaitable[None]] = []
    await plain(replace(await room.talk(), spawn=begun.append), "should I buy SEI?")
    await asyncio.gather(*begun)
    return next(text for text in room.bot.texts if decision.summary in text)


async def test_levels_are_said_to_be_advice(office: Office) -> None:
    card = await answer(office, BUY)
    assert "Stop-loss: $0.18" in card
    assert "Stop and target are advice" in card


@pytest.mark.parametrize("kept", [None, Decimal("0.18")])
async def test_nothing_is_promised_about_levels_that_are_not_there(
    office: Office, kept: Decimal | None
) -> None:
    card = await answer(office, replace(HOLD, stop_loss=kept))
    assert ("none while waiting" in card) == (kept is None)
    assert ("Stop and target are advice" in card) == (kept is not None)
    assert card.endswith("Not investment advice.")
