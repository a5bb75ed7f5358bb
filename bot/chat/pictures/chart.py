"""The price chart of a token: candles, volume, moving averages and a trade's levels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from math import isfinite
from typing import Any, Final, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Transform

from bot.chat.pictures.marks import DOWN, UP, draw_averages, draw_candles, draw_volumes
from bot.chat.pictures.series import (
    Series,
    finite,
    price_label,
    series_of,
    short_usd,
    spread_out,
    time_labels,
)
from bot.chat.render import change_words
from bot.domain.analysis import PriceHistory

_DPI = 100
_INCHES = (8.0, 5.0)
_PAPER, _GRID, _INK, _FAINT = "#10161f", "#1e2834", "#e8edf3", "#8695a6"
_ENTRY, _STOP, _TARGET, _LAST = "#4c9ffe", DOWN, UP, "#c3ccd6"
_AVERAGES = {20: "#f2b84b", 50: "#a78bfa"}

_LEFT, _RIGHT, _FLOOR = 0.03, 0.862, 0.085
_PRICES_TOP, _PRICES_BOTTOM, _VOLUMES_TOP = 0.835, 0.262, 0.222
_HEAD, _SUBHEAD = 0.93, 0.875
_TAG_GAP = 0.068
_NAMES_ROOM = 0.11
"""Part of the candles' width kept free on the left for the names of levels."""
_FEWEST_SLOTS = 24
_DATES = 7
_PAD = 7
_LABEL: Final[Mapping[str, Any]] = {"color": _FAINT, "fontsize": 8.5, "parse_math": False}
_FAR = 1.2
"""A level further from the candles than this many of their ranges is not drawn to scale."""


@dataclass(frozen=True, slots=True)
class _Font:
    size: float
    weight: str = "normal"
    ha: Literal["left", "center", "right"] = "left"


_TITLE, _CHANGE = _Font(15, "bold"), _Font(13, ha="right")
_EMPTY, _SMALL = _Font(13, ha="center"), _Font(9)


@dataclass(frozen=True, slots=True)
class _Level:
    name: str
    value: float
    colour: str


def render_price_chart(
    history: PriceHistory,
    *,
    entry: Decimal | None = None,
    stop_loss: Decimal | None = None,
    take_profit: Decimal | None = None,
    title: str,
) -> bytes:
    """A PNG of 800 x 500.

    Levels that are no positive number are left out, far ones are named at the edge. An empty
    history gives a picture that says so. Takes some 30 ms: call it from a thread.
    """
    figure = Figure(figsize=_INCHES, dpi=_DPI, facecolor=_PAPER)
    canvas = FigureCanvasAgg(figure)
    _write(figure, (_LEFT, _HEAD), title, _INK, _TITLE)
    if history.candles:
        _draw(figure, history, _levels(history, entry, stop_loss, take_profit))
    else:
        _write(figure, (0.5, 0.5), "No price history yet", _FAINT, _EMPTY)
    png = BytesIO()
    canvas.print_png(png, pil_kwargs={"compress_level": 3})  # type: ignore[no-untyped-call]
    return png.getvalue()


def _levels(history: PriceHistory, *trade: Decimal | None) -> list[_Level]:
    named = zip(
        (history.candles[-1].close, *trade),
        ("Last", "Entry", "Stop", "Target"),
        (_LAST, _ENTRY, _STOP, _TARGET),
        strict=True,
    )
    return [
        _Level(name, number, colour)
        for value, name, colour in named
        if (number := finite(value)) is not None
    ]


def _draw(figure: Figure, history: PriceHistory, levels: Sequence[_Level]) -> None:
    series = series_of(history, tuple(_AVERAGES))
    names = _NAMES_ROOM if len(levels) > 1 else 0
    has_volumes = bool(series.volumes.max() > 0)
    prices = _add_axes(
        figure, _PRICES_BOTTOM if has_volumes else _FLOOR, _PRICES_TOP, series, names
    )
    draw_candles(prices, series)
    draw_averages(prices, series, _AVERAGES)
    _fit(prices, series, levels)
    _draw_levels(prices, levels)
    _write_header(figure, series)
    if has_volumes:
        volumes = _add_axes(figure, _FLOOR, _VOLUMES_TOP, series, names)
        draw_volumes(volumes, series)
        low, high = volumes.get_ylim()
        marks = [value for value in MaxNLocator(2).tick_values(low, high) if low <= value <= high]
        _draw_scale(volumes, {value: short_usd(value) for value in marks})
    _draw_times(figure, series)


def _add_axes(figure: Figure, bottom: float, top: float, series: Series, names: float) -> Axes:
    axes = figure.add_axes((_LEFT, bottom, _RIGHT - _LEFT, top - bottom), facecolor=_PAPER)
    count = len(series.times)
    slots = max(count, _FEWEST_SLOTS)
    spare = (slots - count) / 2
    axes.set_xlim(-1 - spare - slots * names, count + spare)
    # matplotlib's own axes, ticks and spines take half of the time a picture takes.
    axes.set_axis_off()
    return axes


def _draw_times(figure: Figure, series: Series) -> None:
    """Upright lines through both panels, and the days below the lower one."""
    count = len(series.times)
    spots = time_labels(series.times, max(2, _DATES * count // max(count, _FEWEST_SLOTS)))
    for axes in figure.axes:
        _draw_grid(axes, [[(spot, 0), (spot, 1)] for spot, _ in spots], axes.get_xaxis_transform())
    lowest = figure.axes[-1]
    for spot, text in spots:
        lowest.annotate(
            text,
            (spot, 0),
            xycoords=lowest.get_xaxis_transform(),
            xytext=(0, -_PAD),
            textcoords="offset points",
            ha="center",
            va="top",
            annotation_clip=False,
            **_LABEL,
        )


def _draw_scale(axes: Axes, labels: Mapping[float, str]) -> None:
    """Level lines, and what they stand for in the gutter on the right."""
    level = axes.get_yaxis_transform()
    _draw_grid(axes, [[(0, value), (1, value)] for value in labels], level)
    for value, text in labels.items():
        axes.annotate(
            text,
            (1, value),
            xycoords=level,
            xytext=(_PAD, 0),
            textcoords="offset points",
            va="center_baseline",
            annotation_clip=False,
            **_LABEL,
        )


def _draw_grid(
    axes: Axes, lines: Sequence[Sequence[tuple[float, float]]], transform: Transform
) -> None:
    grid = LineCollection(lines, colors=_GRID, linewidths=0.8, zorder=0.5, transform=transform)
    axes.add_collection(grid, autolim=False)


def _fit(axes: Axes, series: Series, levels: Sequence[_Level]) -> None:
    """Show the candles and every level that does not flatten them."""
    low, high = float(series.lows.min()), float(series.highs.max())
    height = high - low or high * 0.02
    near = [x.value for x in levels if low - _FAR * height <= x.value <= high + _FAR * height]
    low, high = min(low, *near), max(high, *near)
    margin = 0.06 * (high - low or height)
    axes.set_ylim(low - margin, high + margin)


def _draw_levels(axes: Axes, levels: Sequence[_Level]) -> None:
    """A line each, its name on the left, its price in the gutter over the scale's own."""
    low, high = axes.get_ylim()
    heights = [(level.value - low) / (high - low) for level in levels]
    places = spread_out(heights, _TAG_GAP, 0, 1)
    for level, height, place in zip(levels, heights, places, strict=True):
        if 0 <= height <= 1:
            dashes = (0, (1, 2)) if level.name == "Last" else (0, (6, 4))
            axes.axhline(
                level.value, 0.012, color=level.colour, linewidth=1.1, linestyle=dashes, aa=False
            )
        arrow = " ↑" if height > 1 else " ↓" if height < 0 else ""
        _write_tag(axes, (1.014, place), price_label(level.value), _PAPER, level.colour)
        if level.name != "Last":
            _write_tag(axes, (0.008, place), level.name + arrow, level.colour, _PAPER)
    _scale(axes, places)


def _write_tag(axes: Axes, at: tuple[float, float], text: str, ink: str, paper: str) -> None:
    box = {"boxstyle": "round,pad=0.35", "facecolor": paper, "edgecolor": "none"}
    axes.text(
        *at,
        text,
        color=ink,
        fontsize=8.5,
        fontweight="bold",
        va="center",
        bbox=box,
        transform=axes.transAxes,
        parse_math=False,
    )


def _scale(axes: Axes, taken: Sequence[float]) -> None:
    """Round prices in the gutter, but for those a tag would cut in half."""
    low, high = axes.get_ylim()
    ticks = [
        value
        for value in MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        if low < value < high
        and all(abs((value - low) / (high - low) - place) > _TAG_GAP for place in taken)
    ]
    _draw_scale(axes, {value: price_label(value) for value in ticks})


def _write_header(figure: Figure, series: Series) -> None:
    change = series.change
    colour = UP if change >= 0 else DOWN
    _write(figure, (_RIGHT, _HEAD), change_words(Decimal(change) * 100), colour, _CHANGE)
    drawn = (span for span, values in series.averages.items() if isfinite(values[-1]))
    for nth, span in enumerate(drawn):
        place = _LEFT + 0.1 * nth
        _write(figure, (place, _SUBHEAD), "━", _AVERAGES[span])
        _write(figure, (place + 0.022, _SUBHEAD), f"SMA {span}", _FAINT)


def _write(
    figure: Figure, at: tuple[float, float], text: str, colour: str, font: _Font = _SMALL
) -> None:
    """Text at fractions of the figure; never read as mathematics, whatever dollars it holds."""
    figure.text(
        *at,
        text,
        color=colour,
        fontsize=font.size,
        weight=font.weight,
        ha=font.ha,
        va="center",
        parse_math=False,
    )
