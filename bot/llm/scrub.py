"""Strangers' text made plain: bounded, visible characters only, nothing to tap, copy or obey.

This keeps cards honest; it is no security boundary. Nothing a model says moves money in any case.
"""

import re
import unicodedata

REMOVED = "[removed]"
"""What stands where something was taken out."""

_LONGEST = 20_000
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKUP = re.compile(
    r"</?(?:a|b|i|u|s|p|br|hr|em|strong|code|pre|span|div|img|svg|style|script|iframe|font"
    r"|blockquote|tg-[a-z]+)\b[^<>]*>|\*\*|`|<!--|-->",
    re.IGNORECASE,
)
_TLD = (
    "com|net|org|io|xyz|app|me|fi|finance|ru|cc|info|link|live|site|online|top|co|gg|ai|dev|eu|uk"
    "|exchange|money|cash|fund|network|trade|click|club|pro|vip|tech|store|shop|world|eth|sei"
)
_UNWANTED = re.compile(
    rf"""
      \b[a-z][a-z0-9+.-]{{1,20}}://\S*                     # any URL, tg:// included
    | \b(?:javascript|data|mailto|tg|ton):\S+   # links without slashes
    | \b(?:t\.me|www\.)\S*
    | \b(?:[\w-]{{1,63}}\.){{1,6}}(?:{_TLD})\b(?:[/?\#:]\S*)?  # bare domains, which get linked
    | \b0x[0-9a-f]{{40}}[0-9a-f]*                          # EVM addresses, hashes, keys
    | \b(?=\w*\d)\w{{26,}}\b                               # other chains' addresses and keys
    | (?<![^\s"'(\[:;,!?.>])/[a-z][a-z0-9_]{{1,31}}(?:@\w+)?\b   # bot commands
    | (?<!\w)@[a-z]\w{{3,31}}\b                            # handles
    """,
    re.IGNORECASE | re.VERBOSE,
)


def visible(text: str) -> str:
    """Compatibility forms folded, and controls, bidi marks and zero-width characters removed.

    Line breaks stay, tabs become spaces. Bounded to 20,000 characters.
    """
    folded = unicodedata.normalize("NFKC", text[:_LONGEST])[:_LONGEST].replace("\t", " ")
    return "".join(
        char for char in folded if char == "\n" or unicodedata.category(char) not in _HIDDEN
    )


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word where one is near, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ", limit * 3 // 4)
    return cut[: space if space > 0 else None].rstrip(" ,;:") + "…"


def without_addresses(text: str) -> str:
    """Links, addresses, keys, handles and bot commands replaced by `[removed]`."""
    return _UNWANTED.sub(REMOVED, text)


def clean_line(text: str, limit: int) -> str:
    """One line of plain text from a stranger."""
    return clip(" ".join(_harmless(text).split()), limit)


def clean_text(text: str, limit: int) -> str:
    """Paragraphs of plain text from a stranger."""
    lines = (" ".join(line.split()) for line in _harmless(text).split("\n"))
    return clip(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), limit)


def _harmless(text: str) -> str:
    return without_addresses(_MARKUP.sub("", visible(text)))
