"""What the readers of annotated layouts share: splits by folder, options that do not apply, rows and the listing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from vidi.core.annotations import Annotation, Scheme
from vidi.core.dataset import Listing, ReadOptions
from vidi.core.errors import UsageError, nearest_names
from vidi.data.beside import Beside, beside
from vidi.data.cells import attribute_names, values_of
from vidi.data.listing import Remarks, Walked, example, remark_skipped, split_in, split_of


def folder_split(file: str) -> str | None:
    """The split of the first folder that is named like one, as `train`, `val2017` and `training_set` are."""
    return next(
        (split for part in file.split("/")[:-1] if (split := split_of(part) or split_in(part)) is not None),
        None,
    )


def clean(label: str) -> str:
    """A class's name that can stand in a list joined by `|`."""
    return " ".join(label.replace("|", "/").split())


def attribute_columns(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """What the source says of its images, as attributes: their names, and each image's values."""
    names = attribute_names(list(dict.fromkeys(name for row in rows for name in row)))
    names = {name: f"given_{each}" if each == "annotation" else each for name, each in names.items()}
    columns = {names[name]: values_of([row.get(name) for row in rows]) for name in names}
    return tuple(columns), [{name: columns[name][place] for name in columns} for place in range(len(rows))]


def listing(
    root: Path,
    layout: str,
    walked: Walked,
    used: set[str],
    drawn: Mapping[str, Annotation],
    scheme: Scheme,
    remarks: Remarks,
    options: ReadOptions,
    *,
    splits: Mapping[str, str | None],
    targets: Mapping[str, str] | None = None,
    given: Mapping[str, Mapping[str, Any]] | None = None,
) -> Listing:
    """A row for each image that has an annotation. `used` are the other files that were read; a table beside the images
    gives attributes, and a split if it is asked for."""
    files = sorted(drawn)
    names, values = attribute_columns([dict((given or {}).get(file, {})) for file in files])
    table = beside(root, walked, replace(options, target=None, image=options.image), remarks)
    known = (*names, *(name for name in table.attributes if name not in names and name != "annotation"))
    refuse_unknown(options, known, table, layout)
    rows = []
    for file, own in zip(files, values, strict=True):
        said = table.values.get(file, {})
        target = targets[file] if targets is not None else labels_joined(drawn[file])
        split = table.split.get(file) if table.split else splits.get(file)
        attributes = {name: own.get(name, said.get(name)) for name in known}
        rows.append(
            example(file, target=target, split=split, attributes=attributes) | {"annotation": drawn[file]}
        )
    if not rows:
        raise UsageError(
            f"an image with an annotation was wanted; {root} (read as {layout}) has none{remarks.first()}"
        )
    remark_skipped([name for name in table.unused if name not in used], remarks)
    columns = {**table.columns}
    if options.group:
        columns["group"] = table.names.get(options.group, options.group)
    return Listing(root, layout, rows, known, remarks.all(), columns, scheme)


def labels_joined(annotation: Annotation) -> str:
    """The labels of an image's objects, joined by `|`."""
    return "|".join(sorted({each.label for each in annotation.objects}))


def refuse_unknown(options: ReadOptions, known: Sequence[str], table: Beside, layout: str) -> None:
    """An option that names a column nobody has is refused; so is a target, which is what is drawn."""
    if options.target is not None:
        raise UsageError(
            f"--target names a column to learn; in the layout {layout} what is drawn is learnt: leave it out, or pass "
            "the table itself"
        )
    names = sorted({*known, *table.names})
    for flag, asked in (("group", options.group), ("split", options.split)):
        if asked is not None and asked not in names:
            has = f"has {', '.join(names)}" if names else "has no columns beside its annotations"
            raise UsageError(
                f"--{flag} {asked!r} is no column here: the data {has}{nearest_names(asked, names)}"
            )


def counted(remarks: Remarks, kind: str, files: Sequence[str], what: str) -> None:
    """One remark for files that are alike."""
    if files:
        shown = ", ".join(files[:3]) + (", …" if len(files) > 3 else "")
        remarks.add(kind, shown if len(files) < 4 else f"{len(files):,} images: {shown}", what)
