"""/start: greeting, terms, the way in."""

from bot.chat.command import Command
from bot.chat.render import esc
from bot.chat.talk import Talk
from bot.chat.view import View, button, link


async def start(talk: Talk, _: str) -> None:
    """Greet; whoever has not accepted the present terms is asked to first."""
    facts = talk.services.facts
    if talk.user.accepted_terms == facts.terms_version:
        await talk.say(await _home(talk))
        return
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
            (button("✅ Accept", "start", "accept", facts.terms_version, style="success"),),
        ),
    )
    await talk.say(view)


async def accept(talk: Talk, version: str) -> None:
    """Record the acceptance of the version that was shown."""
    services = talk.services
    if version != services.facts.terms_version:
        await start(talk, "")
        return
    await services.people.accept_terms(talk.user.id, version, services.clock.now())
    await talk.show(await _home(talk))


async def home(talk: Talk, _: str) -> None:
    """Back to the first screen."""
    await talk.show(await _home(talk))


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
