"""How a network descends: what a recipe may set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vidi.core.errors import check_option
from vidi.training.optimisers import check_name
from vidi.training.schedules import schedule


@dataclass(frozen=True)
class Settings:
    """How to descend. `epochs` counts passes over the rows; with a time budget the pace decides instead.

    `layer_decay` lowers the rate from each stage to the one before it; `clip`, `average` and `weight_decay` are
    off at 0. `freeze_norm` leaves batch norm's means and variances as they are: those of a pretrained network are
    of many images, those of a batch of few (its scale and shift are trained). `precision` is `auto` (bf16 where it
    is native), `fp32` or `bf16`. Raises UsageError for what cannot be honoured.
    """

    epochs: float = 10.0
    batch: int = 64
    lr: float = 1e-3
    optimizer: str = "AdamW"
    schedule: str = "one_cycle"
    momentum: float | None = None
    nesterov: bool = False
    weight_decay: float = 0.0
    layer_decay: float = 1.0
    clip: float = 0.0
    average: float = 0.0
    freeze_norm: bool = False
    precision: str = "auto"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, holds, wanted in (
            ("epochs", 0 < self.epochs < float("inf"), "above 0"),
            ("batch", self.batch >= 1, "1 or more"),
            ("lr", 0 <= self.lr < float("inf"), "0 or more"),
            ("weight_decay", 0 <= self.weight_decay < float("inf"), "0 or more"),
            ("layer_decay", 0 < self.layer_decay <= 1, "above 0 and at most 1"),
            ("clip", 0 <= self.clip < float("inf"), "0 or more (0: no limit)"),
            ("average", 0 <= self.average < 1, "0 or more and below 1 (0: off)"),
            ("precision", self.precision in ("auto", "fp32", "bf16"), "auto, fp32 or bf16"),
        ):
            check_option(name, getattr(self, name), holds=holds, wanted=wanted)
        schedule(self.schedule)
        check_name(self.optimizer)
