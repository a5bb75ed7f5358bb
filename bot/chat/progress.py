"""Show that work goes on: a streamed draft, or where drafts are refused an edited message."""

import asyncio
from dataclasses import dataclass, field

from telegram.constants import ChatAction
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.chat.talk import Talk
from bot.chat.view import View

_TYPING_S = 4.5
_DRAFT_ID_LIMIT = 2**31 - 1


@dataclass(slots=True)
class ProgressLine:
    """One line that changes; gone when the answer comes.

    Never fails: a progress line that cannot be shown is no reason to stop an answer.
    """

    talk: Talk
    _drafts: bool = True
    _message_id: int | None = None
    _typing: asyncio.Task[None] | None = field(default=None)

    async def __aenter__(self) -> "ProgressLine":
        """Start showing the typing action."""
        self._typing = asyncio.create_task(self._keep_typing())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it, and remove the line if it was a message."""
        if self._typing:
            self._typing.cancel()
        if self._message_id is not None:
            try:
                await self.talk.bot.delete_message(self.talk.chat_id, self._message_id)
            except TelegramError:
                return

    async def step(self, text: str) -> None:
        """Replace the line."""
        if self._drafts and await self._draft(text):
            return
        await self._edited(text)

    async def _draft(self, text: str) -> bool:
        source = self.talk.message
        draft_id = (source.message_id if source else 1) % _DRAFT_ID_LIMIT or 1
        try:
            await self.talk.bot.send_message_draft(self.talk.chat_id, draft_id, f"💭 {text}…")
        except RetryAfter:
            return True
        except TelegramError:
            self._drafts = False
            return False
        return True

    async def _edited(self, text: str) -> None:
        view = View(f"💭 {text}…")
        try:
            if self._message_id is None:
                self._message_id = (await self.talk.say(view)).message_id
            else:
                await self.talk.bot.edit_message_text(
                    view.text, self.talk.chat_id, self._message_id
                )
        except TelegramError:
            return

    async def _keep_typing(self) -> None:
        while True:
            try:
                await self.talk.bot.send_chat_action(self.talk.chat_id, ChatAction.TYPING)
            except BadRequest:
                return
            except TelegramError:
                pass
            await asyncio.sleep(_TYPING_S)
