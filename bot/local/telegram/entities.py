"""Formatted text: Telegram's HTML, and the entities Telegram finds in plain text by itself.

Offsets and lengths are in UTF-16 code units, as in the Bot API. The scanner follows Telegram's
own grammar instead of the standard library's forgiving HTML parser: a stray "<" must be an error
here, because it is one there.
"""

import re
from dataclasses import dataclass, field

from bot.local.telegram.errors import Json, bad_request

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_PLAIN = re.compile(r"[^<&]+")
_REFERENCE = re.compile(
    r"&(?:#[xX]([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot)(?![A-Za-z]));?"
)
_TAG_NAME = re.compile(r"</?([^\s>]*)")
_SPACE = re.compile(r"\s*")
_ATTRIBUTE = re.compile(r"[^\s=>/\"']*")
_VALUE = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9.\-]+)(?=[\s>])")
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}'])"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[A-Za-z]{2,})"
    r"|(?<![\w/@<])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[A-Za-z][A-Za-z0-9_]{3,31})(?!\w)"
    r"|(?<!\w)(?P<hashtag>#\w*[^\W\d]\w*)"
    r"|(?<!\w)(?P<cashtag>\$[A-Z]{1,8})(?!\w)"
)
_OPAQUE = {"code", "pre", "text_link", "text_mention"}


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


@dataclass
class _Open:
    """A tag that waits for its end."""

    tag: str
    argument: str
    offset: int
    position: int


@dataclass
class _Scan:
    """One pass over HTML source."""

    source: str
    position: int = 0
    text: list[str] = field(default_factory=list)
    units: int = 0
    opened: list[_Open] = field(default_factory=list)
    entities: list[Json] = field(default_factory=list)

    def run(self) -> tuple[str, list[Json]]:
        while self.position < len(self.source):
            if plain := _PLAIN.match(self.source, self.position):
                self._emit(plain.group(), plain.end())
            elif self.source[self.position] == "&":
                self._reference()
            elif self.source.startswith("</", self.position):
                self._end_tag()
            else:
                self._start_tag()
        if self.opened:
            raise _unparsable(
                f'Can\'t find end tag corresponding to start tag "{self.opened[-1].tag}"'
            )
        for entity in self.entities:
            if entity["type"] == "code":
                entity.pop("language", None)
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return "".join(self.text), self.entities

    def _emit(self, text: str, position: int) -> None:
        self.text.append(text)
        self.units += utf16_length(text)
        self.position = position

    def _byte(self, position: int) -> int:
        return len(self.source[:position].encode("utf-8", "surrogatepass"))

    def _reference(self) -> None:
        match = _REFERENCE.match(self.source, self.position)
        character = _decoded(match) if match else ""
        if match and character:
            self._emit(character, match.end())
        else:
            self._emit("&", self.position + 1)

    def _start_tag(self) -> None:
        begin = self.position
        name = _TAG_NAME.match(self.source, begin)
        end = name.end() if name else begin
        tag = name.group(1).lower() if name else ""
        if end >= len(self.source):
            raise _unparsable(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if tag not in _KINDS:
            raise _unparsable(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        argument, self.position = self._attributes(tag, begin, end)
        if tag == "span" and argument != "spoiler":
            raise _unparsable(
                f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}'
            )
        self.opened.append(_Open(tag, argument, self.units, len(self.text)))

    def _attributes(self, tag: str, begin: int, position: int) -> tuple[str, int]:
        """The one argument a tag may carry, and the position after its ">"."""
        argument = ""
        while True:
            position = _skip(self.source, position)
            if self.source[position : position + 1] == ">":
                return argument, position + 1
            match = _ATTRIBUTE.match(self.source, position)
            attribute = match.group() if match else ""
            if position >= len(self.source):
                raise _unclosed(tag, self._byte(begin))
            if not attribute:
                raise _unparsable(
                    f'Empty attribute name in the tag "{tag}" at byte offset {self._byte(begin)}'
                )
            position = _skip(self.source, position + len(attribute))
            value = ""
            if self.source[position : position + 1] == "=":
                value, position = self._value(tag, begin, _skip(self.source, position + 1))
            argument = _argument(tag, attribute.lower(), value) or argument

    def _value(self, tag: str, begin: int, position: int) -> tuple[str, int]:
        match = _VALUE.match(self.source, position)
        if match:
            raw = match.group(1) or match.group(2) or match.group(3) or ""
            return _REFERENCE.sub(_decoded, raw), match.end()
        if position >= len(self.source) or self.source[position] in "\"'":
            raise _unclosed(tag, self._byte(begin))
        raise _unparsable(f"Unexpected end of name token at byte offset {self._byte(position)}")

    def _end_tag(self) -> None:
        begin = self.position
        name = _TAG_NAME.match(self.source, begin)
        if not self.opened:
            raise _unparsable(f"Unexpected end tag at byte offset {self._byte(begin)}")
        found = name.group(1).lower() if name else ""
        position = _skip(self.source, name.end() if name else begin)
        if self.source[position : position + 1] != ">":
            raise _unparsable(f"Unclosed end tag at byte offset {self._byte(begin)}")
        opened = self.opened.pop()
        if found and found != opened.tag:
            raise _unparsable(
                f"Unmatched end tag at byte offset {self._byte(begin)}, expected"
                f' "</{opened.tag}>", found "</{found}>"'
            )
        self.position = position + 1
        if self.units > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        entity: Json = {
            "type": _KINDS[opened.tag],
            "offset": opened.offset,
            "length": self.units - opened.offset,
        }
        if opened.tag == "a":
            entity |= _link(opened.argument or "".join(self.text[opened.position :]))
        elif opened.tag == "code" and opened.argument:
            entity["language"] = opened.argument
        elif opened.tag == "pre":
            self._adopt_language(entity)
        elif opened.tag == "blockquote" and opened.argument:
            entity["type"] = "expandable_blockquote"
        elif opened.tag == "tg-emoji":
            entity["custom_emoji_id"] = opened.argument
        if entity.get("url") != "":
            self.entities.append(entity)

    def _adopt_language(self, pre: Json) -> None:
        """A <pre> that holds exactly one <code class="language-..."> is one block."""
        last = self.entities[-1] if self.entities else {}
        same = all(last.get(key) == pre[key] for key in ("offset", "length"))
        if same and last["type"] == "code" and "language" in last:
            pre["language"] = self.entities.pop()["language"]


def _skip(source: str, position: int) -> int:
    match = _SPACE.match(source, position)
    return match.end() if match else position


def _argument(tag: str, attribute: str, value: str) -> str:
    """What an attribute means for its tag, empty when nothing."""
    match tag, attribute:
        case ("a", "href") | ("tg-emoji", "emoji-id"):
            return value
        case ("code", "class") if value.startswith("language-"):
            return value.removeprefix("language-")
        case ("span", "class") if value.startswith("tg-"):
            return value.removeprefix("tg-")
        case ("blockquote", "expandable"):
            return "1"
    return ""


def _link(url: str) -> Json:
    if url.startswith("tg://user?id=") and url.removeprefix("tg://user?id=").isdecimal():
        user = {"id": int(url.removeprefix("tg://user?id=")), "is_bot": False, "first_name": ""}
        return {"type": "text_mention", "user": user}
    if re.match(r"(https?|tg|tonsite|mailto):", url):
        return {"url": url}
    return {"url": f"http://{url}" if re.match(r"[\w-]+(\.[\w-]+)+", url) else ""}


def _decoded(match: re.Match[str]) -> str:
    if match.group(3):
        return _NAMED[match.group(3)]
    code = int(match.group(1), 16) if match.group(1) else int(match.group(2))
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code < 0xE000 else ""


def _unparsable(reason: str) -> Exception:
    return bad_request(f"can't parse entities: {reason}")


def _unclosed(tag: str, offset: int) -> Exception:
    return _unparsable(f'Unclosed start tag "{tag}" at byte offset {offset}')


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Text and entities of Telegram HTML; raises Telegram's 400 on what it would refuse."""
    if "<" not in source and "&" not in source:
        return source, []
    return _Scan(source).run()


def trim(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Drop white space around the text, as Telegram does, and move the entities with it."""
    stripped = text.strip()
    if len(stripped) == len(text):
        return text, entities
    shift = utf16_length(text[: len(text) - len(text.lstrip())])
    end = utf16_length(stripped)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - shift, 0)
        stop = min(entity["offset"] + entity["length"] - shift, end)
        if stop > start:
            kept.append({**entity, "offset": start, "length": stop - start})
    return stripped, kept


def with_found(text: str, entities: list[Json]) -> list[Json]:
    """Add the links, commands, mentions, hash and cash tags a client would highlight."""
    found = []
    for match in _FOUND.finditer(text):
        start = utf16_length(text[: match.start()])
        entity: Json = {
            "type": match.lastgroup,
            "offset": start,
            "length": utf16_length(match.group()),
        }
        if not any(_covers(other, entity) for other in entities):
            found.append(entity)
    if not found:
        return entities
    return sorted([*entities, *found], key=lambda entity: (entity["offset"], -entity["length"]))


def _covers(other: Json, entity: Json) -> bool:
    return bool(
        other["type"] in _OPAQUE
        and other["offset"] < entity["offset"] + entity["length"]
        and entity["offset"] < other["offset"] + other["length"]
    )
