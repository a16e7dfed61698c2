"""A frosted pane: neighbours change places."""

import math

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

from vidi.core.card import Card
from vidi.ops.separable import gaussian_blurred
from vidi.ops.severity import check_severity, relative_side, to_uint8, unit

CARD = Card(
    title="Glass blur",
    idea="Blur, give each pixel the value of a random neighbour several times over, and blur again.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    differs=(
        "Deviation and reach grow with the image (shorter side / 224); a reach between whole pixels is "
        "rounded up or down at random. As in the reference's code (not its comment), a pixel takes its "
        "neighbour's value and nothing is swapped back."
    ),
    on={"severity": 3},
    off={"severity": 0},
)
SIGMA_REACH_ROUNDS = ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2))  # pixels at 224


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image with its pixels stirred, blurred before and after; a border as wide as the reach isn't stirred.

    Severities 2 and 4 have fewer rounds than those before them, so the change does not grow there.
    """
    check_severity(image, severity)
    if severity == 0:
        return image
    sigma, reach, rounds = SIGMA_REACH_ROUNDS[severity - 1]
    scale = relative_side(image)
    blurred = gaussian_blurred(unit(image), sigma_px=sigma * scale)
    for _ in range(rounds):
        blurred = stirred(blurred, reach=reach, scale=scale, generator=generator)
    return to_uint8(gaussian_blurred(blurred, sigma_px=sigma * scale))


def stirred(
    image: Float32[np.ndarray, "h w 3"], *, reach: int, scale: float, generator: np.random.Generator
) -> Float32[np.ndarray, "h w 3"]:
    """Each pixel, from the bottom right to the top left, takes the value that a neighbour has by then.

    The neighbour is -reach .. reach - 1 pixels away along each axis, times `scale`, drawn evenly.
    """
    height, width = image.shape[:2]
    before, after = 1 + math.ceil(reach * scale), math.ceil((reach - 1) * scale)
    taken = np.arange(height * width).reshape(height, width)
    inner = taken[before : height - after, before : width - after]
    down, right = (_steps(inner.shape, reach, scale, generator) for _ in range(2))
    inner += down * width + right
    return np.asarray(image.reshape(-1, 3)[followed(taken.ravel())].reshape(image.shape))


def _steps(
    size: tuple[int, ...], reach: int, scale: float, generator: np.random.Generator
) -> Int[np.ndarray, "a b"]:
    """Whole steps whose mean is scale times an even draw from -reach .. reach - 1."""
    exact: Float[np.ndarray, "a b"] = generator.integers(-reach, reach, size=size) * scale
    return np.asarray(np.floor(exact + generator.random(size)), dtype=np.int64)


def followed(taken: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Where each value comes from in the end, if pixel n - 1 takes first and pixel 0 last.

    A neighbour with a higher number has taken a value before, and that is followed on; one with a lower number still
    has its own. Following doubles its stride each time, so that a chain of k links needs log2(k) passes.
    """
    number = np.arange(len(taken))
    settled = taken <= number  # its own value, or that of one whose turn comes later
    source = taken.copy()
    while not settled.all():
        open_ones = np.flatnonzero(~settled)
        link = source[open_ones]
        source[open_ones] = source[link]
        settled[open_ones] = settled[link]
    return source
