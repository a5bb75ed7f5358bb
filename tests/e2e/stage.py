"""The stage of end-to-end tests: a running service and the persons who use it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.app.adapters import Parts
from bot.app.run import Local, local_service
from bot.chat.mandates import usual_choices
from bot.domain.people import UserId
from bot.domain.trade import IntentState
from bot.local.chain.accounts import sign_as_test_wallet
from bot.local.gemini.server import GeminiStandIn
from bot.local.telegram.stand_in import TelegramStandIn
from bot.local.telegram.world import ADA, ANN, BO
from bot.ports.clock import Clock
from bot.services.intents import Origin
from bot.serving import served
from bot.settings import Settings

Message = dict[str, Any]
PATIENCE_S = 30.0


def text_of(message: Message) -> str:
    """What a message says, caption or text."""
    return message.get("text") or message.get("caption") or ""


def buttons_of(message: Message) -> list[str]:
    """The labels of a message's buttons."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


@dataclass
class Person:
    """One person's private chat with the bot."""

    telegram: TelegramStandIn
    id: int

    @property
    def messages(self) -> list[Message]:
        return self.telegram.messages(self.id)

    @property
    def last(self) -> Message:
        return self.messages[-1]

    async def say(self, text: str) -> Message:
        """Send a text; the bot's next message."""
        return await self.telegram.ask(self.id, text, timeout_s=PATIENCE_S)

    async def press(self, message: Message, label: str) -> Message:
        """Press a button whose label holds `label`; the message that changes or comes of it."""
        message_id, seen = message["message_id"], len(self.messages)
        now = self.telegram.message(message_id)
        before = (text_of(now), buttons_of(now))
        found = next((b for b in buttons_of(now) if label in b), None)
        assert found, f"no button {label!r} in {buttons_of(now)} of {text_of(now)!r}"
        self.telegram.press(self.id, message_id, found)

        def changed() -> Message | None:
            if len(self.messages) > seen:
                return self.last
            here = self.telegram.message(message_id)
            return here if (text_of(here), buttons_of(here)) != before else None

        return await self.telegram.wait_for(changed, PATIENCE_S)

    async def sees(self, *words: str, after: int = 0) -> Message:
        """The first message of the bot (with an id above `after`) that holds all of `words`."""

        def found() -> Message | None:
            for message in self.messages:
                mine = message.get("from", {}).get("id") == self.id
                if message["message_id"] <= after or mine:
                    continue
                if all(word in text_of(message) for word in words):
                    return message
            return None

        return await self.telegram.wait_for(found, PATIENCE_S)

    async def comes_in(self) -> Message:
        """Accept the terms."""
        return await self.press(await self.say("/start"), "Accept")

    async def opens_agent(self, name: str = "Alpha", instructions: str = "careful") -> Message:
        """From nothing to an open agent owned by the test wallet; the notice that it is open."""
        await self.comes_in()
        screen = await self.say("/agents")
        screen = await self.press(screen, "Open my first agent")
        screen = await self.press(screen, "test wallet")
        await self.press(screen, "I sign with it")
        await self.say(name)
        last = await self.say(instructions)
        return await self.sees("is open", after=last["message_id"])

    async def deposit_screen(self) -> Message:
        """The escrow's address; before the first deposit a word on checking it comes first."""
        screen = await self.say("/deposit")
        if "Check before" in text_of(screen):
            screen = await self.sees("Deposit", "nothing else", after=screen["message_id"])
        return screen

    async def signs_mandate(self) -> Message:
        """Have the test wallet sign the usual mandate; the notice that it is in force."""
        screen = await self.say("/mandate")
        await self.press(screen, "Sign with the test wallet")
        return await self.sees("mandate is in force", after=screen["message_id"])

    async def is_funded(self, *symbols: str) -> None:
        """Deposit from the faucet and wait until the bot says that it arrived."""
        for symbol in symbols:
            screen = await self.deposit_screen()
            label = next(b for b in buttons_of(screen) if b.endswith(f" {symbol}"))
            self.telegram.press(self.id, screen["message_id"], label)
            await self.sees("arrived", symbol, after=screen["message_id"])


@dataclass
class Stage:
    """A running service. `gemini` is None with the rule-based analyst."""

    local: Local
    gemini: GeminiStandIn | None
    ann: Person = field(init=False)
    bo: Person = field(init=False)
    ada: Person = field(init=False)

    def __post_init__(self) -> None:
        self.ann, self.bo, self.ada = (Person(self.telegram, i) for i in (ANN, BO, ADA))

    @property
    def telegram(self) -> TelegramStandIn:
        assert self.local.standins.telegram
        return self.local.standins.telegram

    @property
    def market(self):
        assert self.local.standins.market
        return self.local.standins.market

    @property
    def service(self):
        return self.local.service

    async def allow(self, person: Person, **choices: Any) -> None:
        """Put a mandate in force at a person's first agent; without choices one that lets all by.

        Tests that are not about mandates trade more than anybody would sign for.
        """
        services = self.service.services
        agent = (await services.agents.load_agents(UserId(person.id)))[0]
        user = await services.people.load_user(UserId(person.id))
        assert user is not None
        wide = dict(
            trade_usd=Decimal(50_000),
            volume_usd=Decimal(1_000_000),
            loss_usd=Decimal(100_000),
            slippage_pct=Decimal(10),
        )
        mandates = services.signing.mandates
        chosen = replace(usual_choices(services), **{**wide, **choices})
        seen = person.last["message_id"]
        draft = await mandates.prepare(agent, chosen)
        signature = sign_as_test_wallet(mandates.type_draft(agent, draft))
        intent = await mandates.bring_in(agent, draft, signature, Origin(user, person.id, "test"))
        done = await services.execute.drive(intent.id, intent.account)
        assert done.state is IntentState.SETTLED, done.reason
        await person.sees("mandate is in force", after=seen)

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait for a condition that changes with messages."""
        return await self.telegram.wait_for(condition, PATIENCE_S)


@asynccontextmanager
async def raise_curtain(
    folder: Path,
    *,
    gemini: bool,
    telegram_limits: bool = False,
    clock: Clock | None = None,
    wrap: Callable[[Parts], None] | None = None,
    **settings: Any,
) -> AsyncIterator[Stage]:
    """Run local mode in `folder`; run again on the same folder to restart it."""
    async with AsyncExitStack() as stack:
        analyst = GeminiStandIn() if gemini else None
        if analyst:
            serving = await stack.enter_async_context(served(analyst.app))
            settings["google_api_key"] = SecretStr("test-key")
            settings["google_api_url"] = serving.url
        settings.setdefault("admin_ids", frozenset({ADA}))
        configured = Settings(_env_file=None, data_dir=folder, port=0, **settings)
        local = await stack.enter_async_context(
            local_service(
                configured,
                at_sei_pace=False,
                telegram_limits=telegram_limits,
                clock=clock,
                wrap=wrap,
            )
        )
        yield Stage(local, analyst)
