"""What a person sees: HTML text, buttons, perhaps a picture."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, WebAppInfo

MAX_TEXT = 4_096
MAX_CAPTION = 1_024
_MAX_DATA_BYTES = 64
_MAX_COPY = 256
_TAG = re.compile(r"<[^>]*>")

Row = tuple[InlineKeyboardButton, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One message. `text` is HTML in which everything foreign is escaped already."""

    text: str
    rows: tuple[Row, ...] = ()
    photo: bytes | None = None

    @property
    def markup(self) -> InlineKeyboardMarkup | None:
        """The keyboard, if there are buttons."""
        return InlineKeyboardMarkup(self.rows) if self.rows else None


def button(
    label: str, command: str, action: str, *args: object, style: str | None = None
) -> InlineKeyboardButton:
    """A button that comes back as a tap; its data names a handler and carries ids only.

    Raises:
        ValueError: over Telegram's 64 bytes: a bug of the caller.
    """
    data = ":".join([command, action, *map(str, args)])
    if len(data.encode()) > _MAX_DATA_BYTES:
        raise ValueError(f"callback data too long: {data}")
    return InlineKeyboardButton(label, callback_data=data, style=style)


def link(label: str, url: str) -> InlineKeyboardButton:
    """A button that opens a page."""
    return InlineKeyboardButton(label, url=url)


def page_link(label: str, url: str) -> tuple[Row, ...]:
    """A page of ours inside Telegram; none where it has no public address, as Telegram wants."""
    if not url.startswith("https://"):
        return ()
    app = InlineKeyboardButton(label, web_app=WebAppInfo(url))
    return ((app,), (link("🌐 In the browser", url),))


def copy(label: str, text: str) -> InlineKeyboardButton:
    """A button that copies a text."""
    return InlineKeyboardButton(label, copy_text=CopyTextButton(text[:_MAX_COPY]))


def pages(command: str, action: str, page: int, count: int, *args: object) -> Row:
    """`‹ Prev · 1/3 · Next ›`; empty for a single page. Pages count from 0."""
    if count <= 1:
        return ()
    previous = button("‹ Prev", command, action, max(0, page - 1), *args)
    here = button(f"{page + 1}/{count}", command, action, page, *args)
    following = button("Next ›", command, action, min(count - 1, page + 1), *args)
    return (previous, here, following)


def grid(buttons: Sequence[InlineKeyboardButton], width: int) -> tuple[Row, ...]:
    """Buttons in rows of `width`."""
    return tuple(tuple(buttons[i : i + width]) for i in range(0, len(buttons), width))


def bare(text: str) -> str:
    """HTML without its markup, as it reads."""
    return unescape(_TAG.sub("", text))


def length(text: str) -> int:
    """How long Telegram finds an HTML text: UTF-16 units after parsing."""
    return len(bare(text).encode("utf-16-le")) // 2


def split(text: str, limit: int = MAX_TEXT) -> list[str]:
    """Cut an HTML text between lines, so that Telegram takes each part.

    Markup that spans lines is lost, and so is that of a single line over the limit.
    """
    if length(text) <= limit:
        return [text]
    parts, part = [], ""
    for line in text.split("\n"):
        longer = f"{part}\n{line}" if part else line
        if length(longer) <= limit:
            part = longer
            continue
        if part.strip():
            parts.append(part)
        *full, part = _chop(line, limit)
        parts += full
    return [*parts, part] if part.strip() else parts


def _chop(line: str, limit: int) -> list[str]:
    if length(line) <= limit:
        return [line]
    text, size = bare(line), limit // 2
    return [escape(text[i : i + size], quote=False) for i in range(0, len(text), size)]
