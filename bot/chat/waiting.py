"""Questions that wait for an answer in a chat, and when one is over though nobody answered it.

A question must not hold the chat: whoever taps something else leaves it, and a sentence that is
plainly no answer is taken for what it is.
"""

from collections.abc import Mapping

from bot.chat.command import Command, Handler
from bot.chat.talk import DIALOGUE_LIFE, REFUSED, Talk
from bot.chat.view import View
from bot.domain.errors import UserError
from bot.policy.alerts.words import wants_alert
from bot.policy.plain_words import is_question, is_sentence, manages_alerts
from bot.ports.records import Dialogue
from bot.services.manage_agents import current_agent

_LEFT = "I no longer wait for your answer."


def answering(dialogue: Dialogue, reply: Handler, plain: Handler) -> Handler:
    """A reply handler that gives way to plain chat where the text is plainly no answer.

    Args:
        dialogue: the question that waits.
        reply: takes answers to it; what it refuses may be none.
        plain: answers text that belongs to no dialogue.
    """

    async def answer(talk: Talk, text: str) -> None:
        try:
            await reply(talk, text)
        except UserError:
            if not await _is_over(talk, dialogue, text):
                raise
            await talk.say(
                View(f"I leave what I asked; nothing was changed. Back: /{dialogue.command}")
            )
            await plain(talk, text)

    return answer


def leaving(handler: Handler, commands: Mapping[str, Command]) -> Handler:
    """A tap's handler after which a question is over, unless the tap was about it.

    Cards stay: their buttons work for as long as they are the last one.
    """

    async def tap(talk: Talk, argument: str) -> None:
        before = await _waiting(talk)
        await handler(talk, argument)
        if before is None or talk.asked:
            return
        owner = commands.get(before.command)
        if owner is not None and before.step in owner.cards:
            return
        if await _waiting(talk) == before:
            await talk.retire_card()
            await talk.services.dialogues.drop_dialogue(talk.chat_id)
            talk.toast = f"{talk.toast} {_LEFT}" if talk.toast else _LEFT

    return tap


async def _is_over(talk: Talk, dialogue: Dialogue, text: str) -> bool:
    """Whether a refused answer was none; if so the question is dropped."""
    waiting = await _waiting(talk)
    if waiting is None or (waiting.command, waiting.step) != (dialogue.command, dialogue.step):
        return False
    insists = REFUSED in waiting.data and is_sentence(text)
    over = wants_alert(text) or manages_alerts(text)
    if not over and (insists or is_question(text)):
        # Without an agent nobody could answer, and the question would be lost for nothing.
        over = await current_agent(talk.services.agents, talk.chat_id, talk.user) is not None
    if over:
        await talk.retire_card()
        await talk.services.dialogues.drop_dialogue(talk.chat_id)
    elif REFUSED not in waiting.data:
        marked = Dialogue(waiting.command, waiting.step, {**waiting.data, REFUSED: "yes"})
        expires_at = talk.services.clock.now() + DIALOGUE_LIFE
        await talk.services.dialogues.save_dialogue(talk.chat_id, marked, expires_at)
    return over


async def _waiting(talk: Talk) -> Dialogue | None:
    return await talk.services.dialogues.load_dialogue(talk.chat_id, talk.services.clock.now())
