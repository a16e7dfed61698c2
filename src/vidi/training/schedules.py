"""How the learning rate goes over training: functions of progress in [0, 1] with values in [0, 1]."""

import math
from collections.abc import Callable

from vidi.core.errors import UsageError, nearest_names

Schedule = Callable[[float], float]


def constant(progress: float) -> float:
    """1 from beginning to end."""
    return 1.0


def linear(progress: float) -> float:
    """From 1 straight down to 0."""
    return 1.0 - progress


def cosine(progress: float) -> float:
    """From 1 to 0 along half a cosine (Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5 without restarts)."""
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def step(progress: float) -> float:
    """1, then a tenth after half of the time, then a hundredth after three quarters (He et al. 2015)."""
    return 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01


def one_cycle(progress: float) -> float:
    """Up from 1/25 in the first quarter, then down to 0, both along a cosine (Smith 2018, arXiv:1708.07120)."""
    if progress < 0.25:
        return 0.04 + 0.96 * (1.0 - cosine(progress / 0.25))
    return cosine((progress - 0.25) / 0.75)


def triangle(progress: float) -> float:
    """Straight up from a fifth in the first fifth, then straight down to 0 (Page 2018; airbench 2024)."""
    return 0.2 + 0.8 * progress / 0.2 if progress < 0.2 else (1.0 - progress) / 0.8


SCHEDULES: dict[str, Schedule] = {
    "constant": constant,
    "linear": linear,
    "cosine": cosine,
    "step": step,
    "one_cycle": one_cycle,
    "triangle": triangle,
}


def schedule(name: str) -> Schedule:
    """A schedule by its name; raises UsageError with the nearest names."""
    if name not in SCHEDULES:
        raise UsageError(
            f"no schedule is named {name!r}; there are {', '.join(SCHEDULES)}{nearest_names(name, list(SCHEDULES))}"
        )
    return SCHEDULES[name]
