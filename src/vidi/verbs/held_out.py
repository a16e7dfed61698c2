"""The images that a run held out, found again in the data by their content."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vidi.core.dataset import Dataset
from vidi.core.errors import UsageError
from vidi.core.progress import Say
from vidi.core.run_folder import RunFolder
from vidi.verbs.load import Loaded, load
from vidi.verbs.resume import asked_for


@dataclass(frozen=True)
class HeldOut:
    """predictions.parquet, each image's target as the run split it, and the rows of the data that these images are now,
    all in one order; of images that are gone there is no row."""

    stated: pa.Table
    targets: list[str]
    rows: NDArray[np.int64]

    @property
    def gone(self) -> int:
        """How many images are not in the data, have changed, or were withdrawn."""
        return int(self.stated.num_rows) - len(self.rows)


def at_hand(folder: RunFolder, data: str | Path | Loaded | None, say: Say) -> Loaded:
    """The data, by default from where the run found it, read as the run read it."""
    if isinstance(data, Loaded):
        return data
    recorded = asked_for(folder)["data"]
    return load(data or recorded["path"], fewest_labels=1, say=say, **recorded["read"])


def held_out(folder: RunFolder, dataset: Dataset) -> HeldOut:
    """What the run predicted, and where it is in the data; of copies each is found once."""
    stated = pq.read_table(folder.path / "predictions.parquet")
    splits = pq.read_table(folder.path / "splits.parquet", columns=["id", "hash", "target"])
    columns = {name: splits.column(name).to_pylist() for name in splits.column_names}
    known = dict(zip(columns["id"], zip(columns["hash"], columns["target"], strict=True), strict=True))
    here: dict[str, list[int]] = {}
    for row, key in reversed(list(enumerate(dataset.column("hash").tolist()))):
        here.setdefault(key, []).append(row)
    wanted = [known[key] for key in stated.column("id").to_pylist()]
    found = [here.get(content) for content, _ in wanted]
    rows = [rows.pop() for rows in found if rows]
    return HeldOut(stated, [target for _, target in wanted], np.asarray(rows, np.int64))


def all_held_out(folder: RunFolder, say: Say) -> tuple[Loaded, HeldOut]:
    """The data as the run found it, with every image that it held out; raises UsageError if some are gone."""
    loaded = at_hand(folder, None, say)
    found = held_out(folder, loaded.dataset)
    if found.gone:
        raise UsageError(
            f"{found.gone:,} of the {found.stated.num_rows:,} images that {folder.path} held out are not in "
            f"{loaded.path} any more; name the data: vidi audit {folder.path} DATA"
        )
    return loaded, found
