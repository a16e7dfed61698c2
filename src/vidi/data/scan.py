"""From a listing to a data set: every image opened once, those that teach something kept, the others remarked."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from vidi.core.annotations import COLUMN, Annotation, Scheme, to_arrow
from vidi.core.dataset import OWN_COLUMNS, Dataset, Listing, Remark
from vidi.core.errors import UsageError, nearest_names
from vidi.core.progress import Quiet, Say
from vidi.data.annotating import held_against_images, targets_of, task_for
from vidi.data.class_lists import natural
from vidi.data.opening import Found, Row, opened, together
from vidi.data.store import Cache

LABELS_ONLY = ("classification", "multilabel")  # tasks that want nothing drawn


def scan(
    listing: Listing,
    *,
    name: str,
    cache: Cache | None = None,
    size_px: int | None = None,
    fit: str = "squash",
    task: str | None = None,
    group: str | None = None,
    fewest_labels: int = 2,
    withdrawn: Callable[[Row, str], str | None] | None = None,
    say: Say | None = None,
) -> Dataset:
    """The readable, labelled rows with content hash, size and perceptual hash; the others are remarks.

    Where something is drawn on the images, those on which nothing is stay, and labels are in the scheme's order.
    With `size_px` the resized pixels go into the cache in the same pass, so each file is read and decoded once.
    `task` overrides what the targets look like (several labels joined by `|`: multilabel). `withdrawn` says of a row
    and its content hash why it is set aside, or None. Raises UsageError if nothing is readable, if all was withdrawn,
    or if there are fewer than `fewest_labels` labels.
    """
    found = opened(listing, cache, size_px, fit, say or Quiet())
    if not found.rows:
        raise UsageError(nothing(listing, found.unreadable))
    gone = set_aside(listing, found, withdrawn)
    present = [place for place in range(len(found.rows)) if place not in gone]
    scheme = None if task in LABELS_ONLY else listing.scheme
    if scheme is None and task not in (*LABELS_ONLY, None):
        raise UsageError(
            f"the task {task} wants boxes, outlines or maps; {listing.root} (read as {listing.layout}) has labels only"
        )
    taught = (
        named_targets(listing, found, present, task, fewest_labels)
        if scheme is None
        else drawn_targets(listing, scheme, found, present, task)
    )
    table = table_of(found, taught.places, taught.targets, listing.attributes)
    if taught.annotations is not None:
        table = table.append_column(COLUMN, to_arrow(taught.annotations))
    remarks = [*listing.remarks, *found.remarks()]
    remarks += [Remark("withdrawn", found.rows[place]["path"], why) for place, why in gone.items()]
    remarks += [*taught.remarks, *rare(taught.targets, several=taught.task != "classification")]
    return Dataset(
        name=name,
        root=listing.root,
        layout=listing.layout,
        table=table,
        labels=taught.labels,
        task=taught.task,
        attributes=tuple(listing.attributes),
        group=checked_group(listing, group),
        remarks=tuple(remarks),
        columns=listing.columns,
        scheme=scheme,
    )


def set_aside(
    listing: Listing, found: Found, withdrawn: Callable[[Row, str], str | None] | None
) -> dict[int, str]:
    """Why each withdrawn row is left out, by its place; raises UsageError where all are."""
    if withdrawn is None:
        return {}
    rows = enumerate(zip(found.rows, found.columns["hash"], strict=True))
    gone = {place: why for place, (row, content) in rows if (why := withdrawn(row, content)) is not None}
    if len(gone) == len(found.rows):
        raise UsageError(f"all {len(gone):,} images in {listing.root} were withdrawn; nothing is left to use")
    return gone


@dataclass(frozen=True)
class Taught:
    """The rows that teach something, by place: their targets, the labels and the task these are of, what is drawn on
    each (None: labels only), and what was noticed."""

    places: list[int]
    targets: list[str]
    labels: tuple[str, ...]
    task: str
    annotations: list[Annotation] | None
    remarks: tuple[Remark, ...]


def drawn_targets(
    listing: Listing, scheme: Scheme, found: Found, present: Sequence[int], task: str | None
) -> Taught:
    """Where something is drawn: the rows whose annotation fits their image."""
    task = task_for(listing, scheme, task)
    width, height = found.columns["width"], found.columns["height"]
    places, annotations, noticed = held_against_images(listing, scheme, found.rows, width, height, present)
    targets = [targets_of(each, found.rows[place]) for place, each in zip(places, annotations, strict=True)]
    return Taught(places, targets, scheme.labels, task, annotations, noticed)


def named_targets(
    listing: Listing, found: Found, present: Sequence[int], task: str | None, fewest_labels: int
) -> Taught:
    """Where images have labels: the rows that have one."""
    places = [place for place in present if found.rows[place].get("target") not in (None, "")]
    remarks = []
    if 0 < len(places) < len(present):
        kept = set(places)
        without = [found.rows[place]["path"] for place in present if place not in kept]
        remarks.append(Remark("no target", together(without, len(without)), "left out"))
    targets = [str(found.rows[place]["target"]) for place in places]
    task = task or ("multilabel" if any("|" in target for target in targets) else "classification")
    labels = labels_of(targets, several=task == "multilabel")
    if len(labels) < fewest_labels:
        raise UsageError(too_few(listing, labels, fewest_labels))
    return Taught(places, targets, labels, task, None, tuple(remarks))


def table_of(
    found: Found, keep: Sequence[int], targets: Sequence[str], attributes: Sequence[str]
) -> pa.Table:
    """The columns of OWN_COLUMNS and the attributes, for the rows in `keep`."""
    rows = [found.rows[place] for place in keep]
    columns = {name: [values[place] for place in keep] for name, values in found.columns.items()}
    texts = {name: [row.get(name) for row in rows] for name in ("path", "file", "split")}
    own = {
        "id": pa.array(list(identities(columns["hash"])), pa.string()),
        **{name: pa.array(values, pa.string()) for name, values in texts.items()},
        **{name: pa.array([r.get(name) for r in rows], pa.int64()) for name in ("offset", "length", "row")},
        "hash": pa.array(columns["hash"], pa.string()),
        "target": pa.array(targets, pa.string()),
        "width": pa.array(columns["width"], pa.int32()),
        "height": pa.array(columns["height"], pa.int32()),
        "phash": pa.array(columns["phash"], pa.uint64()),
    }
    table = {name: own[name] for name in OWN_COLUMNS}
    return pa.table(table | {name: attribute([row.get(name) for row in rows]) for name in attributes})


def identities(hashes: Sequence[str]) -> Iterator[str]:
    """The first 16 digits of each hash; further copies of the same content get -2, -3, ..."""
    count: Counter[str] = Counter()
    for key in hashes:
        short = key[:16]
        count[short] += 1
        yield short if count[short] == 1 else f"{short}-{count[short]}"


def attribute(values: Sequence[Any]) -> pa.Array:
    """A column of one type: what Arrow takes it for, else text."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def labels_of(targets: Sequence[str], *, several: bool) -> tuple[str, ...]:
    """Every label once, sorted as a person would: 2 before 10."""
    parts = {part for target in set(targets) for part in (target.split("|") if several else [target])}
    return tuple(sorted(parts - {""}, key=natural))


def rare(targets: Sequence[str], *, several: bool) -> list[Remark]:
    """A remark for each label that one image alone shows."""
    count = Counter(part for target in targets for part in (target.split("|") if several else [target]))
    count.pop("", None)
    return [
        Remark("rare class", label, "one image only: it can be learned from or tested on, not both")
        for label in sorted(count, key=natural)
        if count[label] == 1
    ]


def checked_group(listing: Listing, group: str | None) -> str | None:
    group = listing.columns.get("group", group)
    if group is None or group in listing.attributes:
        return group
    raise UsageError(
        f"a column {group!r} to group by was wanted; {listing.root} has {', '.join(listing.attributes) or 'none'}"
        + nearest_names(group, list(listing.attributes))
    )


def nothing(listing: Listing, unreadable: Sequence[Remark]) -> str:
    if not unreadable:
        return f"{listing.root} holds no images (read as {listing.layout}); give a folder or table with some"
    first = unreadable[0]
    return (
        f"none of the {len(unreadable):,} images in {listing.root} can be read; "
        f"the first, {first.where}, is {first.what}"
    )


def too_few(listing: Listing, labels: Sequence[str], fewest: int) -> str:
    if not labels:
        return f"the images in {listing.root} have no labels; put each class in a folder of its own or name a --target"
    return (
        f"at least {fewest} classes are needed to tell apart; {listing.root} (read as {listing.layout}) has only "
        f"{', '.join(map(repr, labels))}; put each class in a folder of its own or name another --target"
    )
