"""What mask files hold: which numbers, where, and whether these are classes or objects. All of them, in threads."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from vidi.data.decode import Unreadable, read_bytes
from vidi.data.label_maps import map_of
from vidi.data.pixels import in_threads

SAMPLE = 12
MOST_NUMBERS = 5000  # in one mask; a photo has more colours
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class MaskFacts:
    """One mask file: each number in it with its pixels and the box around them, or in `wrong` why there is nothing."""

    file: str
    told: str = "index"
    size: tuple[int, int] = (0, 0)
    pixels: Mapping[int, int] | None = None
    boxes: Mapping[int, Box] | None = None
    whole: float = 1.0  # of the numbers but 0, the share whose pixels hang together
    sha256: str = ""
    wrong: str = ""

    @property
    def numbers(self) -> list[int]:
        return sorted(self.pixels or ())


def facts(root: Path, files: Sequence[str], *, pieces: bool = False) -> Iterator[MaskFacts]:
    """The facts of every file, in order. `pieces` looks at whether pixels hang together, which takes longer."""
    return in_threads(lambda file: fact(root, file, pieces=pieces), files)


def sampled(root: Path, files: Sequence[str]) -> list[MaskFacts]:
    """A few of the files, spread over all, with whether their pixels hang together."""
    return [fact(root, file, pieces=True) for file in files[:: max(1, len(files) // SAMPLE)][:SAMPLE]]


def fact(root: Path, file: str, *, pieces: bool = False) -> MaskFacts:
    """One file's facts."""
    try:
        raw = read_bytes(root, file)
        numbers, told = map_of(raw)
    except Unreadable as error:
        return MaskFacts(file, wrong=str(error))
    height, width = numbers.shape
    values, codes = distinct(numbers)
    pixels = dict(
        zip(values.tolist(), np.bincount(codes.ravel(), minlength=len(values)).tolist(), strict=True)
    )
    return MaskFacts(
        file,
        told,
        (width, height),
        pixels,
        boxes_of(values, codes),
        hang_together(values, codes) if pieces else 1.0,
        hashlib.sha256(raw).hexdigest(),
    )


def distinct(numbers: Int[np.ndarray, "h w"]) -> tuple[Int[np.ndarray, " k"], Int[np.ndarray, "h w"]]:
    """The numbers that there are, sorted, and each pixel's place among them."""
    top = int(numbers.max(initial=0))
    if top < 1 << 16 and int(numbers.min(initial=0)) >= 0:
        there = np.bincount(numbers.ravel(), minlength=top + 1) > 0
        return np.flatnonzero(there), (np.cumsum(there) - 1)[numbers]
    values, codes = np.unique(numbers, return_inverse=True)
    return values, codes.reshape(numbers.shape)


def boxes_of(values: Int[np.ndarray, " k"], codes: Int[np.ndarray, "h w"]) -> dict[int, Box]:
    """The box around each number's pixels."""
    from scipy.ndimage import find_objects

    return {
        int(value): (float(x.start), float(y.start), float(x.stop), float(y.stop))
        for value, (y, x) in zip(values, find_objects((codes + 1).astype(np.int32)), strict=True)
    }


def hang_together(values: Int[np.ndarray, " k"], codes: Int[np.ndarray, "h w"]) -> float:
    """Of the numbers but 0 the share whose pixels are one piece (corners count as touching)."""
    from scipy.ndimage import find_objects, label

    one = []
    for value, where in zip(values, find_objects((codes + 1).astype(np.int32)), strict=True):
        if value:
            inside = codes[where] == np.searchsorted(values, value)
            one.append(label(inside, np.ones((3, 3)))[1] == 1)
    return sum(one) / len(one) if one else 1.0


def are_masks(found: Sequence[MaskFacts]) -> bool:
    """False for photos of the same names as other photos: JPEGs, and files of very many colours."""
    usable = [each for each in found if not each.wrong]
    return 2 * len(usable) > len(found) and all(len(each.pixels or ()) < MOST_NUMBERS for each in usable)


def hold_objects(found: Sequence[MaskFacts]) -> bool | None:
    """True if the numbers of these files look like objects, False if like classes, None if it cannot be told.

    Objects are numbered anew in each image, from 1 without a gap, each in one piece; or they have colours that no
    other image has. Classes come again.
    """
    found = [each for each in found if not each.wrong and each.pixels]
    if not found:
        return None
    own = [set(each.numbers) - {0} for each in found]
    most = max(map(len, own))
    everywhere = len(set().union(*own))
    if all(each.told == "colour" for each in found):
        alone = sum(len(one) for one in own) == everywhere
        return (alone and most > 1) if len(found) > 2 else None
    if everywhere <= 1:
        return False  # one thing and the rest
    gapless = sum(one == set(range(1, len(one) + 1)) for one in own) / len(own)
    pieces = sum(each.whole for each in found) / len(found)
    if gapless > 0.9 and pieces > 0.9 and most > 3:
        return True
    if pieces < 0.7 or gapless < 0.5:
        return False
    return None
