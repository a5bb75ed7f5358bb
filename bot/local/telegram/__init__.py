"""A stand-in for Telegram: the Bot API, and a chat page to try the bot on."""

from bot.local.telegram.faults import Call, Fault
from bot.local.telegram.persons import NotPossible
from bot.local.telegram.stand_in import TelegramStandIn
from bot.local.telegram.world import ADA, ANN, BO, CHANNEL, GROUP, SIGNALS_TOPIC

__all__ = [
    "ADA",
    "ANN",
    "BO",
    "CHANNEL",
    "GROUP",
    "SIGNALS_TOPIC",
    "Call",
    "Fault",
    "NotPossible",
    "TelegramStandIn",
]
