"""What is in the data, and what is wrong with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi.core.progress import Say
from vidi.verbs.assess import described
from vidi.verbs.load import Loaded, load


@dataclass(frozen=True)
class Checked:
    """The loaded data and its description: counts, sizes, copies, remarks."""

    loaded: Loaded
    content: dict[str, Any]


def check(
    path: str | Path, *, similar: bool = True, seed: int = 0, say: Say | None = None, **read: Any
) -> Checked:
    """Open every image, look for copies and for trouble with labels and splits; nothing is changed or written.

    `similar` also compares features of the embedded network. Raises UsageError if nothing can be used.
    """
    loaded = load(path, similar=similar, seed=seed, say=say, **read)
    return Checked(
        loaded, described(loaded.dataset, exact=loaded.duplicates.exact, near=loaded.duplicates.near)
    )
