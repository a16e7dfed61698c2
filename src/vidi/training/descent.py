"""Everything that changes while a network is trained, and how it comes back from a checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from vidi.core.errors import UsageError
from vidi.training.average import Average
from vidi.training.checkpoint import load_state
from vidi.training.optimisers import Together
from vidi.training.pace import Pace


@dataclass
class Descent:
    """Everything that changes while a network is trained."""

    model: nn.Module
    optimizer: Together
    average: Average
    pace: Pace
    rates: tuple[float, ...]  # every parameter group's at the peak of the schedule
    step: int = 0
    seconds: float = 0.0

    def state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.model.state_dict() if self.average.decay else {},
            "step": self.step,
            "seconds": self.seconds,
            "total": self.pace.total,
            "knots": [list(knot) for knot in self.pace.knots],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average.decay:
            self.average.model.load_state_dict(state["average"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.pace = Pace(state["total"], [(int(step), float(done)) for step, done in state["knots"]])


def resume(descent: Descent, path: Path) -> None:
    """Go on where a checkpoint stands; raises UsageError if it is damaged or of another network."""
    state = load_state(path)
    try:
        descent.restore(state)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"the checkpoint {path} does not fit this network and optimiser ({' '.join(str(error).split())[:200]}); "
            "delete it to train from the start"
        ) from None
