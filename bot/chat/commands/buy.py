"""/buy SEI 25: spend 25 of the quote token on SEI."""

from bot.chat.side import side_command
from bot.domain.trade import Side

COMMAND = side_command(Side.BUY, "Buy a token, like /buy SEI 25", 5)
