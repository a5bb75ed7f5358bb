"""The whole story of a person, from /start to the money back home, over real HTTP everywhere."""

from decimal import Decimal

from bot.local.chain.accounts import TEST_WALLET
from tests.e2e.stage import Stage, buttons_of, text_of


async def test_a_person_asks_decides_trades_and_takes_the_money_home(stage: Stage) -> None:
    ann = stage.ann

    # Nothing works before the terms are accepted.
    assert "terms" in text_of(await ann.say("should I buy SEI?"))
    assert "terms" in text_of(await ann.say("/portfolio"))

    # An agent, with its own escrow.
    opened = await ann.opens_agent("Alpha", "careful, only SEI")
    assert TEST_WALLET in text_of(opened)

    # Its owner signs what it may do; without that the escrow trades nothing.
    refusal = text_of(await ann.say("/mandate"))
    assert "nothing is traded before the owner signs" in refusal
    in_force = text_of(await ann.signs_mandate())
    for part in ("up to $50 a trade", "$200 a day", "$10 a day", "USDC", "Uniswap V3"):
        assert part in in_force

    # Before anything is paid in, how to check the address; then money arrives and is noticed.
    check = text_of(await ann.say("/deposit"))
    assert "cast call" in check
    assert TEST_WALLET in check
    await ann.is_funded("USDC", "SEI")

    # A question becomes a decision with a chart, and a suggestion within the cap.
    card = await ann.say("Should I buy SEI now?")
    assert card.get("photo"), "the card carries a chart"
    assert "BUY SEI" in text_of(card)
    assert "Alpha" in text_of(card)
    for part in ("Entry", "Stop-loss", "Take-profit", "Confidence", "advice"):
        assert part in text_of(card)

    # The suggestion becomes an offer, the offer one trade.
    offer = await ann.press(card, "✅ Buy")
    for part in ("You give", "At least", "Price impact", "fee", "Good until", "Uniswap"):
        assert part in text_of(offer)
    await ann.press(offer, "Confirm")
    receipt = await ann.sees("Bought", "SEI", "Transaction", after=offer["message_id"])
    for part in ("offered at", "Slippage", "Gas", "0x"):
        assert part in text_of(receipt)

    # A second tap on the same button trades nothing.
    assert "Confirm" not in " ".join(buttons_of(stage.telegram.message(offer["message_id"])))

    # The books agree with the chain.
    portfolio = text_of(await ann.say("/portfolio"))
    assert "SEI" in portfolio
    assert "Average cost" in portfolio
    history = await ann.say("/history")
    assert "BUY" in text_of(history)
    csv = await ann.press(history, "CSV")
    assert csv["document"]["file_name"].endswith(".csv")

    # Selling half, by words.
    offer = await ann.say("/sell SEI 10%")
    await ann.press(offer, "Confirm")
    await ann.sees("Sold", "SEI", after=offer["message_id"])

    # Everything goes home to the owner.
    screen = await ann.say("/withdraw")
    question = await ann.press(screen, "Everything")
    assert TEST_WALLET in text_of(question)
    await ann.press(question, "Confirm")
    await ann.sees("left", "USDC", "for its owner", after=question["message_id"])
    await ann.sees("left", "SEI", "for its owner", after=question["message_id"])
    reader, listing = stage.service.parts.reader, stage.service.services.listing
    balances = await reader.read_balances([TEST_WALLET], listing.tokens)
    assert balances[TEST_WALLET]["USDC"].value > Decimal(400)

    # The empty agent can be deleted.
    agents = await ann.say("/agents")
    agent = await ann.press(agents, "Alpha")
    confirm = await ann.press(agent, "Delete")
    assert "deleted" in text_of(await ann.press(confirm, "Delete"))
