"""What an attack came to: what survives, the rules that it must keep, and images before and after."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vidi.core.measured import Measured
from vidi.explanations.fooling import Fooled, Sane


@dataclass(frozen=True)
class Changed:
    """One image before and after, at the network's size, and what the model says of both with which probability."""

    name: str
    label: str
    before: tuple[str, float]
    after: tuple[str, float]
    original: UInt8[np.ndarray, "s s 3"]
    attacked: UInt8[np.ndarray, "s s 3"]

    @property
    def fooled(self) -> bool:
        return self.before[0] != self.after[0]

    def record(self) -> dict[str, Any]:
        return {
            "image": self.name,
            "label": self.label,
            "before": list(self.before),
            "after": list(self.after),
        }


@dataclass(frozen=True)
class Attacked:
    """What survives changes of each size, the rules that the attack must keep, and some images before and after.

    `epsilon` is in grey levels (0..255). `truth` is false where the model's own answers were taken as labels.
    """

    fooled: Fooled
    target: str | None
    what: str
    truth: bool
    changed: tuple[Changed, ...]
    errors: tuple[tuple[str, str], ...] = ()
    folder: Path | None = None

    @property
    def epsilon(self) -> float:
        return self.fooled.epsilons[-1]

    @property
    def clean(self) -> Measured:
        return self.fooled.clean

    @property
    def robust(self) -> tuple[Measured, ...]:
        return self.fooled.robust

    @property
    def sane(self) -> tuple[Sane, ...]:
        return self.fooled.sane

    @property
    def believable(self) -> bool:
        """Whether the attack keeps every rule: else what survives it says nothing about the model."""
        return all(rule.holds for rule in self.sane)

    def record(self) -> dict[str, Any]:
        return {
            "attack": self.fooled.attack,
            "norm": self.fooled.norm,
            "epsilons_grey_levels": list(self.fooled.epsilons),
            "target": self.target,
            "images": self.what,
            "truth_known": self.truth,
            "measured": [one.record() for one in (self.clean, *self.robust)],
            "rules": [vars(rule) for rule in self.sane],
            "believable": self.believable,
            "changed": [one.record() for one in self.changed],
            "errors": [list(error) for error in self.errors],
        }
