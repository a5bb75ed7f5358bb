"""What a place is told, and what links out of groups do in private."""

from decimal import Decimal

import pytest

from bot.chat.notices import render_notice
from bot.chat.view import bare
from bot.domain.alerts import Place
from bot.domain.analysis import Action, TradeDecision
from bot.domain.people import Agent, AgentId
from bot.ports.ledger import Notice
from tests.unit.chat.chatroom import taps
from tests.unit.chat.groups.test_door import alerts_of, is_set
from tests.unit.chat.groups.town import CY, GROUP, TOPIC, Town
from tests.unit.services.office import ANN, BO, Office

HERE = Place(GROUP, TOPIC)
DECISION = TradeDecision(
    action=Action.SELL,
    symbol="SEI<",
    entry=Decimal("0.25"),
    stop_loss=None,
    take_profit=Decimal("0.2"),
    confidence=70,
    suggested_usd=Decimal(40),
    summary="private words",
    reasons=(),
    risks=(),
    analyst="rules",
)


@pytest.fixture
async def town(office: Office) -> Town:
    return await Town(office).move_in()


@pytest.fixture
async def agent(town: Town, office: Office) -> Agent:
    """Ann's, and public."""
    made = await office.agent()
    await town.room.services.signals.publish(made)
    return office.agent_now(made)


async def test_the_menu_of_a_topic(town: Town, agent: Agent) -> None:
    await town.say(ANN, "/subscribe")
    assert "What I tell this topic" in town.last
    assert "Market summary: none" in town.last
    assert "🗞 Daily summary" in town.buttons()
    await town.say(CY, "/subscribe")
    assert not town.buttons(), "a member sees what is told, and no more"
    town.office.clock.jump(60)
    await town.say(CY, "/subscribe", thread=0)
    assert "What I tell this group" in town.last


async def test_signals_of_a_public_agent_come_and_go(town: Town, agent: Agent) -> None:
    card = town.card()
    await town.tap(BO, "subscribe:agents:0", card)
    assert f"Alpha #{agent.id}" in town.last_edit
    assert "No trades so far" in town.last_edit
    await town.tap(BO, f"subscribe:follow:{agent.id}:0", card)
    (following,) = town.room.groups.followings
    assert (following.place, following.user_id) == (HERE, BO)
    assert f"✅ Alpha #{agent.id}" in town.buttons(edited=True)
    await town.say(CY, "/subscribe")
    assert "Signals: Alpha" in town.last
    assert town.buttons() == {
        "🔔 Alpha privately": f"https://t.me/SeiTraderBot?start=sig_{agent.id}"
    }
    await town.tap(BO, f"subscribe:drop:{agent.id}:0", card)
    assert not town.room.groups.followings


async def test_private_agents_are_not_for_groups(town: Town, office: Office) -> None:
    hidden = await office.agent()
    await town.tap(ANN, "subscribe:agents:0", town.card())
    assert "No agent is public yet" in town.last_edit
    toast = await town.tap(ANN, f"subscribe:follow:{hidden.id}:0", town.card())
    assert "not public" in toast
    assert not town.room.groups.followings


async def test_a_link_brings_a_copy_of_an_alert(town: Town) -> None:
    alert = await is_set(town)
    await town.write(CY, f"/start sub_{alert.share}")
    assert "SEI above $0.25" in town.last
    theirs, mine = alerts_of(town)
    assert (mine.user_id, mine.place, mine.condition) == (CY, Place(CY), theirs.condition)
    assert not mine.share
    await town.write(CY, f"/start sub_{alert.share}")
    assert "already" in town.last
    await town.tap(ANN, f"alerts:delete:{alert.id}:0", town.card())
    assert [a.user_id for a in alerts_of(town)] == [CY], "the copy is Cy's own"
    await town.write(BO, f"/start sub_{alert.share}")
    assert "has ended" in town.last


async def test_a_newcomer_accepts_the_terms_and_gets_it_then(town: Town) -> None:
    alert = await is_set(town)
    await town.write(77, f"/start sub_{alert.share}")
    assert "terms" in town.last
    accept = town.buttons()["✅ Accept"]
    message = town.message(77, "x", 0) | {"chat": {"id": 77, "type": "private"}}
    assert len(alerts_of(town)) == 1
    await town.tap(77, accept, message)
    assert [a.user_id for a in alerts_of(town)] == [ANN, 77]
    assert "SEI above $0.25" in town.last


@pytest.mark.parametrize(
    "words",
    ["sub_nosuch", "sub_", "sig_0", "sig_x", "sig_99999999999999999999999", "ask_NOSUCH", "x" * 64,
     "sub_<b>x</b>", "sub_a b", "../../etc", "sig_1 1", "🚀"],
)  # fmt: skip
async def test_links_that_lead_nowhere_say_so(town: Town, words: str) -> None:
    before = len(town.bot.sent)
    await town.write(CY, f"/start {words}")
    assert len(town.bot.sent) == before + 1
    assert "went wrong" not in town.last
    assert not alerts_of(town)
    assert not town.room.groups.followings


async def test_a_link_follows_an_agent_in_private(town: Town, agent: Agent) -> None:
    await town.write(CY, f"/start sig_{agent.id}")
    assert "You follow the signals of 🤖 Alpha" in town.last
    (following,) = town.room.groups.followings
    assert following.place == Place(CY)
    message = town.message(CY, "x", 0) | {"chat": {"id": CY, "type": "private"}}
    await town.write(CY, "/subscribe")
    assert f"Alpha #{agent.id}" in town.last
    assert town.buttons()["👥 Add me to a group"].endswith("?startgroup=subscribe")
    toast = await town.tap(CY, f"subscribe:leave:{agent.id}", message)
    assert "end here" in toast
    assert not town.room.groups.followings


async def test_a_person_makes_an_agent_public_and_private_again(town: Town, office: Office) -> None:
    made = await office.agent()
    message = town.message(ANN, "x", 0) | {"chat": {"id": ANN, "type": "private"}}
    await town.tap(ANN, f"agents:public:{made.id}", message)
    for word in ("token", "stop-loss", "confidence", "trades", "realised", "Others may trade"):
        assert word in town.last_edit
    assert not office.agent_now(made).is_public
    await town.tap(ANN, f"agents:publish:{made.id}", message)
    assert office.agent_now(made).is_public
    await town.write(CY, f"/start sig_{made.id}")
    toast = await town.tap(ANN, f"agents:private:{made.id}", message)
    assert "1 followed" in toast
    assert not office.agent_now(made).is_public
    (notice,) = town.notices("signals_ended")
    assert notice.chat_id == CY
    view = await render_notice(town.room.services, notice)
    assert "Alpha is private again" in bare(view.text)


async def test_nobody_publishes_somebody_elses_agent(town: Town, office: Office) -> None:
    made = await office.agent()
    message = town.message(CY, "x", 0) | {"chat": {"id": CY, "type": "private"}}
    for action in ("public", "publish", "private"):
        await town.tap(CY, f"agents:{action}:{made.id}", message)
        assert "not yours" in town.last
    assert not office.agent_now(made).is_public


async def test_a_signal_shows_figures_and_escapes_names(town: Town, agent: Agent) -> None:
    services = town.room.services
    for place in (HERE, Place(CY)):
        user = await services.people.load_user(ANN)
        assert user is not None
        await services.signals.follow(user, place, agent.id)
    now = services.clock.now()
    await services.conversations.save_decision(agent.id, "secret question", DECISION, now)
    await services.signals.tick()
    in_group, in_private = town.notices("signal")
    view = await render_notice(services, in_group)
    assert "SEI&lt;" in view.text
    text = bare(view.text)
    for part in (
        "Alpha",
        "SELL",
        "Entry $0.25",
        "take-profit $0.2",
        "70 of 100",
        "No trades so far",
    ):
        assert part in text, part
    assert "stop-loss" not in text
    assert "private words" not in text
    assert view.rows[0][0].url == f"https://t.me/SeiTraderBot?start=sig_{agent.id}"
    view = await render_notice(services, in_private)
    assert taps(view) == ["subscribe:ask:SEI<", f"subscribe:leave:{agent.id}"]


@pytest.mark.parametrize(
    ("side", "share", "words"),
    [
        ("BUY", "", "Alpha bought SEI< at $0.25"),
        ("SELL", "", "Alpha sold SEI< at $0.25"),
        ("SELL", "40", "Alpha sold 40 % of its SEI< at $0.25"),
        ("SELL", "100", "Alpha sold all its SEI< at $0.25"),
    ],
)
async def test_a_trade_shows_side_and_price(
    town: Town, agent: Agent, side: str, share: str, words: str
) -> None:
    data = {"agent": str(agent.id), "side": side, "symbol": "SEI<", "price": "0.25"}
    record = {"share": share, "trades": "12", "realised": "3.2", "at": "2026-11-20T12:00:00+00:00"}
    notice = Notice(GROUP, "signal_trade", "x", {**data, **record, "place": "group"})
    view = await render_notice(town.room.services, notice)
    text = bare(view.text)
    assert words in text
    assert "So far 12 trades, realised +$3.20" in text
    assert "SEI&lt;" in view.text
    assert view.rows[0][0].url == f"https://t.me/SeiTraderBot?start=sig_{agent.id}"


async def test_a_signal_of_an_agent_that_is_gone_is_given_up(town: Town, agent: Agent) -> None:
    services = town.room.services
    user = await services.people.load_user(ANN)
    assert user is not None
    await services.signals.follow(user, HERE, agent.id)
    await services.conversations.save_decision(agent.id, "?", DECISION, services.clock.now())
    await services.signals.tick()
    del town.office.records.agents[AgentId(agent.id)]
    with pytest.raises(LookupError):
        await render_notice(services, town.notices("signal")[0])
