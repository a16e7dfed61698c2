"""What little of a picture might give its label away: its corners, its border, what is around the middle, its light.

Each view is a table of numbers, a row for each picture; grey levels are 0..255.
"""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float32, UInt8

from vidi.ops.perceptual_hash import luma

Pictures = UInt8[np.ndarray, "n s s 3"]
CORNER, BORDER = 1 / 8, 1 / 32  # of the side
AROUND = 0.9  # of the half side: beyond this radius lies the background


def corners(images: Pictures) -> Float32[np.ndarray, "n 48"]:
    """Mean colours of a 2 x 2 grid in each of the four corner squares, an eighth of the side wide."""
    cell = max(1, round(images.shape[1] * CORNER / 2))
    ends = (slice(None, 2 * cell), slice(-2 * cell, None))
    squares = [images[:, rows, columns] for rows in ends for columns in ends]
    cells = [square.reshape(len(images), 2, cell, 2, cell, 3).mean(axis=(2, 4)) for square in squares]
    return np.stack(cells, axis=1, dtype=np.float32).reshape(len(images), -1)


def border(images: Pictures) -> Float32[np.ndarray, "n 24"]:
    """Mean colour and its spread along each of the four edges, a thirty-second of the side wide."""
    wide = max(1, round(images.shape[1] * BORDER))
    edges = (images[:, :wide], images[:, -wide:], images[:, :, :wide], images[:, :, -wide:])
    parts = [edge.reshape(len(images), -1, 3).astype(np.float32) for edge in edges]
    return np.concatenate(
        [moment for part in parts for moment in (part.mean(axis=1), part.std(axis=1))], axis=1
    )


def background(images: Pictures) -> Float32[np.ndarray, "n 13"]:
    """Colour, its spread and its unrest in what lies outside the ellipse that touches nine tenths of each edge.

    Nobody says here what is background; things tend to be in the middle. Unrest is the mean step from a pixel to its
    neighbour, to the right and down.
    """
    size = images.shape[1]
    place = (2 * np.arange(size) + 1 - size) / size
    outside = np.hypot(place[:, None], place[None, :]) > AROUND
    if not outside.any():  # two pixels a side
        outside[:] = True
    shown, grey = images[:, outside].astype(np.float32), luma(images).astype(np.float32)
    shares = np.quantile(grey[:, outside], (0.1, 0.25, 0.5, 0.75, 0.9), axis=1).T
    steps = [
        (np.abs(np.diff(grey, axis=2)), outside[:, 1:] & outside[:, :-1]),
        (np.abs(np.diff(grey, axis=1)), outside[1:] & outside[:-1]),
    ]
    unrest = [step[:, both].sum(axis=1) / max(1, int(both.sum())) for step, both in steps]
    moments = [shown.mean(axis=1), shown.std(axis=1)]
    return np.concatenate([*moments, shares, np.stack(unrest, axis=1)], axis=1, dtype=np.float32)


def light(images: Pictures) -> Float32[np.ndarray, "n 4"]:
    """The whole picture's mean red, green, blue and the spread of its grey levels."""
    grey = luma(images).reshape(len(images), -1)
    mean = images.reshape(len(images), -1, 3).mean(axis=1, dtype=np.float32)
    return np.concatenate([mean, grey.std(axis=1, dtype=np.float32)[:, None]], axis=1)


VIEWS: Mapping[str, tuple[str, Callable[[Pictures], Float32[np.ndarray, "n k"]]]] = {
    "corners": ("the four corners", corners),
    "border": ("a thin border", border),
    "background": ("what lies around the middle", background),
    "light": ("mean brightness and colour", light),
}
