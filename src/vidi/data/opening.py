"""Every image file of a listing opened once, in parallel: hashed, decoded, measured; thumbnails and pixels kept."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vidi.core.dataset import Listing, Remark
from vidi.core.progress import Say
from vidi.data.decode import Unreadable, decode
from vidi.data.pixels import THUMBNAILS, block_of, contents, in_threads, pixels_store
from vidi.data.store import Cache, Store
from vidi.ops.perceptual_hash import THUMBNAIL_PX, luma, perceptual_hash
from vidi.ops.resize import resize

SMALLEST_DECODE_PX = 64  # twice the thumbnail's side, so that it is still averaged from what was decoded
NAMED = 3  # of many alike, so many are named
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


def together(names: Sequence[str], count: int) -> str:
    """`12,345 images: a.png, b.png, c.png, …`; one name alone is just that."""
    if count == 1:
        return names[0]
    return f"{count:,} images: {', '.join(names[:NAMED])}{', …' if count > NAMED else ''}"
