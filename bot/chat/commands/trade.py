"""Buttons of offers: Confirm, Decline, another amount. No command of its own."""

from bot.chat.command import Command
from bot.chat.errors import answer_error
from bot.chat.talk import Talk
from bot.chat.trading import ask_amount, carry_out
from bot.domain.errors import UserError
from bot.domain.trade import Intent, IntentId, Side


async def confirm(talk: Talk, argument: str) -> None:
    """The one tap that counts. MOVES MONEY, in the background; the receipt follows."""
    intent = await talk.services.confirm.confirm(IntentId(argument), talk.user)
    talk.spawn(_carry_out(talk, intent))
    await talk.disarm("⏳ <b>Confirmed.</b> The receipt follows.")


async def _carry_out(talk: Talk, intent: Intent) -> None:
    try:
        await carry_out(talk, intent)
    except Exception as error:  # noqa: BLE001 - a background end of the Telegram door
        await answer_error(talk, error)


async def decline(talk: Talk, argument: str) -> None:
    """Turn an offer down."""
    await talk.services.confirm.decline(IntentId(argument), talk.user)
    await talk.disarm("✖ <b>Declined.</b> Nothing was traded.")


async def other(talk: Talk, argument: str) -> None:
    """Decline this offer and ask for another amount."""
    declined = await talk.services.confirm.decline(IntentId(argument), talk.user, for_good=False)
    await talk.disarm("✏️ Another amount was asked for. This offer is void.")
    talk.tapped = None
    if declined.side is None:
        raise UserError("That offer cannot be changed.")
    bought = declined.order.expected_buy
    token = bought.token if declined.side is Side.BUY and bought else declined.order.sell.token
    await ask_amount(talk, token.symbol, declined.side, declined.decision_id)


COMMAND = Command(name="trade", taps={"yes": confirm, "no": decline, "other": other})
