"""A notice as one message of Telegram: in its topic, with its picture, and if need be without."""

import structlog
from telegram.error import BadRequest

from bot.chat.delivery.pace import PACED
from bot.chat.delivery.refusals import Verdict, refusal_of
from bot.chat.talk import Bot
from bot.chat.view import MAX_CAPTION, MAX_TEXT, View, bare, length, split
from bot.ports.ledger import Queued

log = structlog.get_logger(__name__)

_REPEATED = "\n\n<i>(Repeated: I was not sure that it arrived.)</i>"


async def post(bot: Bot, item: Queued, view: View) -> None:
    """Hand a notice to Telegram, once; what is refused for its form goes in a plainer one.

    Raises:
        TelegramError: see `refusals`.
    """
    text = _fitting(item, view.text, MAX_TEXT)
    caption = view.photo is not None and length(text) <= MAX_CAPTION
    counted: int | None = PACED
    if caption and view.photo is not None:
        try:
            await bot.send_photo(
                item.notice.chat_id,
                view.photo,
                caption=text,
                parse_mode="HTML",
                reply_markup=view.markup,
                message_thread_id=item.notice.thread_id or None,
                rate_limit_args=counted,
            )
        except BadRequest as error:
            if refusal_of(error).verdict not in (Verdict.PICTURE, Verdict.MARKUP):
                raise
            log.warning("notice_without_picture", notice=item.notice.key, reason=error.message)
            counted = None
        else:
            return
    await _post_text(bot, item, View(text, view.rows), counted)


async def _post_text(bot: Bot, item: Queued, view: View, counted: int | None) -> None:
    texts: dict[str | None, str] = {"HTML": view.text, None: bare(view.text)}
    for mode, text in texts.items():
        try:
            await bot.send_message(
                item.notice.chat_id,
                text,
                parse_mode=mode,
                reply_markup=view.markup,
                message_thread_id=item.notice.thread_id or None,
                rate_limit_args=counted,
            )
        except BadRequest as error:
            if mode is None or refusal_of(error).verdict is not Verdict.MARKUP:
                raise
            log.exception("notice_markup_broken", notice=item.notice.key)
            counted = None
        else:
            return


def _fitting(item: Queued, text: str, limit: int) -> str:
    """With the mark of a repeat; a text that does not fit into one message is cut."""
    mark = _REPEATED if item.repeat else ""
    room = limit - length(mark)
    if length(text) <= room:
        return text + mark
    log.warning("notice_cut", notice=item.notice.key)
    return split(text, room - 2)[0] + "\n…" + mark
