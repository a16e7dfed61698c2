"""Every number of a finished run measured again: which of them still stand?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vidi import catalog
from vidi.core.dataset import Dataset
from vidi.core.errors import UsageError
from vidi.core.files import sha256
from vidi.core.measured import Measured, Verdict
from vidi.core.progress import Quiet, Say
from vidi.core.run_folder import MANIFEST, RunFolder
from vidi.documents import model_card
from vidi.documents.evidence import gather
from vidi.evaluation.score import Predictions, measure, predict_rows, scores_of
from vidi.verbs.load import Loaded, load
from vidi.verbs.open import open_model
from vidi.verbs.resume import asked_for

MOVED = 0.1  # of an interval's width: as far as another processor's rounding may move a number that stands
ROUNDING = 1e-6  # for numbers whose interval has no width
FLIPPED = 0.01  # of the answers: more than another processor's rounding changes


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
    """Files against their checksums, the card against results.json, the held-out images predicted and every number
    measured anew. `data` is where they are now (default: where the run found them).

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
    checks.append(card(folder))
    say(f"predicting {results['n']:,} held-out images again")
    loaded = at_hand(folder, data, say)
    dataset, rows, stated = held_out(folder, loaded.dataset)
    checks.append(there(dataset, rows, stated, loaded))
    if checks[-1].verdict != Verdict.STANDS:
        return Verification(folder.path, tuple(checks))
    model = open_model(folder.path)
    found = predict_rows(model, dataset, loaded.pixels, rows, say)
    checks.append(answers(found, stated, model.labels))
    seed = int(folder.read("recipe.json", "recipe")["seed"])
    scores = scores_of(dataset, found, model, seed=seed)
    again = {(m.name, m.of): m for m in measure(scores, catalog.metrics(model.task.name))}
    checks += [number(Measured.from_record(entry), again) for entry in results["measured"]]
    return Verification(folder.path, tuple(checks))


def files(folder: RunFolder) -> list[Checked]:
    """One entry for all files that are as they were written, one for each that is not."""
    known = folder.read(MANIFEST, "manifest")["sha256"]
    wrong = []
    for name, digest in known.items():
        path = folder.path / name
        if not path.exists():
            wrong.append(Checked(name, Verdict.FAILS, "the file is gone"))
        elif sha256(path) != digest:
            wrong.append(Checked(name, Verdict.FAILS, "the file has changed since the run wrote it"))
    if wrong:
        return wrong
    return [Checked("files", Verdict.STANDS, f"{len(known)} files are byte for byte as the run wrote them")]


def card(folder: RunFolder) -> Checked:
    """README.md says what results.json says."""
    same = (folder.path / "README.md").read_text(encoding="utf-8") == model_card.render(gather(folder))
    if same:
        return Checked("README.md", Verdict.STANDS, "the card says what results.json says, word for word")
    return Checked(
        "README.md", Verdict.CANNOT_TELL, "this version of vidi would write the card with other words"
    )


def at_hand(folder: RunFolder, data: str | Path | Loaded | None, say: Say) -> Loaded:
    if isinstance(data, Loaded):
        return data
    recorded = asked_for(folder)["data"]
    return load(data or recorded["path"], fewest_labels=1, say=say, **recorded["read"])


def held_out(folder: RunFolder, dataset: Dataset) -> tuple[Dataset, NDArray[np.int64], pa.Table]:
    """The rows of the data that the run predicted, in its order, and predictions.parquet. Matched by content."""
    stated = pq.read_table(folder.path / "predictions.parquet")
    splits = pq.read_table(folder.path / "splits.parquet", columns=["id", "hash"])
    content = dict(zip(*(splits.column(name).to_pylist() for name in ("id", "hash")), strict=True))
    here: dict[str, list[int]] = {}
    for row, key in reversed(list(enumerate(dataset.column("hash").tolist()))):
        here.setdefault(key, []).append(row)
    found = [here.get(content[key]) for key in stated.column("id").to_pylist()]
    rows = [rows.pop() for rows in found if rows]
    return dataset, np.asarray(rows, np.int64), stated


def there(dataset: Dataset, rows: NDArray[np.int64], stated: pa.Table, loaded: Loaded) -> Checked:
    """Every held-out image with the label it had; without that no number can be measured again."""
    gone = stated.num_rows - len(rows)
    if gone:
        said = f"{gone:,} of {stated.num_rows:,} held-out images are not in {loaded.path}, or have changed"
        return Checked("data", Verdict.CANNOT_TELL, said)
    pairs = zip(dataset.column("target")[rows], stated.column("truth").to_pylist(), strict=True)
    other = sum(now != then for now, then in pairs)
    if other:
        return Checked("data", Verdict.CANNOT_TELL, f"{other:,} held-out images have other labels now")
    return Checked("data", Verdict.STANDS, f"all {len(rows):,} held-out images are there, with their labels")


def answers(found: Predictions, stated: pa.Table, labels: Sequence[str]) -> Checked:
    """The predictions of today beside those that were kept."""
    wanted = stated.column("prediction").to_pylist()
    other = sum(a != b for a, b in zip(found.answers, wanted, strict=True))
    kept = np.stack([stated.column(f"p({label})").to_numpy() for label in labels], axis=1)
    furthest = float(np.abs(kept - found.probability).max())
    verdict = Verdict.STANDS if other == 0 else Verdict.CANNOT_TELL
    verdict = Verdict.FAILS if other > FLIPPED * len(wanted) else verdict
    said = f"{len(wanted) - other:,} of {len(wanted):,} answers are the same, probabilities within {furthest:.2g}"
    return Checked("predictions", verdict, said)


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
