"""/cancel: end whatever is being asked."""

from bot.chat.command import Command
from bot.chat.talk import Talk
from bot.chat.view import View


async def cancel(talk: Talk, _: str) -> None:
    """Drop the open dialogue. A confirmed trade is not a dialogue and cannot be called back."""
    dropped = await talk.services.dialogues.drop_dialogue(talk.chat_id)
    await talk.show(
        View("Cancelled. Nothing was moved." if dropped else "There is nothing to cancel.")
    )


COMMAND = Command(
    name="cancel",
    summary="End what I am asking you",
    order=13,
    run=cancel,
    taps={"now": cancel},
    needs_terms=False,
)
