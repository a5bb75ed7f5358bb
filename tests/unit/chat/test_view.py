import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.render import esc
from bot.chat.view import MAX_TEXT, View, bare, button, copy, grid, length, pages, split
from bot.local.telegram.entities import parse_html, utf16_length

lines = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80), max_size=40)


def test_a_button_carries_a_handler_and_ids():
    assert button("Yes", "trade", "yes", "abc", 7).callback_data == "trade:yes:abc:7"


def test_a_button_telegram_would_refuse_is_a_bug():
    button("ok", "a", "b", "x" * 60)
    with pytest.raises(ValueError, match="too long"):
        button("no", "a", "b", "x" * 61)
    with pytest.raises(ValueError, match="too long"):
        button("no", "a", "b", "é" * 31)


def test_a_copy_button_is_cut_to_what_telegram_takes():
    copied = copy("Copy", "x" * 500).copy_text
    assert copied
    assert len(copied.text) == 256


def test_no_buttons_no_keyboard():
    assert View("text").markup is None
    keyboard = View("text", grid([button("a", "b", "c")] * 5, 2)).markup
    assert keyboard
    assert [len(row) for row in keyboard.inline_keyboard] == [2, 2, 1]


@pytest.mark.parametrize(
    ("page", "labels", "data"),
    [
        (0, "1/3", ("0", "0", "1")),
        (1, "2/3", ("0", "1", "2")),
        (2, "3/3", ("1", "2", "2")),
    ],
)
def test_pages_stop_at_both_ends(page: int, labels: str, data: tuple[str, ...]):
    row = pages("history", "page", page, 3, 9)
    assert row[1].text == labels
    assert [b.callback_data for b in row] == [f"history:page:{number}:9" for number in data]
    assert pages("history", "page", 0, 1) == ()


@pytest.mark.parametrize(
    ("text", "units"),
    [("abc", 3), ("<b>a</b>&amp;", 2), ("😀", 2), ('<a href="x">y</a>', 1), ("", 0), ("&lt;b>", 3)],
)
def test_length_is_counted_as_telegram_counts(text: str, units: int):
    assert length(text) == units == utf16_length(parse_html(text)[0])


@given(lines)
def test_whatever_is_escaped_reads_as_it_was(written: list[str]):
    text = "\n".join(written)
    assert bare(esc(text)) == text
    assert parse_html(esc(text))[0] == text


def test_a_short_text_stays_whole():
    assert split("<b>one\ntwo</b>") == ["<b>one\ntwo</b>"]
    assert split("") == [""]


@given(lines, st.integers(4, 60))
def test_a_long_text_goes_out_in_parts_telegram_takes(written: list[str], limit: int):
    text = "\n".join(f"<b>{esc(line)}</b>" for line in written)
    parts = split(text, limit)
    for part in parts:
        assert utf16_length(parse_html(part)[0]) <= limit
    without = str.maketrans("", "", "\n")
    if any(line.strip() for line in written):
        assert "".join(map(bare, parts)).translate(without).split() == (
            "".join(written).translate(without).split()
        )


def test_parts_are_cut_between_lines():
    text = "\n".join(f"<i>{'x' * 1_000}</i>" for _ in range(9))
    assert [length(part) for part in split(text)] == [4_003, 4_003, 1_000]
    assert all(part.count("<i>") == part.count("</i>") for part in split(text))
    assert max(length(part) for part in split("😀" * 5_000)) <= MAX_TEXT
