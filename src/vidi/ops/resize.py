"""An image made square: one size, three ways to get there, antialiased."""

import numpy as np
import torch
from jaxtyping import UInt8
from torch.nn import functional

GREY = 127  # what `pad` puts beside the image: the middle of 0..255
FITS = ("squash", "crop", "pad")


def resize(
    image: UInt8[np.ndarray, "h w 3"], *, size_px: int, fit: str = "squash"
) -> UInt8[np.ndarray, "s s 3"]:
    """The image as a square of `size_px`; the image itself where it has that size already.

    `squash` gives up the aspect ratio, `crop` keeps the centre square, `pad` keeps everything between grey borders.
    """
    if fit not in FITS:
        raise ValueError(f"fit is squash, crop or pad; got {fit!r}")
    height, width = image.shape[:2]
    if height == width == size_px:
        return image
    if fit == "crop":
        return stretched(centre_square(image), height=size_px, width=size_px)
    if fit == "pad":
        return between_borders(image, size_px=size_px)
    return stretched(image, height=size_px, width=size_px)


def centre_square(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "s s 3"]:
    """The largest square in the middle; an odd pixel too many is cut at the bottom or on the right."""
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]


def between_borders(image: UInt8[np.ndarray, "h w 3"], *, size_px: int) -> UInt8[np.ndarray, "s s 3"]:
    """The whole image, its longer side `size_px`, in the middle of a grey square."""
    height, width = (max(1, round(side * size_px / max(image.shape[:2]))) for side in image.shape[:2])
    square = np.full((size_px, size_px, 3), GREY, dtype=np.uint8)
    top, left = (size_px - height) // 2, (size_px - width) // 2
    square[top : top + height, left : left + width] = stretched(image, height=height, width=width)
    return square


def stretched(image: UInt8[np.ndarray, "h w 3"], *, height: int, width: int) -> UInt8[np.ndarray, "y x 3"]:
    """Bilinear with antialiasing, as Pillow's, to within one grey level.

    Torch's kernel for interleaved bytes takes one thread per image, so many threads may call this at once.
    """
    if image.shape[:2] == (height, width):
        return image
    planes = torch.from_numpy(np.require(image, requirements=["C", "W"])).permute(2, 0, 1)[None]
    small = functional.interpolate(planes, size=(height, width), mode="bilinear", antialias=True)
    return np.ascontiguousarray(small[0].permute(1, 2, 0).numpy())
