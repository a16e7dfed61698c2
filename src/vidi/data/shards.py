"""Pieces of a store on disk: how one is opened, what all of them take, which are removed when room is wanted.

A shard is a folder with `data.npy` (one entry for each key, memory-mapped) and `keys.npy`, under a temporary name until
it is whole.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped, UInt8

KEY_BYTES = 32  # a SHA-256
UNFINISHED = ".unfinished-"
ABANDONED_SECONDS = 24 * 3600
LARGEST_BYTES = 20 << 30


def key_bytes(keys: Sequence[str]) -> UInt8[np.ndarray, "n 32"]:
    """SHA-256 sums in hex as rows of bytes."""
    joined = bytes.fromhex("".join(keys))
    if len(joined) != KEY_BYTES * len(keys):
        raise ValueError("a store's keys are SHA-256 sums of 64 hex digits each")
    rows: UInt8[np.ndarray, "n 32"] = np.frombuffer(joined, dtype=np.uint8).reshape(-1, KEY_BYTES)
    return rows


@dataclass(frozen=True)
class Shard:
    """One finished piece of a store."""

    path: Path
    data: Shaped[np.ndarray, "n ..."]
    keys: UInt8[np.ndarray, "n 32"]

    @staticmethod
    def open(path: Path) -> "Shard | None":
        """The shard, or None if it is damaged: too short, not an array, or of another length than its keys."""
        try:
            data = np.load(path / "data.npy", mmap_mode="r", allow_pickle=False)
            keys = np.load(path / "keys.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError, SyntaxError):
            return None
        whole = keys.ndim == 2 and keys.shape[1] == KEY_BYTES and keys.dtype == np.uint8
        return Shard(path, data, keys) if whole and data.ndim >= 1 and len(data) == len(keys) else None


def shards_in(root: Path) -> Iterator[tuple[Path, int, float]]:
    """Every shard below `root`, finished or not: its folder, its bytes, when it was last used (seconds)."""
    for folder, _, names in os.walk(root):
        if "data.npy" in names or Path(folder).name.startswith(UNFINISHED):
            with contextlib.suppress(OSError):
                place = Path(folder)
                yield place, sum((place / name).stat().st_size for name in names), place.stat().st_mtime


def size_bytes(root: Path) -> int:
    """What the cache takes on disk."""
    return sum(size for _, size, _ in shards_in(root))


def default_limit(folder: Path) -> int:
    """20 GiB, or half of what is free (and what the cache itself takes) where that is less."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), None)
    try:
        free = shutil.disk_usage(there).free if there else LARGEST_BYTES
    except OSError:
        return LARGEST_BYTES
    return min(LARGEST_BYTES, (free + size_bytes(folder)) // 2)


def make_room(root: Path, *, limit_bytes: int, keep: set[Path]) -> None:
    """Remove the shards that were not used for longest until `limit_bytes` suffice; those in `keep` stay.

    What other processes write is left alone unless it was abandoned a day ago.
    """
    found = sorted(shards_in(root), key=lambda shard: shard[2])
    total = sum(size for _, size, _ in found)
    for path, size, used in found:
        unfinished = path.name.startswith(UNFINISHED)
        abandoned = unfinished and time.time() - used > ABANDONED_SECONDS
        if abandoned or (total > limit_bytes and not unfinished and path not in keep):
            shutil.rmtree(path, ignore_errors=True)
            total -= size


def npy_header(count: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """The 192 bytes in front of an array in NumPy's file format 1.0, the same length for every count."""
    text = repr({"descr": dtype.str, "fortran_order": False, "shape": (count, *shape)})
    body = text.ljust(192 - 10 - 1) + "\n"
    assert len(body) == 192 - 10
    return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body.encode("latin1")
