"""The confusion matrix as a table one can walk through: right answers in grey, mistakes in the accent colour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vidi.documents.predicted import Behind, Image
from vidi.documents.text import percent, visible

READABLE = 30  # labels that a matrix can show legibly
FAINTEST, STRONGEST = 0.16, 0.52  # stronger would swallow the figure on it, in the dark first
MOST_WRONG, MOST_RIGHT = 12, 6  # images shown of a cell
MOST_IMAGES = 300  # of all cells together


@dataclass(frozen=True)
class Cell:
    """One cell: its count, the words for it, how it is shaded, and the images behind it (empty: none are kept)."""

    row: int
    column: int
    count: int
    hint: str
    kind: str
    strength: float
    images: Sequence[Image] = ()

    @property
    def id(self) -> str:
        return f"cell-{self.row}-{self.column}"

    @property
    def figure(self) -> str:
        if not self.count:
            return ""
        return f"{self.count / 1000:.0f}k" if self.count >= 10_000 else str(self.count)


def matrix(
    counts: Sequence[Sequence[int]], labels: Sequence[str], behind: Mapping[tuple[str, str], Behind]
) -> list[list[Cell]]:
    """Truth down, prediction across; a mistake is the stronger, the larger its share of the row.

    The most frequent mistakes get their images first, until `MOST_IMAGES` are shown.
    """
    largest = max((count / whole for *_, count, whole in confused_pairs(counts, most=None)), default=1.0)
    shown = shares_of_room(counts, labels, behind)
    rows = []
    for row, line in enumerate(counts):
        whole, cells = sum(line), []
        for column, count in enumerate(line):
            share = count / whole if whole else 0.0
            kind, strength = shade(share, right=row == column, largest=largest)
            hint = f"{visible(labels[row])} called {visible(labels[column])}: {count:,} of {whole:,} ({percent(share)})"
            cells.append(Cell(row, column, count, hint, kind, strength, shown.get((row, column), ())))
        rows.append(cells)
    return rows


def shares_of_room(
    counts: Sequence[Sequence[int]], labels: Sequence[str], behind: Mapping[tuple[str, str], Behind]
) -> dict[tuple[int, int], Sequence[Image]]:
    """Which images each cell shows: mistakes first, then hits, each kind from the largest cell down."""
    wrong = [(row, column) for row, column, *_ in confused_pairs(counts, most=None)]
    right = sorted(range(len(labels)), key=lambda place: -counts[place][place])
    left = MOST_IMAGES
    shown: dict[tuple[int, int], Sequence[Image]] = {}
    for row, column in [*wrong, *((place, place) for place in right)]:
        found = behind.get((labels[row], labels[column]))
        most = min(left, MOST_RIGHT if row == column else MOST_WRONG)
        if found and most:
            shown[row, column] = found.images[:most]
            left -= len(shown[row, column])
    return shown


def shade(share: float, *, right: bool, largest: float) -> tuple[str, float]:
    """A cell's class and opacity; the largest share of mistakes in the matrix is the strongest."""
    if not share:
        return "none", 0.06
    if right:
        return "right", 0.05 + 0.25 * share
    return "wrong", FAINTEST + (STRONGEST - FAINTEST) * (share / largest) ** 0.6


def words(counts: Sequence[Sequence[int]]) -> str:
    """The whole in a sentence."""
    whole = sum(sum(line) for line in counts)
    right = sum(line[index] for index, line in enumerate(counts))
    return f"{right:,} of {whole:,} images are on the diagonal, where answer and truth agree."


def confused_pairs(counts: Sequence[Sequence[int]], *, most: int | None) -> list[tuple[int, int, int, int]]:
    """(truth, prediction, count, images of the truth) of the most frequent mistakes, most frequent first; None: all."""
    found = [
        (row, column, count, sum(line))
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        if row != column and count
    ]
    return sorted(found, key=lambda pair: (-pair[2], -pair[2] / pair[3]))[:most]
