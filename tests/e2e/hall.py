"""The group of the stand-in as end-to-end tests use it: who says, taps and sees what there."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.alerts import Alert
from bot.domain.people import UserId
from bot.local.telegram.world import GROUP, SIGNALS_TOPIC
from tests.e2e.scene import Scene
from tests.e2e.stage import PATIENCE_S, Message, Person, buttons_of, text_of

_LOOKS = 5
_A_LOOK_S = 3.0
_NAP_S = 0.02
_CLOSE = Decimal("0.005")


@dataclass
class Hall:
    """One group, or one topic of it."""

    on: Scene
    chat: int = GROUP
    thread: int | None = SIGNALS_TOPIC

    @property
    def messages(self) -> list[Message]:
        """What the bot said here."""
        bot, here = self.on.telegram.world.bot.id, self.thread
        return [
            message
            for message in self.on.telegram.messages(self.chat)
            if message.get("from", {}).get("id") == bot and message.get("message_thread_id") == here
        ]

    async def ask(self, person: Person, text: str) -> Message:
        """Somebody writes; the bot's next message here."""
        sent = self.on.telegram.send(person.id, text, self.chat, self.thread)
        return await self.sees(after=sent["message_id"])

    async def sees(self, *words: str, after: int = 0) -> Message:
        """The first message of the bot here that holds all of `words`."""

        def found() -> Message | None:
            for message in self.messages:
                is_new = message["message_id"] > after
                if is_new and all(word in text_of(message) for word in words):
                    return message
            return None

        return await self.on.telegram.wait_for(found, PATIENCE_S)

    async def tap(self, person: Person, message: Message, label: str) -> str:
        """Somebody taps a button; what shows to them alone, once it has been answered."""
        now = self.on.telegram.message(message["message_id"])
        found = next(b for b in buttons_of(now) if label in b)
        return await self.answered(self.on.telegram.press(person.id, message["message_id"], found))

    async def forge(self, person: Person, message: Message, data: str) -> str:
        """Somebody's client sends a tap that no button offers."""
        persons = self.on.telegram.persons
        return await self.answered(persons.press_data(person.id, message["message_id"], data))

    async def answered(self, query_id: str | None) -> str:
        def found() -> list[str]:
            return [
                f"{call.params.get('text', '')}\0"
                for call in self.on.telegram.calls("answerCallbackQuery")
                if call.params.get("callback_query_id") == query_id
            ]

        toasts: list[str] = await self.on.soon(found)
        return toasts[0].rstrip("\0")

    async def price(self) -> Decimal:
        return Decimal(self.on.market.price_of("sei-network"))

    async def subscribes(self, person: Person, factor: str) -> tuple[Message, Alert]:
        """An administrator sets an alert on SEI at `factor` times its price; the card, set."""
        level = (await self.price()) * Decimal(factor)
        side = "above" if Decimal(factor) > 1 else "below"
        card = await self.ask(person, f"/alert SEI {side} {level:.6f}")
        assert "Set it" in " ".join(buttons_of(card)), text_of(card)
        await self.tap(person, card, "Set it")
        card = await self.sees("Set by", after=card["message_id"] - 1)
        return card, (await self.alerts())[-1]

    async def alerts(self) -> list[Alert]:
        """Active ones of the whole group."""
        return list(await self.on.service.services.alerts.load_of_group(self.chat))

    async def alerts_of(self, person: Person) -> list[Alert]:
        """A person's own."""
        alerts = self.on.service.services.alerts
        return list(await alerts.load_of_person(UserId(person.id)))

    async def moves(self, factor: str) -> None:
        """The price of SEI goes there, in the pools too, and the bot has seen it."""
        self.on.market.shock("sei-network", Decimal(factor))
        await self.on.settle_pools()
        for _ in range(_LOOKS):
            self.on.clock.jump(seconds=61)
            if await self._sees_the_price():
                return
            await self.on.settle_pools()
        raise TimeoutError("the bot does not see the price")

    async def _sees_the_price(self) -> bool:
        """Whether the next look takes the price that is now; pools may be behind once."""
        try:
            async with asyncio.timeout(_A_LOOK_S):
                while True:
                    seen = self.on.service.services.prices.figure("price:SEI:")
                    if seen and abs(seen / await self.price() - 1) < _CLOSE:
                        return True
                    await asyncio.sleep(_NAP_S)
        except TimeoutError:
            return False


def link_of(message: Message, label: str) -> str:
    """Where a button leads, without the address of Telegram."""
    for row in message["reply_markup"]["inline_keyboard"]:
        for button in row:
            if label in button["text"]:
                return str(button["url"]).partition("?start=")[2]
    raise LookupError(label)
