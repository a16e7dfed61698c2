"""Linear maps along the rows and the columns of an image: blurs and zooms as two products of matrices."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float, Float32

BORDERS = ("nearest", "reflect")


def along_axes(
    image: Float32[np.ndarray, "h w c"],
    rows: Float32[np.ndarray, "y h"],
    columns: Float32[np.ndarray, "x w"],
) -> Float32[np.ndarray, "y x c"]:
    """Each column of the image mapped by `rows`, then each row by `columns`."""
    height, width, channels = image.shape
    down = (rows @ image.reshape(height, -1)).reshape(-1, width, channels)
    across = columns @ down.transpose(1, 0, 2).reshape(width, -1)
    return np.ascontiguousarray(across.reshape(len(columns), -1, channels).transpose(1, 0, 2))


def gaussian_blurred(
    image: Float32[np.ndarray, "h w c"], *, sigma_px: float, border: str = "nearest", truncate: float = 4.0
) -> Float32[np.ndarray, "h w c"]:
    """The image seen through a Gaussian of this standard deviation; 0 leaves it as it is."""
    rows, columns = (
        gaussian_matrix(side, sigma_px=sigma_px, border=border, truncate=truncate) for side in image.shape[:2]
    )
    return along_axes(image, rows, columns)


@lru_cache(maxsize=8)
def gaussian_matrix(
    side: int, *, sigma_px: float, border: str = "nearest", truncate: float = 4.0
) -> Float32[np.ndarray, "s s"]:
    """A row for each position with the weights of all positions; each row sums to 1.

    `truncate` deviations are looked at; beyond the image its edge goes on (`nearest`) or its mirror image (`reflect`,
    the edge pixel twice). Both as in scipy.ndimage.gaussian_filter1d.
    """
    if border not in BORDERS:
        raise ValueError(f"border is nearest or reflect; got {border!r}")
    if not sigma_px >= 0:
        raise ValueError(f"sigma_px is a standard deviation in pixels, >= 0; got {sigma_px}")
    radius = int(truncate * sigma_px + 0.5)
    offset = np.arange(-radius, radius + 1)
    weight = np.exp(-0.5 * (offset / max(sigma_px, 1e-12)) ** 2)
    source = np.arange(side)[:, None] + offset
    if border == "nearest":
        source = np.clip(source, 0, side - 1)
    else:
        folded = np.mod(source, 2 * side)
        source = np.minimum(folded, 2 * side - 1 - folded)
    cell = np.arange(side)[:, None] * side + source
    spread = np.broadcast_to(weight / weight.sum(), cell.shape)
    matrix = np.bincount(cell.ravel(), weights=spread.ravel(), minlength=side * side)
    return _kept(matrix.reshape(side, side).astype(np.float32))


@lru_cache(maxsize=64)
def zoom_matrix(side: int, factor: float) -> Float32[np.ndarray, "s s"]:
    """The middle part of `side` positions enlarged to all of them by linear interpolation; `factor` is 1 or more.

    The part has ceil(side / factor) positions, is enlarged end to end to round(part * factor), and the middle of
    that is kept.
    """
    if not factor >= 1:
        raise ValueError(f"factor is how much larger things become, >= 1; got {factor}")
    part = int(np.ceil(side / factor))
    large = round(part * factor)
    shown = np.arange(side) + (large - side) // 2
    place = (side - part) // 2 + shown * ((part - 1) / max(large - 1, 1))
    first = np.clip(np.floor(place).astype(int), 0, side - 2)
    share = np.clip(place - first, 0, 1)
    matrix = np.zeros((side, side), dtype=np.float32)
    matrix[np.arange(side), first] = 1 - share
    matrix[np.arange(side), first + 1] = share
    return _kept(matrix)


def luma(image: Float[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w"]:
    """Grey value by ITU-R BT.601, in the image's own unit."""
    return np.asarray(image @ np.array([0.299, 0.587, 0.114], dtype=image.dtype))


def _kept(matrix: Float32[np.ndarray, "s s"]) -> Float32[np.ndarray, "s s"]:
    matrix.flags.writeable = False  # it is handed out again
    return matrix
