"""How the bot presents itself: its commands by scope, descriptions and the menu button."""

import re

from bot.local.telegram.errors import Answer, Json, bad_request
from bot.local.telegram.methods.targets import Method, find_chat
from bot.local.telegram.params import Params
from bot.local.telegram.world import World

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SCOPES = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}


def get_me(world: World, params: Params) -> Json:
    """GetMe."""
    del params
    return {
        **world.bot.as_user(),
        "can_join_groups": True,
        "can_read_all_group_messages": not world.group_privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_my_commands(world: World, params: Params) -> bool:
    """SetMyCommands."""
    commands = params.array("commands")
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(str(command.get("command", "")).removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.bot.commands[_scope_key(world, params)] = commands
    world.changes.publish("commands", 0)
    return True


def get_my_commands(world: World, params: Params) -> list[Json]:
    """GetMyCommands of exactly this scope and language."""
    return world.bot.commands.get(_scope_key(world, params), [])


def delete_my_commands(world: World, params: Params) -> bool:
    """DeleteMyCommands."""
    world.bot.commands.pop(_scope_key(world, params), None)
    world.changes.publish("commands", 0)
    return True


def _scope_key(world: World, params: Params) -> str:
    scope = params.document("scope") or {"type": "default"}
    kind = scope.get("type")
    if kind not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    ids = [str(scope.get(name, "")) for name in _SCOPES[kind]]
    if ids:
        chat = find_chat(world, Params({"chat_id": ids[0]}))
        if chat.person is not None and not chat.person.started:
            raise bad_request("chat not found")
    return scope_key(kind, *ids, language=params.text("language_code"))


def scope_key(kind: str, *ids: str | int, language: str = "") -> str:
    """The key commands are kept under."""
    return ":".join([kind, *map(str, ids), language])


def set_my_description(world: World, params: Params) -> bool:
    """SetMyDescription: what an empty chat shows."""
    world.bot.description = _short(params, "description", 512)
    world.changes.publish("profile", 0)
    return True


def set_my_short_description(world: World, params: Params) -> bool:
    """SetMyShortDescription: what the bot's profile shows."""
    world.bot.short_description = _short(params, "short_description", 120)
    world.changes.publish("profile", 0)
    return True


def set_my_name(world: World, params: Params) -> bool:
    """SetMyName."""
    world.bot.first_name = _short(params, "name", 64) or world.bot.first_name
    world.changes.publish("profile", 0)
    return True


def _short(params: Params, name: str, limit: int) -> str:
    value = params.text(name)
    if len(value) > limit:
        raise bad_request(f"bot {name.replace('_', ' ')} is too long")
    return value


def set_chat_menu_button(world: World, params: Params) -> bool:
    """SetChatMenuButton."""
    button = params.document("menu_button") or {"type": "default"}
    if button.get("type") not in ("default", "commands", "web_app"):
        raise bad_request("can't parse menu button: unsupported type specified")
    key = str(find_chat(world, params).id) if params.given("chat_id") else ""
    world.bot.menu_buttons[key] = button
    world.changes.publish("commands", 0)
    return True


def get_chat_menu_button(world: World, params: Params) -> Json:
    """GetChatMenuButton."""
    buttons = world.bot.menu_buttons
    return buttons.get(params.text("chat_id")) or buttons.get("") or {"type": "commands"}


def _getter(name: str, attribute: str) -> Method:
    def get(world: World, params: Params) -> Answer:
        del params
        return {name: getattr(world.bot, attribute)}

    return get


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyDescription": set_my_description,
    "getMyDescription": _getter("description", "description"),
    "setMyShortDescription": set_my_short_description,
    "getMyShortDescription": _getter("short_description", "short_description"),
    "setMyName": set_my_name,
    "getMyName": _getter("name", "first_name"),
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
}
