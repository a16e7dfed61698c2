"""Things to paste into pictures that they have nothing to do with, drawn by program."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import UInt8

from vidi.data.drawn.draw import coverage, draw
from vidi.data.drawn.scene import Background, Scene, Shape

SIZE_PX = 96
THINGS = {  # bold, and nothing that a photograph would show
    "drawn star": Shape("star", "yellow", "dots", size=0.48, angle_deg=12.0),
    "drawn cross": Shape("cross", "purple", "stripes", size=0.48, angle_deg=30.0),
}


def drawn_cutouts(size_px: int = SIZE_PX) -> Mapping[str, UInt8[np.ndarray, "s s 4"]]:
    """Each thing by its name: red, green, blue and alpha, 0 outside it. The same bytes every time."""
    return {name: cutout(shape, size_px) for name, shape in THINGS.items()}


def cutout(shape: Shape, size_px: int) -> UInt8[np.ndarray, "s s 4"]:
    """One shape with its coverage as alpha; at its edge the colour is mixed with grey, which alpha makes faint."""
    colour = draw(Scene((shape,), Background("plain", "stone")), size_px)
    alpha = np.rint(255 * coverage(shape, size_px)).astype(np.uint8)
    return np.concatenate([colour, alpha[:, :, None]], axis=2)
