"""From words or answers to the card that asks whether an alert shall be set."""

import structlog

from bot.chat.alerts.cards import proposal_view
from bot.chat.alerts.drafts import new_draft_id, pack_draft
from bot.chat.talk import CARD as MESSAGE
from bot.chat.talk import DIALOGUE_LIFE, Talk
from bot.domain.alerts import AlertDraft, Condition, Place
from bot.domain.errors import UserError
from bot.domain.people import Agent, AgentId
from bot.policy.alerts.agent_names import name_agent
from bot.policy.alerts.phrases import read_phrase
from bot.policy.alerts.ring_words import read_manner
from bot.policy.alerts.words import keep_manner, parse_alert
from bot.policy.plain_words import is_order, is_question
from bot.ports.records import Dialogue
from bot.services.manage_agents import held_agents

log = structlog.get_logger(__name__)

EXAMPLES = (
    "Write it like: SEI above 0.25, eth -5% 1h, SEI new high 30d, daily digest at 08:00. "
    "Or send /alert alone and I ask you step by step."
)
CARD = "card"


async def offer_alert(talk: Talk, draft: AlertDraft, place: Place, draft_id: str = "") -> None:
    """Show how an alert would stand, with a button that sets it; nothing is set yet.

    Raises:
        UserError: it cannot be, or is there already.
    """
    proposal = await talk.services.set_alerts.propose(talk.user, place, draft)
    draft_id = draft_id or new_draft_id()
    about = await agent_of(talk, draft.condition)
    view = proposal_view(talk.services, talk.user, proposal, draft_id, about)
    data = pack_draft(proposal.draft, place, draft_id)
    shown = await talk.ask("alert", CARD, view, data) or talk.tapped
    if shown is not None:
        waiting = Dialogue("alert", CARD, {**data, MESSAGE: str(shown.message_id)})
        expires_at = talk.services.clock.now() + DIALOGUE_LIFE
        await talk.services.dialogues.save_dialogue(talk.chat_id, waiting, expires_at)


async def read_alert(talk: Talk, text: str, said: str = "") -> AlertDraft | None:
    """The alert that words ask for by the rules; None if they can read none.

    It is about the agent that `said`, the person's own words if those are others, names; else
    about the one the chat looks at.

    Raises:
        UserError: an alert is meant, but cannot be; the sentence says what to write instead.
    """
    services = talk.services
    held, agent = await held_agents(services.agents, talk.chat_id, talk.user)
    named = name_agent(said or text, [one.name for one in held], services.listing.symbols)
    if named.unknown:
        names = ", ".join(one.name for one in held) or "none yet, see /agents"
        raise UserError(f"You have no agent called {named.unknown}. Yours: {names}.")
    if named.name:
        agent = next(one for one in held if one.name == named.name)
    rest = name_agent(text, [one.name for one in held], services.listing.symbols).rest
    return parse_alert(
        rest,
        services.kinds,
        services.listing.symbols,
        services.clock.now(),
        talk.user.time_zone,
        int(agent.id) if agent and agent.escrow else 0,
    )


async def sure_alert(talk: Talk, text: str) -> AlertDraft | None:
    """The alert that words ask for if each of them has a meaning there; None otherwise."""
    services = talk.services
    try:
        rest = read_manner(text, services.clock.now(), talk.user.time_zone).rest
        phrase = read_phrase(rest, services.listing.symbols)
        if phrase.strangers or is_question(text) or is_order(text):
            return None
        return await read_alert(talk, text)
    except UserError:
        return None


async def hear_alert(talk: Talk, text: str) -> AlertDraft:
    """The alert that words ask for, as the analyst understands them.

    How often, how loud and how long it rings is what the person's own words say, if they do.

    Raises:
        UserError: there is none in them, or the analyst cannot be asked; with examples.
    """
    words = await talk.services.converse.hear_alert(talk.user, text)
    try:
        draft = words and await read_alert(talk, words.sentence, text)
    except UserError:
        log.info("alert_not_understood", analyst=talk.services.converse.brain.label)
        draft = None
    if not draft:
        raise UserError(f"I cannot make an alert of that. {EXAMPLES}")
    services = talk.services
    return keep_manner(draft, text, services.kinds, services.clock.now(), talk.user.time_zone)


async def offer_words(talk: Talk, text: str) -> None:
    """The card for an alert in words; for a group's chat `talk` must be of that group.

    Raises:
        UserError: the words make no alert; the sentence has examples.
    """
    draft = await read_alert(talk, text)
    if draft is None:
        raise UserError(f"I cannot make an alert of that. {EXAMPLES}")
    await offer_alert(talk, draft, talk.place)


async def agent_of(talk: Talk, condition: Condition) -> Agent | None:
    """The agent whose escrow a condition is about."""
    if not condition.agent_id:
        return None
    return await talk.services.agents.load_agent(AgentId(condition.agent_id))


def private(talk: Talk) -> Place:
    """The person's own chat."""
    return Place(int(talk.user.id))
