"""What a study found: claims with the numbers that they were checked against, and pictures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vidi.core.measured import Claim, Measured, Verdict


@dataclass(frozen=True)
class Stated:
    """A sentence, the number it hangs on, and the bound that this number must keep."""

    sentence: str
    measured: Measured
    claim: Claim

    @property
    def verdict(self) -> Verdict:
        return self.claim.verdict(self.measured)

    def record(self) -> dict[str, Any]:
        sign = ">=" if self.claim.at_least else "<="
        return {
            "sentence": self.sentence,
            "verdict": str(self.verdict),
            "bound": f"{sign} {self.claim.bound:g}",
            **self.measured.record(),
        }


@dataclass(frozen=True)
class Studied:
    """Every claim of a study, in its order, and its pictures by name."""

    stated: tuple[Stated, ...]
    pictures: Mapping[str, UInt8[np.ndarray, "_ _ 3"]]

    @property
    def verdict(self) -> Verdict:
        """*fails* if a claim fails, else *cannot tell* if one cannot be told, else *stands*."""
        verdicts = {one.verdict for one in self.stated}
        return next((v for v in (Verdict.FAILS, Verdict.CANNOT_TELL) if v in verdicts), Verdict.STANDS)


def over_seeds(
    name: str, values: Sequence[float], *, seeds: Sequence[int], unit: str, of: str = ""
) -> Measured:
    """The median with the range over seeds as its interval: how far luck moved it, no more is claimed of so few."""
    if not all(math.isfinite(value) for value in values):
        raise ValueError(f"{name}: finite numbers were wanted; got {values}")
    ordered = sorted(float(value) for value in values)
    return Measured(
        name,
        float(np.median(ordered)),
        ordered[0],
        ordered[-1],
        n=len(ordered),
        method="median and range over seeds" if len(ordered) > 1 else "exact",
        of=of,
        confidence=1.0,
        unit=unit,
        seeds=tuple(seeds),
    )


def at_least(sentence: str, measured: Measured, bound: float) -> Stated:
    """The claim that the number is `bound` or more."""
    return Stated(sentence, measured, Claim(measured.name, at_least=True, bound=bound))


def at_most(sentence: str, measured: Measured, bound: float) -> Stated:
    """The claim that the number is `bound` or less."""
    return Stated(sentence, measured, Claim(measured.name, at_least=False, bound=bound))
