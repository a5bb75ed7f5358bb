"""The methods of the Bot API by name, in lower case: Telegram does not mind case."""

from bot.local.telegram.methods import chats, media, messages, profile
from bot.local.telegram.methods.targets import Method

METHODS: dict[str, Method] = {
    name.lower(): method
    for module in (chats, media, messages, profile)
    for name, method in module.METHODS.items()
}
