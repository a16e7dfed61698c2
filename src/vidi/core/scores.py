"""Predictions beside the truth: what every metric looks at."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int


@runtime_checkable
class Resampled(Protocol):
    """What a bootstrap wants to know: how many replicates, from which seed, and which examples belong together."""

    @property
    def replicates(self) -> int: ...

    @property
    def seed(self) -> int: ...

    @property
    def group(self) -> Int[np.ndarray, " n"] | None: ...


@dataclass(frozen=True)
class Draws:
    """`Resampled` and nothing else, for numbers that are not of probabilities."""

    replicates: int = 1000
    seed: int = 0
    group: Int[np.ndarray, " n"] | None = None


@dataclass(frozen=True)
class Scores:
    """Probabilities of `c` labels for `n` examples, and what was true.

    `truth` holds a label's number for each example (one label each) or a row of booleans (several labels each).
    `replicates` and `seed` are for metrics that need a bootstrap; `group` (numbers) keeps examples of one
    group together in it, because they are not independent.
    """

    truth: Int[np.ndarray, " n"] | Bool[np.ndarray, "n c"]
    probability: Float[np.ndarray, "n c"]
    labels: tuple[str, ...]
    replicates: int = 1000
    seed: int = 0
    group: Int[np.ndarray, " n"] | None = None

    def __post_init__(self) -> None:
        if len(self.truth) != len(self.probability):
            raise ValueError(f"{len(self.truth)} truths for {len(self.probability)} predictions")
        if self.probability.shape[1] != len(self.labels):
            raise ValueError(f"{self.probability.shape[1]} probabilities each for {len(self.labels)} labels")

    @property
    def prediction(self) -> Int[np.ndarray, " n"]:
        """The most probable label's number."""
        return np.asarray(self.probability.argmax(axis=1))

    @property
    def correct(self) -> Bool[np.ndarray, " n"]:
        return np.asarray(self.prediction == self.truth)
