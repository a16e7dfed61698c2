"""What a model answered, beside the truth and what else is known of each example: what audits look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from vidi.core.errors import UsageError, nearest_names


@dataclass(frozen=True)
class Answers:
    """`n` examples with their true and predicted label numbers (of `labels`), and attributes as texts (None: missing).

    `probability` is (n, labels), or None where the model gave none. `group` (numbers) keeps examples together
    that are not independent. `where` says where they come from.
    """

    truth: Int[np.ndarray, " n"]
    prediction: Int[np.ndarray, " n"]
    labels: tuple[str, ...]
    attributes: Mapping[str, NDArray[np.object_]] = field(default_factory=dict)
    probability: Float[np.ndarray, "n c"] | None = None
    ids: Sequence[str] = ()
    group: Int[np.ndarray, " n"] | None = None
    where: str = ""

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def correct(self) -> NDArray[np.bool_]:
        return np.asarray(self.truth == self.prediction)

    def codes(self, by: Sequence[str]) -> tuple[Int[np.ndarray, "n a"], tuple[tuple[str, ...], ...]]:
        """Each attribute's values as numbers, -1 where missing, and what the numbers mean, in alphabetical order.

        Raises UsageError for an attribute that is not there.
        """
        columns, levels = [], []
        for name in by:
            texts = self.attribute(name)
            values = tuple(sorted({str(text) for text in texts if text is not None}))
            number: dict[str | None, int] = {value: place for place, value in enumerate(values)}
            columns.append(np.fromiter((number.get(text, -1) for text in texts), np.int64, len(texts)))
            levels.append(values)
        stacked = np.stack(columns, axis=1) if columns else np.zeros((len(self), 0), np.int64)
        return stacked, tuple(levels)

    def attribute(self, name: str) -> NDArray[np.object_]:
        """One attribute's texts; raises UsageError with the nearest names."""
        if name not in self.attributes:
            known = list(self.attributes)
            there = f"there are {', '.join(known)}{nearest_names(name, known)}" if known else "it has none"
            raise UsageError(f"{self.where or 'the data'} has no attribute {name!r}; {there}")
        return self.attributes[name]
