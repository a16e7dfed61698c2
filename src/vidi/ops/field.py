"""Random fields over an image, and images seen through displacements."""

import numpy as np
from jaxtyping import Float, Float32

from vidi.ops.separable import along_axes, gaussian_matrix

BORDERS = ("mirror", "edge")


def plasma(
    height: int, width: int, *, decay: float, generator: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """A cloud: a fractal height map between 0 and 1, cut from a square whose side is a power of two.

    Midpoint displacement on a torus (Fournier, Fussell & Carpenter 1982, CACM 25; the diamond-square steps): at each
    doubling new points are means of four neighbours plus noise, whose range shrinks by `decay` squared.
    """
    if not decay > 0:
        raise ValueError(f"decay is how fast small clouds become faint, > 0; got {decay}")
    side = 1 << (max(height, width) - 1).bit_length()
    cloud, swing = np.zeros((1, 1)), 1.0
    while len(cloud) < side:
        cloud = _doubled(cloud, swing, generator)
        swing /= decay**2
    cloud -= cloud.min()
    return np.asarray((cloud / max(cloud.max(), 1e-12))[:height, :width], dtype=np.float32)


def _doubled(
    cloud: Float[np.ndarray, "s s"], swing: float, generator: np.random.Generator
) -> Float[np.ndarray, "t t"]:
    side = len(cloud)
    middle, beside, below = generator.uniform(-swing, swing, size=(3, side, side))
    right, down = np.roll(cloud, -1, axis=1), np.roll(cloud, -1, axis=0)
    middle += (cloud + right + down + np.roll(right, -1, axis=0)) / 4
    beside += (cloud + right + middle + np.roll(middle, 1, axis=0)) / 4
    below += (cloud + down + middle + np.roll(middle, 1, axis=1)) / 4
    large = np.empty((2 * side, 2 * side))
    large[::2, ::2], large[::2, 1::2], large[1::2, ::2], large[1::2, 1::2] = cloud, beside, below, middle
    return large


def smooth_noise(
    height: int, width: int, *, sigma_px: float, generator: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Normal noise of mean 0 and variance 1, blurred to this correlation length.

    Near the border, where the edge goes on, the variance is larger. Meant for lengths well below the sides.
    """
    noise = generator.standard_normal((height, width, 1), dtype=np.float32)
    rows, columns = (gaussian_matrix(side, sigma_px=sigma_px) for side in (height, width))
    spread = np.sqrt((rows[height // 2] ** 2).sum() * (columns[width // 2] ** 2).sum())
    return np.asarray(along_axes(noise, rows, columns)[..., 0] / spread)


def grid(height: int, width: int) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    """The row and the column of every pixel."""
    y, x = np.meshgrid(np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32), indexing="ij")
    return y, x


def sampled(
    image: Float32[np.ndarray, "h w c"],
    y: Float[np.ndarray, "a b"],
    x: Float[np.ndarray, "a b"],
    *,
    border: str = "mirror",
) -> Float32[np.ndarray, "a b c"]:
    """The image at places (y, x) in pixels, bilinear; beyond its `edge` that goes on, or its `mirror` image."""
    if border not in BORDERS:
        raise ValueError(f"border is mirror or edge; got {border!r}")
    height, width, channels = image.shape
    inside = _mirrored if border == "mirror" else _clipped
    y, x = inside(y, height), inside(x, width)
    top = np.minimum(y.astype(np.int32), height - 2)
    left = np.minimum(x.astype(np.int32), width - 2)
    down, right = (y - top).astype(np.float32)[..., None], (x - left).astype(np.float32)[..., None]
    pixels, first = image.reshape(-1, channels), top * width + left
    above = pixels[first] + right * (pixels[first + 1] - pixels[first])
    below = pixels[first + width] + right * (pixels[first + width + 1] - pixels[first + width])
    return np.asarray(above + down * (below - above))


def _mirrored(place: Float[np.ndarray, "a b"], side: int) -> Float[np.ndarray, "a b"]:
    folded = np.mod(place, 2 * (side - 1))
    return np.asarray(np.minimum(folded, 2 * (side - 1) - folded))


def _clipped(place: Float[np.ndarray, "a b"], side: int) -> Float[np.ndarray, "a b"]:
    return np.asarray(np.clip(place, 0, side - 1))
