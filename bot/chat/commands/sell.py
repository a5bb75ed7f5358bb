"""/sell SEI 50%: sell half of the SEI an agent holds."""

from bot.chat.side import side_command
from bot.domain.trade import Side

COMMAND = side_command(Side.SELL, "Sell a token, like /sell SEI 50%", 6)
