import pytest

from bot.local.telegram.entities import parse_html, trim, utf16_length, with_found
from bot.local.telegram.errors import BotApiError


def spans(source: str) -> list[tuple[str, str]]:
    text, entities = parse_html(source)
    units = text.encode("utf-16-le")
    return [
        (e["type"], units[e["offset"] * 2 : (e["offset"] + e["length"]) * 2].decode("utf-16-le"))
        for e in entities
    ]


def test_tags() -> None:
    source = (
        "<b>b</b><strong>c</strong><i>d</i><em>e</em><u>f</u><ins>g</ins><s>h</s><del>i</del>"
        '<span class="tg-spoiler">j</span><tg-spoiler>k</tg-spoiler><code>l</code>'
        "<pre>m</pre><blockquote>n</blockquote><blockquote expandable>o</blockquote>"
    )
    kinds = [kind for kind, _ in spans(source)]
    assert kinds == [
        *["bold"] * 2,
        *["italic"] * 2,
        *["underline"] * 2,
        *["strikethrough"] * 2,
        *["spoiler"] * 2,
        "code",
        "pre",
        "blockquote",
        "expandable_blockquote",
    ]


def test_nesting_and_utf16_offsets() -> None:
    assert spans("😀 <b>bold <i>both</i></b> é") == [("bold", "bold both"), ("italic", "both")]


def test_references_are_decoded_once() -> None:
    text, entities = parse_html("&lt;b&gt; &amp;amp; &quot;x&quot; &#36;&#x41; &nbsp; AT&T")
    assert text == '<b> &amp; "x" $A &nbsp; AT&T'
    assert entities == []


def test_links_and_languages() -> None:
    _, entities = parse_html(
        '<a href="https://sei.io/?a=1&amp;b=2">x</a> <a href="javascript:alert(1)">y</a>'
        ' <pre><code class="language-python">z</code></pre>'
    )
    assert [(e["type"], e.get("url"), e.get("language")) for e in entities] == [
        ("text_link", "https://sei.io/?a=1&b=2", None),
        ("pre", None, "python"),
    ]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<", "Unclosed start tag at byte offset 0"),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("1 <2", "Unclosed start tag at byte offset 2"),
        ("<img src=x>", 'Unsupported start tag "img" at byte offset 0'),
        ("</b>", "Unexpected end tag at byte offset 0"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<a href="x', 'Unclosed start tag "a" at byte offset 0'),
        ("<a href=x/y>z</a>", "Unexpected end of name token at byte offset 8"),
        ('<a ="x">y</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<b><i>x</b></i>", "Unmatched end tag at byte offset 7"),
    ],
)
def test_refusals(source: str, reason: str) -> None:
    with pytest.raises(BotApiError) as refusal:
        parse_html(source)
    assert refusal.value.description.startswith(f"Bad Request: can't parse entities: {reason}")


def test_trimming_moves_entities() -> None:
    text, entities = trim(*parse_html("\n <b> x </b> "))
    assert (text, entities) == ("x", [{"type": "bold", "offset": 0, "length": 1}])


def test_found_entities_stay_out_of_code() -> None:
    text, entities = parse_html("/help 😀 @somebody $SEI #gm https://sei.io. <code>/not</code>")
    found = with_found(text, entities)
    assert [e["type"] for e in found] == [
        "bot_command",
        "mention",
        "cashtag",
        "hashtag",
        "url",
        "code",
    ]
    assert found[1]["offset"] == utf16_length("/help 😀 ")
    assert found[4]["length"] == len("https://sei.io")
