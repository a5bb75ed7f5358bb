"""The small chart under an alert: the last day as one line, and the line that was watched."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, TypeVar

import numpy as np
from cachetools import LRUCache
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot.chat.pictures.marks import DOWN, UP
from bot.chat.pictures.series import Floats, finite, price_label, spread_out, time_labels
from bot.chat.render import change_words

Point = tuple[datetime, Decimal]
Key = tuple[object, ...]
T = TypeVar("T")

_DPI = 100
_INCHES = (6.0, 2.6)
_PAPER, _GRID, _INK, _FAINT, _LINE = "#10161f", "#1e2834", "#e8edf3", "#8695a6", "#f2b84b"
_LEFT, _RIGHT, _FLOOR, _TOP = 0.03, 0.855, 0.13, 0.8
_HEAD = 0.9
_TAG_GAP = 0.15
_TIMES = 5
_MOST = 300
"""More points than pixels say nothing more."""
_FAR = 1.5
"""A line further away than this many heights of the day is named at the edge."""
_MOST_PICTURES = 64


def render_spark(points: Sequence[Point], *, line: Decimal | None, title: str) -> bytes:
    """A PNG of 600 x 260; some 15 ms: call it from a thread.

    Points are oldest first; those that are no positive figure are left out. Without any the
    picture says so.
    """
    figure = Figure(figsize=_INCHES, dpi=_DPI, facecolor=_PAPER)
    canvas = FigureCanvasAgg(figure)
    drawn = [(at, value) for at, figure_ in points if (value := finite(figure_)) is not None]
    _write(figure, (_LEFT, _HEAD), title, _INK, 12, "left")
    if len(drawn) > 1:
        _draw(figure, _thinned(drawn), finite(line))
    else:
        _write(figure, (0.5, 0.5), "No prices of the last day yet", _FAINT, 11, "center")
    png = BytesIO()
    canvas.print_png(png, pil_kwargs={"compress_level": 3})  # type: ignore[no-untyped-call]
    return png.getvalue()


@dataclass(frozen=True, slots=True)
class Sparks:
    """Remembers the last pictures and their points; who wants the same at once waits for one."""

    _pictures: LRUCache[Key, asyncio.Future[bytes]] = field(
        default_factory=lambda: LRUCache(_MOST_PICTURES)
    )
    _points: LRUCache[Key, asyncio.Future[Sequence[Point]]] = field(
        default_factory=lambda: LRUCache(_MOST_PICTURES)
    )

    async def draw(
        self,
        key: Key,
        load: Callable[[], Awaitable[Sequence[Point]]],
        *,
        line: Decimal | None,
        title: str,
    ) -> bytes:
        """The picture for a key, from the points that `load` gives if it is not there yet."""

        async def make() -> bytes:
            points = await load()
            return await asyncio.to_thread(render_spark, points, line=line, title=title)

        return await _once(self._pictures, key, make)

    async def points(
        self, key: Key, load: Callable[[], Awaitable[Sequence[Point]]]
    ) -> Sequence[Point]:
        """The points for a key, loaded once."""

        async def make() -> Sequence[Point]:
            return await load()

        return await _once(self._points, key, make)


async def _once(
    kept: LRUCache[Key, asyncio.Future[T]], key: Key, make: Callable[[], Coroutine[Any, Any, T]]
) -> T:
    """What is kept or under way for a key; a failure is forgotten."""
    known = kept.get(key)
    if known is None or (known.done() and (known.cancelled() or known.exception())):
        known = kept[key] = asyncio.ensure_future(make())
    return await asyncio.shield(known)


def _thinned(points: Sequence[tuple[datetime, float]]) -> Sequence[tuple[datetime, float]]:
    """At most `_MOST`, first and last among them."""
    if len(points) <= _MOST:
        return points
    step = (len(points) - 1) / (_MOST - 1)
    return [points[round(at * step)] for at in range(_MOST)]


def _draw(figure: Figure, points: Sequence[tuple[datetime, float]], line: float | None) -> None:
    times, values = [at for at, _ in points], np.array([value for _, value in points])
    start = times[0]
    place = np.array([(at - start).total_seconds() for at in times])
    axes = figure.add_axes((_LEFT, _FLOOR, _RIGHT - _LEFT, _TOP - _FLOOR), facecolor=_PAPER)
    axes.set_axis_off()
    axes.set_xlim(0, float(place[-1]) or 1.0)
    change = float(values[-1] / values[0] - 1)
    colour = UP if change >= 0 else DOWN
    low, high = _fit(axes, values, line)
    axes.plot(place, values, color=colour, linewidth=1.6, solid_joinstyle="round")
    axes.fill_between(place, values, low, color=colour, alpha=0.12, linewidth=0)
    tags = [(float(values[-1]), colour, "")]
    if line is not None:
        arrow = " ↑" if line > high else " ↓" if line < low else ""
        tags.append((line, _LINE, arrow))
        if not arrow:
            axes.axhline(line, color=_LINE, linewidth=1.1, linestyle=(0, (6, 4)), aa=False)
    _draw_tags(axes, tags)
    for spot, text in time_labels(times, min(_TIMES, len(times))):
        at = place[spot] / (place[-1] or 1.0)
        axes.text(
            at, -0.06, text, color=_FAINT, fontsize=8, ha="center", va="top",
            transform=axes.transAxes, parse_math=False,
        )  # fmt: skip
    moved = change_words(Decimal(change) * 100)
    _write(figure, (_RIGHT, _HEAD), moved, colour, 11, "right")


def _fit(axes: Axes, values: Floats, line: float | None) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    height = high - low or high * 0.02
    if line is not None and low - _FAR * height <= line <= high + _FAR * height:
        low, high = min(low, line), max(high, line)
    margin = 0.08 * (high - low or height)
    low, high = low - margin, high + margin
    axes.set_ylim(low, high)
    axes.axhline(low, color=_GRID, linewidth=0.8)
    return low, high


def _draw_tags(axes: Axes, tags: Sequence[tuple[float, str, str]]) -> None:
    """What the price and the line stand at, in the gutter on the right."""
    low, high = axes.get_ylim()
    wanted = [(value - low) / (high - low) for value, _, _ in tags]
    places = spread_out(wanted, _TAG_GAP, 0.04, 0.96)
    for (value, colour, arrow), spot in zip(tags, places, strict=True):
        axes.text(
            1.015, spot, price_label(value) + arrow, color=_PAPER, fontsize=8.5,
            fontweight="bold", va="center", transform=axes.transAxes, parse_math=False,
            bbox={"boxstyle": "round,pad=0.3", "facecolor": colour, "edgecolor": "none"},
        )  # fmt: skip


def _write(
    figure: Figure, at: tuple[float, float], text: str, colour: str, size: float, ha: str
) -> None:
    figure.text(
        *at, text, color=colour, fontsize=size, weight="bold", ha=ha, va="center",
        parse_math=False,
    )  # fmt: skip
