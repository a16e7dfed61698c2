"""Pictures side by side with their names, as one PNG."""

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from vidi.documents.overlays import Legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, INK, QUIET, BAD = 2.6, "#1d1f21", "#5c6166", "#a32a1c"  # a panel's width in inches; the pages' colours
DPI, PAD, HEAD, FOOT = 130, 0.14, 0.3, 0.5


@dataclass(frozen=True)
class Panel:
    """One picture: what it is called, what stands below it, and whether it is struck out."""

    title: str
    image: UInt8[np.ndarray, "h w 3"]
    note: str = ""
    struck: bool = False


@dataclass(frozen=True)
class Row:
    """Panels under one sentence; `legends` say what their colours mean."""

    said: str
    panels: Sequence[Panel]
    legends: Sequence[Legend] = field(default_factory=tuple)


def figure(rows: Sequence[Row], *, columns: int = 4) -> bytes:
    """All rows as one PNG on white; a row with more panels than `columns` goes on in the next line."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = [_lines(row, columns) for row in rows]
    wide = max((len(line) for each in lines for line in each), default=1)
    tall = [[WIDTH * max(_ratio(panel) for panel in line) for line in each] for each in lines]
    heights = [
        0.5 + sum(h + HEAD + FOOT for h in each) + (0.5 if row.legends else 0.0)
        for row, each in zip(rows, tall, strict=True)
    ]
    width, height = wide * (WIDTH + PAD) + 2 * PAD, sum(heights) + 2 * PAD
    drawn = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(drawn)

    def axes(left: float, top: float, across: float, down: float) -> "Axes":
        made = drawn.add_axes((left / width, 1 - (top + down) / height, across / width, down / height))
        made.set_axis_off()
        return made

    top = PAD
    for row, each, high in zip(rows, lines, tall, strict=True):
        drawn.text(
            PAD / width,
            1 - (top + 0.2) / height,
            _short(row.said, int(13 * (width - 2 * PAD))),
            fontsize=11.5,
            color=INK,
            va="center",
            weight="bold",
            parse_math=False,
        )
        top += 0.5
        for line, down in zip(each, high, strict=True):
            for place, panel in enumerate(line):
                left = PAD + place * (WIDTH + PAD)
                _draw(axes(left, top + HEAD, WIDTH, WIDTH * _ratio(panel)), panel)
            top += HEAD + down + FOOT
        for place, legend in enumerate(row.legends):
            _bar(axes(PAD + place * (WIDTH + PAD) * 1.5, top, 1.5 * WIDTH, 0.12), legend)
        top += 0.5 if row.legends else 0.0
    found = io.BytesIO()
    drawn.savefig(found, format="png", dpi=DPI, metadata={"Software": None})
    return found.getvalue()


def _lines(row: Row, columns: int) -> list[Sequence[Panel]]:
    return [row.panels[start : start + columns] for start in range(0, len(row.panels), columns)]


def _ratio(panel: Panel) -> float:
    return float(panel.image.shape[0] / panel.image.shape[1])


def _short(text: str, most: int) -> str:
    shown = "".join(c if c.isprintable() else "�" for c in text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _draw(axes: "Axes", panel: Panel) -> None:
    """The picture with its title above and its note below; struck out: a line through both."""
    axes.imshow(panel.image, aspect="auto")
    colour = BAD if panel.struck else INK
    title = _text(axes, (0.0, 1.02), _short(panel.title, 30), size=10.0, colour=colour, va="bottom")
    if panel.struck:
        line: dict[str, Any] = {"transform": axes.transAxes, "color": BAD, "clip_on": False}
        axes.plot([0, 1], [0, 1], linewidth=2.2, **line)
        across = axes.transAxes.inverted().transform(title.get_window_extent())
        middle = 0.45 * across[0, 1] + 0.55 * across[1, 1]
        axes.plot(across[:, 0], [middle, middle], linewidth=1.2, **line)
        axes.set_xlim(-0.5, panel.image.shape[1] - 0.5)
        axes.set_ylim(panel.image.shape[0] - 0.5, -0.5)
    lines = textwrap.wrap(_short(panel.note, 400), 45)[:3]
    _text(axes, (0.0, -0.02), "\n".join(lines), size=7.2, colour=QUIET, va="top")


def _text(axes: "Axes", at: tuple[float, float], words: str, *, size: float, colour: str, **rest: Any) -> Any:
    """Plain words at a place of the axes: a dollar sign is a dollar sign."""
    return axes.text(
        *at, words, transform=axes.transAxes, fontsize=size, color=colour, parse_math=False, **rest
    )


def _bar(axes: "Axes", legend: Legend) -> None:
    axes.imshow(legend.bar, aspect="auto")
    _text(axes, (0.0, -0.5), legend.low, size=7.5, colour=QUIET, va="top")
    _text(axes, (1.0, -0.5), legend.high, size=7.5, colour=QUIET, va="top", ha="right")
