"""The terms of use as a web page. Their text is `terms.md`; a new text needs a new version."""

import re
from collections.abc import Iterator
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from string import Template

TERMS_VERSION = "2026-11-26"
"""Whoever accepted another version is asked again."""

_FOLDER = Path(__file__).parent
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_CODE = re.compile(r"`(.+?)`")


def load_terms() -> str:
    """The text as it stands, in the little Markdown that `render_html` knows."""
    return (_FOLDER / "terms.md").read_text(encoding="utf-8")


@cache
def render_terms() -> str:
    """The whole page; made once."""
    page = Template((_FOLDER / "page.html").read_text(encoding="utf-8"))
    return page.substitute(version=TERMS_VERSION, body=render_html(load_terms()))


def render_html(text: str) -> str:
    """Headings, lists, paragraphs, **bold** and `code`; everything else is escaped."""
    blocks = (block.splitlines() for block in text.strip().split("\n\n"))
    return "\n".join(part for block in blocks for part in _render_block(block))


def _render_block(lines: list[str]) -> Iterator[str]:
    for is_list, group in groupby(lines, lambda line: line.startswith("- ")):
        if is_list:
            items = "".join(f"<li>{_inline(line[2:])}</li>" for line in group)
            yield f"<ul>{items}</ul>"
        else:
            yield from (_line(line) for line in group)


def _line(line: str) -> str:
    marks, _, words = line.partition(" ")
    if marks in {"#", "##"}:
        return f"<h{len(marks)}>{_inline(words)}</h{len(marks)}>"
    return f"<p>{_inline(line)}</p>"


def _inline(text: str) -> str:
    bold = _BOLD.sub(r"<strong>\1</strong>", escape(text, quote=False))
    return _CODE.sub(r"<code>\1</code>", bold)
