"""Images of a dataset's rows as uint8 squares: decoded once, then read from the cache."""

import hashlib
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vidi.core.dataset import Dataset
from vidi.core.device import processors
from vidi.core.errors import UsageError
from vidi.core.progress import Quiet, Say
from vidi.data.decode import Unreadable, decode, read_bytes
from vidi.data.store import Cache, Store
from vidi.ops.perceptual_hash import THUMBNAIL_PX, thumbnail
from vidi.ops.resize import resize

BLOCK, BLOCK_BYTES = (
    256,
    16 << 20,
)  # images to a task: enough that handing over costs nothing, not too many to hold
THUMBNAILS = f"thumbnails-{THUMBNAIL_PX}"
A = TypeVar("A")
B = TypeVar("B")


def pixels_store(size_px: int, fit: str) -> str:
    """The name of the store where images of this size are kept."""
    return f"pixels-{size_px}-{fit}"


def block_of(shape: tuple[int, ...]) -> int:
    """How many images of `shape` are worked on together."""
    return max(8, min(BLOCK, BLOCK_BYTES // max(1, int(np.prod(shape)))))


def square(content: bytes, *, size_px: int, fit: str = "squash") -> UInt8[np.ndarray, "s s 3"]:
    """An image file's content as a square; raises Unreadable. Large JPEGs are decoded at a reduced scale."""
    return resize(decode(content, at_least_px=size_px).image, size_px=size_px, fit=fit)


def in_threads(work: Callable[[A], B], items: Iterable[A], *, threads: int | None = None) -> Iterator[B]:
    """`work` of each item, in order, from a pool that is never more than two items a thread ahead."""
    threads = threads or processors()
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[B]] = deque()
        source = iter(items)
        try:
            for item in itertools.islice(source, 2 * threads):
                waiting.append(pool.submit(work, item))
            while waiting:
                done = waiting.popleft().result()
                for item in itertools.islice(source, 1):
                    waiting.append(pool.submit(work, item))
                yield done
        finally:
            for future in waiting:
                future.cancel()


def contents(root: Path, rows: Iterable[Mapping[str, Any]], column: str) -> Iterator[bytes | Unreadable]:
    """Each row's bytes, or why there are none. `column` is a Parquet file's column of images.

    Rows of one Parquet file that follow each other are read together.
    """
    for (file, packed), group in itertools.groupby(rows, key=lambda r: (r["file"], r["row"] is not None)):
        if packed:
            yield from packed_contents(root, file, column, [int(row["row"]) for row in group])
        else:
            for row in group:
                try:
                    yield read_bytes(root, file, row["offset"], row["length"])
                except Unreadable as error:
                    yield error


def packed_contents(root: Path, file: str, column: str, rows: list[int]) -> Iterator[bytes | Unreadable]:
    """The same inside one Parquet file; if it breaks off, its remaining rows say why."""
    from vidi.data.parquet_rows import read_rows

    source, given = read_rows(root, file, column, rows), 0
    try:
        for content in source:
            given += 1
            yield content
    except (Unreadable, OSError) as error:
        for _ in rows[given:]:
            yield error if isinstance(error, Unreadable) else Unreadable(str(error))


@dataclass(frozen=True)
class DatasetPixels:
    """The dataset's images at any size (core.job.Pixels), from the cache or decoded in parallel and kept there."""

    dataset: Dataset
    cache: Cache = field(default_factory=Cache)
    say: Say = field(default_factory=Quiet)

    def __call__(
        self, rows: NDArray[np.int64], *, size_px: int, fit: str = "squash"
    ) -> UInt8[np.ndarray, "n s s 3"]:
        """(len(rows), size_px, size_px, 3); raises UsageError if a file has gone or changed since the scan."""
        return self._kept(
            rows,
            self.cache.store(pixels_store(size_px, fit)),
            shape=(size_px, size_px, 3),
            make=lambda content: square(content, size_px=size_px, fit=fit),
        )

    def whole(self, row: int) -> UInt8[np.ndarray, "h w 3"]:
        """One image as it is, not kept; raises UsageError if its file has gone or changed since the scan."""
        wanted = self.dataset.table.slice(row, 1).to_pylist()
        found = contents(self.dataset.root, wanted, self.dataset.columns.get("image", "image"))
        return made(lambda content: decode(content).image, next(found), wanted[0])

    def thumbnails(self, rows: NDArray[np.int64] | None = None) -> UInt8[np.ndarray, "n 32 32"]:
        """Grey pictures of 32 x 32 for the near-duplicate search; of all rows by default."""
        return self._kept(
            np.arange(len(self.dataset)) if rows is None else rows,
            self.cache.store(THUMBNAILS),
            shape=(THUMBNAIL_PX, THUMBNAIL_PX),
            make=lambda content: thumbnail(decode(content, at_least_px=THUMBNAIL_PX).image),
        )

    def _kept(
        self,
        rows: NDArray[np.int64],
        store: Store,
        *,
        shape: tuple[int, ...],
        make: Callable[[bytes], UInt8[np.ndarray, "..."]],
    ) -> UInt8[np.ndarray, "..."]:
        if not len(rows):
            return np.zeros((0, *shape), dtype=np.uint8)
        keys = [str(key) for key in self.dataset.column("hash")[rows]]
        missing = store.missing(keys)
        if len(missing) and store.writable:
            unique = missing[np.unique([keys[place] for place in missing], return_index=True)[1]]
            unique.sort()
            with store.writer(shape, np.uint8) as writer:
                for places, block in self._blocks(rows, unique, shape, make):
                    writer.add([keys[place] for place in places], block)
            missing = store.missing(keys)
        if not len(missing):
            return store.get(keys)
        images = np.empty((len(rows), *shape), dtype=np.uint8)  # the disk took nothing: all of it in memory
        for places, block in self._blocks(rows, np.arange(len(rows)), shape, make):
            images[places] = block
        return images

    def _blocks(
        self,
        rows: NDArray[np.int64],
        places: NDArray[np.int64],
        shape: tuple[int, ...],
        make: Callable[[bytes], UInt8[np.ndarray, "..."]],
    ) -> Iterator[tuple[NDArray[np.int64], UInt8[np.ndarray, "..."]]]:
        """Images for `places` of `rows`, a block at a time."""
        table = self.dataset.table.select(["path", "file", "offset", "length", "row", "hash"])
        column = self.dataset.columns.get("image", "image")
        done = 0

        def prepared(part: NDArray[np.int64]) -> UInt8[np.ndarray, "..."]:
            wanted = table.take(rows[part]).to_pylist()
            found = contents(self.dataset.root, wanted, column)
            return np.stack([made(make, content, row) for content, row in zip(found, wanted, strict=True)])

        size = block_of(shape)
        parts = [places[start : start + size] for start in range(0, len(places), size)]
        for part, block in zip(parts, in_threads(prepared, parts), strict=True):
            done += len(part)
            self.say.track("decoding", done, len(places))
            yield part, block


def made(
    make: Callable[[bytes], UInt8[np.ndarray, "..."]], content: bytes | Unreadable, row: Mapping[str, Any]
) -> UInt8[np.ndarray, "..."]:
    """`make(content)`, if that is still what was scanned: other pixels under its hash would spoil the cache."""
    try:
        if isinstance(content, Unreadable):
            raise content
        if hashlib.sha256(content).hexdigest() != row["hash"]:
            raise Unreadable("its content has changed")
        return make(content)
    except Unreadable as error:
        raise UsageError(
            f"{row['path']} could be read when the data was scanned and cannot be now ({error}); "
            "restore it or start again"
        ) from error
