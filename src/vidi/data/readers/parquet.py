"""Parquet shards with the images inside, as the hub writes them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from vidi.core.annotations import COLUMN, Scheme
from vidi.core.card import Card
from vidi.core.dataset import Listing, ReadOptions
from vidi.core.errors import UsageError, nearest_names
from vidi.data.cells import values_of
from vidi.data.joining import concatenated, placed_rows, roles_of
from vidi.data.listing import Remarks, example, existing, glance, remark_skipped, split_in, split_of, walk
from vidi.data.parquet_drawn import annotations_of, scheme_of
from vidi.data.parquet_rows import holds_bytes
from vidi.data.tables import Table

CARD = Card(
    title="Parquet shards",
    idea="Each row holds an image's bytes, its label (a number named in the schema, or text) and its metadata; the "
    "split is in the file's name.",
    paper="Hugging Face datasets, Image and ClassLabel features",
)

WANTED = "Parquet files with a column of image bytes were wanted"


def recognise(root: Path) -> float:
    """1 for a Parquet file with images inside, 0.95 for a folder of them (also one folder down, as in data/)."""
    if root.is_file():
        return 1.0 if root.suffix.lower() == ".parquet" and _image_columns(root) else 0.0
    if not root.is_dir():
        return 0.0
    seen = glance(root, depth=2)
    names = [name for name in seen.others if name.lower().endswith(".parquet")]
    names += [
        f"{folder}/{name}"
        for folder, each in seen.folders.items()
        for name in each.others
        if name.lower().endswith(".parquet")
    ]
    return 0.95 if any(_image_columns(root / name) for name in names[:5]) else 0.0


def _image_columns(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError, ValueError):
        return []
    return [field.name for field in schema if holds_bytes(field.type)]


def read(root: Path, *, options: ReadOptions) -> Listing:
    """Every row with a label; images stay in their files, named by `row`. Files that can't be read are remarked."""
    existing(root)
    remarks = Remarks()
    folder = root if root.is_dir() else root.parent
    others = [root.name] if root.is_file() else walk(root, remarks).others
    names = [name for name in others if name.lower().endswith(".parquet")]
    if not names:
        raise UsageError(f"{WANTED}; {root} holds none: pass the folder of the shards{remarks.first()}")
    columns = {name: _image_columns(folder / name) for name in names}
    image = _image(folder, columns, options.image)
    shards = []
    for name in names:
        if image not in columns[name]:
            remarks.add("unreadable", name, f"not a Parquet file with images in a column {image}; left out")
            continue
        shards.append((name, _metadata(folder / name, remarks)))
    table = concatenated([shard for _, shard in shards])
    scheme = scheme_of(folder / shards[0][0]) if shards else None
    if scheme is not None:
        return _drawn(folder, image, shards, table, scheme, remarks, options)
    options, table = _class_label(folder / shards[0][0], options, table)
    roles = roles_of(table, image, options, [])
    if roles.target is None:
        raise UsageError(
            f"which column of {shards[0][0]} is to be learnt? none of {', '.join(table.columns) or 'its columns'} "
            "looks like a target: say --target COLUMN"
        )
    places = [
        {"file": name, "path": f"{name}#{row}", "row": row, "split": _split(name)}
        for name, shard in shards
        for row in range(len(shard))
    ]
    rows = placed_rows(table, roles, places, remarks)
    if not rows:
        raise UsageError(f"{WANTED}, each with a target; {root} has none{remarks.first()}")
    remark_skipped([name for name in others if name not in columns], remarks)
    return Listing(folder, "parquet", rows, tuple(roles.attributes.values()), remarks.all(), roles.record())


def _drawn(
    folder: Path,
    image: str,
    shards: Sequence[tuple[str, Table]],
    table: Table,
    scheme: Scheme,
    remarks: Remarks,
    options: ReadOptions,
) -> Listing:
    """The rows of files that vidi wrote, with what is drawn on their images."""
    roles = roles_of(table, image, options, [], guess=False)
    kept = {name: each for name, each in roles.attributes.items() if name != "label"}
    values = {each: values_of(table.columns[name]) for name, each in kept.items()}
    rows, place = [], 0
    for name, shard in shards:
        found = annotations_of(folder, name, scheme, remarks)
        if len(found) != len(shard):
            raise UsageError(f"{name} has other annotations than rows; write it again from its source")
        for row, annotation in enumerate(found):
            attributes = {each: cells[place] for each, cells in values.items()}
            place += 1
            target = str(table.columns["label"][place - 1] or "") if "label" in table.columns else ""
            rows.append(
                example(
                    name,
                    path=f"{name}#{row}",
                    target=target,
                    split=_split(name),
                    row=row,
                    attributes=attributes,
                )
                | {"annotation": annotation}
            )
    return Listing(folder, "parquet", rows, tuple(values), remarks.all(), roles.record(), scheme)


def _split(name: str) -> str | None:
    """The split in a shard's name (data/train-00000-of-00002.parquet), else in a folder's (default/train/0.parquet)."""
    *folders, last = name.split("/")
    return split_in(last.rsplit(".", 1)[0]) or next(
        (split for part in folders if (split := split_of(part))), None
    )


def _image(folder: Path, columns: Mapping[str, Sequence[str]], asked: str | None) -> str:
    """The column of images that was asked for, or that is the only one, or is called image; else UsageError."""
    known = sorted({column for each in columns.values() for column in each})
    if asked is not None:
        if asked in known:
            return asked
        held = ", ".join(known) or "none"
        raise UsageError(f"--image wants a column of bytes; here {held}{nearest_names(asked, known)}")
    if not known:
        raise UsageError(f"{WANTED}; {folder} has none in {', '.join(sorted(columns)[:5])}")
    named = [name for name in ("image", "img", "images", "picture", "photo", "jpg") if name in known]
    if len(known) > 1 and not named:
        raise UsageError(f"one column of images was wanted; there are {', '.join(known)}: say --image COLUMN")
    return (named or known)[0]


def _metadata(path: Path, remarks: Remarks) -> Table:
    """Every column but bytes and deep ones (boxes, embeddings), class numbers replaced by their names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            plain = [field.name for field in file.schema_arrow if _is_plain(field.type)]
            ours = b"vidi" in (file.schema_arrow.metadata or {})
            for field in file.schema_arrow:
                if ours and field.name == COLUMN:
                    continue
                if not _is_plain(field.type) and not holds_bytes(field.type):
                    remarks.add(
                        "column", f"{path.name}, {field.name}", f"{field.type} is no attribute; left out"
                    )
            table = file.read(columns=plain)
            count = file.metadata.num_rows
            names = _class_names(file.schema_arrow)
    except (pa.ArrowException, OSError) as error:
        first = str(error).split("\n")[0]
        raise UsageError(
            f"{path} cannot be read ({first}); restore it from a copy or move it away"
        ) from error
    columns = {name: _named(table.column(name).to_pylist(), names.get(name)) for name in plain}
    return Table(path, columns, [f"{path.name}, row {row}" for row in range(count)])


def _is_plain(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return bool(pa.types.is_string(kind.value_type) or pa.types.is_integer(kind.value_type))
    return not (pa.types.is_nested(kind) or holds_bytes(kind) or pa.types.is_fixed_size_binary(kind))


def _class_names(schema: Any) -> dict[str, list[str]]:
    """The names of each ClassLabel column, also in a list, from the metadata that the hub's library writes."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    found = {}
    for column, feature in features.items() if isinstance(features, dict) else ():
        if isinstance(feature, list) and feature:
            feature = feature[0]
        if isinstance(feature, dict) and isinstance(feature.get("feature"), dict):
            feature = feature["feature"]
        if (
            isinstance(feature, dict)
            and feature.get("_type") == "ClassLabel"
            and isinstance(feature.get("names"), list)
        ):
            found[column] = [str(name) for name in feature["names"]]
    return found


def _named(cells: list[Any], names: Sequence[str] | None) -> list[Any]:
    """Class numbers as their names; those without one are missing, as -1 in the hub's test sets is."""
    if names is None:
        return cells

    def name(cell: Any) -> Any:
        if isinstance(cell, list):
            return [name(each) for each in cell]
        return names[cell] if isinstance(cell, int) and 0 <= cell < len(names) else None

    return [name(cell) for cell in cells]


def _class_label(path: Path, options: ReadOptions, table: Table) -> tuple[ReadOptions, Table]:
    """The options with the only ClassLabel column as target, where none was asked for."""
    import pyarrow.parquet as pq

    if options.target is None:
        labels = [name for name in _class_names(pq.read_schema(path)) if name in table.columns]
        if len(labels) == 1:
            return replace(options, target=labels[0]), table
    return options, table
