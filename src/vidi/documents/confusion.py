"""The confusion matrix as SVG: right answers in grey, mistakes in the accent colour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vidi.documents.svg import element
from vidi.documents.text import percent, shortened, visible

READABLE = 30  # labels that a matrix can show legibly
FAINTEST, STRONGEST = 0.16, 0.52  # stronger would swallow the figure on it, in the dark first


@dataclass(frozen=True)
class Frame:
    """Where the cells begin and how large they are, in pixels; `turned` if the names above stand aslant."""

    left: int
    top: int
    size: int
    turned: bool


def matrix(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> Markup:
    """Truth down, prediction across; a mistake is the stronger, the larger its share of the row."""
    names = [shortened(label, most=18) for label in labels]
    longest, size = max((len(name) for name in names), default=0), _size(len(labels))
    turned = 7.5 * longest > size
    frame = Frame(max(52, 16 + 7 * longest), 34 + 6 * longest if turned else 42, size, turned)
    side = frame.size * len(labels)
    width, height = frame.left + side + (12 + 4 * longest if turned else 4), frame.top + side + 6
    return element(
        "svg",
        *_names(names, frame),
        *_cells(counts, labels, frame),
        class_="chart natural",
        role="img",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        aria_label=_words(counts),
    )


def _size(count: int) -> int:
    """A cell's side: ten labels fit a telephone, thirty a page."""
    return next(size for most, size in ((5, 44), (12, 30), (20, 27), (count, 22)) if count <= most)


def _names(names: Sequence[str], frame: Frame) -> Iterator[Markup]:
    left, top = frame.left, frame.top
    yield element("text", "true ↓", class_="quiet", x=left - 8, y=top - 8, text_anchor="end")
    yield element("text", "said →", class_="quiet", x=left, y=14)
    for index, name in enumerate(names):
        middle = (index + 0.5) * frame.size
        yield element("text", name, x=left - 8, y=top + middle + 4, text_anchor="end")
        place = f"translate({left + middle + 4 * frame.turned:.1f} {top - 8})" + " rotate(-50)" * frame.turned
        yield element("text", name, transform=place, text_anchor=None if frame.turned else "middle")


def _cells(counts: Sequence[Sequence[int]], labels: Sequence[str], frame: Frame) -> Iterator[Markup]:
    largest = max((count / whole for *_, count, whole in confused_pairs(counts, most=None)), default=1.0)
    for row, line in enumerate(counts):
        whole = sum(line)
        for column, count in enumerate(line):
            share = count / whole if whole else 0.0
            kind, strength = shade(share, right=row == column, largest=largest)
            x, y = frame.left + column * frame.size, frame.top + row * frame.size
            hint = f"{visible(labels[row])} called {visible(labels[column])}: {count:,} of {whole:,} ({percent(share)})"
            square = element(
                "rect",
                class_=kind,
                fill_opacity=strength,
                x=x + 0.75,
                y=y + 0.75,
                width=frame.size - 1.5,
                height=frame.size - 1.5,
                rx=2,
            )
            yield element("g", element("title", hint), square, _figure(count, x, y, frame.size))


def shade(share: float, *, right: bool, largest: float) -> tuple[str, float]:
    """A cell's class and opacity; the largest share of mistakes in the matrix is the strongest."""
    if not share:
        return "none", 0.06
    if right:
        return "right", 0.05 + 0.25 * share
    return "wrong", FAINTEST + (STRONGEST - FAINTEST) * (share / largest) ** 0.6


def _figure(count: int, x: float | int, y: float | int, size: int) -> Markup:
    if not count:
        return Markup("")
    figure = f"{count / 1000:.0f}k" if count >= 10_000 else str(count)
    return element("text", figure, x=x + size / 2, y=y + size / 2 + 4, text_anchor="middle")


def _words(counts: Sequence[Sequence[int]]) -> str:
    whole = sum(sum(line) for line in counts)
    right = sum(line[index] for index, line in enumerate(counts))
    return f"Confusion matrix: {right:,} of {whole:,} images on the diagonal; the list beside it names the mistakes."


def confused_pairs(counts: Sequence[Sequence[int]], *, most: int | None) -> list[tuple[int, int, int, int]]:
    """(truth, prediction, count, images of the truth) of the most frequent mistakes, most frequent first; None: all."""
    found = [
        (row, column, count, sum(line))
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        if row != column and count
    ]
    return sorted(found, key=lambda pair: (-pair[2], -pair[2] / pair[3]))[:most]
