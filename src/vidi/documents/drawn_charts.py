"""Charts drawn by matplotlib as arrays: axes in the house's style, and the picture of a figure."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vidi.documents.sheets import COLOURS, INK, PAPER, QUIET

HUES = ["#{:02x}{:02x}{:02x}".format(*colour) for colour in COLOURS]
STYLE: dict[Any, Any] = {
    "axes.edgecolor": "#{:02x}{:02x}{:02x}".format(*QUIET),
    "axes.facecolor": "#{:02x}{:02x}{:02x}".format(*PAPER),
    "figure.facecolor": "#{:02x}{:02x}{:02x}".format(*PAPER),
    "text.color": "#{:02x}{:02x}{:02x}".format(*INK),
    "axes.labelcolor": "#{:02x}{:02x}{:02x}".format(*INK),
    "xtick.color": "#{:02x}{:02x}{:02x}".format(*QUIET),
    "ytick.color": "#{:02x}{:02x}{:02x}".format(*QUIET),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "figure.dpi": 100,
}


@contextmanager
def figure(
    rows: int, columns: int, *, width: float, height: float, **options: Any
) -> Iterator[tuple[Any, Any]]:
    """A figure of that many inches and its axes, (rows, columns); nothing of matplotlib's state stays changed."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        made = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(made)
        yield made, made.subplots(rows, columns, squeeze=False, **options)


def picture(made: Any) -> UInt8[np.ndarray, "h w 3"]:
    """The figure as pixels."""
    made.canvas.draw()
    return np.ascontiguousarray(np.asarray(made.canvas.buffer_rgba())[..., :3])
