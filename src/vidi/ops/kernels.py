"""Blurs that are not separable: a lens out of focus, a camera in motion."""

import math

import numpy as np
from jaxtyping import Float, Float32

FINEST_PX = 0.5  # points of a disk lie no farther apart


def splatted(
    y: Float[np.ndarray, " n"], x: Float[np.ndarray, " n"], weight: Float[np.ndarray, " n"]
) -> Float32[np.ndarray, "k l"]:
    """A kernel of odd sides with points at (y, x) pixels from its middle, each shared by its four neighbours.

    The weights are divided by their sum.
    """
    reach_y, reach_x = (math.ceil(float(np.abs(axis).max())) + 1 for axis in (y, x))
    kernel = np.zeros((2 * reach_y + 1, 2 * reach_x + 1))
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    down, right = y - top, x - left
    for step_y, share_y in ((0, 1 - down), (1, down)):
        for step_x, share_x in ((0, 1 - right), (1, right)):
            where = (top + step_y + reach_y, left + step_x + reach_x)
            np.add.at(kernel, where, weight * share_y * share_x)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def disk(*, radius_px: float) -> Float32[np.ndarray, "k k"]:
    """The blur of a lens out of focus: an even disk. Its variance along an axis is radius²/4 and at most 1/6 more.

    Every point of the disk is shared by the four pixels around it, so that any radius > 0 blurs, and more if larger.
    """
    if not radius_px > 0:
        raise ValueError(f"radius_px is a disk's radius in pixels, > 0; got {radius_px}")
    half = max(24, math.ceil(radius_px / FINEST_PX))
    along = (np.arange(-half, half) + 0.5) * (radius_px / half)
    y, x = (axis.ravel() for axis in np.meshgrid(along, along, indexing="ij"))
    inside = y**2 + x**2 <= radius_px**2
    return splatted(y[inside], x[inside], np.ones(int(inside.sum())))


def motion(*, radius: int, sigma: float, angle_deg: float, scale: float = 1.0) -> Float32[np.ndarray, "k l"]:
    """The blur of a camera in motion: points on a half-line at this angle (from x towards y, y down).

    2 * radius + 1 points, `scale` pixels apart, with weights exp(-i²/2 sigma²): ImageMagick's motion blur, but for
    the points, which it moves to whole pixels.
    """
    step = np.arange(2 * radius + 1)
    angle = math.radians(angle_deg)
    weight = np.exp(-0.5 * (step / sigma) ** 2)
    return splatted(step * (scale * math.sin(angle)), step * (scale * math.cos(angle)), weight)


def filtered(
    image: Float32[np.ndarray, "h w c"], kernel: Float32[np.ndarray, "k l"], *, border: str = "reflect"
) -> Float32[np.ndarray, "h w c"]:
    """Each pixel becomes the sum of the pixels around it, weighted by a kernel of odd sides (a correlation).

    `border` is numpy.pad's mode: `reflect` mirrors without repeating the edge, `edge` repeats it.
    """
    from scipy.fft import irfft2, next_fast_len, rfft2

    height, width = image.shape[:2]
    if not (kernel.shape[0] % 2 and kernel.shape[1] % 2):
        raise ValueError(f"a kernel has odd sides, so that it has a middle; got {kernel.shape}")
    around = [(side // 2, side // 2) for side in kernel.shape]
    wide = np.pad(image, [*around, (0, 0)], mode=border)  # type: ignore[call-overload]
    sides = [next_fast_len(side, real=True) for side in wide.shape[:2]]
    waves = rfft2(wide.transpose(2, 0, 1), s=sides) * rfft2(kernel, s=sides).conj()
    return np.ascontiguousarray(irfft2(waves, s=sides)[:, :height, :width].transpose(1, 2, 0))
