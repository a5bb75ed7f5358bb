import hashlib
import hmac
import json
from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from bot.domain.errors import UpstreamError, UserError
from bot.domain.trade import Intent, IntentKind
from bot.policy.mandate_words import PAUSED
from bot.ports.chain import ChainRefusedError
from bot.ports.records import Dialogue
from bot.services.signing_links import (
    LinkExpiredError,
    Purpose,
    SignedOutError,
    TooManyRequestsError,
)
from tests.fakes.clock import FakeClock
from tests.fakes.contracts import fake_signature
from tests.fakes.escrows import wide_mandate
from tests.unit.services.notary import BOT_TOKEN, OWNER, RESERVED, SITE, STRANGER, Notary
from tests.unit.services.office import ANN, BO, CHAT, SEI, USDC, WBTC, Office


@pytest.fixture
def notary(office: Office) -> Notary:
    return Notary(office)


def only_intent(notary: Notary) -> Intent:
    (intent,) = notary.office.ledger.intents.values()
    return intent


# ---- links


async def test_a_link_hides_its_token_in_the_fragment(notary: Notary):
    token = await notary.link()
    assert notary.signing.url(token) == f"https://bot.example:8443/wallet#{token}"
    assert len(token) >= 43
    assert token not in repr(notary.signing)


async def test_a_link_works_for_half_an_hour(notary: Notary, clock: FakeClock):
    token = await notary.link(await notary.agent())
    clock.jump(30 * 60 - 1)
    assert (await notary.signing.look(token, "")).purpose is Purpose.MANDATE
    clock.jump(1)
    with pytest.raises(LinkExpiredError, match="ask the bot for a new one"):
        await notary.signing.look(token, "")
    with pytest.raises(LinkExpiredError):
        await notary.signing.look("guess", "")


async def test_a_persons_oldest_link_makes_room(notary: Notary):
    agent = await notary.agent()
    tokens = [await notary.link(agent) for _ in range(6)]
    with pytest.raises(LinkExpiredError):
        await notary.signing.look(tokens[0], "")
    for token in tokens[1:]:
        await notary.signing.look(token, "")


async def test_a_link_is_asked_so_often_a_minute(notary: Notary, clock: FakeClock):
    token = await notary.link(await notary.agent())
    for _ in range(90):
        await notary.signing.look(token, "")
    with pytest.raises(TooManyRequestsError):
        await notary.signing.look(token, "")
    clock.jump(60)
    await notary.signing.look(token, "")


async def test_a_closed_agent_has_no_page(notary: Notary):
    agent = await notary.agent()
    token = await notary.link(agent)
    notary.office.records.agents.clear()
    with pytest.raises(UserError, match="was deleted"):
        await notary.signing.look(token, "")


@pytest.mark.parametrize(("opener", "welcome"), [(ANN, True), (BO, False)])
async def test_telegram_may_say_whose_eyes_these_are(notary: Notary, opener: int, welcome: bool):  # noqa: FBT001
    token = await notary.link(await notary.agent())
    now = int(notary.office.clock.now().timestamp())
    fields = {"auth_date": str(now), "user": json.dumps({"id": opener})}
    lines = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    key = hmac.digest(b"WebAppData", BOT_TOKEN.encode(), hashlib.sha256)
    fields["hash"] = hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()
    if welcome:
        await notary.signing.look(token, urlencode(fields))
    else:
        with pytest.raises(UserError, match="somebody else"):
            await notary.signing.look(token, urlencode(fields))


# ---- signing in


async def test_the_message_is_eip_4361(notary: Notary):
    token = await notary.link(await notary.agent())
    lines = (await notary.signing.challenge(token, OWNER.lower())).split("\n")
    nonce = lines[8].removeprefix("Nonce: ")
    assert nonce.isalnum()
    assert len(nonce) == 32
    assert lines == [
        "bot.example:8443 wants you to sign in with your Ethereum account:",
        OWNER,
        "",
        "Sei Trader asks whether this address is yours. Signing proves that and nothing else: "
        "it moves no money, costs no gas and allows no trade.",
        "",
        f"URI: {SITE.page_url}",
        "Version: 1",
        "Chain ID: 31337",
        f"Nonce: {nonce}",
        "Issued At: 2026-11-20T12:00:00Z",
        "Expiration Time: 2026-11-20T12:10:00Z",
    ]


async def test_a_signature_counts_once(notary: Notary):
    token = await notary.link(await notary.agent())
    text = await notary.signing.challenge(token, OWNER)
    signature = fake_signature(OWNER, text)
    assert (await notary.signing.answer(token, signature)).address == OWNER
    with pytest.raises(UserError, match="used or never asked for"):
        await notary.signing.answer(token, signature)


async def test_only_the_last_message_counts(notary: Notary):
    token = await notary.link(await notary.agent())
    first = await notary.signing.challenge(token, OWNER)
    await notary.signing.challenge(token, OWNER)
    with pytest.raises(UserError, match="not of the address"):
        await notary.signing.answer(token, fake_signature(OWNER, first))


async def test_a_message_gets_old(notary: Notary, clock: FakeClock):
    token = await notary.link(await notary.agent())
    text = await notary.signing.challenge(token, OWNER)
    clock.jump(601)
    with pytest.raises(UserError, match="longer than ten minutes"):
        await notary.signing.answer(token, fake_signature(OWNER, text))


async def test_somebody_elses_signature_opens_nothing(notary: Notary):
    token = await notary.link(await notary.agent())
    text = await notary.signing.challenge(token, OWNER)
    with pytest.raises(UserError, match="not of the address"):
        await notary.signing.answer(token, fake_signature(STRANGER, text))
    with pytest.raises(SignedOutError):
        await notary.signing.view(token, "")


async def test_only_the_owner_signs_in_to_a_mandate(notary: Notary):
    token = await notary.link(await notary.agent())
    with pytest.raises(UserError, match=r"The owner of Alpha is 0x5290…9EE7.* 0x8617…070D"):
        await notary.signing.challenge(token, STRANGER)


async def test_a_session_is_the_links_own(notary: Notary):
    agent = await notary.agent()
    one, other = await notary.link(agent), await notary.link(agent)
    session = await notary.sign_in(one)
    await notary.signing.view(one, session)
    for token, wrong in ((one, ""), (one, "guess"), (other, session), (other, "")):
        with pytest.raises(SignedOutError):
            await notary.signing.view(token, wrong)
    again = await notary.sign_in(one)
    with pytest.raises(SignedOutError):
        await notary.signing.view(one, session)
    await notary.signing.view(one, again)


# ---- a new agent's owner


async def asks_for_owner(notary: Notary, step: str = "owner") -> None:
    later = notary.office.clock.now().replace(year=2100)
    await notary.office.records.save_dialogue(CHAT, Dialogue("agents", step, {}), later)


async def test_a_proven_owner_moves_the_chat_on(notary: Notary):
    token = await notary.link()
    await asks_for_owner(notary)
    await notary.sign_in(token)
    now = notary.office.clock.now()
    asked = await notary.office.records.load_dialogue(CHAT, now)
    assert asked == Dialogue("agents", "name", {"owner": OWNER})
    (notice,) = notary.office.notices("owner_proven")
    assert (notice.chat_id, notice.data) == (CHAT, {"owner": OWNER})
    assert notary.office.wakes == 1
    assert (await notary.signing.look(token, "")).done


async def test_a_second_proof_does_not_disturb_the_chat(notary: Notary):
    token = await notary.link()
    await asks_for_owner(notary)
    await notary.sign_in(token)
    await asks_for_owner(notary)
    await notary.sign_in(token, STRANGER)
    assert len(notary.office.notices("owner_proven")) == 1


@pytest.mark.parametrize("step", ["", "name"])
async def test_a_chat_that_went_on_is_left_alone(notary: Notary, step: str):
    token = await notary.link()
    if step:
        await asks_for_owner(notary, step)
    with pytest.raises(UserError, match="the chat no longer waits for it"):
        await notary.sign_in(token)
    assert notary.office.notices("owner_proven") == []


async def test_what_can_own_nothing_is_refused_before_signing(notary: Notary):
    agent = await notary.agent()
    notary.office.records.agents[agent.id] = agent
    token = await notary.link()
    for address in (
        RESERVED,
        agent.actor,
        f"0x{1:040x}",
        "0x52908400098527886E0F7030069857D2E4169Ee7",
    ):
        with pytest.raises(UserError):
            await notary.signing.challenge(token, address)


async def test_a_link_for_an_owner_shows_no_mandate(notary: Notary):
    token = await notary.link()
    await asks_for_owner(notary)
    session = await notary.sign_in(token)
    with pytest.raises(LinkExpiredError):
        await notary.signing.view(token, session)


# ---- mandates


async def test_from_choices_to_a_mandate_in_force(notary: Notary, clock: FakeClock):
    agent = await notary.agent()
    token = await notary.link(agent)
    session = await notary.sign_in(token)
    before = await notary.signing.view(token, session)
    assert (before.why_not, before.can_sign, before.can_revoke) == (
        "No mandate is in force: the agent may not trade.",
        True,
        False,
    )
    typed = await notary.signing.prepare(token, session, notary.choices())
    message = typed["message"]
    assert isinstance(message, dict)
    now = int(clock.now().timestamp())
    assert (message["nonce"], message["issuedAt"], message["signBy"]) == (1, now, now + 3_600)
    progress = await notary.signing.bring_in(token, session, fake_signature(OWNER, typed))
    assert (progress.kind, progress.state) == ("mandate", "waiting")
    intent = only_intent(notary)
    assert (intent.kind, intent.chat_id, intent.user_id) == (IntentKind.SET_MANDATE, CHAT, ANN)
    await notary.office.settle()
    assert (await notary.signing.progress(token, session)).state == "done"
    view = await notary.signing.view(token, session)
    assert view.words == (
        "may trade SEI and USDC on Dragon and Eel, up to $50 a trade and $200 a day, losing at "
        "most 1.5 % a trade and $10 a day, until 20 December 12:00 UTC"
    )
    assert (view.why_not, view.can_revoke) == ("", True)
    assert (view.volume_left_usd, view.loss_left_usd) == (Decimal(100), Decimal(5))


async def test_a_draft_counts_once_and_only_as_given_out(notary: Notary):
    token = await notary.link(await notary.agent())
    session = await notary.sign_in(token)
    with pytest.raises(UserError, match="never asked for"):
        await notary.signing.bring_in(token, session, b"x")
    first = await notary.signing.prepare(token, session, notary.choices())
    await notary.signing.prepare(token, session, notary.choices(loss_usd=20))
    with pytest.raises(UserError, match="not the signature"):
        await notary.signing.bring_in(token, session, fake_signature(OWNER, first))
    with pytest.raises(UserError, match="never asked for"):
        await notary.signing.bring_in(token, session, fake_signature(OWNER, first))
    assert not notary.office.ledger.intents


async def test_a_silent_chain_costs_no_second_signature(notary: Notary):
    token = await notary.link(await notary.agent())
    session = await notary.sign_in(token)
    typed = await notary.signing.prepare(token, session, notary.choices())
    notary.office.chain.down = True
    with pytest.raises(UpstreamError):
        await notary.signing.bring_in(token, session, b"a contract's")
    notary.office.chain.down = False
    signature = fake_signature(OWNER, typed)
    assert (await notary.signing.bring_in(token, session, signature)).state == "waiting"


async def test_a_revocation_voids_the_mandate_that_was_withheld_too(notary: Notary):
    agent = await notary.agent()
    notary.office.book(agent).nonce = 4
    token = await notary.link(agent)
    session = await notary.sign_in(token)
    withheld = await notary.signing.prepare(token, session, notary.choices())
    typed = await notary.signing.prepare_revocation(token, session)
    assert typed["message"] == {"nonce": 5}
    assert isinstance(withheld["message"], dict)
    assert withheld["message"]["nonce"] == 5
    progress = await notary.signing.bring_in(token, session, fake_signature(OWNER, typed))
    assert progress.kind == "revocation"
    await notary.office.settle()
    assert notary.office.book(agent).dropped
    assert notary.office.book(agent).nonce == 5


@pytest.mark.parametrize(
    ("reason", "said"),
    [("NonceTooLow", "came first"), ("Strange", "the chain refused it (Strange)")],
)
async def test_a_refusal_is_explained(notary: Notary, reason: str, said: str):
    token = await notary.link(await notary.agent())
    session = await notary.sign_in(token)
    with pytest.raises(UserError, match="Nothing was brought in"):
        await notary.signing.progress(token, session)
    typed = await notary.signing.prepare(token, session, notary.choices())
    notary.office.chain.refusal = ChainRefusedError(reason)
    await notary.signing.bring_in(token, session, fake_signature(OWNER, typed))
    await notary.office.settle()
    progress = await notary.signing.progress(token, session)
    assert progress.state == "refused"
    assert said in progress.reason


async def test_whoever_comes_second_is_told(notary: Notary):
    agent = await notary.agent()
    await notary.office.adopt(agent, wide_mandate(notary.office.chain.contracts))
    token = await notary.link(agent)
    session = await notary.sign_in(token)
    first = await notary.signing.prepare(token, session, notary.choices())
    assert isinstance(first["message"], dict)
    assert first["message"]["nonce"] == 2
    notary.office.book(agent).nonce = 2
    await notary.signing.bring_in(token, session, fake_signature(OWNER, first))
    await notary.office.settle()
    assert "came first" in (await notary.signing.progress(token, session)).reason


async def test_after_the_exit_code_nothing_is_signed(notary: Notary):
    agent = await notary.agent()
    notary.office.book(agent).exited = True
    token = await notary.link(agent)
    session = await notary.sign_in(token)
    view = await notary.signing.view(token, session)
    assert (view.can_sign, view.can_revoke) == (False, False)
    with pytest.raises(UserError, match="exit code"):
        await notary.signing.prepare(token, session, notary.choices())


async def test_an_unknown_mandate_can_be_replaced_and_revoked(notary: Notary):
    agent = await notary.agent()
    mandate = wide_mandate(notary.office.chain.contracts)
    await notary.office.adopt(agent, mandate, known=False)
    token = await notary.link(agent)
    session = await notary.sign_in(token)
    view = await notary.signing.view(token, session)
    assert "that I do not know" in view.why_not
    assert (view.can_sign, view.can_revoke, view.words) == (True, True, None)


async def test_a_mandate_leaves_out_what_is_switched_off(notary: Notary):
    contracts = notary.office.chain.contracts
    contracts.tokens[WBTC.address] = replace(contracts.terms_of(WBTC.address), on=False)
    token = await notary.link(await notary.agent())
    session = await notary.sign_in(token)
    (venue, *_) = notary.choices().adapters
    typed = await notary.signing.prepare(token, session, notary.choices(adapters=[venue]))
    message = typed["message"]
    assert isinstance(message, dict)
    assert (message["tokens"], message["adapters"]) == ([SEI.address, USDC.address], [venue])
    await notary.signing.bring_in(token, session, fake_signature(OWNER, typed))
    await notary.office.settle()
    assert (await notary.signing.progress(token, session)).state == "done"


@pytest.mark.parametrize("state", ["nothing", "unknown", "revoked", "expired", "exited", "known"])
async def test_a_pause_changes_nothing_of_what_is_in_force(
    notary: Notary, clock: FakeClock, state: str
):
    agent = await notary.agent()
    if state != "nothing":
        mandate = wide_mandate(notary.office.chain.contracts)
        await notary.office.adopt(agent, mandate, known=state != "unknown")
    notary.office.book(agent).dropped = state == "revoked"
    notary.office.book(agent).exited = state == "exited"
    clock.jump(4_000 * 86_400 if state == "expired" else 0)
    token = await notary.link(agent)
    session = await notary.sign_in(token)
    before = await notary.signing.view(token, session)
    assert (before.paused, not before.why_not) == ("", state == "known")
    notary.office.chain.paused = True
    assert await notary.signing.view(token, session) == replace(before, paused=PAUSED)
    assert before.can_revoke == (state in {"known", "unknown"})
    assert (before.words is not None) == (state in {"known", "expired"})
