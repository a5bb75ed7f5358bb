from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.scrub import clean_line, clean_text

ADDRESS = "0x" + "aB" * 20


@pytest.mark.parametrize(
    "unwanted",
    [
        ADDRESS,
        ADDRESS.upper().replace("X", "x"),
        ADDRESS[:9] + "\u200b" + ADDRESS[9:],
        "sei1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu0",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "https://evil.example/claim?x=1",
        "HTTPS://EVIL.EXAMPLE",
        "tg://resolve?domain=evil",
        "tg:resolve",
        "t.me/evil_bot",
        "www.evil.example",
        "sei-airdrop.com",
        "claim.sei-airdrop.xyz/now",
        "javascript:alert(1)",
        "/withdraw",
        "/buy@sei_bot",
        "\uff0fwithdraw",
        "@evil_support",
        '"/sell SEI 100%"'[1:6],
        "<a href='https://evil.example'>",
    ],
)
def test_nothing_to_tap_copy_or_obey_is_left(unwanted: str) -> None:
    cleaned = clean_line(f"Now {unwanted} please", 300)
    assert cleaned in {"Now [removed] please", "Now please"}


@pytest.mark.parametrize(
    "wanted",
    [
        "SEI/USDC trades at 0.3123, down 1.8%/day.",
        "RSI < 30 and price > SMA20; buy/sell 24/7.",
        "Volume of 1000000 USD @ 0.31, i.e. little.",
        "Größe, 数量, объём, e.g. 3.5x.",
        "Support near $0.30.The next level is $0.34.",
    ],
)
def test_plain_talk_stays(wanted: str) -> None:
    assert clean_line(wanted, 300) == wanted


def test_controls_bidi_and_markup_go() -> None:
    assert clean_line("a\x00b\u202ec\u2066d\x1b[31m **e** `f` <b>g</b>", 90) == "abcd[31m e f g"


def test_text_is_clipped_at_a_word() -> None:
    assert clean_line("word " * 30_000, 18) == "word word word…"
    assert len(clean_line("x" * 100_000, 20)) == 20


@pytest.mark.parametrize("unit", ["a.", "a-", "<a ", "/a", "0x", "a.com", "\u0301", "\ufdfa"])
def test_hostile_repetition_costs_little(unit: str) -> None:
    started = perf_counter()
    clean_text(unit * 50_000, 100)
    assert perf_counter() - started < 1


def test_paragraphs_stay_in_text_and_go_in_a_line() -> None:
    assert clean_text(" a \n\n\n\n b\tc ", 50) == "a\n\nb c"
    assert clean_line(" a \n\n b ", 50) == "a b"


@given(st.text(max_size=400))
def test_any_text_ends_bounded_and_printable(text: str) -> None:
    cleaned = clean_text(text, 100)
    assert len(cleaned) <= 100
    assert all(char.isprintable() or char == "\n" for char in cleaned)
