"""The last line of the Telegram door: every failure becomes an honest sentence."""

import structlog
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.chat.render import esc
from bot.chat.sentences import sentence
from bot.chat.talk import Talk
from bot.chat.view import View
from bot.domain.errors import UpstreamError, UserError
from bot.services.questions import SecretPastedError

log = structlog.get_logger(__name__)


async def answer_error(talk: Talk, error: Exception) -> None:
    """Tell the person what happened. Never raises: there is nobody left to tell."""
    if isinstance(error, Forbidden):
        log.info("blocked", user_id=talk.user.id)
        return
    try:
        await talk.say(View(await _text(talk, error)))
    except TelegramError as failure:
        log.warning("answer_not_delivered", failure=type(failure).__name__)


async def _text(talk: Talk, error: Exception) -> str:
    if isinstance(error, SecretPastedError):
        deleted = await _delete(talk)
        return (
            f"🔐 {esc(str(error))}"
            if deleted
            else (
                "🔐 That looked like a secret and I could not delete it. Delete your message now, "
                "and never share a secret with anybody, me included."
            )
        )
    if isinstance(error, UserError):
        return f"⚠️ {esc(sentence(error))}"
    if isinstance(error, UpstreamError):
        log.warning("upstream", edge=error.edge, reason=error.reason)
        return f"⚠️ {esc(sentence(error))}\nReference: <code>{talk.correlation_id}</code>"
    if isinstance(error, TelegramError) and not isinstance(error, BadRequest):
        log.warning("answer_uncertain", failure=type(error).__name__)
        return (
            "⚠️ Telegram was not reachable, so my last answer may be missing. If you confirmed "
            "something, its receipt will still come; otherwise please ask again."
        )
    log.error("bug", exc_info=error, user_id=talk.user.id)
    return (
        "⚠️ Something went wrong on my side. If a trade was under way, its receipt will still "
        "come; nothing else was moved. Please try again.\n"
        f"Reference: <code>{talk.correlation_id}</code>"
    )


async def _delete(talk: Talk) -> bool:
    if talk.message is None:
        return False
    try:
        return await talk.bot.delete_message(talk.chat_id, talk.message.message_id)
    except TelegramError:
        return False
