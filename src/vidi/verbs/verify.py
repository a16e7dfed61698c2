"""Every number of a finished run measured again: which of them still stand?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi.audits.groups import audit as audit_groups
from vidi.core.errors import UsageError
from vidi.core.files import read_json
from vidi.core.measured import Measured, Verdict
from vidi.core.progress import Quiet, Say
from vidi.core.run_folder import MANIFEST, RunFolder
from vidi.data.predictions import read_own_predictions
from vidi.documents import croissant, papers
from vidi.documents.evidence import ASKED, Audited, gather
from vidi.verbs.form import either, form_of, task_named
from vidi.verbs.held_out import HeldOut, at_hand, held_out
from vidi.verbs.load import Loaded
from vidi.verbs.open import open_model
from vidi.version import VERSION

MOVED = 0.1  # of an interval's width: as far as another processor's rounding may move a number that stands
ROUNDING = 1e-6  # for numbers whose interval has no width


@dataclass(frozen=True)
class Checked:
    """One thing that was looked at again: what, the verdict, and a sentence that says why."""

    what: str
    verdict: Verdict
    said: str

    def record(self) -> dict[str, str]:
        return {"what": self.what, "verdict": str(self.verdict), "said": self.said}


@dataclass(frozen=True)
class Verification:
    """Everything that was looked at, and one verdict for all: it fails if one thing fails."""

    run: Path
    checks: tuple[Checked, ...]

    @property
    def verdict(self) -> Verdict:
        found = {check.verdict for check in self.checks}
        worst = (Verdict.FAILS, Verdict.CANNOT_TELL)
        return next((verdict for verdict in worst if verdict in found), Verdict.STANDS)

    def record(self) -> dict[str, Any]:
        return {
            "run": str(self.run),
            "verdict": str(self.verdict),
            "checks": [check.record() for check in self.checks],
        }


def verify(
    run: str | Path, data: str | Path | Loaded | None = None, *, say: Say | None = None
) -> Verification:
    """Files against their checksums, the papers against what was measured and answered, the held-out images predicted
    and every number measured anew, those of the audits too.

    `data` is where they are now (default: where the run found them).

    Raises UsageError if the run is not finished, or the data can't be read.
    """
    say = say or Quiet()
    folder = RunFolder.open(Path(run))
    if not folder.sealed:
        raise UsageError(
            f"{folder.path} is not finished, so nothing is stated yet; go on with vidi train --resume {folder.path}"
        )
    checks = files(folder)
    if any(check.verdict == Verdict.FAILS for check in checks):
        return Verification(folder.path, tuple(checks))  # what was changed can't speak for the rest
    results = folder.read("results.json", "results")
    checks += written(folder)
    say(f"predicting {results['n']:,} held-out images again")
    loaded = at_hand(folder, data, say)
    kept = held_out(folder, loaded.dataset)
    checks.append(there(kept, loaded))
    if checks[-1].verdict != Verdict.STANDS:
        return Verification(folder.path, tuple(checks))
    model = open_model(folder.path)
    seed = int(folder.read("recipe.json", "recipe")["seed"])
    answers, again = form_of(model.task).again(model, loaded, kept.rows, kept.stated, seed=seed, say=say)
    checks.append(Checked("predictions", *answers))
    checks += [number(Measured.from_record(entry), again) for entry in results["measured"]]
    checks += audited(folder, results, seed)
    return Verification(folder.path, tuple(checks))


def files(folder: RunFolder) -> list[Checked]:
    """One entry for all files that are as they were written, one for each that is not; those of its audits too."""
    wrong = [Checked(name, Verdict.FAILS, what) for name, what in folder.changed().items()]
    known = len(folder.read(MANIFEST, "manifest")["sha256"])
    for path in sorted((folder.path / "audits").glob("*/")):
        audit = RunFolder(path)
        if audit.sealed:
            inside = audit.changed().items()
            wrong += [Checked(f"audits/{path.name}/{name}", Verdict.FAILS, what) for name, what in inside]
            known += len(audit.read(MANIFEST, "manifest")["sha256"])
    if wrong:
        return wrong
    return [Checked("files", Verdict.STANDS, f"{known} files are byte for byte as the run wrote them")]


def written(folder: RunFolder) -> list[Checked]:
    """README.md, datasheet.md and croissant.json say what the measurements and the author's answers say."""
    evidence = gather(folder)
    wanted = papers.texts(evidence) | {
        "croissant.json": json.dumps(croissant.describe(evidence), sort_keys=True)
    }
    same_version = folder.read(MANIFEST, "manifest").get("vidi") == VERSION
    return [paper(folder.path / name, content, same_version=same_version) for name, content in wanted.items()]


def paper(path: Path, wanted: str, *, same_version: bool) -> Checked:
    """Another wording by the same version of vidi means that somebody changed it and the checksums too."""
    if not path.exists():
        return Checked(path.name, Verdict.CANNOT_TELL, "the run has no such paper")
    there = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        there = json.dumps(read_json(path), sort_keys=True)
    if there == wanted:
        return Checked(path.name, Verdict.STANDS, "it says what was measured and answered, word for word")
    if same_version:
        return Checked(path.name, Verdict.FAILS, "it does not say what was measured and answered")
    return Checked(path.name, Verdict.CANNOT_TELL, "this version of vidi would write it with other words")


def there(kept: HeldOut, loaded: Loaded) -> Checked:
    """Every held-out image with the label it had; without that no number can be measured again."""
    if kept.gone:
        lost = f"{kept.gone:,} of {kept.stated.num_rows:,} held-out images"
        said = f"{lost} are not in {loaded.path}, have changed, or were withdrawn"
        return Checked("data", Verdict.CANNOT_TELL, said)
    now = loaded.dataset.column("target")[kept.rows]
    other = sum(one != before for one, before in zip(now, kept.targets, strict=True))
    if other:
        return Checked("data", Verdict.CANNOT_TELL, f"{other:,} held-out images have other labels now")
    return Checked(
        "data", Verdict.STANDS, f"all {len(kept.rows):,} held-out images are there, with their labels"
    )


def audited(folder: RunFolder, results: Mapping[str, Any], seed: int) -> list[Checked]:
    """Every group's number of the audits of the held-out images, counted again from their predictions."""
    checks = []
    for audit in gather(folder).audits:
        if audit.content.get("of") != results["data"]["name"] or audit.content.get("n") != results["n"]:
            said = "as it was written; it is of other data, and not measured again here"
            checks.append(Checked(f"audits/{audit.name}", Verdict.STANDS, said))
            continue
        if audit.groups:
            task = task_named(str(results["task"]))
            checks += either(task, labels=regrouped, dense=as_written)(folder, audit, results["data"], seed)
        kept = [key for key in ASKED if audit.content.get(key)]
        if kept:
            said = f"{', '.join(kept)}: as written; the audit's command measures them again"
            checks.append(Checked(f"audits/{audit.name}", Verdict.STANDS, said))
    return checks


def regrouped(folder: RunFolder, audit: Audited, data: Mapping[str, Any], seed: int) -> list[Checked]:
    """Rates and gaps of one audit; those by the true class are the recalls, which were measured already."""
    kept, _ = read_own_predictions(folder.path / "predictions.parquet", data)
    by = [name for name in audit.by if name in kept.attributes]
    if not by:
        return []
    positive, smallest = audit.content.get("positive"), int(audit.content.get("smallest") or 1)
    anew = audit_groups(kept, by=by, positive=positive, smallest=smallest, seed=seed)
    again = {(m.name, m.of): m for m in anew.measured}
    return [number(entry, again) for entry in audit.groups if (entry.name, entry.of) in again]


def as_written(folder: RunFolder, audit: Audited, data: Mapping[str, Any], seed: int) -> list[Checked]:
    """Of groups of objects: their numbers come from the data, which the audit's own command reads."""
    said = "groups: as written; the audit's command measures them again"
    return [Checked(f"audits/{audit.name}", Verdict.STANDS, said)]


def number(stated: Measured, again: dict[tuple[str, str], Measured]) -> Checked:
    """*stands* if it moved by no more than a tenth of its interval, *fails* if it left the interval."""
    what = f"{stated.name} of {stated.of}" if stated.of else stated.name
    anew = again.get((stated.name, stated.of))
    if anew is None:
        return Checked(what, Verdict.CANNOT_TELL, "this version of vidi does not measure it")
    if stated.value != stated.value:
        same = anew.value != anew.value
        return Checked(what, Verdict.STANDS if same else Verdict.FAILS, f"{stated}; again {anew}")
    width = stated.high - stated.low
    tolerance = ROUNDING if width != width else max(ROUNDING, MOVED * width)
    moved = abs(anew.value - stated.value)
    inside = stated.low <= anew.value <= stated.high
    verdict = Verdict.STANDS if moved <= tolerance else Verdict.CANNOT_TELL if inside else Verdict.FAILS
    return Checked(what, verdict, f"{stated}; again {anew.value:.3f}")
