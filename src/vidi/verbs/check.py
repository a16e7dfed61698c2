"""What is in the data, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vidi.core.dataset import Remark
from vidi.core.errors import UsageError
from vidi.core.files import cannot_write
from vidi.core.progress import Quiet, Say
from vidi.core.run_folder import RunFolder
from vidi.evaluation.features import weights_key
from vidi.verbs.against import contradicted, in_doubt
from vidi.verbs.assess import described
from vidi.verbs.doubtful import pictures
from vidi.verbs.findings import cheap, not_asked, thorough
from vidi.verbs.load import Loaded, default_backbone, load

MOST_NAMED = 100  # suspects that become remarks


@dataclass(frozen=True)
class Checked:
    """The loaded data, its description (counts, sizes, and what each audit found), and where that was written."""

    loaded: Loaded
    content: dict[str, Any]
    folder: Path | None = None


def check(
    path: str | Path,
    *,
    similar: bool = True,
    against: Sequence[str | Path] = (),
    seed: int = 0,
    out: str | Path | None = None,
    say: Say | None = None,
    **read: Any,
) -> Checked:
    """Open every image; look for copies, leaks, wrong labels, shortcuts, outliers and imbalance. No image is changed.

    `similar` also passes every image through the embedded network: near copies are found by its features too, labels
    that they contradict, and images unlike the rest. With `out` that folder gets results.json, splits.parquet,
    datasheet.md and croissant.json. Raises UsageError if nothing can be read, or if `out` holds something else.
    """
    say = say or Quiet()
    folder = None if out is None else checked_folder(Path(out))
    loaded = opened(path, similar=similar, seed=seed, say=say, **read)
    features = None
    if similar:
        backbone = default_backbone()
        features = loaded.features(backbone, weights_key(backbone), np.arange(len(loaded)))
    found = cheap(loaded, seed=seed) | thorough(loaded, features, seed=seed, say=say)
    found |= contradicted(loaded, against, seed=seed, say=say)
    found["not_asked"] = not_asked(loaded, similar=similar, against=bool(against))
    loaded = loaded.remarked(suspicions(found))
    content = described(loaded.dataset, exact=loaded.duplicates.exact, near=loaded.duplicates.near)
    content |= {"task": loaded.dataset.task, **found}
    if folder is not None:
        written(folder, loaded, content)
    return Checked(loaded, content, None if folder is None else folder.path)


def opened(path: str | Path, **options: Any) -> Loaded:
    """The data; where nothing can be trained on it (one label, nothing to hold out) without splits, and why."""
    try:
        return load(path, **options)
    except UsageError as refused:
        loaded = load(path, fewest_labels=1, **options)  # raises the same again if it cannot be read at all
        return loaded.remarked([Remark("no training", "", str(refused))])


def suspicions(found: dict[str, Any]) -> list[Remark]:
    """A remark for each suspected label; of very many, how many more there are."""
    for key in ("object_errors", "region_errors"):
        if key in found:
            return in_doubt(found[key])
    entry = found.get("label_errors")
    if entry is None:
        return []
    named = [Remark("label", each["path"], in_words(each)) for each in entry["suspects"][:MOST_NAMED]]
    more = entry["count"] - len(named)
    return [*named, *([Remark("label", "", f"and {more:,} more")] if more else [])]


def in_words(suspect: dict[str, Any]) -> str:
    return (
        f"labelled {suspect['given']}, looks like {suspect['suggested']} "
        f"(its label has probability {suspect['score']:.2g})"
    )


def checked_folder(path: Path) -> RunFolder:
    """The folder to write to: new, empty, or of an earlier check; raises UsageError if it holds anything else."""
    if path.exists() and not path.is_dir():
        raise UsageError(f"--out wants a folder; {path} is a file")
    if path.is_dir() and any(path.iterdir()):
        if (path / "recipe.json").exists() or not (path / "results.json").exists():
            raise UsageError(
                f"--out wants a new folder or that of an earlier check; {path} holds other files"
            )
        RunFolder(path).read("results.json", "check")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    return RunFolder(path)


def written(folder: RunFolder, loaded: Loaded, content: dict[str, Any]) -> None:
    """results.json and the papers of the data, sealed: what an author answers later is put beside nothing else."""
    from vidi.documents.papers import write_for_data

    folder.unseal()
    folder.write("results.json", "check", content)
    write_for_data(folder, loaded.dataset, thumbnail=pictures(loaded, content))
    folder.seal()
