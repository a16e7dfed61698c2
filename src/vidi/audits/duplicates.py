"""Which images are there twice, and does one of the two stand where it gives the other away?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vidi.core.card import Card, Trial
from vidi.core.dataset import Dataset
from vidi.data.drawn.copies import near_duplicates
from vidi.data.drawn.examples import dataset as drawn_dataset
from vidi.data.drawn.world import World
from vidi.data.duplicates import Duplicates, find
from vidi.ops.perceptual_hash import thumbnail

CARD = Card(
    title="Duplicates and leaks",
    idea="Find copies to the byte, and pictures that were compressed, cropped, resized, brightened or mirrored: by a "
    "perceptual hash and features for candidates, by how well small grey pictures correlate for a verdict.",
    paper="Zauner 2010, Implementation and benchmarking of perceptual image hash functions, section 3.2.1; "
    "Barz & Denzler 2020, arXiv:1902.00423",
    differs="The threshold comes from how alike the set's pictures are by nature, in all and around each picture.",
)
TRIAL = Trial(
    n=200, fault="images added again, compressed, cropped, mirrored, resized or brightened", rate=0.025
)
CLOUDY = World(count=(3, 5), size=(0.12, 0.25), clutter=0.75, backgrounds=("noise",))
MOST_PAIRS = 200


@dataclass(frozen=True)
class Pair:
    """Two rows with one picture: `exact` (the same bytes), `near` or `mirrored`; `distance` is 1 - correlation."""

    a: int
    b: int
    kind: str
    distance: float


@dataclass(frozen=True)
class Copies:
    """Pairs: those across splits first, then those whose labels differ, then the most alike.

    `exact` and `near` count the images that an earlier one is a copy of, `leaks` and `conflicts` the pairs across
    splits and labels.
    """

    pairs: tuple[Pair, ...]
    exact: int
    near: int
    leaks: int
    conflicts: int
    sentences: tuple[str, ...]


def audit(dataset: Dataset, found: Duplicates) -> Copies:
    """What the search for copies found, pair by pair, beside the splits and labels that `dataset` has now."""
    split, target, path = (dataset.column(name) for name in ("split", "target", "path"))

    def differ(pair: Pair) -> tuple[bool, bool]:
        alike = (
            dataset.scheme is None or pair.kind == "exact"
        )  # else other things may stand on much the same picture
        return both_differ(split, pair), alike and both_differ(target, pair)

    pairs = [
        *(Pair(int(a), int(b), "exact", 0.0) for a, b in found.copies.tolist()),
        *near_ones(found),
    ]
    ranked = sorted(
        pairs,
        key=lambda pair: (*(not one for one in differ(pair)), pair.distance, path[pair.a], path[pair.b]),
    )
    leaks, conflicts = (sum(differ(pair)[place] for pair in pairs) for place in (0, 1))
    sure = sum(pair.kind == "exact" and differ(pair)[1] for pair in pairs)
    return Copies(
        tuple(ranked),
        found.exact,
        found.near,
        leaks,
        conflicts,
        tuple(sentences(found, leaks, conflicts, sure=sure, turned=int(found.mirrored.sum()))),
    )


def near_ones(found: Duplicates) -> Iterator[Pair]:
    for (a, b), likeness, mirrored in zip(
        found.pairs.tolist(), found.likeness.tolist(), found.mirrored.tolist(), strict=True
    ):
        yield Pair(a, b, "mirrored" if mirrored else "near", max(0.0, 1 - likeness))


def both_differ(values: np.ndarray, pair: Pair) -> bool:
    one, other = values[pair.a], values[pair.b]
    return one is not None and other is not None and str(one) != str(other)


def sentences(found: Duplicates, leaks: int, conflicts: int, *, sure: int, turned: int) -> Iterator[str]:
    """What a reader should take from it; of the `conflicts`, `sure` are copies to the byte."""
    if not found.exact and not found.near:
        yield "No image is there twice, as far as hashes and likeness can tell."
        return
    mirrored = f"; {several(turned, 'pair')} only when one is mirrored" if turned else ""
    yield (
        f"Copies of an earlier image to the byte: {found.exact:,}; what seems to be one in other bytes: {found.near:,}"
        f"{mirrored}."
    )
    if leaks:
        yield f"{several(leaks, 'pair')} across splits: what is tested there was seen in training."
    if sure:
        yield f"{several(sure, 'pair')} of the same bytes with different labels: one of the two labels is wrong."
    if conflicts > sure:
        less = several(conflicts - sure, "pair")
        yield f"{less} of near copies with different labels: one of the two is wrong, or it is no copy after all."


def several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def record(copies: Copies, dataset: Dataset, *, most: int = MOST_PAIRS) -> dict[str, Any]:
    """As results.json keeps it, with the names, splits and labels of both; at most `most` pairs."""
    columns: dict[str, Sequence[Any]] = {
        name: dataset.column(name).tolist() for name in ("id", "path", "split", "target")
    }
    pairs = [
        {"a": columns["id"][pair.a], "b": columns["id"][pair.b]}
        | {
            f"{name}_{side}": columns[name][row]
            for name in ("path", "split", "target")
            for side, row in (("a", pair.a), ("b", pair.b))
        }
        | {"kind": pair.kind, "distance": round(pair.distance, 5)}
        for pair in copies.pairs[:most]
    ]
    return {
        "exact": copies.exact,
        "near": copies.near,
        "leaks": copies.leaks,
        "conflicts": copies.conflicts,
        "count": len(copies.pairs),
        "pairs": pairs,
        "sentences": list(copies.sentences),
    }


def trial(*, planted: bool, seed: int) -> bool:
    """Drawn scenes of several shapes on clouds, some there twice, changed in one of five ways, each in its turn."""
    drawn = drawn_dataset(TRIAL.n, world=CLOUDY, size_px=48, seed=seed)
    if planted:
        drawn = near_duplicates(drawn, rate=TRIAL.rate, seed=seed).drawn
    small = np.stack([thumbnail(image) for image in drawn.images])
    return audit(drawn.dataset, find(drawn.dataset, thumbnails=small)).near > 0
