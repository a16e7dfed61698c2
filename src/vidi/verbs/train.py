"""The main job: from data to a run folder."""

import shlex
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vidi import catalog
from vidi.core import processes
from vidi.core.dataset import Dataset
from vidi.core.device import machine, versions
from vidi.core.errors import UsageError
from vidi.core.files import atomic
from vidi.core.job import Budget, Fitted, Job
from vidi.core.measured import Measured
from vidi.core.progress import Quiet, Say
from vidi.core.run_folder import RunFolder
from vidi.evaluation.dense_model import DenseModel
from vidi.evaluation.model import Model
from vidi.evaluation.score import write_predictions
from vidi.verbs.assess import described
from vidi.verbs.form import form_of, task_named
from vidi.verbs.hardest_maps import hardest_maps, with_maps
from vidi.verbs.labels import PRETRAINED
from vidi.verbs.load import Loaded, load


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, its model, and every number it measured."""

    folder: Path
    model: Model | DenseModel
    measured: tuple[Measured, ...]
    results: Mapping[str, Any]

    def __str__(self) -> str:
        first = next((number for number in self.measured if not number.of), None)
        return f"{self.folder}: {first.name if first else 'no numbers'} {first or ''}"


def train(
    data: str | Path | Loaded,
    *,
    recipe: str = "auto",
    minutes: float | None = None,
    seed: int = 0,
    out: str | Path = "runs",
    name: str | None = None,
    say: Say | None = None,
    began: float | None = None,
    read: Mapping[str, Any] | None = None,
    checkpoint_seconds: float = 30.0,
    **options: Any,
) -> Run:
    """Train on a path or on loaded data, judge the model on the held-out split, and write the run folder.

    `options` are the recipe's own; `read` are `load`'s. `minutes` is for everything, from `began` (a monotonic
    clock; default: now). Raises UsageError with one sentence for what cannot be honoured.
    """
    say = (say or Quiet()) if processes.is_main() else Quiet()
    began = time.monotonic() if began is None else began
    if minutes is not None and not 0 < minutes < float("inf"):
        raise UsageError(f"--minutes wants a time above 0; got {minutes:g}")
    if not 0 <= seed < 2**32:
        raise UsageError(f"--seed wants a whole number from 0 to 4294967295; got {seed}")
    checked_options(recipe, options)
    started = time.monotonic()
    if not isinstance(data, Loaded):
        with processes.main_first():  # the others find in the cache what the main one read
            data = load(data, similar=recipe in PRETRAINED, seed=seed, say=say, **dict(read or {}))
    scanned = time.monotonic() - started
    folder = RunFolder.create(Path(out), name or data.dataset.name)
    say(f"writing to {folder.path}")  # so that whoever stops the run knows what to resume
    asked = {"recipe": recipe, "options": dict(options), "minutes": minutes, "seed": seed}
    recorded = asked | circumstances(data)
    folder.write("recipe.json", "recipe", recorded)
    if processes.is_main():
        write_predictions(folder.path / "splits.parquet", data.dataset.split_table(), atomic)
    processes.wait()
    budget = Budget(None if minutes is None else 60 * minutes, began)
    try:
        return carry_out(
            folder, data, recorded, budget, say, stages={"scan": scanned}, every=checkpoint_seconds
        )
    except UsageError:
        if not (folder.path / "checkpoints").exists():  # refused before it began: nothing is lost with it
            shutil.rmtree(folder.path, ignore_errors=True)
        raise


def circumstances(data: Loaded) -> dict[str, Any]:
    """What recipe.json says beside what was asked for: the command, the data, the machine, versions, the time."""
    of_vidi = Path(sys.argv[0]).name == "vidi"
    return {
        "command": shlex.join(["vidi", *sys.argv[1:]]) if of_vidi else "vidi.train(…)",
        "data": {
            "path": str(data.path or data.dataset.root),
            "fingerprint": data.dataset.fingerprint,
            "read": dict(data.read),
        },
        "machine": machine(),
        "versions": versions(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def carry_out(
    folder: RunFolder,
    data: Loaded,
    recorded: Mapping[str, Any],
    budget: Budget,
    say: Say,
    *,
    stages: dict[str, float],
    every: float,
) -> Run:
    """From a folder with recipe.json and splits.parquet to a finished run; what is there already is used.

    Of many processes all train, and the main one judges and writes while the others wait.
    """
    dataset, seed = data.dataset, int(recorded["seed"])
    budget = replace(budget, reserve=reserve_for(dataset, budget))
    job = Job(
        dataset=dataset,
        task=task_named(dataset.task),
        pixels=data.pixels,
        features=data.features,
        build=catalog.network,
        folder=folder,
        budget=budget,
        seed=seed,
        say=say,
        recipes={n: catalog.recipe(n) for n in catalog.cards("recipes") if n != "auto"}
        if recorded["recipe"] == "auto"
        else {},
        checkpoint_seconds=every,
    )
    started = time.monotonic()
    fitted: Fitted = catalog.recipe(str(recorded["recipe"]))(job, **recorded["options"])
    stages["train"] = time.monotonic() - started
    if processes.is_main():
        with processes.alone():
            model, content = judged(job, data, fitted, recorded, stages)
            maps = hardest_maps(model, data, content)
            write_papers(folder, with_maps(form_of(job.task).pictures(folder, data), maps))
            folder.seal()
        for view in (folder.path / "checkpoints").glob("view-*.npy"):  # large, of no use once the run is done
            view.unlink()
    processes.wait()
    if not processes.is_main():
        model, content = form_of(job.task).opened(folder.path, job.task), finished(folder)
    measured = tuple(Measured.from_record(entry) for entry in content["measured"])
    return Run(folder.path, model, measured, content)


def finished(folder: RunFolder) -> dict[str, Any]:
    """What results.json says, without its schema."""
    content = folder.read("results.json", "results")
    return {key: content[key] for key in content if key != "schema"}


def judged(
    job: Job, data: Loaded, fitted: Fitted, recorded: Mapping[str, Any], stages: dict[str, float]
) -> tuple[Model | DenseModel, dict[str, Any]]:
    """The finished model, saved with its predictions on the held-out split, and what results.json says of them."""
    dataset, folder = job.dataset, job.folder
    started = time.monotonic()
    job.say(f"{fitted.recipe}: judging the model on {len(dataset.where('test')):,} held-out images")
    model, content = form_of(job.task).judged(job, data, fitted, recorded)
    content |= {
        "split": "test",
        "recipe": fitted.recipe,
        "network": fitted.spec.options.get("name", fitted.spec.name),
        "data": described(dataset, exact=data.duplicates.exact, near=data.duplicates.near),
        "reasons": list(fitted.reasons),
        "validation": fitted.validation,
    }
    stages["evaluate"] = time.monotonic() - started
    total = time.monotonic() - job.budget.began
    content["time"] = {
        "total_seconds": round(total, 2),
        "stages": {k: round(v, 2) for k, v in stages.items()},
    }
    folder.write("results.json", "results", content)
    decided = {**recorded, "decisions": dict(fitted.decisions), "network": fitted.spec.record()}
    folder.write("recipe.json", "recipe", decided)
    return model, content


def checked_options(recipe: str, options: Mapping[str, Any]) -> None:
    """Raises UsageError if the recipe does not exist or does not take an option."""
    catalog.load("recipes", recipe)
    known = [option.name for option in catalog.options("recipes", recipe, "recipe")]
    for name in options:
        if name not in known:
            raise UsageError(
                f"the recipe {recipe} has no option --{name.replace('_', '-')}; it takes "
                f"{', '.join('--' + k.replace('_', '-') for k in known) or 'none'}"
            )


def reserve_for(dataset: Dataset, budget: Budget) -> float:
    """Seconds to keep for evaluation and papers: compiling, and what judging an image takes on a slow machine."""
    if budget.seconds is None:
        return 0.0
    ahead = len(dataset.where("test")) + len(dataset.where("validation"))
    task = task_named(dataset.task)
    each = form_of(task).judging_seconds(task)
    return float(min(0.5 * budget.seconds, 6.0 + ahead * each))


def write_papers(folder: RunFolder, picture: Callable[[str], bytes | None]) -> None:
    """README.md, datasheet.md, report.html and croissant.json; `picture` gives an example's by its id."""
    from vidi.documents.papers import write

    write(folder, thumbnail=picture)
