"""/start: greeting, terms, the way in; and what a link from a group carries."""

from bot.chat.alerts.cards import set_view
from bot.chat.command import Command
from bot.chat.deep_links import SIGNALS, SUBSCRIBE, parse_payload
from bot.chat.groups.subscriptions import ask_link, follow_link
from bot.chat.render import esc
from bot.chat.talk import Talk
from bot.chat.view import View, button, link

_MOST_CARRIED = 40
"""Letters of a link's payload that fit behind the version of the terms on a button."""


async def start(talk: Talk, words: str) -> None:
    """Greet, or follow a link; whoever has not accepted the present terms is asked to first."""
    facts = talk.services.facts
    if talk.user.accepted_terms == facts.terms_version:
        if not await _follow(talk, words):
            await talk.say(await _home(talk))
        return
    carried = (words,) if parse_payload(words) and len(words) <= _MOST_CARRIED else ()
    terms = f"{facts.public_url}/tnc"  # Telegram takes buttons with public addresses only
    again = "The terms have changed; please accept the new version.\n\n"
    view = View(
        f"👋 Hello {esc(talk.user.name)}, I am <b>Sei Trader</b>.\n\n"
        f"{again if talk.user.accepted_terms else ''}"
        "Ask me about a token on Sei and I answer with a reasoned decision. Tap Confirm and the "
        "swap runs from an escrow contract that pays out to <b>your</b> address only.\n\n"
        "Trading can lose money, all of it. Nothing I say is investment advice. Please read the "
        f"terms first: {esc(terms)}",
        (
            *(((link("📄 Terms", terms),),) if terms.startswith("https://") else ()),
            (
                button(
                    "✅ Accept", "start", "accept", facts.terms_version, *carried, style="success"
                ),
            ),
        ),
    )
    await talk.say(view)


async def accept(talk: Talk, argument: str) -> None:
    """Record the acceptance of the version that was shown; then go where a link led to."""
    services = talk.services
    version, _, words = argument.partition(":")
    if version != services.facts.terms_version:
        await start(talk, words)
        return
    await services.people.accept_terms(talk.user.id, version, services.clock.now())
    await talk.show(await _home(talk))
    await _follow(talk, words)


async def home(talk: Talk, _: str) -> None:
    """Back to the first screen."""
    await talk.show(await _home(talk))


async def _follow(talk: Talk, words: str) -> bool:
    """Do what a link from a group is for; False if there is none. Anybody could have written it.

    Raises:
        UserError: it leads nowhere, or limits are in the way.
    """
    payload = parse_payload(words)
    if payload is None:
        return False
    purpose, word = payload
    talk.tapped = None
    if purpose == SUBSCRIBE:
        setting = talk.services.set_alerts
        alert = await setting.subscribe(talk.user, word)
        await talk.say(set_view(talk.services, talk.user, setting.look_at(alert)))
    elif purpose == SIGNALS:
        await follow_link(talk, word)
    else:
        await ask_link(talk, word)
    return True


async def _home(talk: Talk) -> View:
    held = await talk.services.agents.load_agents(talk.user.id)
    if not held:
        return View(
            "You are in. Next you open an <b>agent</b>: a name, instructions in your own words, "
            "and an escrow contract of its own.",
            ((button("🤖 Open my first agent", "agents", "new", style="success"),),),
        )
    return View(
        f"Welcome back, {esc(talk.user.name)}. Just ask me something, like "
        "<i>should I buy SEI now?</i>",
        (
            (button("🤖 Agents", "agents", "list"), button("📊 Portfolio", "portfolio", "view")),
            (button("📥 Deposit", "deposit", "show"), button("💱 Prices", "price", "list")),
            (button("⚙️ Settings", "settings", "home"), button("❔ Help", "help", "show")),
        ),
    )


COMMAND = Command(
    name="start",
    summary="Begin, or go back to the first screen",
    order=1,
    run=start,
    taps={"accept": accept, "home": home},
    needs_terms=False,
)
