"""Refusals with their figures, for the doors to put into words."""

from bot.domain.errors import UserError
from bot.domain.trade import Denied


class DeniedError(UserError):
    """A limit said no; nothing was signed. The doors render `denied` with its figures."""

    def __init__(self, denied: Denied, symbol: str) -> None:
        super().__init__(f"Refused: {denied.reason.value}. Nothing was moved.")
        self.denied = denied
        self.symbol = symbol
