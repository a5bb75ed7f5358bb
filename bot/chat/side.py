"""/buy and /sell are one thing with two sides."""

from dataclasses import dataclass

from bot.chat.command import Command
from bot.chat.talk import Talk
from bot.chat.tokens import resolve_token
from bot.chat.trading import ask_amount, offer_words
from bot.chat.view import View, button, grid
from bot.domain.errors import UserError
from bot.domain.trade import Side

_PARTS = 3


@dataclass(frozen=True, slots=True)
class SideMenu:
    """The handlers of one side of a trade."""

    side: Side

    async def run(self, talk: Talk, words: str) -> None:
        """`/buy`, `/buy SEI` and `/buy SEI 25`."""
        await talk.opened_agent()
        named = words.split(maxsplit=1)
        if not named:
            await self._pick(talk)
            return
        token = resolve_token(talk, named[0])
        if token == talk.services.listing.quote:
            raise UserError(f"{token.symbol} is what trades are paid in; pick another token.")
        if len(named) == 1:
            await ask_amount(talk, token.symbol, self.side)
        else:
            await offer_words(talk, token.symbol, self.side, named[1])

    async def ask(self, talk: Talk, symbol: str) -> None:
        """A token was tapped: how much?"""
        await ask_amount(talk, resolve_token(talk, symbol).symbol, self.side)

    async def quick(self, talk: Talk, argument: str) -> None:
        """An amount was tapped."""
        parts = argument.split(":")
        if len(parts) != _PARTS:
            raise UserError("That button no longer works. Nothing was moved.")
        symbol, words, decision = parts
        token = resolve_token(talk, symbol)
        await offer_words(talk, token.symbol, self.side, words, _decision(decision))

    async def amount(self, talk: Talk, text: str) -> None:
        """An amount was typed."""
        dialogue = await talk.services.dialogues.load_dialogue(
            talk.chat_id, talk.services.clock.now()
        )
        if dialogue is None:
            raise UserError("That was too long ago. Start again.")
        data = dialogue.data
        await offer_words(talk, data["symbol"], self.side, text, _decision(data["decision"]))

    async def _pick(self, talk: Talk) -> None:
        verb = self.side.value.lower()
        picks = [button(t.symbol, verb, "ask", t.symbol) for t in talk.services.listing.tradable]
        await talk.show(View(f"<b>Which token do you want to {verb}?</b>", grid(picks, 3)))


def side_command(side: Side, summary: str, order: int) -> Command:
    """The command for one side of a trade."""
    menu = SideMenu(side)
    return Command(
        name=side.value.lower(),
        summary=summary,
        order=order,
        run=menu.run,
        taps={"ask": menu.ask, "quick": menu.quick},
        replies={"amount": menu.amount},
    )


def _decision(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) else None
