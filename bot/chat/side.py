"""/buy and /sell are one thing with two sides."""

from dataclasses import dataclass

from bot.chat.command import Command
from bot.chat.talk import Talk
from bot.chat.tokens import resolve_token
from bot.chat.trading import ask_amount, offer_words, own_decision
from bot.chat.view import View, button, grid
from bot.domain.errors import UserError
from bot.domain.symbols import mentions
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
        symbol = _symbol(talk, named[0])
        if len(named) == 1:
            await ask_amount(talk, symbol, self.side)
            return
        if mentions(named[1], talk.services.listing.symbols):
            raise UserError(
                f"One token at a time and only a number behind it, please, like "
                f"/{self.side.value.lower()} {symbol} 25."
            )
        await offer_words(talk, symbol, self.side, named[1])

    async def ask(self, talk: Talk, symbol: str) -> None:
        """A token was tapped: how much?"""
        await ask_amount(talk, _symbol(talk, symbol), self.side)

    async def quick(self, talk: Talk, argument: str) -> None:
        """An amount was tapped."""
        parts = argument.split(":")
        if len(parts) != _PARTS:
            raise UserError("That button no longer works. Nothing was moved.")
        symbol, words, decision = parts
        known = await _decision(talk, decision)
        await offer_words(talk, _symbol(talk, symbol), self.side, words, known)

    async def amount(self, talk: Talk, text: str) -> None:
        """An amount was typed."""
        dialogue = await talk.services.dialogues.load_dialogue(
            talk.chat_id, talk.services.clock.now()
        )
        if dialogue is None:
            raise UserError("That was too long ago. Start again.")
        data = dialogue.data
        known = await _decision(talk, data["decision"])
        await offer_words(talk, data["symbol"], self.side, text, known)

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


def _symbol(talk: Talk, word: str) -> str:
    token = resolve_token(talk, word)
    if token == talk.services.listing.quote:
        raise UserError(f"{token.symbol} is what trades are paid in; pick another token.")
    return token.symbol


async def _decision(talk: Talk, decision_id: str) -> int | None:
    """The decision a trade follows from, if any; a button may name the person's own only."""
    if decision_id == "0":
        return None
    await own_decision(talk, decision_id)
    return int(decision_id)
