"""What a message may hold: text, captions, buttons and media, checked as Telegram checks them."""

import io
import mimetypes
from typing import Any

from PIL import Image, UnidentifiedImageError

from bot.local.telegram.entities import parse_html, trim, utf16_length, with_found
from bot.local.telegram.errors import Json, bad_request
from bot.local.telegram.params import Params, Upload
from bot.local.telegram.world import StoredFile, World

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
CALLBACK_DATA_LIMIT_BYTES = 64
COPY_TEXT_LIMIT = 256
BUTTONS_LIMIT = 100
_STYLES = {"danger", "success", "primary"}
_ACTIONS = {
    "callback_data",
    "url",
    "copy_text",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "callback_game",
    "pay",
}
_OTHER_MARKUPS = {"keyboard", "remove_keyboard", "force_reply"}


def formatted(params: Params, name: str, entities_name: str) -> tuple[str, list[Json]]:
    """A text with its entities, parsed and trimmed; length is not checked."""
    mode = params.text("parse_mode").lower()
    source = params.text(name).replace("\r", "")
    if mode == "html":
        text, entities = parse_html(source)
    elif mode:
        raise bad_request("unsupported parse_mode (this stand-in for Telegram speaks HTML only)")
    else:
        text, entities = source, params.array(entities_name)
    text, entities = trim(text, entities)
    return text, with_found(text, entities)


def read_text(params: Params) -> Json:
    """The text of a message, 1-4,096 UTF-16 units after parsing."""
    text, entities = formatted(params, "text", "entities")
    if not text:
        raise bad_request("message text is empty")
    if utf16_length(text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return {"text": text, "entities": entities} if entities else {"text": text}


def read_caption(params: Params) -> Json:
    """The caption of a picture or document, 0-1,024 UTF-16 units after parsing."""
    caption, entities = formatted(params, "caption", "caption_entities")
    if utf16_length(caption) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    if not caption:
        return {}
    return {"caption": caption, "caption_entities": entities} if entities else {"caption": caption}


def read_markup(params: Params) -> Json:
    """The reply_markup of a message, checked; empty when there is none."""
    markup = params.document("reply_markup")
    if not markup:
        return {}
    if "inline_keyboard" not in markup:
        if _OTHER_MARKUPS.isdisjoint(markup):
            raise bad_request("object expected as reply markup")
        return {"reply_markup": markup}
    rows = [row for row in markup["inline_keyboard"] if row]
    if sum(len(row) for row in rows) > BUTTONS_LIMIT:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    for row in rows:
        for button in row:
            _check_button(button)
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _check_button(button: Json) -> None:
    problem = "can't parse inline keyboard button: "
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad_request(f'{problem}Field "text" must be a non-empty String')
    if _ACTIONS.isdisjoint(button):
        raise bad_request(f"{problem}Text buttons are unallowed in the inline keyboard")
    if "style" in button and button["style"] not in _STYLES:
        raise bad_request(f"{problem}invalid button style specified")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= CALLBACK_DATA_LIMIT_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if "copy_text" in button:
        copied = button["copy_text"].get("text", "")
        if not 1 <= len(copied) <= COPY_TEXT_LIMIT:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    url = button.get("url")
    if url is not None and not str(url).startswith(("http://", "https://", "tg://")):
        problem = f"inline keyboard button URL '{url}' is invalid: "
        raise bad_request(f"{problem}Unsupported URL protocol")


def read_media(world: World, params: Params, kind: str, given: str) -> Json:
    """A photo or document: an upload, an attachment by name or the id of a known file."""
    upload = params.uploads.get(given.removeprefix("attach://")) or params.uploads.get(kind)
    if upload is None:
        stored = world.files.get(given)
        if stored is None:
            raise bad_request(
                f"there is no {kind} in the request"
                if not given
                else "wrong remote file identifier specified: can't unserialize it"
            )
        return media_json(stored, kind)
    if not upload.content:
        raise bad_request("file must be non-empty")
    return media_json(keep_upload(world, upload, kind), kind)


def keep_upload(world: World, upload: Upload, kind: str) -> StoredFile:
    """Store an upload; a photo must be a picture."""
    size = (0, 0)
    if kind == "photo":
        try:
            with Image.open(io.BytesIO(upload.content)) as picture:
                size = picture.size
        except (UnidentifiedImageError, OSError):
            raise bad_request("IMAGE_PROCESS_FAILED") from None
        if sum(size) > 10_000:
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
    name = upload.name.replace("/", "_").replace("\\", "_") or kind
    mime = mimetypes.guess_type(name)[0] or upload.mime
    return world.store_file(name, mime, upload.content, size)


def media_json(stored: StoredFile, kind: str) -> dict[str, Any]:
    """The part of a message that names the file."""
    if kind == "photo":
        photo = {**stored.as_json(), "width": stored.width, "height": stored.height}
        return {"photo": [photo]}
    return {"document": {**stored.as_json(), "file_name": stored.name, "mime_type": stored.mime}}
