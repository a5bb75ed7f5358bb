"""The marks on a chart: candles, volume bars, averages. Drawn as collections, which is fast."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection

from bot.chat.pictures.series import Floats, Series

UP, DOWN = "#2fbf8f", "#f0616d"
_HALF_BODY = 0.36


def draw_candles(axes: Axes, series: Series) -> None:
    """Wicks and bodies; a body without height stays visible as a line."""
    least = (series.highs.max() - series.lows.min()) * 0.003
    bottom = np.minimum(series.opens, series.closes)
    top = np.maximum(np.maximum(series.opens, series.closes), bottom + least)
    place = np.arange(len(series.times), dtype=np.float64)
    for mask, colour in _by_direction(series):
        wicks = _shapes((place[mask], series.lows[mask]), (place[mask], series.highs[mask]))
        bodies = _boxes(place[mask], bottom[mask], top[mask])
        axes.add_collection(
            LineCollection(list(wicks), colors=colour, linewidths=1.0), autolim=False
        )
        axes.add_collection(PolyCollection(list(bodies), facecolors=colour), autolim=False)


def draw_volumes(axes: Axes, series: Series) -> None:
    """Bars in the candles' colours, fainter."""
    axes.set_ylim(0, series.volumes.max() * 1.1)
    place = np.arange(len(series.times), dtype=np.float64)
    for mask, colour in _by_direction(series):
        bars = _boxes(place[mask], np.zeros(np.count_nonzero(mask)), series.volumes[mask])
        axes.add_collection(
            PolyCollection(list(bars), facecolors=colour, alpha=0.55), autolim=False
        )


def draw_averages(axes: Axes, series: Series, colours: Mapping[int, str]) -> None:
    """One line a span."""
    for span, values in series.averages.items():
        axes.plot(values, color=colours[span], linewidth=1.4, solid_joinstyle="round")


def _by_direction(series: Series) -> tuple[tuple[np.typing.NDArray[np.bool_], str], ...]:
    rising = series.closes >= series.opens
    return (rising, UP), (~rising, DOWN)


def _boxes(place: Floats, bottom: Floats, top: Floats) -> Floats:
    left, right = place - _HALF_BODY, place + _HALF_BODY
    return _shapes((left, bottom), (left, top), (right, top), (right, bottom))


def _shapes(*corners: tuple[Floats, Floats]) -> Floats:
    """Shape by shape, the (x, y) of each corner."""
    return np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)
