"""Arrays kept on disk by the content they were made from, so that nothing is computed twice.

A cache is a folder of stores; a store is a folder of shards; a shard is a folder with `data.npy` (one entry for
each key, memory-mapped) and `keys.npy`. A shard is written under a temporary name and renamed when it is whole:
whoever is killed leaves only rubbish that `clean` removes, and processes need no lock.
"""

import contextlib
import os
import shutil
import sys
import uuid
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from jaxtyping import Shaped, UInt8
from numpy.typing import DTypeLike, NDArray

from vidi.core.progress import Quiet, Say
from vidi.data.shards import (
    UNFINISHED,
    Shard,
    default_limit,
    key_bytes,
    make_room,
    npy_header,
    shards_in,
    size_bytes,
)

OPEN: "weakref.WeakSet[Store]" = weakref.WeakSet()  # whose shards this process uses


def cache_folder() -> Path:
    """`$VIDI_CACHE`, else `vidi` in the place where this platform keeps what may be deleted."""
    if os.environ.get("VIDI_CACHE"):
        return Path(os.environ["VIDI_CACHE"]).expanduser()
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"]) / "vidi"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "vidi"
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "vidi" / "cache"
    return Path.home() / ".cache" / "vidi"


@dataclass(eq=False)
class Store:
    """Equally shaped arrays by key (a SHA-256 in hex): what `missing` does not name, `get` returns.

    Where the disk takes nothing, `put` keeps the arrays in memory and says so once. `root` is the whole cache,
    which `limit_bytes` bounds; None means `default_limit`.
    """

    folder: Path
    root: Path | None = None
    limit_bytes: int | None = None
    say: Say = field(default_factory=Quiet)
    writable: bool = True

    def __post_init__(self) -> None:
        self.shards: list[Shard] = []
        self.known: set[str] = set()
        self.place: dict[bytes, tuple[int, int]] = {}
        OPEN.add(self)

    def __contains__(self, key: str) -> bool:
        """Whether it was kept at the last `missing`; safe to ask from many threads."""
        return bytes.fromhex(key) in self.place

    def missing(self, keys: Sequence[str]) -> NDArray[np.int64]:
        """Places in `keys` of what is not kept."""
        self._look()
        wanted = key_bytes(keys)
        return np.array(
            [i for i, key in enumerate(wanted) if key.tobytes() not in self.place], dtype=np.int64
        )

    def get(self, keys: Sequence[str]) -> Shaped[np.ndarray, "n ..."]:
        """The arrays of `keys`, in their order: a memory-mapped view where they lie so on disk, else a copy.

        Raises KeyError if one is not kept.
        """
        if not keys:
            return self.shards[0].data[:0] if self.shards else np.zeros((0,))
        places = np.array([self.place[key.tobytes()] for key in key_bytes(keys)])
        shard, row = places[:, 0], places[:, 1]
        first = self.shards[shard[0]].data
        if (shard == shard[0]).all() and (np.diff(row) == 1).all():
            return np.asarray(first[row[0] : row[0] + len(row)])
        gathered = np.empty((len(keys), *first.shape[1:]), dtype=first.dtype)
        for number in np.unique(shard):
            here = np.flatnonzero(shard == number)
            gathered[here] = self.shards[number].data[row[here]]
        return gathered

    def put(self, keys: Sequence[str], array: Shaped[np.ndarray, "n ..."]) -> None:
        """Keep one array for each key, as one shard."""
        with self.writer(array.shape[1:], array.dtype) as writer:
            writer.add(keys, array)
        if len(keys) and len(self.missing(keys)):
            self._register(Shard(self.folder / uuid.uuid4().hex, np.array(array), key_bytes(keys)))

    @contextlib.contextmanager
    def writer(self, shape: tuple[int, ...], dtype: DTypeLike) -> Iterator["Writer"]:
        """Takes any number of blocks and keeps them as one shard when the block ends without an error.

        Memory does not grow with what is written. Where the disk takes nothing, nothing is kept.
        """
        writer = Writer(self, tuple(shape), np.dtype(dtype))
        try:
            yield writer
            writer.finish()
        finally:
            writer.discard()

    def give_up(self, error: OSError) -> None:
        """From now on nothing is written: the results are the same, only slower to get."""
        if self.writable:
            self.say(f"the cache in {self.root or self.folder} is not used: {error.strerror or error}")
        self.writable = False

    def clean(self) -> None:
        """Remove every shard of this store."""
        self.shards, self.place, self.known = [], {}, set()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def size_bytes(self) -> int:
        return size_bytes(self.folder)

    def _look(self) -> None:
        """Take in the shards that have appeared since the last look; drop the damaged ones."""
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except OSError:
            return
        for name in names:
            if name in self.known or name.startswith(UNFINISHED):
                continue
            self.known.add(name)
            shard = Shard.open(self.folder / name)
            shapes = {shard.data.shape[1:] for shard in self.shards[:1]}
            if shard is None or (shapes and shard.data.shape[1:] not in shapes):
                self.say(f"a damaged piece of the cache was dropped: {self.folder / name}")
                shutil.rmtree(self.folder / name, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.utime(shard.path)
                self._register(shard)

    def _register(self, shard: Shard) -> None:
        number = len(self.shards)
        self.shards.append(shard)
        self.known.add(shard.path.name)
        for row, key in enumerate(shard.keys):
            self.place.setdefault(key.tobytes(), (number, row))

    def _make_room(self) -> None:
        root = self.root or self.folder
        limit = default_limit(root) if self.limit_bytes is None else self.limit_bytes
        make_room(root, limit_bytes=limit, keep={shard.path for store in OPEN for shard in store.shards})


class Writer:
    """A shard in the making; plain writes, because a memory map on a full disk kills the process."""

    def __init__(self, store: Store, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.store, self.shape, self.dtype = store, shape, dtype
        self.keys: list[UInt8[np.ndarray, "n 32"]] = []
        self.path = store.folder / f"{UNFINISHED}{uuid.uuid4().hex}"
        self.stream: IO[bytes] | None = None

    def add(self, keys: Sequence[str], block: Shaped[np.ndarray, "n ..."]) -> None:
        """Append one array for each key."""
        if block.shape != (len(keys), *self.shape) or block.dtype != self.dtype:
            raise ValueError(
                f"{len(keys)} arrays of {self.shape} {self.dtype} were wanted; got {block.shape} {block.dtype}"
            )
        if not self.store.writable or not len(keys):
            return
        try:
            if self.stream is None:
                self.path.mkdir(parents=True)
                self.stream = (self.path / "data.npy").open("wb")
                self.stream.write(npy_header(0, self.shape, self.dtype))
            self.stream.write(np.ascontiguousarray(block).data)
            self.keys.append(key_bytes(keys))
        except OSError as error:
            self.store.give_up(error)
            self.discard()

    def finish(self) -> None:
        """Make the shard appear."""
        if self.stream is None:
            return
        keys = np.concatenate(self.keys)
        try:
            self.stream.seek(0)
            self.stream.write(npy_header(len(keys), self.shape, self.dtype))
            self.stream.flush()
            os.fsync(self.stream.fileno())
            self.stream.close()
            np.save(self.path / "keys.npy", keys, allow_pickle=False)
            final = self.path.with_name(self.path.name.removeprefix(UNFINISHED))
            self.path.rename(final)
        except OSError as error:
            self.store.give_up(error)
            return
        self.stream = None
        self.store._look()
        self.store._make_room()

    def discard(self) -> None:
        """Leave nothing behind; does nothing after `finish`."""
        if self.stream is not None:
            with contextlib.suppress(OSError):
                self.stream.close()
            self.stream = None
            shutil.rmtree(self.path, ignore_errors=True)
        self.keys = []


@dataclass(frozen=True)
class Cache:
    """The folder of all stores; None for `limit_bytes` means `default_limit`."""

    root: Path = field(default_factory=cache_folder)
    limit_bytes: int | None = None
    say: Say = field(default_factory=Quiet)

    def store(self, name: str) -> Store:
        """The store of one kind of array, named like a file."""
        return Store(self.root / name, root=self.root, limit_bytes=self.limit_bytes, say=self.say)

    def clean(self) -> None:
        """Remove every shard of every store, and nothing else that may lie in the folder."""
        for path, _, _ in list(shards_in(self.root)):
            shutil.rmtree(path, ignore_errors=True)

    @property
    def size_bytes(self) -> int:
        return size_bytes(self.root)
