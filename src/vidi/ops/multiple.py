"""p values of several questions asked at once, adjusted so that asking more often does not find more.

An adjusted p value is compared with the level as it stands. A p value that is nan (a question that could not be
asked) stays nan and counts as none.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float


def holm(p: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
    """Adjusted p values in [0, 1]: below the level with probability at most the level if there is nothing to find.

    Whatever the questions have to do with each other. Holm 1979, Scandinavian Journal of Statistics 6, 65-70.
    """

    def step_down(ordered: np.ndarray) -> np.ndarray:
        return np.maximum.accumulate(ordered * np.arange(len(ordered), 0, -1))

    return adjusted(p, step_down)


def benjamini_hochberg(p: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
    """Adjusted p values in [0, 1]: of those below the level, at most that share is false on average.

    For questions that are independent or positively dependent. Benjamini & Hochberg 1995, JRSS B 57, 289-300.
    """

    def step_up(ordered: np.ndarray) -> np.ndarray:
        scaled = ordered * len(ordered) / np.arange(1, len(ordered) + 1)
        return np.minimum.accumulate(scaled[::-1])[::-1]

    return adjusted(p, step_up)


def adjusted(
    p: Float[np.ndarray, " m"], adjust: Callable[[np.ndarray], np.ndarray]
) -> Float[np.ndarray, " m"]:
    """`adjust` applied to the known p values in ascending order; each back in its own place, at most 1."""
    known = np.flatnonzero(~np.isnan(p))
    if ((p[known] < 0) | (p[known] > 1)).any():
        raise ValueError(f"p values are shares in [0, 1]; got {p[known].min()} to {p[known].max()}")
    place = known[np.argsort(p[known], kind="stable")]
    found = np.full(len(p), np.nan)
    found[place] = np.minimum(1.0, adjust(p[place]))
    return found
