"""Where a point of an image lies in the square that `ops.resize` makes of it, and back."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vidi.ops.resize import FITS


@dataclass(frozen=True)
class Placing:
    """x in the square is `scale_x` times x in the image plus `shift_x`; y alike. In pixels, edges at whole numbers."""

    scale_x: float
    scale_y: float
    shift_x: float
    shift_y: float

    def boxes(self, xyxy: Float[np.ndarray, "n 4"]) -> Float[np.ndarray, "n 4"]:
        """Boxes of the image in the square."""
        return np.asarray(xyxy * self._scale() + self._shift(), xyxy.dtype)

    def back(self, xyxy: Float[np.ndarray, "n 4"]) -> Float[np.ndarray, "n 4"]:
        """Boxes of the square in the image."""
        return np.asarray((xyxy - self._shift()) / self._scale(), xyxy.dtype)

    def _scale(self) -> Float[np.ndarray, " 4"]:
        return np.array([self.scale_x, self.scale_y] * 2)

    def _shift(self) -> Float[np.ndarray, " 4"]:
        return np.array([self.shift_x, self.shift_y] * 2)


def placing(image_hw: tuple[int, int], *, size_px: int, fit: str = "squash") -> Placing:
    """How `ops.resize.resize` moves the points of an image of this height and width."""
    if fit not in FITS:
        raise ValueError(f"fit is squash, crop or pad; got {fit!r}")
    height, width = image_hw
    if fit == "crop":
        side = min(image_hw)
        left, top, scale = (width - side) // 2, (height - side) // 2, size_px / side
        return Placing(scale, scale, -left * scale, -top * scale)
    if fit == "pad":
        inner_h, inner_w = (max(1, round(side * size_px / max(image_hw))) for side in image_hw)
        left, top = (size_px - inner_w) // 2, (size_px - inner_h) // 2
        return Placing(inner_w / width, inner_h / height, float(left), float(top))
    return Placing(size_px / width, size_px / height, 0.0, 0.0)
