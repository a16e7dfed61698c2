"""What was taken for what."""

import numpy as np
from jaxtyping import Int


def confusion(
    truth: Int[np.ndarray, " n"], prediction: Int[np.ndarray, " n"], classes: int
) -> Int[np.ndarray, "c c"]:
    """Counts of examples: row the truth, column the prediction."""
    for what, numbers in (("truth", truth), ("prediction", prediction)):
        if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < classes:
            raise ValueError(
                f"{what} numbers one of {classes} classes from 0 on; got {numbers.min()} to {numbers.max()}"
            )
    cell = truth.astype(np.int64) * classes + prediction
    return np.bincount(cell, minlength=classes * classes).reshape(classes, classes)
