"""Whatever a person types, the answer helps and the state stays whole."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.domain.trade import IntentState
from bot.local.chain.accounts import TEST_WALLET
from bot.local.gemini.defaults import Kind
from bot.local.gemini.replies import answer
from bot.local.telegram.world import GROUP, SIGNALS_TOPIC
from tests.e2e.scene import Scene, scene
from tests.e2e.stage import Message, buttons_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "0x" + "4f3edf983ac636a65a842ce7c78d9aa706d3b113bce9c46f30d7d21715b23b1d"
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on(tmp_path_factory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("bad-input")) as on:
        yield on


NONSENSE = [
    ("1e30", "cannot read"),
    ("9" * 30, "larger than anything"),
    ("999999999", "can spend"),
    ("-5", "negative"),
    ("\u22125", "cannot read"),
    ("nan", "cannot read"),
    ("inf", "cannot read"),
    ("0." + "1" * 30, "18 decimals"),
    ("٢٥", "cannot read"),
    ("\uff12\uff15", "cannot read"),
    ("²", "cannot read"),
    ("0", "more than zero"),
    ("0.0000001", "comes to no USDC"),
    ("$0", "more than zero"),
    ("0%", "more than zero"),
    ("101%", "more than 100 %"),
    ("$", "cannot read"),
    ("12,5", "decimals with a point"),
    ("25 bananas", "cannot read"),
    ("<b>25</b>", "cannot read"),
    ("x" * 100, "Write an amount"),
]


@pytest.mark.parametrize(("typed", "hint"), NONSENSE)
async def test_an_amount_that_makes_no_sense(on: Scene, typed: str, hint: str) -> None:
    async with on.nothing_moves():
        assert hint in text_of(await on.ann.say(f"/buy SEI {typed}"))


@pytest.mark.parametrize(("typed", "hint"), [*NONSENSE, ("$490", "over your limit of $50.00")])
async def test_a_wrong_answer_may_be_given_again(on: Scene, typed: str, hint: str) -> None:
    async with on.nothing_moves():
        await on.ann.say("/buy SEI")
        assert hint in text_of(await on.ann.say(typed))
        assert "Buy SEI?" in text_of(await on.ann.say("$5"))
        await on.ann.say("/withdraw USDC")
        if hint not in ("can spend", "over your limit of $50.00"):
            assert hint in text_of(await on.ann.say(typed))
            assert "Withdraw?" in text_of(await on.ann.say("5"))


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ("$25", "25"),
        ("25", "25 USDC"),
        ("5%", "25 USDC"),
        ("12.345678", "12.3456 USDC"),
        (" 25 ", "25 USDC"),
    ],
)
async def test_an_amount_as_people_write_it(on: Scene, typed: str, given: str) -> None:
    async with on.nothing_moves():
        offer = text_of(await on.ann.say(f"/buy SEI {typed}"))
        assert f"You give: {given}" in offer.replace("25.0", "25").replace("24.99", "25")


@pytest.mark.parametrize(
    ("typed", "dollars"),
    [("1.5k", "1,5"), ("$1,500", "1,500"), ("half", "25"), ("50%", "25"), ("all", "50")],
)
async def test_an_amount_over_the_cap_is_named(on: Scene, typed: str, dollars: str) -> None:
    async with on.nothing_moves():
        said = text_of(await on.ann.say(f"/buy SEI {typed}"))
        enough = "can spend" if "1" in dollars else "over your limit of $50.00 a trade"
        assert enough in said
        assert "/deposit" in said or "/settings" in said


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("/price DOGE", "I do not know DOGE. I trade SEI"),
        ("/price <b>SEI</b>", "I do not know <b>SEI</b>. I trade SEI"),
        ("/price " + "S" * 1_000, "I do not know SSSSSSSSSSSSSSSSSSSS. I trade"),
        ("/price usd", "Which one: USDC or USDT0?"),
        ("/price SEI WETH", "One token at a time"),
        ("/price \u0405\u0415\u0406", "I do not know"),
        ("/buy DOGE 5", "I do not know DOGE"),
        ("/buy usd 5", "Which one"),
        ("/buy USDC 5", "what trades are paid in"),
        ("/buy SEI WETH 25", "One token at a time"),
        ("/buy SEI 25 and WETH", "One token at a time"),
        ("/sell PEPE all", "I do not know PEPE"),
        ("/sell WETH all", "comes to no WETH"),
        ("/withdraw PEPE", "I do not know PEPE"),
        ("/withdraw WETH all", "holds no WETH"),
        ("/withdraw USDC 501", "less than that"),
        ("/unheard", "/help lists"),
        ("/", "/help lists"),
        ("/buy\nSEI\n-5", "negative"),
    ],
)
async def test_a_command_that_names_the_wrong_thing(on: Scene, typed: str, hint: str) -> None:
    async with on.nothing_moves():
        assert hint in text_of(await on.ann.say(typed))


async def test_an_unknown_token_in_a_question_is_left_out_and_said(on: Scene) -> None:
    assert on.gemini
    on.gemini.play(answer({"symbols": ["SEI"], "unknown": ["<B>PEPE"]}), kind=Kind.TICKER)
    on.gemini.play(answer({"symbols": ["SEI"], "unknown": ["PEPE"]}), kind=Kind.TICKER)
    async with on.nothing_moves():
        assert (await on.ann.say("is <b>PEPE</b> & SEI any good?")).get("photo")
        await on.ann.say("is PEPE or SEI better?")
        said = text_of(await on.ann.sees("I do not trade PEPE, so I left that out."))
        assert "BUY SEI" in said


async def new_agent_step(on: Scene, *, name: str | None = None) -> Message:
    """Ann is asked for the name of a second agent, or for its instructions."""
    screen = await on.ann.press(await on.ann.say("/agents"), "New agent")
    asked = await on.ann.press(screen, f"Use {TEST_WALLET}")
    asked = await on.ann.press(asked, "I sign with it")
    return await on.ann.say(name) if name else asked


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("A\x07B", "letters, digits, spaces"),
        ("A\nB", "letters, digits, spaces"),
        ("<b>Alpha</b>", "letters, digits, spaces"),
        ("&amp;", "letters, digits, spaces"),
        ("\u202eahplA", "letters, digits, spaces"),
        ("A\u200bB", "letters, digits, spaces"),
        ("\u3164", "letters, digits, spaces"),
        ("🚀🚀🚀", "letters, digits, spaces"),
        ("A" * 33, "up to 32"),
        ("A" * 2_500, "2,500 characters"),
        ("A" * 5_000, "4,096 characters"),
        ("alpha", "You have an agent called alpha already"),
        ("ALPHA", "You have an agent called ALPHA already"),
        ("\uff21lpha", "You have an agent called Alpha already"),
        ("  Alpha ", "You have an agent called Alpha already"),
    ],
)
async def test_a_name_that_does_not_do(on: Scene, typed: str, hint: str) -> None:
    async with on.nothing_moves():
        await new_agent_step(on)
        assert hint in text_of(await on.ann.say(typed))
        on.clock.jump(seconds=3)
        assert "How shall it trade" in text_of(await on.ann.say("Zoë's 2nd"))


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("x" * 1_001, "1,001 characters"),
        ("careful " * 625, "4,0"),
        ("be\x07 careful", "control characters"),
        ("be \u202e careful", "control characters"),
    ],
)
async def test_instructions_that_do_not_do(on: Scene, typed: str, hint: str) -> None:
    """5,000 characters come as two messages; the second must not pass for the instructions."""
    async with on.nothing_moves():
        await new_agent_step(on, name="Beta")
        assert hint in text_of(await on.ann.say(typed))
        assert "Cancelled" in text_of(await on.ann.say("/cancel"))
    on.clock.jump(seconds=3)


async def test_instructions_are_shown_as_they_were_written(on: Scene) -> None:
    written = "<b>only</b> SEI & <a href='x'>never</a> \u06a9\u200c\u0647 👩\u200d🔬 </code>"
    card = await on.ann.press(await on.ann.say("/agents"), "Alpha")
    await on.ann.press(card, "Instructions")
    assert written in text_of(await on.ann.say(written))


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("0x123", "not a Sei EVM address"),
        ("sei1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", "not a Sei EVM address"),
        ("the wallet I always use", "not a Sei EVM address"),
        ("0x" + "0" * 40, "Nobody can hold"),
        (TEST_WALLET.replace("a", "A"), "checksum"),
        ("{quote}", "belongs to this service or a token"),
    ],
)
async def test_an_owner_that_cannot_own(on: Scene, typed: str, hint: str) -> None:
    quote = on.service.services.listing.quote.address
    async with on.nothing_moves():
        await on.ann.press(await on.ann.say("/agents"), "New agent")
        assert hint in text_of(await on.ann.say(typed.format(quote=quote)))
        asked = await on.ann.say(TEST_WALLET.lower())
        assert "wallet that you can sign with?" in text_of(asked)
        assert TEST_WALLET in text_of(asked)


async def test_a_question_is_answered_whatever_was_being_asked(on: Scene) -> None:
    async with on.nothing_moves():
        for begin in ("/buy SEI", "/withdraw USDC"):
            await on.ann.say(begin)
            said = await on.ann.say("should I buy SEI?")
            assert (
                f"I leave what I asked; nothing was changed. Back: {begin.split()[0]}"
                in text_of(said)
            )
            await on.ann.sees("Not investment advice", after=said["message_id"])
        assert "nothing to cancel" in text_of(await on.ann.say("/cancel"))


async def test_a_tap_elsewhere_ends_what_was_being_asked(on: Scene) -> None:
    async with on.nothing_moves():
        agents = await on.ann.say("/agents")
        await on.ann.say("/withdraw USDC")
        await on.ann.press(agents, "Alpha")
        assert "nothing to cancel" in text_of(await on.ann.say("/cancel"))


async def test_a_command_ends_what_was_being_asked(on: Scene) -> None:
    async with on.nothing_moves():
        await on.ann.say("/buy SEI")
        await on.ann.say("/price SEI")
        assert "nothing to cancel" in text_of(await on.ann.say("/cancel"))
        await on.ann.say("/buy SEI")
        assert "I do not know that command" in text_of(await on.ann.say("/nonsense"))
        assert "Cancelled" in text_of(await on.ann.say("/cancel"))


async def test_an_answer_that_comes_too_late_is_told_so(on: Scene) -> None:
    async with on.nothing_moves():
        await on.ann.say("/buy SEI")
        on.clock.jump(minutes=16)
        said = await on.ann.say("$5")
        assert "has run out" in text_of(said)
        assert "/buy" in text_of(said)
        await on.ann.sees("market is calm", after=said["message_id"])
        stale = await on.ann.say("/buy SEI")
        on.clock.jump(minutes=16)
        assert "Buy SEI?" not in text_of(await on.ann.press(stale, "Cancel"))


async def test_what_is_no_fresh_text_is_not_acted_on(on: Scene) -> None:
    persons, ann = on.telegram.persons, on.ann.id
    async with on.nothing_moves():
        sent = on.telegram.send(ann, "/price")
        await on.ann.sees("Prices", after=sent["message_id"])
        last = on.ann.last["message_id"]
        persons.edit(ann, sent["message_id"], "/buy SEI 25")
        last = (await on.ann.sees("do not read edited", after=last))["message_id"]
        persons.forward(ann, sent["message_id"])
        last = (await on.ann.sees("do not act on forwarded", after=last))["message_id"]
        persons.send_sticker(ann)
        last = (await on.ann.sees("I read text only", after=last))["message_id"]
        persons.send_file(ann, "offer.png", PIXEL)
        last = (await on.ann.sees("I read text only", after=last))["message_id"]
        persons.send_file(ann, "keys.txt", b"hello")
        await on.ann.sees("I read text only", after=last)


async def test_a_sticker_in_a_dialogue_leaves_it_open(on: Scene) -> None:
    async with on.nothing_moves():
        asked = await on.ann.say("/buy SEI")
        on.telegram.persons.send_sticker(on.ann.id)
        await on.ann.sees("I read text only", after=asked["message_id"])
        assert "Buy SEI?" in text_of(await on.ann.say("$5"))


async def test_channels_are_ignored_and_groups_sent_to_the_private_chat(on: Scene) -> None:
    async with on.nothing_moves():
        before = len(on.telegram.calls())
        on.telegram.persons.post_in_channel("/buy SEI 25")
        on.telegram.send(on.ann.id, "just talking", GROUP)
        said = await on.telegram.ask(on.ann.id, "/buy SEI 25", GROUP, SIGNALS_TOPIC)
        assert "in private only" in text_of(said)
        assert buttons_of(said) == ["Open our private chat"]
        assert said["message_thread_id"] == SIGNALS_TOPIC
        name = on.telegram.world.bot.username
        assert "in private" in text_of(await on.telegram.ask(on.bo.id, f"@{name} hi", GROUP))
        answers = on.telegram.calls()[before:]
        assert [call.chat_id for call in answers] == [GROUP, GROUP]
        assert "everybody here" in text_of(await on.telegram.ask(on.bo.id, f"/x {KEY}", GROUP))


@pytest.mark.parametrize(
    "data",
    [
        "x",
        "::",
        "trade",
        "trade:",
        "trade:yes",
        "trade:yes:",
        "trade:yes:'; drop table intents; --",
        "trade:yes:" + "A" * 50,
        "trade:run:1",
        "withdraw:yes:nothing",
        "withdraw:quick:1:SEI",
        "withdraw:ask:99999999999999999999999999:SEI",
        "agents:open:²",
        "agents:pause:-1",
        "agents:skip:",
        "agents:owner:0x0000000000000000000000000000000000000000",
        "settings:slippage:²",
        "settings:slippage:99999",
        "settings:capped:trade:1e30",
        "settings:capped:trade:51",
        "settings:language:²",
        "settings:language:99",
        "ask:go:99999999999999999999999999999:50",
        "ask:go:1000000:50",
        "ask:no:x",
        "buy:quick:SEI:$5:99999999999999999999999999",
        "buy:quick:SEI:$5",
        "buy:ask:<b>",
        "buy:ask:USDC",
        "price:one:<i>",
        "start:no:",
        "admin:pause:",
        "admin:show:",
        "admin:chain:",
        "admin:chained:",
        "admin:dead:",
        "admin:job:watch_prices",
        "admin:notice:1",
        "mandate:show:1000000",
        "mandate:page:-1",
        "mandate:test:²",
        "mandate:dropped:",
        "mandate:test:1000000",
        "mandate:drop:99999999999999999999999999",
        "mandate:dropped:1000000",
        "mandate:signed:1",
        "deposit:check:1000000",
        "agents:signs:",
        "agents:exits:",
        "panic:stop:",
        "help:undo:",
    ],
)
async def test_a_forged_button_does_nothing(on: Scene, data: str) -> None:
    async with on.nothing_moves():
        seen = await on.ann.say("/help")
        user = await on.service.services.people.load_user(on.ann.id)
        on.telegram.persons.press_data(on.ann.id, seen["message_id"], data)
        said = await on.ann.sees("⚠️", after=seen["message_id"])
        assert "Something went wrong" not in text_of(said)
        assert await on.service.services.people.load_user(on.ann.id) == user


@pytest.mark.parametrize("secret", [KEY, KEY[2:].upper(), PHRASE, TOKEN])
@pytest.mark.parametrize(
    "before",
    [(), ("/price",), ("/buy SEI",), ("/agents", "New agent"), ("Alpha", "Instructions")],
    ids=["question", "list", "amount", "owner", "instructions"],
)
async def test_a_secret_is_deleted_and_goes_nowhere(
    on: Scene, secret: str, before: tuple[str, ...], capfd
) -> None:
    assert on.gemini
    async with on.nothing_moves():
        if before[:1] == ("Alpha",):
            card = await on.ann.press(await on.ann.say("/agents"), "Alpha")
            await on.ann.press(card, "Instructions")
        elif before:
            screen = await on.ann.say(before[0])
            for label in before[1:]:
                screen = await on.ann.press(screen, label)
        calls = len(on.gemini.calls)
        for text in (f"my key is {secret} ok", secret, f"/withdraw {secret}"):
            said = await on.ann.say(text)
            assert "so I deleted the message" in text_of(said)
            assert "Never share" in text_of(said)
        await on.ann.say("/cancel")
        assert not [m for m in on.ann.messages if secret in text_of(m)]
        assert len(on.gemini.calls) == calls
    on_disk = b"".join(path.read_bytes() for path in on.folder.glob("bot.db*"))
    assert secret.encode() not in on_disk
    out, err = capfd.readouterr()
    assert secret not in out + err


async def test_a_secret_in_an_edited_or_forwarded_message_is_deleted_too(on: Scene) -> None:
    persons, ann = on.telegram.persons, on.ann.id
    async with on.nothing_moves():
        sent = on.telegram.send(ann, "/help")
        await on.ann.sees("Ask me", after=sent["message_id"])
        persons.edit(ann, sent["message_id"], PHRASE)
        said = await on.ann.sees("a seed phrase, so I deleted", after=sent["message_id"])
        theirs = on.telegram.send(on.bo.id, PHRASE, GROUP)
        persons.forward(ann, theirs["message_id"], ann)
        await on.ann.sees("a seed phrase, so I deleted", after=said["message_id"])
        assert not [m for m in on.ann.messages if PHRASE in text_of(m)]


async def test_the_eleventh_question_in_a_minute_waits(on: Scene) -> None:
    assert on.gemini
    on.gemini.always(answer({"allowed": False, "reason": "Not today."}), Kind.GUARD)
    on.clock.jump(minutes=2)
    async with on.nothing_moves():
        for _ in range(10):
            assert "Not today" in text_of(await on.ann.say("hello?"))
        asked = len(on.gemini.calls)
        said = text_of(await on.ann.say("hello?"))
        assert "more than 10 questions in a minute" in said
        assert "seconds" in said
        assert len(on.gemini.calls) == asked
        assert "Not today" in text_of(await on.bo.say("hello?"))
        on.clock.jump(minutes=1)
        assert "Not today" in text_of(await on.ann.say("hello?"))
    on.gemini.reset()


async def test_a_question_may_have_a_thousand_characters(on: Scene) -> None:
    async with on.nothing_moves():
        assert "1,001 characters" in text_of(await on.ann.say("x" * 1_001))


async def test_all_of_the_sei_keeps_what_gas_needs(on: Scene) -> None:
    held = (await on.wealth())[(await on.agent_of(on.ann)).escrow]["SEI"]
    question = await on.ann.say(f"/withdraw SEI {held // 10**18 - 5}")
    await on.ann.press(question, "Confirm")
    await on.ann.sees("left", "for its owner", after=question["message_id"])
    offer = await on.ann.say("/sell SEI all")
    assert "You give: 4 SEI" in text_of(offer)
    await on.ann.press(offer, "Decline")
    states = [intent.state for intent in await on.intents_of(on.ann)]
    assert states[0] is IntentState.DECLINED


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "6060f80f0001040100c9fe92ef0000000049454e44ae426082"
)
