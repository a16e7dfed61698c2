"""What a run folder says, read once for all papers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi.core.files import read_json
from vidi.core.measured import Measured
from vidi.core.run_folder import RunFolder

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
class Evidence:
    """The contents of results.json, recipe.json, model.json and history.jsonl, as they were written."""

    folder: Path
    results: Mapping[str, Any]
    recipe: Mapping[str, Any]
    model: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...]
    measured: tuple[Measured, ...]
    baselines: tuple[Baseline, ...]

    @property
    def labels(self) -> list[str]:
        return [str(label) for label in self.results["labels"]]

    @property
    def data(self) -> Mapping[str, Any]:
        return DATA | (self.results.get("data") or {})

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
    )


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
