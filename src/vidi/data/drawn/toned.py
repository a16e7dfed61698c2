"""Pictures of all tones: bright and dark, grey and colourful, smooth and rough, each at random and by itself."""

import numpy as np
from jaxtyping import UInt8

SIDE_PX = 16


def toned(n: int, *, seed: int = 0) -> UInt8[np.ndarray, "n s s 3"]:
    """`n` images 16 x 16 whose brightness, tint and roughness are independent of each other. Same seed, same bytes."""
    random = np.random.default_rng([seed, n, SIDE_PX])
    level = random.uniform(60, 190, (n, 1, 1, 1))
    tint = random.standard_normal((n, 1, 1, 3)) * random.uniform(0, 25, (n, 1, 1, 1))
    rough = random.standard_normal((n, SIDE_PX, SIDE_PX, 1)) * random.uniform(1, 20, (n, 1, 1, 1))
    return np.asarray((level + tint - tint.mean(axis=3, keepdims=True) + rough).clip(0, 255), dtype=np.uint8)
