"""Slices that nobody named: traits of pixels and files, clusters of features, and every column of the data."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidi.audits import slices
from vidi.core.answers import Answers
from vidi.core.progress import Say
from vidi.data.cells import numbers_of
from vidi.data.predictions import IDS
from vidi.data.traits import traits
from vidi.evaluation.features import weights_key
from vidi.ops.clusters import clusters, how_many
from vidi.ops.pixel_traits import TRAITS, pixel_traits
from vidi.verbs.load import SIZE_PX, default_backbone
from vidi.verbs.pictures import Pictures

MOST_VALUES = 12  # of a column of numbers that are names of levels rather than amounts
BLOCK = 256  # images held at once
FEWEST = 2 * slices.SMALLEST


def sliced(
    answers: Answers, behind: Pictures | None, *, without: Sequence[str] = (), seed: int, say: Say
) -> dict[str, Any]:
    """`slices` and `slices_said` for audit.json. `behind` are the images, None for a table; columns `without` are none
    that slices are made of."""
    say(f"looking for slices among {len(answers):,} answers")
    columns = {
        name: column_of(values) for name, values in answers.attributes.items() if name not in (*without, *IDS)
    }
    if behind is not None and len(answers) >= FEWEST:
        columns |= of_images(behind, seed=seed)
    ids = np.asarray(answers.ids or [f"{row:09}" for row in range(len(answers))], dtype=object).astype(str)
    paths = ids if behind is None else behind.loaded.dataset.column("path")[behind.rows].astype(str)
    found = slices.audit(answers.correct, columns, ids=ids, group=answers.group, seed=seed)
    entries = [each.record() for each in found.found]
    for entry in entries:
        entry["paths"] = [str(paths[row]) for row in entry.pop("rows")]
    return {"slices": entries, "slices_said": list(found.sentences)}


def column_of(texts: NDArray[np.object_]) -> NDArray[Any]:
    """A column of amounts as numbers; of names, or of a few numbers, as it is."""
    numbers = numbers_of(texts, fewest=MOST_VALUES + 1)
    return texts if numbers is None else numbers


def of_images(behind: Pictures, *, seed: int) -> dict[str, NDArray[Any]]:
    """What is to be seen in the pixels, said by the files, and alike in the features of the embedded network."""
    loaded, rows = behind.loaded, behind.rows
    parts = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
    seen = np.concatenate([pixel_traits(np.asarray(loaded.pixels(part, size_px=SIZE_PX))) for part in parts])
    columns: dict[str, NDArray[Any]] = {
        name: seen[:, place].astype(np.float64) for place, name in enumerate(TRAITS)
    }
    width, height = (loaded.dataset.column(side)[rows].astype(np.float64) for side in ("width", "height"))
    told = traits(loaded.dataset, rows)
    columns |= {
        "size in pixels": width * height,
        "width by height": width / height,
        "bytes by pixel": np.array([each.bytes for each in told]) / (width * height),
        "camera": np.array([each.camera or None for each in told], dtype=object),
    }
    backbone = default_backbone()
    features = np.array(loaded.features(backbone, weights_key(backbone), rows))
    ids, paths = (loaded.dataset.column(name)[rows].astype(str) for name in ("id", "path"))
    number, central = clusters(features, ids=ids, k=how_many(len(rows)), seed=seed)
    names = np.array([f"{place + 1}, like {paths[row]}" for place, row in enumerate(central)], dtype=object)
    return columns | {"cluster": names[number]}
