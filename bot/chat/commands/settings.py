"""/settings: slippage, the person's own limits, language, current agent, time, quiet hours."""

from dataclasses import replace
from decimal import Decimal

from bot.chat.command import Command
from bot.chat.render import esc, percent, usd
from bot.chat.talk import Talk
from bot.chat.view import View, button, grid
from bot.domain.errors import UserError
from bot.domain.money import Bps
from bot.domain.people import User
from bot.policy.amounts import Share, parse_amount
from bot.policy.time_zones import label_of
from bot.ports.records import UserSettings
from bot.services.manage_agents import current_agent

_SLIPPAGES = (30, 50, 100, 200)
_LANGUAGES = ("English", "Deutsch", "Español", "Français", "Português", "Türkçe", "한국어", "中文")
_SMALLEST_SLIPPAGE = Bps(5)


async def home(talk: Talk, _: str) -> None:
    """All settings at a glance; what was asked for one of them is over."""
    await talk.services.dialogues.drop_dialogue(talk.chat_id)
    await talk.show(await _home(talk))


async def _home(talk: Talk) -> View:
    user = talk.user
    agent = await current_agent(talk.services.agents, talk.chat_id, user)
    lines = [
        "⚙️ <b>Settings</b>",
        "",
        f"Slippage: at most {percent(user.slippage)} less than offered",
        f"A trade: at most {usd(user.trade_cap_usd)}",
        f"24 hours, each agent: at most {usd(user.day_cap_usd)}",
        f"Language of my answers: {esc(user.language)}",
        f"Current agent: {esc(agent.name) if agent else 'none yet'}",
        f"Time zone: {esc(label_of(user.time_zone))}",
        f"Quiet hours: {_quiet(user)}",
    ]
    rows = (
        (
            button("Slippage", "settings", "slippage"),
            button("Limit a trade", "settings", "cap", "trade"),
        ),
        (
            button("Limit a day", "settings", "cap", "day"),
            button("Language", "settings", "language"),
        ),
        (button("🕘 Time zone", "quiet", "zone"), button("🌙 Quiet hours", "quiet", "home")),
        (button("🤖 Agent", "agents", "list"), button("🏠 Home", "start", "home")),
    )
    return View("\n".join(lines), rows)


async def slippage(talk: Talk, argument: str) -> None:
    """Choose or type the slippage limit."""
    if argument:
        known = argument.isascii() and argument.isdigit()
        await _save_slippage(talk, int(argument) if known else 0)
        return
    picks = [button(percent(bps), "settings", "slippage", bps) for bps in _SLIPPAGES]
    await talk.ask(
        "settings",
        "slippage",
        View(
            "<b>How much less than offered is still fine?</b> More than that and the trade does "
            "not happen. Tap, or write a percentage like <code>0.8%</code>.",
            (*grid(picks, 4), (button("‹ Settings", "settings", "home"),)),
        ),
        {},
    )


async def typed_slippage(talk: Talk, text: str) -> None:
    """A percentage was typed."""
    wish = parse_amount(text if text.strip().endswith("%") else f"{text}%")
    fraction = wish.fraction if isinstance(wish, Share) else Decimal(0)
    await _save_slippage(talk, int(fraction * 10_000))


async def _save_slippage(talk: Talk, bps: int) -> None:
    most = talk.services.limits.max_slippage
    if not _SMALLEST_SLIPPAGE <= bps <= most:
        raise UserError(
            f"Slippage must be between {percent(_SMALLEST_SLIPPAGE)} and {percent(most)}."
        )
    await _save(talk, replace(settings_of(talk.user), slippage=Bps(bps)))


async def cap(talk: Talk, which: str) -> None:
    """Ask for a limit in USD."""
    if which not in ("trade", "day"):
        raise UserError("That button no longer works.")
    most = _most(talk, which)
    picks = [
        button(usd(value), "settings", "capped", which, value)
        for value in (most, most / 2, most / 5)
    ]
    what = "one trade" if which == "trade" else "one agent in 24 hours"
    await talk.ask(
        "settings",
        "cap",
        View(
            f"<b>At most how many dollars for {what}?</b> Up to {usd(most)}, which is as much "
            "as I allow anybody for now.",
            (tuple(picks), (button("‹ Settings", "settings", "home"),)),
        ),
        {"which": which},
    )


async def capped(talk: Talk, argument: str) -> None:
    """A limit was tapped."""
    which, _, value = argument.partition(":")
    await _save_cap(talk, which, value)


async def typed_cap(talk: Talk, text: str) -> None:
    """A limit was typed."""
    dialogue = await talk.services.dialogues.load_dialogue(talk.chat_id, talk.services.clock.now())
    await _save_cap(talk, dialogue.data["which"] if dialogue else "", text)


async def _save_cap(talk: Talk, which: str, text: str) -> None:
    wish = parse_amount(text)
    if which not in ("trade", "day") or isinstance(wish, Share):
        raise UserError("Write dollars, like $25.")
    value = wish.value
    most = _most(talk, which)
    least = talk.services.limits.min_trade_usd
    if not least <= value <= most:
        raise UserError(f"That limit can be between {usd(least)} and {usd(most)}.")
    settings = settings_of(talk.user)
    if which == "trade":
        await _save(talk, replace(settings, trade_cap_usd=value))
    else:
        await _save(talk, replace(settings, day_cap_usd=value))


def _most(talk: Talk, which: str) -> Decimal:
    limits = talk.services.limits
    return limits.trade_cap_usd if which == "trade" else limits.day_cap_usd


async def language(talk: Talk, argument: str) -> None:
    """Choose the language of the analyst's answers."""
    if argument:
        known = argument.isascii() and argument.isdigit()
        if not known or int(argument) >= len(_LANGUAGES):
            raise UserError("That button no longer works.")
        await _save(talk, replace(settings_of(talk.user), language=_LANGUAGES[int(argument)]))
        return
    picks = [button(name, "settings", "language", index) for index, name in enumerate(_LANGUAGES)]
    await talk.show(
        View(
            "<b>In which language shall the analyst answer?</b> Buttons and receipts stay "
            "English, and so does the rule-based analyst.",
            (*grid(picks, 2), (button("‹ Settings", "settings", "home"),)),
        )
    )


async def _save(talk: Talk, settings: UserSettings) -> None:
    await save_settings(talk, settings)
    await talk.show(await _home(talk))


async def save_settings(talk: Talk, settings: UserSettings) -> None:
    """Keep what was chosen, and end the question that asked for it."""
    await talk.services.dialogues.drop_dialogue(talk.chat_id)
    await talk.services.people.save_settings(talk.user.id, settings)
    talk.user = await talk.services.people.load_user(talk.user.id) or talk.user
    talk.toast = "Saved"


def settings_of(user: User) -> UserSettings:
    """A person's settings, to change some of them."""
    return UserSettings(
        user.slippage,
        user.trade_cap_usd,
        user.day_cap_usd,
        user.language,
        user.time_zone,
        user.quiet,
    )


def _quiet(user: User) -> str:
    if user.quiet is None:
        return "off"
    return f"{user.quiet.start:%H:%M}–{user.quiet.end:%H:%M}"


COMMAND = Command(
    name="settings",
    summary="Limits, language, time zone, quiet hours",
    order=10,
    run=home,
    taps={
        "home": home,
        "slippage": slippage,
        "cap": cap,
        "capped": capped,
        "language": language,
    },
    replies={"slippage": typed_slippage, "cap": typed_cap},
)
