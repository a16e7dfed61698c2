"""What is drawn on images, back from the Parquet files that vidi wrote. They may come from anybody by now."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vidi.core.annotations import COLUMN, TYPE, Annotation, Category, Scheme, from_arrow
from vidi.core.errors import UsageError
from vidi.core.files import inside
from vidi.data.listing import Remarks


def scheme_of(path: Path) -> Scheme | None:
    """What may be drawn, as the file's metadata has it; None if nothing is. Raises UsageError if it is damaged."""
    import pyarrow.parquet as pq

    told = (pq.read_schema(path).metadata or {}).get(b"vidi")
    if told is None:
        return None
    try:
        return _scheme(json.loads(told)["scheme"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"{path} says what is drawn in a way that vidi does not write; write it again"
        ) from error


def _scheme(told: Mapping[str, Any]) -> Scheme:
    categories = tuple(
        Category(
            str(each["name"]),
            int(each["number"]),
            None if each["above"] is None else str(each["above"]),
            tuple(map(str, each["keypoints"])),
            tuple((int(a), int(b)) for a, b in each["skeleton"]),
        )
        for each in told["categories"]
    )
    mask = told["mask"]
    if mask not in ("index", "colour", None) or not categories:
        raise ValueError("not a scheme")
    return Scheme(
        categories, tuple(map(str, told["tasks"])), mask, tuple(map(int, told["ignore"])), dict(told["more"])
    )


def annotations_of(root: Path, name: str, scheme: Scheme, remarks: Remarks) -> list[Annotation]:
    """The annotation of every row; what is of no class, or outside of the folder, is left out and said."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        column = pq.read_table(root / name, columns=[COLUMN]).column(0)
    except (pa.ArrowException, OSError, IndexError) as error:
        raise UsageError(
            f"{name} has no annotations that can be read; write it again from its source"
        ) from error
    if column.type != TYPE:
        raise UsageError(
            f"{name} has annotations of another form than vidi writes; write it again from its source"
        )
    found = []
    for row, value in enumerate(column):
        annotation = from_arrow(value)
        where = f"{name}, row {row}"
        objects = tuple(
            each for each in annotation.objects if usable(root, each.label, each.file, scheme, where, remarks)
        )
        mask = annotation.mask
        if mask is not None and inside(root, mask) is None:
            remarks.add("outside", where, "its mask is outside of the folder; left out")
            mask = None
        found.append(Annotation(objects, mask, content=value["digest"].as_py()))
    return found


def usable(root: Path, label: str, file: str | None, scheme: Scheme, where: str, remarks: Remarks) -> bool:
    if label not in scheme.labels:
        remarks.add("annotation", where, f"an object's class {label[:60]!r} is none of the set's; left out")
        return False
    if file is not None and inside(root, file) is None:
        remarks.add("outside", where, "an object's mask is outside of the folder; left out")
        return False
    return True
