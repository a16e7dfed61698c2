"""Every image opened once: hashed, decoded, measured, and what is wrong with it said."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import UInt8

from vidi.core.annotations import COLUMN, to_arrow
from vidi.core.dataset import OWN_COLUMNS, Dataset, Listing, Remark
from vidi.core.errors import UsageError, nearest_names
from vidi.core.progress import Quiet, Say
from vidi.data.annotating import held_against_images, targets_of, task_for
from vidi.data.decode import Unreadable, decode
from vidi.data.pixels import THUMBNAILS, block_of, contents, in_threads, pixels_store
from vidi.data.store import Cache, Store
from vidi.ops.perceptual_hash import THUMBNAIL_PX, luma, perceptual_hash
from vidi.ops.resize import resize

SMALLEST_DECODE_PX = 64  # twice the thumbnail's side, so that it is still averaged from what was decoded
NAMED = 3  # of many alike, so many are named
LABELS_ONLY = ("classification", "multilabel")  # tasks that want nothing drawn
Row = Mapping[str, Any]


@dataclass
class Opened:
    """What one block of rows turned out to be; lists have one entry for each readable row."""

    rows: list[Row] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    notes: list[tuple[str, ...]] = field(default_factory=list)
    thumbnails: UInt8[np.ndarray, "n 32 32"] = field(default_factory=lambda: np.zeros((0, 32, 32), np.uint8))
    pixels: dict[str, UInt8[np.ndarray, "s s 3"]] = field(default_factory=dict)
    unreadable: list[Remark] = field(default_factory=list)


@dataclass
class Found:
    """What all blocks turned out to be, without any pixels."""

    rows: list[Row] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(
        default_factory=lambda: {name: [] for name in ("hash", "width", "height", "phash")}
    )
    notes: dict[str, list[str]] = field(default_factory=dict)
    noted: Counter[str] = field(default_factory=Counter)
    unreadable: list[Remark] = field(default_factory=list)

    def add(self, block: Opened) -> None:
        self.rows += block.rows
        self.unreadable += block.unreadable
        self.columns["hash"] += block.hashes
        self.columns["width"] += [width for width, _ in block.sizes]
        self.columns["height"] += [height for _, height in block.sizes]
        self.columns["phash"] += perceptual_hash(block.thumbnails).tolist()
        for row, notes in zip(block.rows, block.notes, strict=True):
            for note in notes:
                self.noted[note] += 1
                if self.noted[note] <= NAMED:
                    self.notes.setdefault(note, []).append(row["path"])

    def remarks(self) -> list[Remark]:
        """The unreadable one by one; the converted together, with the first few names."""
        converted = [
            Remark("converted", together(names, self.noted[note]), note) for note, names in self.notes.items()
        ]
        return self.unreadable + converted


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
    say = say or Quiet()
    found = opened(listing, cache, size_px, fit, say)
    if not found.rows:
        raise UsageError(nothing(listing, found.unreadable))
    gone = set_aside(found, withdrawn)
    if len(gone) == len(found.rows):
        raise UsageError(f"all {len(gone):,} images in {listing.root} were withdrawn; nothing is left to use")
    present = [place for place in range(len(found.rows)) if place not in gone]
    scheme = None if task in LABELS_ONLY else listing.scheme
    if scheme is None and task not in (*LABELS_ONLY, None):
        raise UsageError(
            f"the task {task} wants boxes, outlines or maps; {listing.root} (read as {listing.layout}) has labels only"
        )
    remarks = [*listing.remarks, *found.remarks()]
    remarks += [Remark("withdrawn", found.rows[place]["path"], why) for place, why in gone.items()]
    if scheme is not None:
        task = task_for(listing, scheme, task)
        labelled, annotations, noticed = held_against_images(
            listing, scheme, found.rows, found.columns["width"], found.columns["height"], present
        )
        remarks += noticed
        targets = [
            targets_of(each, found.rows[place]) for place, each in zip(labelled, annotations, strict=True)
        ]
        labels = scheme.labels
    else:
        labelled = [place for place in present if found.rows[place].get("target") not in (None, "")]
        if 0 < len(labelled) < len(present):
            kept = set(labelled)
            without = [found.rows[place]["path"] for place in present if place not in kept]
            remarks.append(Remark("no target", together(without, len(without)), "left out"))
        targets = [str(found.rows[place]["target"]) for place in labelled]
        task = task or ("multilabel" if any("|" in target for target in targets) else "classification")
        labels = labels_of(targets, several=task == "multilabel")
        if len(labels) < fewest_labels:
            raise UsageError(too_few(listing, labels, fewest_labels))
    table = table_of(found, labelled, targets, listing.attributes)
    if scheme is not None:
        table = table.append_column(COLUMN, to_arrow(annotations))
    return Dataset(
        name=name,
        root=listing.root,
        layout=listing.layout,
        table=table,
        labels=labels,
        task=task,
        attributes=tuple(listing.attributes),
        group=checked_group(listing, group),
        remarks=(*remarks, *rare(targets, several=task != "classification")),
        columns=listing.columns,
        scheme=scheme,
    )


def set_aside(found: Found, withdrawn: Callable[[Row, str], str | None] | None) -> dict[int, str]:
    """Why each withdrawn row is left out, by its place."""
    if withdrawn is None:
        return {}
    rows = enumerate(zip(found.rows, found.columns["hash"], strict=True))
    return {place: why for place, (row, content) in rows if (why := withdrawn(row, content)) is not None}


def opened(listing: Listing, cache: Cache | None, size_px: int | None, fit: str, say: Say) -> Found:
    """Read, hash and decode every row in parallel, and keep thumbnails and pixels as they come."""
    thumbnails = cache.store(THUMBNAILS) if cache else None
    pixels = cache.store(pixels_store(size_px, fit)) if cache and size_px else None
    for store in (thumbnails, pixels):
        if store:
            store.missing([])
    column = listing.columns.get("image", "image")
    size = block_of((size_px or THUMBNAIL_PX, size_px or THUMBNAIL_PX, 3))
    blocks = [listing.rows[start : start + size] for start in range(0, len(listing.rows), size)]
    found, done = Found(), 0
    with ExitStack() as stack:
        keep_thumbnails = Keeper(thumbnails, (THUMBNAIL_PX, THUMBNAIL_PX), stack)
        keep_pixels = Keeper(pixels, (size_px or 0, size_px or 0, 3), stack)

        def work(rows: Sequence[Row]) -> Opened:
            return open_block(listing, rows, column, size_px=size_px, fit=fit, pixels=pixels)

        for rows, block in zip(blocks, in_threads(work, blocks), strict=True):
            found.add(block)
            keep_thumbnails.add(zip(block.hashes, block.thumbnails, strict=True))
            keep_pixels.add(block.pixels.items())
            done += len(rows)
            say.track("reading", done, len(listing.rows))
    return found


def open_block(
    listing: Listing, rows: Sequence[Row], column: str, *, size_px: int | None, fit: str, pixels: Store | None
) -> Opened:
    """One block of rows, in one thread."""
    block, small = Opened(), []
    for row, content in zip(rows, contents(listing.root, rows, column), strict=True):
        try:
            if isinstance(content, Unreadable):
                raise content
            decoded = decode(content, at_least_px=max(SMALLEST_DECODE_PX, size_px or 0), name=name_of(row))
        except Unreadable as error:
            block.unreadable.append(Remark("unreadable", row["path"], str(error)))
            continue
        key = hashlib.sha256(content).hexdigest()
        block.rows.append(row)
        block.hashes.append(key)
        block.sizes.append((decoded.width, decoded.height))
        block.notes.append(decoded.notes)
        small.append(resize(decoded.image, size_px=THUMBNAIL_PX))
        if size_px and pixels is not None and key not in pixels:
            block.pixels[key] = resize(decoded.image, size_px=size_px, fit=fit)
    if small:
        block.thumbnails = luma(np.stack(small))
    return block


def name_of(row: Row) -> str | None:
    """The name whose suffix should say what the content is."""
    return row["path"] if row["row"] is None else None


class Keeper:
    """Writes what a store does not have yet; nothing without a store."""

    def __init__(self, store: Store | None, shape: tuple[int, ...], stack: ExitStack) -> None:
        self.store, self.seen = store, set[str]()
        self.writer = stack.enter_context(store.writer(shape, np.uint8)) if store else None

    def add(self, items: Any) -> None:
        if self.store is None or self.writer is None:
            return
        new = {key: image for key, image in items if key not in self.seen and key not in self.store}
        self.seen.update(new)
        if new:
            self.writer.add(list(new), np.stack(list(new.values())))


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


def natural(text: str) -> tuple[Any, ...]:
    """A sorting key: numbers first, by value; then text in which runs of digits count by their value."""
    if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
        return (0, float(text), text)
    pieces = (piece for piece in re.split(r"([0-9]+)", text.casefold()) if piece)
    return (
        1,
        *((0, int(p), "") if p.isascii() and p.isdigit() else (1, 0, p) for p in pieces),
        (-1, 0, text),
    )


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


def together(names: Sequence[str], count: int) -> str:
    """`12,345 images: a.png, b.png, c.png, …`; one name alone is just that."""
    if count == 1:
        return names[0]
    return f"{count:,} images: {', '.join(names[:NAMED])}{', …' if count > NAMED else ''}"


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
