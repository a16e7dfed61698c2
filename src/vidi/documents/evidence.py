"""What a run folder says, read once for all papers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidi.core.errors import UsageError
from vidi.core.files import read_json
from vidi.core.measured import Measured
from vidi.core.run_folder import RunFolder
from vidi.documents import answers as said

HEADLINES = ("accuracy", "mean average precision", "average precision", "exact match")
# What a paper may ask for without its being there: a run that was cut short says less, and that is not an error.
RESULTS: Mapping[str, Any] = {
    "network": None,
    "recipe": None,
    "reasons": (),
    "split": "test",
    "task": "classification",
}
RECIPE: Mapping[str, Any] = {"recipe": None, "command": None, "created": None, "versions": None, "data": None}
ASKED = (
    "slices",
    "robustness",
    "dials",
    "elephant",
    "steadiness",
    "outcomes",
)  # what an audit holds if asked to
DATA: dict[str, Any] = {"group": None, "attributes": (), "fingerprint": None}


@dataclass(frozen=True)
class Baseline:
    """What a model is compared with; `difference` is model minus baseline on the same images, where it was measured."""

    name: str
    what: str
    measured: tuple[Measured, ...]
    difference: Measured | None = None

    def find(self, name: str) -> Measured | None:
        return next((entry for entry in self.measured if entry.name == name and not entry.of), None)


@dataclass(frozen=True)
class Audited:
    """One audit of a run: its folder's name, what it wrote, and its numbers, those of groups apart."""

    name: str
    content: Mapping[str, Any]
    measured: tuple[Measured, ...]
    groups: tuple[Measured, ...]

    @property
    def by(self) -> tuple[str, ...]:
        return tuple(str(name) for name in self.content.get("by") or ())


@dataclass(frozen=True)
class Evidence:
    """The contents of results.json, recipe.json, model.json and history.jsonl, as they were written; the audits of the
    run, and what its author answered.

    A folder that `vidi check --out` wrote has no model: its results are all `data`, and nothing is `measured` of one.
    """

    folder: Path
    results: Mapping[str, Any]
    recipe: Mapping[str, Any]
    model: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...]
    measured: tuple[Measured, ...]
    baselines: tuple[Baseline, ...]
    audits: tuple[Audited, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        return [str(label) for label in self.results["labels"]]

    @property
    def data(self) -> Mapping[str, Any]:
        return DATA | (self.results.get("data") or {})

    @property
    def check(self) -> Mapping[str, Any]:
        """What the checks of the data found; empty where none were made."""
        return self.results.get("check") or {}

    @property
    def ledger(self) -> Mapping[str, Any]:
        """Licences, sources and consent as counted, and how many examples were withdrawn; empty if not looked at."""
        return self.check.get("ledger") or self.data.get("ledger") or {}

    @property
    def trained(self) -> bool:
        """False for a data set that was checked without a model."""
        return bool(self.recipe)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Images of each label in each split, by label."""
        return {label: dict(row) for label, row in (self.data.get("counts") or {}).items()}

    @property
    def name(self) -> str:
        """The data's name, or else the folder's."""
        return str(self.data.get("name") or self.folder.name)

    @property
    def headline(self) -> Measured | None:
        """The number that says most: accuracy, else mean average precision, else whatever comes first."""
        found = (self.find(name) for name in HEADLINES)
        whole = (entry for entry in self.measured if not entry.of)
        return next((entry for entry in found if entry is not None), next(whole, None))

    def find(self, name: str, of: str = "") -> Measured | None:
        return next((entry for entry in self.measured if entry.name == name and entry.of == of), None)

    def total(self, split: str) -> int:
        """Images in a split; where they have several labels each, the labels' counts would say too much."""
        told = self.data.get("splits")
        if told:
            return int(told.get(split, 0))
        return sum(int(row.get(split, 0)) for row in self.counts.values())


def gather(folder: RunFolder) -> Evidence:
    """Everything the papers need; raises UsageError if results.json or recipe.json is missing or damaged."""
    if is_check(folder):
        return _checked(folder)
    results = {**RESULTS, **folder.read("results.json", "results")}
    model = folder.path / "model.json"
    folder.check("model.json")
    return Evidence(
        folder=folder.path,
        results=results,
        recipe={**RECIPE, **folder.read("recipe.json", "recipe")},
        model=read_json(model) if model.exists() else {},
        history=_history(folder.path / "history.jsonl"),
        measured=_measured(results.get("measured")),
        baselines=tuple(_baseline(entry) for entry in results.get("baselines") or ()),
        audits=audits_of(folder.path),
        answers=said.of_folder(folder.path),
    )


def is_check(folder: RunFolder) -> bool:
    """True for a folder of `vidi check --out`: results, and no recipe behind them."""
    return not (folder.path / "recipe.json").exists() and not (folder.path / "model.json").exists()


def _checked(folder: RunFolder) -> Evidence:
    content = folder.read("results.json", "check")
    if not isinstance(content.get("counts"), dict):
        raise UsageError(
            f"{folder.path / 'results.json'} is not as vidi check writes it; check the data again"
        )
    results = {**RESULTS, "labels": list(content["counts"]), "data": content, "check": content}
    results["task"] = content.get("task") or RESULTS["task"]
    return Evidence(
        folder=folder.path,
        results=results,
        recipe={},
        model={},
        history=(),
        measured=(),
        baselines=(),
        answers=said.of_folder(folder.path),
    )


def audits_of(run: Path) -> tuple[Audited, ...]:
    """The audits in a run's folder, oldest first; of those that ask the same of the same data only the last."""
    latest: dict[tuple[object, ...], Audited] = {}
    for path in sorted((run / "audits").glob("*/"), key=_age):
        name = next((name for name in ("results.json", "audit.json") if (path / name).exists()), None)
        if name is None:  # not finished
            continue
        content = RunFolder(path).read(name, "audit")
        asked = (
            content.get("of"),
            content.get("n"),
            tuple(content.get("by") or ()),
            content.get("positive"),
            *(bool(content.get(key)) for key in ASKED),
        )
        latest.pop(asked, None)
        groups, measured = (_measured(content.get(key)) for key in ("groups", "measured"))
        latest[asked] = Audited(path.name, content, measured, groups)
    return tuple(latest.values())


def _age(path: Path) -> tuple[str, int]:
    """`2026-11-24-name-10` after `2026-11-24-name-9`."""
    stem, _, number = path.name.rpartition("-")
    return (stem, int(number)) if number.isdigit() and stem.count("-") > 2 else (path.name, 1)


def _measured(entries: Any) -> tuple[Measured, ...]:
    return tuple(Measured.from_record(dict(entry)) for entry in entries or ())


def _baseline(entry: Mapping[str, Any]) -> Baseline:
    difference = entry.get("difference")
    return Baseline(
        name=str(entry["name"]),
        what=str(entry.get("what", "")),
        measured=_measured(entry.get("measured")),
        difference=Measured.from_record(dict(difference)) if difference else None,
    )


def _history(path: Path) -> tuple[Mapping[str, Any], ...]:
    """The lines in order of steps; a run that was killed may have half a line, and one that resumed some twice."""
    if not path.exists():
        return ()
    lines: dict[tuple[float, bool], Mapping[str, Any]] = {}
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("step"), int | float):
            lines[float(line["step"]), "validation_loss" in line] = line
    return tuple(lines[key] for key in sorted(lines))
