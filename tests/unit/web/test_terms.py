"""The terms, and the promise that a new text has a new version."""

import hashlib
import re

from bot.web.terms import TERMS_VERSION, load_terms, render_html, render_terms

TEXTS = {
    "2026-11": "b97edd38be4893ef4c140f6f4ff4ed4715c0ae03aeed9ad6b5b13c62096cb05a",
    "2026-11-26": "97b3f88469354e1a7ea6c4bb9572b1096936662a376c5c129339f9d7bea26b67",
}
"""Every version's text, by hash: people accepted exactly this."""


def test_a_new_text_has_a_new_version():
    digest = hashlib.sha256(load_terms().encode()).hexdigest()
    assert TEXTS[TERMS_VERSION] == digest, (
        "the terms were edited: people must be asked again, so raise TERMS_VERSION and add "
        f"its hash here: {digest}"
    )


def test_the_page_says_what_people_must_know():
    words = re.sub(r"<[^>]+>", "", render_terms())
    for promise in (
        "only after you confirm",
        "Not investment advice",
        "to the owner's address, and nowhere else",
        "They can trade badly on purpose within the mandate",
        "This does not cover",
        "money paid to an address that you did not check",
        "What is kept",
        "sent to Google",
    ):
        assert promise in words


def test_the_page_asks_nobody_for_anything():
    page = render_terms()
    assert not re.search(r"(src|href|action)=|<script|@import|url\(", page)


def test_text_is_escaped_and_shaped():
    text = "# A & B\n\n## <i>\n\none **two** `x < 1`\nthree\n- a\n- b\n\n- c"
    assert render_html(text).splitlines() == [
        "<h1>A &amp; B</h1>",
        "<h2>&lt;i&gt;</h2>",
        "<p>one <strong>two</strong> <code>x &lt; 1</code></p>",
        "<p>three</p>",
        "<ul><li>a</li><li>b</li></ul>",
        "<ul><li>c</li></ul>",
    ]
