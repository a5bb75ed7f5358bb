"""An address as a QR picture, with the address itself below it to compare by eye."""

from io import BytesIO

import numpy as np
import segno
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_DPI = 100
_SIDE_PX, _CARD_PX, _FOOT_PX = 640, 560, 40
_QUIET_MODULES = 4
_LONGEST_CAPTION = 60
_PAPER, _INK = "#10161f", "#e8edf3"
_DARK, _LIGHT = (16, 22, 31), (255, 255, 255)


def render_qr(text: str) -> bytes:
    """A PNG of about 640 x 680 that any phone reads from a screen; 15 % of it may be damaged.

    Raises:
        ValueError: `text` is empty or does not fit into a QR code (about 2,300 bytes).
    """
    if not text:
        raise ValueError("nothing to encode")
    card = _card(text)
    height = _SIDE_PX + _FOOT_PX
    figure = Figure(figsize=(_SIDE_PX / _DPI, height / _DPI), dpi=_DPI, facecolor=_PAPER)
    canvas = FigureCanvasAgg(figure)
    edge = (_SIDE_PX - card.shape[0]) / 2
    # An image in pixels is never resampled: every module keeps its sharp edges.
    figure.figimage(card, edge, edge + _FOOT_PX, origin="upper")
    if text.isascii() and len(text) <= _LONGEST_CAPTION:
        middle = (edge + _FOOT_PX) / 2 / height
        figure.text(
            0.5,
            middle,
            text,
            color=_INK,
            fontsize=14 if len(text) <= 44 else 10,
            family="DejaVu Sans Mono",
            ha="center",
            va="center",
            parse_math=False,
        )
    png = BytesIO()
    canvas.print_png(png, pil_kwargs={"compress_level": 3})  # type: ignore[no-untyped-call]
    return png.getvalue()


def _card(text: str) -> np.typing.NDArray[np.uint8]:
    """The code in black on white with its quiet zone, whole pixels a module."""
    try:
        code = segno.make_qr(text, error="m")
    except segno.DataOverflowError as error:
        raise ValueError("too long for a QR code") from error
    modules = np.array([list(row) for row in code.matrix_iter(border=_QUIET_MODULES)], dtype=bool)
    scale = max(_CARD_PX // len(modules), 1)
    dark = np.kron(modules, np.ones((scale, scale), dtype=bool))
    return np.where(dark[..., None], _DARK, _LIGHT).astype(np.uint8)
