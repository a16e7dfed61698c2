"""A run that was stopped goes on where it was."""

import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidi.core import processes
from vidi.core.errors import UsageError
from vidi.core.job import Budget
from vidi.core.progress import Quiet, Say
from vidi.core.run_folder import RunFolder
from vidi.data.split import load_split
from vidi.training.clock import spent
from vidi.verbs.labels import PRETRAINED
from vidi.verbs.load import Loaded, load, resplit
from vidi.verbs.train import Run, carry_out


def resume(run: str | Path, *, say: Say | None = None, checkpoint_seconds: float = 30.0) -> Run:
    """The finished run; with fixed epochs its weights are those of a run that was never stopped, bit for bit.

    The data is read again and must be the same. Time spent before the stop counts towards the budget.
    Raises UsageError if the run is finished, or if the data has changed.
    """
    say = (say or Quiet()) if processes.is_main() else Quiet()
    folder = RunFolder.open(Path(run))
    if folder.sealed:
        raise UsageError(f"{folder.path} is finished; train again for another run")
    recorded = asked_for(folder)
    read, path = recorded["data"]["read"], Path(recorded["data"]["path"])
    before = spent(folder.path)
    began = time.monotonic()
    with processes.main_first():
        loaded = load(path, similar=recorded["recipe"] in PRETRAINED, seed=recorded["seed"], say=say, **read)
    loaded = split_as_before(loaded, folder)
    if loaded.dataset.fingerprint != recorded["data"]["fingerprint"]:
        raise UsageError(
            f"{path} has changed since {folder.path} was started (its fingerprint differs); "
            "restore the data, or train anew"
        )
    minutes = recorded["minutes"]
    budget = Budget(None if minutes is None else 60 * minutes, began - before)
    stages = {"before the stop": before, "scan": time.monotonic() - began}
    kept = {key: recorded[key] for key in recorded if key != "schema"}
    return carry_out(folder, loaded, kept, budget, say, stages=stages, every=checkpoint_seconds)


def asked_for(folder: RunFolder) -> dict[str, Any]:
    """What recipe.json says was asked for; raises UsageError where a part of it is missing."""
    recorded = folder.read("recipe.json", "recipe")
    data = recorded.get("data")
    whole = isinstance(data, dict) and data.keys() >= {"path", "read", "fingerprint"}
    if not whole or not recorded.keys() >= {"recipe", "options", "minutes", "seed"}:
        raise UsageError(
            f"{folder.path / 'recipe.json'} does not say what was asked for; restore it or train again"
        )
    return recorded


def split_as_before(loaded: Loaded, folder: RunFolder) -> Loaded:
    """The data with the split that the run wrote; as they are if it wrote none."""
    path = folder.path / "splits.parquet"
    if not path.exists():
        return loaded
    try:
        saved = pq.read_table(path, columns=["hash", "split"])
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"{path} cannot be read ({str(error)[:100]}); restore it or train again") from error
    return resplit(loaded, load_split(loaded.dataset, saved))
