"""Where what a network saw lies on the picture it was shown: `ops.resize` the other way round."""

import numpy as np
import torch
from jaxtyping import Float
from torch.nn import functional

Map = Float[np.ndarray, "s s"]


def placed(values: Map, image_hw: tuple[int, int], *, fit: str = "squash") -> Float[np.ndarray, "h w"]:
    """The numbers of a square over the picture from which it was made; NaN where the network did not look.

    With `crop` that is all beside the centre square; what `pad` put beside the picture is left out.
    """
    if fit not in ("squash", "crop", "pad"):
        raise ValueError(f"fit is squash, crop or pad; got {fit!r}")
    height, width = image_hw
    if fit == "squash":
        return _stretched(values, height, width)
    if fit == "pad":
        return _stretched(_without_borders(values, image_hw), height, width)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    found = np.full((height, width), np.nan, dtype=np.float32)
    found[top : top + side, left : left + side] = _stretched(values, side, side)
    return found


def _without_borders(values: Map, image_hw: tuple[int, int]) -> Float[np.ndarray, "y x"]:
    side = len(values)
    height, width = (max(1, round(one * side / max(image_hw))) for one in image_hw)
    top, left = (side - height) // 2, (side - width) // 2
    return values[top : top + height, left : left + width]


def _stretched(values: Float[np.ndarray, "y x"], height: int, width: int) -> Float[np.ndarray, "h w"]:
    grid = torch.from_numpy(np.array(values, dtype=np.float32))[None, None]
    smaller = height < values.shape[0] or width < values.shape[1]
    found = functional.interpolate(grid, size=(height, width), mode="bilinear", antialias=smaller)
    return np.asarray(found[0, 0].numpy())
