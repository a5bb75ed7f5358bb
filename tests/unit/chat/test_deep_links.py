"""Links: what they carry, and what anybody could have written into them."""

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.deep_links import ASK, SIGNALS, SUBSCRIBE, group_link, parse_payload, start_link


def test_links_lead_to_the_bot_and_into_groups() -> None:
    assert start_link("SeiBot") == "https://t.me/SeiBot"
    assert start_link("SeiBot", "sub_ab-1_") == "https://t.me/SeiBot?start=sub_ab-1_"
    assert group_link("SeiBot") == "https://t.me/SeiBot?startgroup=subscribe"


def test_what_a_link_is_for() -> None:
    assert parse_payload("sub_0af3") == (SUBSCRIBE, "0af3")
    assert parse_payload("sig_12") == (SIGNALS, "12")
    assert parse_payload("ask_SEI") == (ASK, "SEI")
    for nothing in ("", "sub_", "x_1", "sub_a b", "sub_<b>", "sub_" + "a" * 61, "sub_ä", "SUB_1"):
        assert parse_payload(nothing) is None, nothing


@given(st.text(max_size=80))
def test_no_words_of_anybody_get_past_it(words: str) -> None:
    payload = parse_payload(words)
    if payload is not None:
        purpose, word = payload
        assert purpose + word == words
        assert word.isascii()
        assert all(letter.isalnum() or letter in "_-" for letter in word)
        assert start_link("b", words) == f"https://t.me/b?start={words}"
