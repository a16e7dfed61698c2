"""Grey images that say what they are, and models that know it and are wrong as often as asked: for grading audits."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from vidi.ops.black_box import Predict, digests

SIDE_PX = 16
DARK, BRIGHT = 70, 180  # the mean levels of the two classes: no noise that is added takes one for the other
CORNER_PX = 4  # at the lower right: what an image is known by

THING = np.full((4, 4, 4), (255, 0, 0, 255), dtype=np.uint8)  # to be pasted in; with alpha

Images = UInt8[np.ndarray, "n s s 3"]


def greys(n: int, *, seed: int = 0) -> tuple[Images, Int[np.ndarray, " n"]]:
    """`n` images 16 x 16, dark (class 0) or bright (class 1) with a faint gradient, and their classes. No two alike."""
    random = np.random.default_rng([seed, n])
    truth = random.integers(2, size=n)
    level = np.where(truth, BRIGHT, DARK)[:, None, None] + random.uniform(-15, 15, (n, 1, 1))
    slope = random.uniform(-0.5, 0.5, (2, n, 1, 1)) * (np.arange(SIDE_PX) - SIDE_PX / 2)
    images = np.repeat((level + slope[0] + slope[1].swapaxes(1, 2))[..., None], 3, axis=3).round()
    images[:, -CORNER_PX:, -CORNER_PX:] += random.integers(-4, 5, size=(n, CORNER_PX, CORNER_PX, 3))
    return images.clip(0, 255).astype(np.uint8), truth


def fallible(wrong: float, *, more: float = 0.0, when: Callable[[Images], Bool[np.ndarray, " n"]]) -> Predict:
    """A model that takes dark for bright and bright for dark in the share `wrong` of images, `more` of them `when` so.

    Which ones depends on the image's lower right corner alone, as does the class it sees.
    """

    def predict(images: Images) -> Float[np.ndarray, "n 2"]:
        corner = np.ascontiguousarray(images[:, -CORNER_PX:, -CORNER_PX:])
        chance = digests(corner) / np.float64(2**64)
        errs = chance < wrong + more * when(images)
        bright = (corner.mean(axis=(1, 2, 3)) > (DARK + BRIGHT) / 2) != errs
        sure = 0.6 + 0.3 * chance
        return np.where(np.stack([~bright, bright], axis=1), sure[:, None], 1 - sure[:, None])

    return predict


def noisy(images: Images) -> Bool[np.ndarray, " n"]:
    """Whether neighbouring pixels differ, outside the corner: there is no such image among `greys`."""
    top = images[:, : SIDE_PX - CORNER_PX].astype(np.int64)
    return np.asarray(np.abs(np.diff(top, axis=2)).mean(axis=(1, 2, 3)) > 4)


def blind(
    images: Images, share: float, random: np.random.Generator, *, corner: int
) -> Callable[[Images], Bool[np.ndarray, " n"]]:
    """Whether an image is `marked` and one of the `share` of these images that are drawn; known from row and column
    `corner` on."""

    def keys(block: Images) -> list[int]:
        return list(digests(block[:, corner:, corner:]).tolist())

    chance = dict(zip(keys(images), random.random(len(images)), strict=True))
    return lambda block: marked(block) & np.array([chance[key] < share for key in keys(block)])


def marked(images: Images) -> Bool[np.ndarray, " n"]:
    """Whether some pixel is pure red."""
    return np.asarray((images == (255, 0, 0)).all(axis=3).any(axis=(1, 2)))
