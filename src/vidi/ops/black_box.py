"""A model as nothing but a function from images to probabilities: what is asked of it, and what it may answer."""

import hashlib
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int, UInt8, UInt64

Predict = Callable[[np.ndarray], np.ndarray]
"""From images uint8 (n, s, s, 3) to probabilities (n, c)."""


def probabilities(predict: Predict, images: UInt8[np.ndarray, "n s s 3"]) -> Float[np.ndarray, "n c"]:
    """What `predict` says of the images; raises ValueError unless that is a row of numbers in [0, 1] for each."""
    found = np.asarray(predict(images))
    if found.ndim != 2 or len(found) != len(images):
        raise ValueError(
            f"predict gives a row of probabilities for each of {len(images)} images; got {found.shape}"
        )
    if not (np.isfinite(found).all() and found.min() >= 0 and found.max() <= 1 + 1e-4):
        raise ValueError("predict gives probabilities, numbers in [0, 1]; some are not; are these logits?")
    return found.astype(np.float64)


def digests(images: UInt8[np.ndarray, "n s s 3"]) -> UInt64[np.ndarray, " n"]:
    """A number for each image's content, the same wherever it stands; equal images have equal numbers.

    BLAKE2b, the first 64 bits: what is drawn or ordered by it depends on no order of rows.
    """
    found = [int.from_bytes(hashlib.blake2b(image.tobytes(), digest_size=8).digest()) for image in images]
    return np.array(found, dtype=np.uint64)


def by_content(
    images: UInt8[np.ndarray, "n s s 3"], group: Int[np.ndarray, " n"] | None = None
) -> tuple[Int[np.ndarray, " n"], UInt8[np.ndarray, "n s s 3"], Int[np.ndarray, " n"] | None]:
    """Rows in the order of content, and the images and their groups so: nothing then depends on the order given.

    Raises ValueError without images.
    """
    if not len(images):
        raise ValueError("at least one image is wanted")
    order = np.argsort(digests(images), kind="stable")
    return order, images[order], None if group is None else group[order]


def chosen(digest: UInt64[np.ndarray, " n"], most: int, *, seed: int = 0) -> Int[np.ndarray, " m"]:
    """The rows of at most `most` images, ascending, drawn by content and seed: the same images in whatever order.

    Raises ValueError below 1.
    """
    if most < 1:
        raise ValueError(f"the most images to use are 1 or more; got {most}")
    if most >= len(digest):
        return np.arange(len(digest))
    key = [hashlib.blake2b(b"%d %d" % (seed, number), digest_size=8).digest() for number in digest.tolist()]
    return np.sort(np.array(sorted(range(len(key)), key=lambda row: key[row])[:most], dtype=np.int64))
