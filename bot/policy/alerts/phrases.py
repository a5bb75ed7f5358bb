"""What a sentence about an alert says, before anybody decides which kind it means. Pure."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import time
from decimal import Context, Decimal

from bot.domain.errors import UserError
from bot.domain.symbols import mentions, resolve
from bot.policy.alerts.clock_words import tidy_clock
from bot.policy.alerts.figure_words import is_amount, odd_figure
from bot.policy.alerts.number_words import figures_for
from bot.policy.alerts.span_words import tidy_spans
from bot.policy.alerts.vocabulary import (
    DAILY,
    DIGEST,
    MARKS,
    WEEKDAYS,
    WEEKLY,
    WORKDAY,
    is_known,
    weekday_of,
)

LONGEST = 300
"""Characters; nobody needs more for one alert."""

_WIDE = Context(prec=2 * LONGEST)


@dataclass(frozen=True, slots=True)
class Phrase:
    """The parts of a sentence.

    `words` are in lower case, `symbols` the listed tokens it names. `numbers` are plain ones
    (`$0.25`, `100k`), `percents` signed as written (`-5%` is -5); neither holds the figures of
    `spans` (`1h`, `30d`: one of s, m, h, d behind a whole number, the largest that is exact), of
    `at` (a time of the day), of dates, nor of how often to ring. `weekdays` count from Monday, 0.
    `agent_id` is the agent that the chat is looking at, 0 for none.

    `units` says for each number which listed token stands behind it ("" for none), `factors`
    holds `3x`, `double` and `three times`, `strangers` words without a meaning here, as they were
    written: one of them may be a token that is not listed. `nouns` are those that stand right
    behind a token's name: something of that token's may be meant.

    `amounts` are the numbers that say by how much something moves, rather than to which line.
    `odd` are figures as written that have no sure reading: `3 dimes`, `3k5`, `O.3`. `times` are
    all times of the day, of which `at` is the first. `plain` is the whole in small letters.
    """

    text: str
    words: tuple[str, ...]
    symbols: tuple[str, ...] = ()
    numbers: tuple[Decimal, ...] = ()
    percents: tuple[Decimal, ...] = ()
    spans: tuple[str, ...] = ()
    at: time | None = None
    weekdays: tuple[int, ...] = ()
    agent_id: int = 0
    units: tuple[str, ...] = ()
    factors: tuple[Decimal, ...] = ()
    strangers: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    amounts: tuple[Decimal, ...] = ()
    odd: tuple[str, ...] = ()
    times: tuple[time, ...] = ()
    plain: str = ""

    def says(self, words: Collection[str]) -> bool:
        """Whether one of these words stands in it."""
        return any(word in words for word in self.words)

    @property
    def is_digest(self) -> bool:
        """A summary at a time of the day is meant, not a figure."""
        if self.says(DIGEST):
            return not self.numbers and not self.percents
        regular = self.says(_REGULAR) and (self.says(_DAYS) or bool(self.weekdays))
        figures = self.says(MARKS) or self.percents or self.symbols
        return regular and not figures and (self.at is not None or len(self.words) <= _FEW)


class NoFigureError(UserError):
    """A figure is missing, or none was understood."""


_REGULAR = frozenset({"daily", "weekly", "every", "each", *(f"{day}s" for day in WEEKDAYS)})
_DAYS = DAILY | WEEKLY | WORKDAY
_FEW = 2
_FOLD = str.maketrans(
    {chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    | {"\u2212": "-", "\u2013": "-", "\u2014": "-", "\u2019": "'", "\xa0": " ", "\u202f": " "}
    | {"\xa2": "c"}
)
"""Only ASCII letters are made small: other alphabets have letters that would become ASCII."""

_DIGITS = r"(?:[0-9][0-9.,']*[0-9]|[0-9]|[.,][0-9]+)"
_UNIT = (
    r"(?P<unit>seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|hr|h|days?|d|weeks?|wks?|w"
    r"|months?|mo|years?|yrs?|yr|y)"
)
_COUNTS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50,
}  # fmt: skip
_COUNT = re.compile(rf"\b({'|'.join(_COUNTS)})\b", re.ASCII)
_SIGNS = re.compile(r"(?:(>=?|=>|≥)|(<=?|=<|≤)|(==?))(?=\s*(?:[-$.,0-9]|usd))")
_SIGN_WORDS = (" above ", " below ", " equals ")
_SPACED = re.compile(r"(?<![\w.,'])[0-9]{1,3}(?: [0-9]{3})+(?![\w.,'])", re.ASCII)
_PERCENT = re.compile(
    rf"(?:(?<![\w)])(?P<sign>[+-])\s*)?(?P<digits>{_DIGITS})\s*(?:%|percent\b|per cent\b|pct\b)",
    re.ASCII,
)
_SPAN = re.compile(rf"(?<![\w.,$-])(?P<count>[0-9]{{1,4}})[\s-]?{_UNIT}\b(?![-'])", re.ASCII)
_SPAN_WORD = re.compile(
    r"\b(?:(?:in|within|over|during|for|per|of|inside)\s+)?"
    r"(?:an?|one|the|the last|last|the past|past|per|this|a single)\s+"
    r"(?P<unit>minute|hour|day|week|month|quarter|year)\b(?!\s+(?:at|average)\b)",
    re.ASCII,
)
_ADJECTIVES = {"hourly": "1h", "yearly": "365d", "monthly": "30d"}
_LEADS = re.compile(r"\b(?:in|within|during|for|every|last|past|per|each|of)\s*(?:the\s*)?$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "q": 7_776_000, "y": 31_536_000}
_MONTH = 2_592_000
_TIME = re.compile(
    r"(?:\bat\s+)?(?<![\w.:])(?P<h>[0-9]{1,2})(?::(?P<m>[0-9]{2})(?!:?[0-9])\s*(?P<ap>[ap]\.?m\b)?"
    r"|\s*(?P<ap2>[ap]\.?m)\b)",
    re.ASCII,
)
_HOUR = re.compile(r"\bat\s+(?P<h>[0-9]{1,2})(?:\s*o'?clock)?(?!\w|[.,:][0-9]|\s?%)", re.ASCII)
_NIGHTFALL = 6
_NAMED_TIME = re.compile(r"\b(?P<name>noon|midday|midnight)\b")
_FACTOR = re.compile(rf"(?P<digits>{_DIGITS})\s*(?:x\b|×|times\b)", re.ASCII)
_FACTOR_WORDS = re.compile(r"\b(?P<word>doubl|tripl|quadrupl)(?:es?|ed|ing)\b")
_FACTORS = {"doubl": 2, "tripl": 3, "quadrupl": 4}
_NUMBER = re.compile(
    rf"(?P<minus>(?<![\w)])-)?\$?\s?(?<!\w)(?P<digits>{_DIGITS})(?P<power>e-?[0-9]{{1,2}}\b)?"
    r"(?:\s?(?P<scale>k|grand|m|mio|mn|million|thousand|bn|b|billion|cents?|cts?|c)\b)?(?![0-9])",
    re.ASCII,
)
_SCALES = {"k": 3, "g": 3, "t": 3, "m": 6, "b": 9, "c": -2}
_PAIR = re.compile(r"(?<=\w)\s?/\s?(?:usdc?|usdt0?|dollars?)\b", re.ASCII | re.IGNORECASE)
_WORD = re.compile(r"\$?[^\W_]+(?:'[a-z]+)?")
_TWOFOLD = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_GROUPED = re.compile(r"[0-9]{1,3}(?:([,'.])[0-9]{3})(?:\1[0-9]{3})*")


def read_phrase(text: str, listed_symbols: Sequence[str], agent_id: int = 0) -> Phrase:
    """Take a sentence apart.

    Raises:
        UserError: it is too long, or holds a number that can be read in two ways.
    """
    if len(text) > LONGEST:
        raise too_long()
    plain = _PAIR.sub(" ", text)
    reader = _Reader(plain)
    percents = reader.percents()
    spans = reader.spans(has_percents=bool(percents))
    factors = reader.factors()
    times = reader.times()
    numbers, units = reader.numbers(listed_symbols)
    words = reader.words()
    lower = tuple(word.translate(_FOLD).removeprefix("$") for word in words)
    days = [day for word in lower if (day := weekday_of(word)) is not None]
    symbols = mentions(plain, listed_symbols)
    strangers = tuple(
        word
        for word, low in zip(words, lower, strict=True)
        if not is_known(low) and resolve(word, listed_symbols) is None
    )
    return Phrase(
        text=text,
        words=lower,
        symbols=symbols,
        numbers=numbers,
        percents=percents,
        spans=spans,
        at=next(iter(times), None),
        weekdays=tuple(dict.fromkeys(days)),
        agent_id=agent_id,
        units=units,
        factors=factors,
        strangers=strangers,
        listed=tuple(listed_symbols),
        nouns=_nouns(reader.plain, strangers, listed_symbols),
        amounts=reader.amounts,
        odd=reader.odd,
        times=times,
        plain=reader.plain,
    )


def _nouns(plain: str, strangers: Sequence[str], listed: Sequence[str]) -> tuple[str, ...]:
    """Strangers right behind a token's name, but for adverbs."""
    found = []
    for word in strangers:
        low = word.translate(_FOLD)
        lead = re.search(rf"(?P<name>\w+)(?:'s)?\s+{re.escape(low)}(?!\w)", plain)
        if (
            lead
            and not low.endswith(("ly", "n't"))
            and isinstance(resolve(lead["name"], listed), str)
        ):
            found.append(low)
    return tuple(found)


def too_long() -> UserError:
    """A sentence of more than `LONGEST` characters."""
    return UserError("That is too long for one alert. Write it like: SEI above 0.25.")


def read_number(digits: str) -> Decimal:
    """`0,25`, `95,000`, `95'000`, `1,234.5`: a comma or a point, whichever it must be.

    Groups of three are thousands, but `0,250` and `1.250` are not.

    Raises:
        UserError: it cannot be told.
    """
    if _GROUPED.fullmatch(digits) and not digits.startswith("0"):
        separators = set(re.findall(r"[,'.]", digits))
        if separators != {"."} or digits.count(".") > 1:
            return Decimal(re.sub(r"[,'.]", "", digits))
    whole, mark, decimals = _split(digits)
    if re.search(r"[,']", decimals) or not _is_grouping(whole):
        raise UserError(f"I cannot read {digits} as a number. Write it like 95000 or 0.25.")
    return Decimal(f"{re.sub(r'[^0-9]', '', whole) or 0}{mark and '.'}{decimals}")


def seconds_of(span: str) -> int:
    """Of `15m`, `4h`, `30d`."""
    return int(span[:-1]) * _SECONDS[span[-1]]


def span_of(seconds: int) -> str:
    """The largest unit up to days that is exact: `1d` for 86400."""
    for unit in "dhm":
        if seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds}s"


def _split(digits: str) -> tuple[str, str, str]:
    """Around the decimal mark: the last point or comma, if it stands alone."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0 or digits.count(digits[last]) > 1:
        return digits, "", ""
    return digits[:last], ".", digits[last + 1 :]


def _is_grouping(whole: str) -> bool:
    return bool(re.fullmatch(r"[0-9]*", whole) or _GROUPED.fullmatch(whole))


class _Reader:
    """Takes parts out of a sentence, one sort after the other; what is left is words."""

    def __init__(self, text: str) -> None:
        plain = _SIGNS.sub(
            lambda found: _SIGN_WORDS[(found.lastindex or 1) - 1], text.translate(_FOLD)
        )
        tidy = tidy_spans(figures_for(tidy_clock(plain)))
        counted = _COUNT.sub(lambda found: str(_COUNTS[found[1]]), tidy)
        self._text = _SPACED.sub(lambda found: found[0].replace(" ", ""), counted)
        self.plain = self._text
        self.amounts: tuple[Decimal, ...] = ()
        self.odd: tuple[str, ...] = ()

    def percents(self) -> tuple[Decimal, ...]:
        found: list[Decimal] = []
        for match in self._take(_PERCENT):
            value = read_number(match["digits"])
            found.append(value.copy_negate() if match["sign"] == "-" else value)
        return tuple(found)

    def spans(self, *, has_percents: bool) -> tuple[str, ...]:
        found: list[tuple[int, str]] = []

        def is_span(match: re.Match[str]) -> bool:
            """`2m` may be two millions."""
            return match["unit"] != "m" or has_percents or self._leads(match)

        for match in self._take(_SPAN, is_span):
            found.append((match.start(), _span(int(match["count"]), match["unit"])))
        found += [(m.start(), _span(1, m["unit"])) for m in self._take(_SPAN_WORD)]
        found += [
            (at, span) for name, span in _ADJECTIVES.items() if (at := self._text.find(name)) >= 0
        ]
        return tuple(span for _, span in sorted(found))

    def factors(self) -> tuple[Decimal, ...]:
        found = [read_number(match["digits"]) for match in self._take(_FACTOR)]
        words = [Decimal(_FACTORS[match["word"]]) for match in _FACTOR_WORDS.finditer(self._text)]
        return tuple(found + words)

    def times(self) -> tuple[time, ...]:
        if found := self._take(_TIME):
            return tuple(
                _time(
                    int(match["h"]),
                    int(match["m"] or 0),
                    (match["ap"] or match["ap2"] or "").replace(".", "")
                    or self._half(int(match["h"])),
                )
                for match in found
            )
        if named := [match["name"] for match in _NAMED_TIME.finditer(self._text)]:
            return tuple(time(0 if name == "midnight" else 12) for name in named)
        regular = DAILY | WEEKLY | DIGEST
        words = self._text.split()
        if any(word in regular or weekday_of(word) is not None for word in words):
            hours = [int(match["h"]) for match in self._take(_HOUR)]
            return tuple(_time(hour, 0, self._half(hour)) for hour in hours)
        return ()

    def numbers(self, listed: Sequence[str]) -> tuple[tuple[Decimal, ...], tuple[str, ...]]:
        found: list[Decimal] = []
        units: list[str] = []
        for match in self._take(_NUMBER):
            _check_grouping(match)
            value, lead = _scaled(match), match.string[: match.start()]
            rest = match.string[match.end() :]
            found.append(value)
            behind = _WORD.match(rest.lstrip())
            symbol = resolve(behind[0], listed) if behind else None
            units.append(symbol if isinstance(symbol, str) else "")
            if is_amount(lead, rest):
                self.amounts += (value,)
            if odd := odd_figure(match[0].strip(), lead, rest, listed):
                self.odd += (odd,)
        return tuple(found), tuple(units)

    def words(self) -> tuple[str, ...]:
        return tuple(word for word in _WORD.findall(self._text) if not word.isdigit())

    def _half(self, hour: int) -> str:
        """Of an hour without one: in the evening, in the afternoon, at night before midnight."""
        if re.search(r"\b(?:evening|afternoon)s?\b", self._text):
            return "pm"
        if re.search(r"\bnights?\b", self._text):
            return "am" if hour >= 12 else "pm" if hour >= _NIGHTFALL else ""
        return ""

    def _leads(self, match: re.Match[str]) -> bool:
        return bool(_LEADS.search(match.string[: match.start()]))

    def _take(
        self, pattern: re.Pattern[str], wanted: Callable[[re.Match[str]], bool] | None = None
    ) -> Sequence[re.Match[str]]:
        """What matches, blanked out afterwards; everything else stays where it is."""
        found = [match for match in pattern.finditer(self._text) if not wanted or wanted(match)]
        for match in found:
            blank = " " * (match.end() - match.start())
            self._text = f"{self._text[: match.start()]}{blank}{self._text[match.end() :]}"
        return found


def _span(count: int, unit: str) -> str:
    size = _MONTH if unit.startswith("mo") else _SECONDS[unit[0]]
    return span_of(count * size)


def _time(hour: int, minute: int, half: str) -> time:
    if half == "pm" and hour < 12:
        hour += 12
    if half == "am" and hour == 12:
        hour = 0
    if hour > 23 or minute > 59:
        raise UserError(f"{hour}:{minute:02} is no time of the day. Write it like 08:00.")
    return time(hour, minute)


def _check_grouping(match: re.Match[str]) -> None:
    """Refuse `80.000`: a thousand times more where a point parts thousands."""
    digits = match["digits"]
    if _TWOFOLD.fullmatch(digits) and not match["scale"] and not match["power"]:
        whole, large = read_number(digits).normalize(), digits.replace(".", "")
        raise UserError(
            f"{int(large):,} or {whole:f}? I cannot tell from {digits}. Write {large} or {whole:f}."
        )


def _scaled(match: re.Match[str]) -> Decimal:
    """With its sign, its power of ten and its `k` or `m`; plain, without trailing zeros."""
    tens = _SCALES[match["scale"][0]] if match["scale"] else 0
    tens += int(match["power"][1:]) if match["power"] else 0
    value = read_number(match["digits"]).scaleb(tens, _WIDE).normalize(_WIDE)
    plain = Decimal(f"{value:f}")
    return plain.copy_negate() if match["minus"] and plain else plain
