"""Which regions of class maps are probably drawn as the wrong class?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from vidi.core.annotations import IGNORE
from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.core.scores import Draws
from vidi.data.drawn.class_maps import LABELS, painted
from vidi.ops.bootstrap import share_of
from vidi.ops.region_errors import Region, Votes, regions

CARD = Card(
    title="Region errors",
    idea="A segmenter that did not learn from these images is confidently of another mind about pixels that lie "
    "together: a region painted as the wrong class, or forgotten.",
    paper="Northcutt, Jiang & Chuang 2021, arXiv:1911.00068, eq. 1 and 2, for every pixel",
    differs="A class's threshold is raised until nine of ten pixels that reach it are drawn so. Pixels of an image are "
    "not independent: regions are named that are wider than outlines are off, where the paper counts examples; what is "
    "smaller than a thousandth of the image is left out.",
    serves=("segmentation",),
)
TRIAL = Trial(n=100, fault="maps with a sixteenth of it painted as another class", rate=0.15)
ALARM = 0.02  # of the images: a decent segmenter is hardly ever confidently wrong about a whole region
NOTE = "named by the segmenter; its own confident mistakes count too"


@dataclass(frozen=True)
class RegionErrors:
    """Regions in doubt, the largest and surest first, with the share of the images that have one."""

    regions: tuple[Region, ...]
    share: Measured
    sentences: tuple[str, ...]


def audit(
    votes: Sequence[Votes],
    *,
    labels: Sequence[str],
    ignore: int = IGNORE,
    group: Int[np.ndarray, " n"] | None = None,
    seed: int = 0,
) -> RegionErrors:
    """What a segmenter says of the maps of `n` images that it did not learn from. Pixels of `ignore` are not judged."""
    found = regions(votes, len(labels), ignore=ignore)
    doubted = np.zeros(len(votes), bool)
    doubted[[each.image for each in found]] = True
    share = share_of("images with a region in doubt", doubted, Draws(1000, seed, group), note=NOTE)
    return RegionErrors(tuple(found), share, sentences(found, share, labels))


def sentences(found: Sequence[Region], share: Measured, labels: Sequence[str]) -> tuple[str, ...]:
    """What a reader should take from it, and between which classes most of it lies."""
    if not found:
        return (f"No region of {share.n:,} maps is in doubt.",)
    interval = f" ({share.low:.1%} to {share.high:.1%})" if share.low == share.low else ""
    pixels: dict[tuple[int, int], int] = {}
    for each in found:
        pixels[each.given, each.best] = pixels.get((each.given, each.best), 0) + int(each.mask.sum())
    most = sorted(pixels, key=lambda pair: -pixels[pair])[:3]
    named = ", ".join(f"{labels[given]} that looks like {labels[best]}" for given, best in most)
    said = f"{len(found):,} regions on {share.value:.1%}{interval} of {share.n:,} maps are in doubt. "
    said += "The segmenter's own mistakes count too: look at them before any is changed."
    return said, f"Most of them: {named}."


def trial(*, planted: bool, seed: int) -> bool:
    """Maps of sixteen cells and what a decent segmenter says of them.

    The alarm: the interval of the share of images with a region in doubt lies above one in fifty.
    """
    votes, _ = painted(TRIAL.n, rate=TRIAL.rate if planted else 0.0, seed=seed)
    return audit(votes, labels=LABELS, seed=seed).share.low > ALARM
