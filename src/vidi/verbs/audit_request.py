"""All that one audit was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi.core.progress import Say
from vidi.core.requirement import Requirement
from vidi.verbs.grouped import Outcome
from vidi.verbs.spoiled import Asked


@dataclass(frozen=True)
class Request:
    """The arguments of `vidi.audit`, with demands read, and what is asked of outcomes and of images put together."""

    subject: Path
    data: str | Path | None
    by: tuple[str, ...]
    demands: tuple[Requirement, ...]
    truth: str | None
    predicted: str | None
    counts: str | None
    error: str | None
    group: str | None
    positive: str | None
    outcome: Outcome
    smallest: int
    slices: bool
    images: Asked
    out: Path | None
    seed: int
    say: Say
    read: Mapping[str, Any] | None

    @property
    def published(self) -> bool:
        """Whether the subject is a table of errors by group."""
        return self.counts is not None or self.error is not None
