"""Pictures and documents."""

from bot.local.telegram.contents import read_caption, read_markup, read_media
from bot.local.telegram.errors import Json, bad_request
from bot.local.telegram.methods.messages import CAPTION_FIELDS, apply_edit
from bot.local.telegram.methods.targets import Method, own_message, send, writable_chat
from bot.local.telegram.params import Params
from bot.local.telegram.world import World

_MEDIA_FIELDS = ("photo", "document", *CAPTION_FIELDS)


def send_photo(world: World, params: Params) -> Json:
    """SendPhoto."""
    return _send(world, params, "photo")


def send_document(world: World, params: Params) -> Json:
    """SendDocument."""
    return _send(world, params, "document")


def _send(world: World, params: Params, kind: str) -> Json:
    writable_chat(world, params)
    caption = read_caption(params)
    return send(world, params, read_media(world, params, kind, params.text(kind)) | caption)


def edit_message_caption(world: World, params: Params) -> Json:
    """EditMessageCaption."""
    chat, message = own_message(world, params, "edit")
    if "photo" not in message and "document" not in message:
        raise bad_request("there is no caption in the message to edit")
    new = read_caption(params) | read_markup(params)
    return apply_edit(world, chat, message, CAPTION_FIELDS, new)


def edit_message_media(world: World, params: Params) -> Json:
    """EditMessageMedia: another file, its caption and its keyboard."""
    chat, message = own_message(world, params, "edit")
    media = params.document("media")
    kind = media.get("type")
    if kind not in ("photo", "document"):
        raise bad_request("can't parse media: unsupported media type")
    caption = read_caption(Params(media))
    new = read_media(world, params, kind, str(media.get("media", "")))
    if "text" in message:
        message = {k: v for k, v in message.items() if k not in ("text", "entities")}
    return apply_edit(world, chat, message, _MEDIA_FIELDS, new | caption | read_markup(params))


def get_file(world: World, params: Params) -> Json:
    """GetFile."""
    stored = world.files.get(params.text("file_id"))
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    return {**stored.as_json(), "file_path": stored.path}


METHODS: dict[str, Method] = {
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "getFile": get_file,
}
