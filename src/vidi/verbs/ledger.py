"""Who may be learned from: examples are withdrawn, and every run whose model saw them is named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vidi.core.dataset import LEDGER, SPLITS, Dataset
from vidi.core.errors import UsageError, nearest_names
from vidi.core.progress import Quiet, Say
from vidi.data import ledger
from vidi.data.ledger import Entry
from vidi.data.listing import LEDGER_FILE
from vidi.verbs.load import Loaded, load

DEPTH = 4  # folders below --runs in which a run is looked for


@dataclass(frozen=True)
class Seen:
    """A run whose model saw what was withdrawn: the images' paths in each split."""

    run: Path
    splits: Mapping[str, tuple[str, ...]]

    def record(self) -> dict[str, Any]:
        return {"run": str(self.run), **{split: list(paths) for split, paths in self.splits.items()}}


@dataclass(frozen=True)
class Withdrawal:
    """The ledger, what was written into it, what stood there already, near copies that stay, and the runs."""

    file: Path
    new: tuple[Entry, ...]
    already: tuple[Entry, ...]
    near: tuple[str, ...]
    runs: tuple[Seen, ...]
    unread: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        return {
            "ledger": str(self.file),
            "withdrawn": [vars(entry) for entry in self.new],
            "already": [vars(entry) for entry in self.already],
            "near_copies": list(self.near),
            "runs": [seen.record() for seen in self.runs],
            "unread": list(self.unread),
        }


def withdraw(
    ids: Sequence[str],
    data: str | Path,
    *,
    runs: str | Path = "runs",
    reason: str = "",
    file: str | Path | None = None,
    say: Say | None = None,
    read: Mapping[str, Any] | None = None,
) -> Withdrawal:
    """Mark examples (by content hash, id or path) as withdrawn: with all their exact copies, on every later load.

    The ledger lies in the data's folder, or is `file`. What is no longer in the data is found in the runs. Raises
    UsageError for an id that is nowhere; then nothing is written.
    """
    if not ids:
        raise UsageError("which examples? give content hashes, ids or paths")
    loaded = load(data, fewest_labels=1, with_withdrawn=True, say=say or Quiet(), **dict(read or {}))
    splits, unread = splits_below(Path(runs))
    content = [hash_of(name, loaded, splits) for name in ids]
    paths = first_paths(loaded.dataset, splits)
    today = date.today().isoformat()
    place = Path(file) if file is not None else loaded.dataset.root / LEDGER_FILE
    before = {entry.hash: entry for entry in ledger.read(place)}
    new = ledger.add(place, [Entry(key, paths[key], today, reason) for key in dict.fromkeys(content)])
    already = [before[key] for key in dict.fromkeys(content) if key in before]
    return Withdrawal(
        file=place,
        new=tuple(new),
        already=tuple(already),
        near=near_copies(loaded, set(content)),
        runs=tuple(saw(splits, set(content))),
        unread=tuple(unread),
    )


def hash_of(name: str, loaded: Loaded, splits: Mapping[Path, pa.Table]) -> str:
    """The content hash that a hash, an id or a path means, in the data or else in a run; UsageError if nowhere."""
    tables = [loaded.dataset.table, *splits.values()]
    wanted = {name, *([inside] if (inside := inside_of(name, loaded.dataset.root)) else [])}
    for column in ("hash", "id", "path"):
        for table in tables:
            found = {
                key
                for key, value in zip(*(table.column(c).to_pylist() for c in ("hash", column)), strict=True)
                if value in wanted
            }
            if len(found) > 1:
                raise UsageError(
                    f"{name!r} names {len(found)} different images in the runs; give the content hash of the right one"
                )
            if found:
                return str(found.pop())
    known = [*loaded.dataset.column("path").tolist(), *loaded.dataset.column("id").tolist()]
    raise UsageError(
        f"no example of {loaded.path} and none of a run has the content hash, id or path {name!r}"
        f"{nearest_names(name, known)}"
    )


def inside_of(name: str, root: Path) -> str | None:
    """A path on the disk as the data name it, seen from their folder; None if it lies elsewhere."""
    try:
        return Path(name).resolve().relative_to(root.resolve()).as_posix()
    except (OSError, ValueError):
        return None


def first_paths(dataset: Dataset, splits: Mapping[Path, pa.Table]) -> dict[str, str]:
    """A path for each content: in the data, or where a run had seen it."""
    paths: dict[str, str] = {}
    for table in (dataset.table, *splits.values()):
        for key, path in zip(*(table.column(name).to_pylist() for name in ("hash", "path")), strict=True):
            paths.setdefault(key, path)
    return paths


def near_copies(loaded: Loaded, content: set[str]) -> tuple[str, ...]:
    """Paths of other images of the data that show the same picture in other bytes: they were not withdrawn."""
    cluster, hashes = np.asarray(loaded.duplicates.cluster), loaded.dataset.column("hash")
    taken = np.isin(hashes.astype(str), sorted(content))
    near = np.isin(cluster, cluster[taken]) & ~taken
    return tuple(str(path) for path in loaded.dataset.column("path")[near])


def splits_below(parent: Path) -> tuple[dict[Path, pa.Table], list[str]]:
    """The splits of every run below a folder, and the names of those that can't be read."""
    found: dict[Path, pa.Table] = {}
    unread = []
    patterns = ["/".join(["*"] * depth + ["splits.parquet"]) for depth in range(DEPTH)]
    for path in sorted({file for pattern in patterns for file in parent.glob(pattern)}):
        if not (path.parent / "recipe.json").exists():  # data that were checked, without a model
            continue
        try:
            found[path.parent] = pq.read_table(path, columns=["hash", "id", "path", "split"])
        except (pa.ArrowException, OSError, KeyError):
            unread.append(str(path))
    return found, unread


def saw(splits: Mapping[Path, pa.Table], content: set[str]) -> list[Seen]:
    """The runs that hold one of the contents, with its paths there by split."""
    found = []
    for run, table in splits.items():
        rows = zip(*(table.column(name).to_pylist() for name in ("hash", "split", "path")), strict=True)
        where: dict[str, list[str]] = {}
        for key, split, path in rows:
            if key in content:
                where.setdefault(split, []).append(path)
        if where:
            found.append(Seen(run, {split: tuple(where[split]) for split in SPLITS if split in where}))
    return found


def inspect(
    data: str | Path, *, say: Say | None = None, read: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What is known of whose the images are: the ledger's summary, its columns, and what was withdrawn, by name."""
    loaded = load(data, fewest_labels=1, say=say or Quiet(), **dict(read or {}))
    dataset = loaded.dataset
    columns = {role: dataset.columns[role] for role in LEDGER if role in dataset.columns}
    return {
        "data": str(data),
        "examples": len(dataset),
        "columns": columns,
        "ledger": ledger.summary(dataset),
        "withdrawn": [[r.where, r.what] for r in dataset.remarks if r.kind == "withdrawn"],
        "refused": [[r.where, r.what] for r in dataset.remarks if r.kind == "consent"],
    }
