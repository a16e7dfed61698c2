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
class Columns:
    """Which columns of a table are meant: of predictions, or the `counts` and `error` of a published one."""

    truth: str | None
    predicted: str | None
    counts: str | None
    error: str | None
    group: str | None


@dataclass(frozen=True)
class Request:
    """The arguments of `vidi.audit`, with demands read, and what is asked of columns, outcomes and images together."""

    subject: Path
    data: str | Path | None
    by: tuple[str, ...]
    demands: tuple[Requirement, ...]
    columns: Columns
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
        return self.columns.counts is not None or self.columns.error is not None
