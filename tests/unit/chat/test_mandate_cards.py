"""What people read about mandates: cards, receipts, notices and how to check an escrow."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.chat.cards import mandate_changed_view, opened_view
from bot.chat.commands import mandate as mandate_command
from bot.chat.commands import panic as panic_command
from bot.chat.mandates import bound_words, check_view, mandate_view
from bot.chat.notices import _KINDS, render_notice
from bot.chat.view import View, bare, length
from bot.domain.alerts import AlertDraft, Condition, Place
from bot.domain.errors import UserError
from bot.domain.mandate import (
    MICRO,
    Mandate,
    MandateWord,
    MicroUsd,
    SignedMandate,
    SignedRevocation,
)
from bot.domain.money import NATIVE, Bps
from bot.domain.people import Agent
from bot.domain.trade import Intent, IntentKind, IntentState
from bot.policy.mandate_words import PAUSED
from bot.policy.mandates import Bounds, bounds_of, most_lost_usd
from tests.fakes.chain import SERVER
from tests.fakes.contracts import ORCHESTRATOR, fake_address, fake_signature
from tests.fakes.escrows import wide_mandate
from tests.unit.chat.chatroom import TEST_WALLET, Chatroom, notice_of, taps
from tests.unit.services.office import ANN, BO, CHAT, OWNER, SEI, USDC, Office

EXIT_HASH = "0x" + "ab" * 32
STRANGER = fake_address("somebody")


@pytest.fixture
def room(office: Office) -> Chatroom:
    return Chatroom(office)


def usual(office: Office, **changes: object) -> Mandate:
    now = office.chain.contracts.now()
    limits = {
        "valid_until": now + timedelta(days=30),
        "slippage": Bps(150),
        "trade_cap": MicroUsd(50 * MICRO),
        "daily_volume": MicroUsd(200 * MICRO),
        "daily_loss": MicroUsd(10 * MICRO),
        "tokens": (USDC.address, SEI.address),
        "adapters": (fake_address("Cheap"),),
    }
    return wide_mandate(office.chain.contracts, **{**limits, **changes})


async def card(room: Chatroom, agent: Agent) -> View:
    state = await room.office.escrows.read_escrow(agent.escrow)
    mandate = await room.services.change_mandate.find(agent, state)
    return mandate_view(room.services, agent, state, mandate)


# ---------------------------------------------------------------- the mandate's card


async def test_the_mandate_in_force_in_words_with_what_is_left(room: Chatroom):
    office = room.office
    agent = await office.bare_agent("A <b>")
    await office.adopt(agent, usual(office))
    book = office.book(agent)
    book.volume, book.loss, book.since = 40 * MICRO, 2 * MICRO, office.chain.contracts.now()
    view = await card(room, agent)
    text = bare(view.text)
    assert "A <b> may trade USDC and SEI on Cheap, up to $50 a trade and $200 a day" in text
    assert "losing at most 1.5 % a trade and $10 a day, until 20 December" in text
    assert "Room now: trades of $60.00, losses of $3.00." in text
    assert "at most $10.00 in a day, $40.00 in a week, and 3 or 9 SEI of gas" in text
    assert agent.escrow in text
    assert {"mandate:page:1", "mandate:drop:1", "deposit:check:1"} <= set(taps(view))
    assert "<b>A &lt;b&gt;" not in view.text
    assert "A &lt;b&gt;" in view.text


async def test_a_pause_is_a_line_of_its_own(room: Chatroom):
    agent = await room.office.bare_agent()
    await room.office.adopt(agent, usual(room.office))
    room.office.chain.paused = True
    view = await card(room, agent)
    text = bare(view.text)
    assert "paused on the chain for everybody right now; what follows counts again" in text
    assert text.index("paused") < text.index("In force: ") < text.index("Room now")
    assert {"mandate:page:1", "mandate:drop:1"} <= set(taps(view))


async def test_the_default_mandate_in_words(room: Chatroom):
    agent = await room.office.bare_agent(exit_hash=EXIT_HASH)
    text = bare((await card(room, agent)).text)
    assert "may trade all listed tokens on all listed exchanges" in text
    assert "up to $50 a trade and $200 a day" in text
    assert "without an end" in text


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("nothing", "No mandate is in force"),
        ("dropped", "No mandate is in force"),
        ("exited", "The exit code was used"),
        ("unknown", "that I do not know"),
        ("expired", "has run out"),
    ],
)
async def test_why_nothing_is_traded(room: Chatroom, state: str, says: str):
    office = room.office
    agent = await office.bare_agent()
    if state != "nothing":
        await office.adopt(agent, usual(office), known=state != "unknown")
    office.book(agent).dropped = state == "dropped"
    office.book(agent).exited = state == "exited"
    office.clock.jump(31 * 86_400 if state == "expired" else 0)
    view = await card(room, agent)
    assert says in bare(view.text)
    assert "paused" not in view.text
    office.chain.paused = True
    paused = await card(room, agent)
    head, _, rest = view.text.partition("\n\n")
    assert paused == replace(view, text=f"{head}\n\n⏸ {PAUSED}\n\n{rest}")
    assert "In force" not in view.text
    assert "mandate:drop:1" not in taps(view)
    assert ("mandate:page:1" in taps(view)) == (state != "exited")


def test_the_bound_is_the_published_one():
    """Loss (1 + t) / 2, gas alike from 2 SEI a day, and the float of 1 SEI."""
    bounds = bounds_of(None, __import__("datetime").datetime(2026, 1, 1))
    lost = [most_lost_usd(bounds, days) for days in (1, 3, 7)]
    assert lost == [10, 20, 40]
    odd = replace(bounds, daily_loss=MicroUsd(999_999))
    assert most_lost_usd(odd, 1) == Decimal("0.999999")
    assert isinstance(bounds, Bounds)
    assert "$10.00" in bound_words(bounds)


# ---------------------------------------------------------------- checking an escrow


@pytest.mark.parametrize("exit_hash", ["", EXIT_HASH])
async def test_how_to_check_an_address_without_us(office: Office, exit_hash: str):
    room = Chatroom(office, explorer="https://scan.example")
    await office.bare_agent("First", exit_hash=EXIT_HASH)
    agent = await office.bare_agent("Second", exit_hash=exit_hash)
    view = check_view(room.services, agent)
    text = bare(view.text)
    command = (
        f'cast call {ORCHESTRATOR} "escrowAddress(uint256,bytes32,uint256)(address)" '
        f"{int(OWNER, 16)} {exit_hash or '0x' + '00' * 32} 1 --rpc-url https://rpc.example"
    )
    assert command in text
    assert agent.escrow in text
    assert f"cast to-dec {OWNER}" in text
    program = (
        f"sei-trader check {agent.escrow} --rpc https://rpc.example --owner {OWNER} "
        f"--orchestrator {ORCHESTRATOR}"
    )
    assert program in text
    assert "from elsewhere" in text
    copied = [b.copy_text.text for row in view.rows for b in row if b.copy_text]
    assert len(copied) == 1
    assert command.startswith(copied[0])
    links = [b.url for row in view.rows for b in row if b.url]
    assert links == [f"https://scan.example/address/{ORCHESTRATOR}"]


async def test_a_command_to_copy_is_copied_whole(office: Office):
    """Telegram copies 256 characters at most: half a command would check nothing."""
    agent = await office.bare_agent(exit_hash=EXIT_HASH)
    view = check_view(Chatroom(office).services, agent)
    [copied] = [b.copy_text.text for row in view.rows for b in row if b.copy_text]
    assert copied in bare(view.text)
    assert re.search(r"escrowAddress\(.*\)\(address\)", copied)
    assert "--rpc-url https://rpc.example" in copied


# ---------------------------------------------------------------- outcomes


async def done(room: Chatroom, kind: IntentKind, agent: Agent) -> Intent:
    office = room.office
    change, origin = room.services.change_mandate, await office.origin()
    match kind:
        case IntentKind.SET_MANDATE:
            mandate = usual(office, nonce=2)
            message = office.signatures.type_mandate(agent.escrow, mandate)
            signed = SignedMandate(mandate, fake_signature(OWNER, message))
            intent = await change.set(agent, signed, origin)
        case IntentKind.REVOKE_MANDATE:
            message = office.signatures.type_revocation(agent.escrow, 2)
            signed_one = SignedRevocation(2, fake_signature(OWNER, message))
            intent = await change.revoke(agent, signed_one, origin)
        case IntentKind.DROP_MANDATE:
            intent = await change.drop(agent, origin)
        case _:
            intent = await change.pause_chain(origin)
    await office.settle()
    return office.now_of(intent)


KINDS = [
    (IntentKind.SET_MANDATE, "The mandate is in force", "was not brought in"),
    (IntentKind.REVOKE_MANDATE, "Revoked.", "revocation was not brought in"),
    (IntentKind.DROP_MANDATE, "Dropped.", "was not dropped on the chain"),
    (IntentKind.PAUSE_CHAIN, "Trading is paused on the chain", "was not paused on the chain"),
]


@pytest.mark.parametrize(("kind", "fine", "failed"), KINDS)
async def test_what_became_of_a_change(room: Chatroom, kind: IntentKind, fine: str, failed: str):
    agent = await room.office.agent()
    intent = await done(room, kind, agent)
    assert intent.state is IntentState.SETTLED
    notice = notice_of("outcome", intent=intent.id)
    text = bare((await render_notice(room.services, notice)).text)
    assert fine in text
    assert intent.signed is not None
    assert intent.signed.tx_hash in text
    if kind is IntentKind.SET_MANDATE:
        assert "Alpha may trade USDC and SEI on Cheap, up to $50 a trade" in text
    for state in (IntentState.REFUSED, IntentState.REVERTED, IntentState.DROPPED):
        refused = replace(intent, state=state, reason="NonceTooLow 3 5")
        text = bare(mandate_changed_view(room.services, refused, agent).text)
        assert failed in text
        assert "something newer was signed meanwhile" in text
        assert text.endswith("No money moved.")


@pytest.mark.parametrize(("exit_hash", "first"), [("", "sign"), (EXIT_HASH, "deposit")])
async def test_an_open_agent_says_what_comes_next(room: Chatroom, exit_hash: str, first: str):
    owner = "0x52908400098527886E0F7030069857D2E4169EE7"
    office = room.office
    agent = await office.open_agent.open(await office.origin(), "New", "", owner, exit_hash)
    await office.settle()
    [intent] = office.ledger.intents.values()
    view = opened_view(room.services, intent, office.agent_now(agent))
    text = bare(view.text)
    assert office.agent_now(agent).escrow in text
    assert ("Next: sign a mandate" in text) == (first == "sign")
    assert ("The default mandate is in force" in text) == (first == "deposit")
    expected = f"mandate:page:{agent.id}" if first == "sign" else f"deposit:show:{agent.id}"
    assert taps(view)[0] == expected


# ---------------------------------------------------------------- notices


async def alert_notices(room: Chatroom, agent: Agent) -> dict[str, dict[str, str]]:
    """One of each kind about alerts and signals."""
    condition = Condition("PRICE_ABOVE", "SEI", Decimal("0.3"))
    user, place = await room.office.user(), Place(CHAT)
    alert = await room.services.set_alerts.create(user, place, AlertDraft(condition))
    now, of = room.office.clock.now().isoformat(), {"alert": str(alert.id)}
    meant = {"type": "PRICE_ABOVE", "symbol": "SEI", "threshold": "0.3", "window": "", "agent": ""}
    times = {"met_at": now, "as_of": now, "seen": "0.2", "seen_at": now, "late": "", "price": "0.3"}
    levels = {"symbol": "SEI", "action": "BUY", "entry": "0.2", "stop": "0.1", "target": "0.3"}
    record = {"confidence": "70", "trades": "2", "realised": "1.5", "at": now}
    counts = {"alerts": "2", "digests": "1", "followings": "1", "named": str(alert.id)}
    trade = {"agent": str(agent.id), "side": "SELL", "symbol": "SEI", "price": "0.2", "share": "50"}
    lost = {"group": "-100", "title": "Friends", "thread": "3", "reason": "kicked"}
    return {
        "alert": {**of, **meant, **times, "ring": "1", "value": "0.31"},
        "alert_ended": {**of, **meant},
        "digest": {**of, "due_at": now, "weekly": "", "late": ""},
        "signal": {"agent": str(agent.id), **levels, **record},
        "signals_ended": {"name": "Alpha"},
        "signal_trade": {**trade, **record},
        "place_lost": {**lost, **counts},
    }


async def test_every_notice_renders(room: Chatroom):
    """One of each kind, so that a kind without words is found here and not in somebody's chat."""
    office = room.office
    agent = await office.agent(USDC="100")
    intent = await office.run(await office.confirmed(agent))
    event = {"emitter": agent.escrow, "block": "5", "tx_hash": "0x12"}
    data: dict[str, dict[str, str]] = {
        "outcome": {"intent": str(intent.id)},
        "pending": {"intent": str(intent.id)},
        "deposit": {"agent": str(agent.id), "symbol": "USDC", "raw": "1500000"},
        "boot": {"version": "1", "network": "Sei", "recovered": "0"},
        "owner_proven": {"owner": OWNER},
        "escrow_event": {**event, "agent": str(agent.id), "name": "Dropped", "field_by": SERVER},
        "deployment_event": {**event, "name": "Paused", "field_by": STRANGER},
        "seed_leaked": {"agent": str(agent.id)},
        "job_dead": {"name": "watch_prices", "error": "OSError: no more"},
        **await alert_notices(room, agent),
    }
    assert set(data) == set(_KINDS)
    for kind, fields in data.items():
        view = await render_notice(room.services, notice_of(kind, **fields))
        assert 20 < length(view.text) < 1_000, kind
        assert not re.search(r"[{}]|None|<(?!/?(b|i|code|pre|tg-spoiler)>)", view.text), kind


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        (
            "Withdrawn",
            {"token": USDC.address, "to": STRANGER, "amount": "1500000"},
            f"The owner withdrew 1.5 USDC to {STRANGER}.",
        ),
        (
            "Released",
            {"token": NATIVE, "to": OWNER, "amount": str(2 * 10**18)},
            f"2 SEI was paid out to the owner, {OWNER}.",
        ),
        (
            "Released",
            {"token": STRANGER, "to": OWNER, "amount": "7"},
            f"7 base units of {STRANGER[:6]}…{STRANGER[-4:]} was paid out",
        ),
        ("Revoked", {"nonce": "4"}, "Every signature up to number 4 is void."),
        ("ExitUsed", {"by": STRANGER}, f"The exit code was used, by {STRANGER}"),
        ("Whatever", {}, "the event Whatever"),
    ],
)
async def test_what_somebody_else_did_is_told_in_words(
    room: Chatroom, name: str, fields: dict[str, str], says: str
):
    agent = await room.office.agent()
    data = {f"field_{key}": value for key, value in fields.items()}
    notice = notice_of(
        "escrow_event",
        **{"agent": str(agent.id), "name": name, "emitter": agent.escrow, "block": "5"},
        **{"tx_hash": "0x12", **data},
    )
    view = await render_notice(room.services, notice)
    text = bare(view.text)
    assert says in text
    assert "that I did not do" in text
    assert "/panic" in text
    assert "0x12" in text
    assert f"mandate:show:{agent.id}" in taps(view)


async def test_a_mandate_somebody_brought_in_is_told_with_its_terms(room: Chatroom):
    """End to end: seen on the chain, queued as data, rendered when it is sent."""
    office = room.office
    agent = await office.agent()
    mandate = usual(office, nonce=8)
    office.chain.happen(agent.escrow, "MandateSet", mandate, nonce=8, mandateHash="0x00")
    await office.watch_escrows().tick()
    [notice] = office.notices("escrow_event")
    text = bare((await render_notice(room.services, notice)).text)
    assert "Mandate 8, signed by the owner, is in force from now on: the agent may trade" in text
    assert "USDC and SEI on Cheap" in text
    assert "$10 a day" in text


async def test_a_notice_about_what_is_gone_is_an_error(room: Chatroom):
    lost = MandateWord(0)
    for kind in ("escrow_event", "seed_leaked"):
        with pytest.raises(LookupError):
            await render_notice(room.services, notice_of(kind, agent="404", word=hex(lost)))


async def test_markup_in_an_event_stays_text(room: Chatroom):
    agent = await room.office.agent()
    fields = {"field_token": "<b>x</b>", "field_to": "<i>", "field_amount": "5"}
    notice = notice_of(
        "escrow_event",
        **{"agent": str(agent.id), "name": "Withdrawn", "emitter": agent.escrow, "block": "5"},
        **{"tx_hash": "<u>", **fields},
    )
    text = (await render_notice(room.services, notice)).text
    assert not re.search(r"<(?!/?(b|i|code)>)", text)
    assert "<b>x" not in text


# ---------------------------------------------------------------- commands


async def test_panic_says_what_was_done_and_what_stays_open(room: Chatroom):
    office = room.office
    agent = await office.agent(USDC="100")
    await office.bare_agent("Beta", exit_hash=EXIT_HASH)
    flying = await office.confirmed(agent)
    office.chain.automine = False
    office.execute.start(flying)
    await office.clock.advance(1)
    await office.propose.propose(office.request(agent), await office.origin())
    await panic_command.stop(await room.talk(), "")
    [text] = room.bot.texts
    assert text.startswith("🛑 Stopped.")
    assert "🤖 Alpha, 🤖 Beta are paused" in text
    assert "Cancelled: 1" in text
    assert "the mandates are being dropped" in text
    assert "A trade of 10 USDC is signed already." in text
    assert "default mandate for good" in text
    assert "/withdraw" in text
    await office.execute.stop()


async def test_panic_without_agents_stops_nothing(room: Chatroom):
    await panic_command.stop(await room.talk(), "")
    assert room.bot.texts == ["You have no agent, so there is nothing to stop."]


async def test_panic_names_only_what_happened(room: Chatroom):
    await room.office.agent()
    await panic_command.stop(await room.talk(), "")
    [text] = room.bot.texts
    assert "🤖 Alpha is paused" in text
    for absent in ("ancelled", "is signed already", "exit code", "being opened"):
        assert absent not in text
    await room.office.settle()


async def test_dropping_asks_first_and_then_drops(room: Chatroom):
    agent = await room.office.agent()
    await mandate_command.drop(await room.talk(), str(agent.id))
    assert room.office.ledger.intents == {}
    assert "Drop the mandate of Alpha?" in room.bot.texts[0]
    await mandate_command.dropped(await room.talk(tapped=1), str(agent.id))
    await room.office.settle()
    assert room.office.book(agent).dropped


@pytest.mark.parametrize("argument", ["2", "", "x", "²", "-1"])
async def test_nobody_changes_somebody_elses_mandate(room: Chatroom, argument: str):
    await room.office.agent()
    await room.office.agent("Beta", BO)
    for step in (mandate_command.drop, mandate_command.dropped, mandate_command.page):
        with pytest.raises(UserError):
            await step(await room.talk(), argument)
    assert room.office.ledger.intents == {}


async def test_the_test_wallet_signs_its_own_agents_only(office: Office):
    room = Chatroom(office, local=True)
    agent = await office.bare_agent()
    with pytest.raises(UserError, match="Only the owner's own wallet"):
        await mandate_command.test(await room.talk(), str(agent.id))
    office.records.agents[agent.id] = mine = replace(agent, owner=TEST_WALLET)
    office.book(agent).owner = TEST_WALLET
    await mandate_command.test(await room.talk(), str(agent.id))
    await office.settle()
    signed = office.book(mine).mandate
    assert signed is not None
    assert signed.daily_loss == 10 * MICRO
    with pytest.raises(UserError, match="Only the owner's own wallet"):
        await mandate_command.test(await Chatroom(office).talk(), str(agent.id))


async def test_the_link_to_the_page_is_its_owners(room: Chatroom):
    agent = await room.office.agent()
    await mandate_command.page(await room.talk(), str(agent.id))
    [text] = room.bot.texts
    [url] = re.findall(r"https://\S+#\S+", text)
    token = url.partition("#")[2]
    view = await room.services.signing.look(token, "")
    assert view.agent is not None
    assert (view.agent.id, view.agent.user_id) == (agent.id, ANN)
