"""The cache: what goes in comes out, half-written things never show, damage is noticed, the size is bounded."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from vidi.core.progress import Quiet
from vidi.data import store as store_module
from vidi.data.shards import UNFINISHED, npy_header, size_bytes
from vidi.data.store import Cache, Store, cache_folder


class Listening(Quiet):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def __call__(self, message: str) -> None:
        self.heard.append(message)


def keys(*numbers: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in numbers]


def rows(*numbers: int) -> np.ndarray:
    return np.stack([np.full((2, 3), number, dtype=np.uint8) for number in numbers])


def test_what_goes_in_comes_out(tmp_path):
    store = Store(tmp_path / "s")
    assert store.missing(keys(1, 2)).tolist() == [0, 1]
    store.put(keys(1, 2, 3), rows(1, 2, 3))
    store.put(keys(9), rows(9))
    assert store.missing(keys(1, 4, 9)).tolist() == [1]
    assert keys(3)[0] in store and keys(4)[0] not in store
    for other in (store, Store(tmp_path / "s")):
        assert other.missing(keys(9, 1, 1)).tolist() == []
        assert (other.get(keys(9, 1, 1, 3)) == rows(9, 1, 1, 3)).all()


def test_neighbours_are_a_view_of_the_disk(tmp_path):
    store = Store(tmp_path)
    store.put(keys(1, 2, 3), rows(1, 2, 3))
    view = store.get(keys(2, 3))
    assert not view.flags.owndata and not view.flags.writeable
    assert store.get(keys(3, 2)).flags.owndata
    with pytest.raises(KeyError):
        store.get(keys(7))


def test_blocks_become_one_shard_that_numpy_reads(tmp_path):
    store = Store(tmp_path)
    with store.writer((2, 3), np.uint8) as writer:
        for number in range(10):
            writer.add(keys(number), rows(number))
        assert store.missing(keys(0)).tolist() == [0]  # not before it is whole
    (shard,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert (np.load(shard / "data.npy", allow_pickle=False) == rows(*range(10))).all()
    assert store.size_bytes == size_bytes(tmp_path) == 192 + 60 + 128 + 320


def test_an_error_on_the_way_leaves_nothing(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(RuntimeError), store.writer((2, 3), np.uint8) as writer:
        writer.add(keys(1), rows(1))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_leaves_is_not_seen_and_goes_in_time(tmp_path):
    rubbish = tmp_path / f"{UNFINISHED}abc"
    rubbish.mkdir()
    (rubbish / "data.npy").write_bytes(b"half")
    store = Store(tmp_path)
    store.put(keys(1), rows(1))
    assert rubbish.exists()  # perhaps another process is still writing it
    os.utime(rubbish, (1, 1))
    store.put(keys(2), rows(2))
    assert not rubbish.exists()
    assert not len(store.missing(keys(1, 2)))


@pytest.mark.parametrize("damage", ["short", "header", "keys", "lost", "pickle"])
def test_a_damaged_shard_is_dropped_not_believed(tmp_path, damage):
    Store(tmp_path).put(keys(1, 2), rows(1, 2))
    (shard,) = tmp_path.iterdir()
    data = shard / "data.npy"
    if damage == "short":
        data.write_bytes(data.read_bytes()[:-1])
    elif damage == "header":
        data.write_bytes(b"\x00" * 192 + data.read_bytes()[192:])
    elif damage == "keys":
        np.save(shard / "keys.npy", np.zeros((1, 32), dtype=np.uint8))
    elif damage == "lost":
        (shard / "keys.npy").unlink()
    else:
        np.save(data, np.array([{}, {}], dtype=object), allow_pickle=True)
    said = Listening()
    store = Store(tmp_path, say=said)
    assert store.missing(keys(1, 2)).tolist() == [0, 1]
    assert "damaged" in said.heard[0] and not shard.exists()
    store.put(keys(1, 2), rows(1, 2))
    assert (store.get(keys(1, 2)) == rows(1, 2)).all()


def test_a_shard_of_another_shape_is_dropped(tmp_path):
    Store(tmp_path).put(keys(1), rows(1))
    store = Store(tmp_path)
    store.missing([])
    Store(tmp_path).put(keys(2), np.zeros((1, 7), dtype=np.float32))
    assert len(store.missing(keys(1, 2))) == 1


def test_a_second_process_sees_what_the_first_wrote(tmp_path):
    first, second = Store(tmp_path), Store(tmp_path)
    second.missing(keys(1))
    first.put(keys(1), rows(1))
    assert not len(second.missing(keys(1)))


def test_a_disk_that_takes_nothing_costs_time_only(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    said = Listening()
    store = Store(tmp_path / "file" / "s", say=said)
    store.put(keys(1), rows(1))
    store.put(keys(2), rows(2))
    assert (store.get(keys(2, 1)) == rows(2, 1)).all()
    assert len(said.heard) == 1 and "is not used" in said.heard[0]


def test_a_disk_that_becomes_full_costs_time_only(tmp_path, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said = Listening()
    store = Store(tmp_path / "s", say=said)
    store.put(keys(1), rows(1))
    assert (store.get(keys(1)) == rows(1)).all()
    assert "No space left" in said.heard[0]
    assert list((tmp_path / "s").iterdir()) == []


def test_beyond_its_limit_the_least_recently_used_goes(tmp_path):
    big = np.zeros((1, 100_000), dtype=np.uint8)
    for number in (1, 2, 3):
        Cache(tmp_path, limit_bytes=1 << 30).store(f"s{number}").put(keys(number), big)
        (shard,) = (tmp_path / f"s{number}").iterdir()
        os.utime(shard, (number, number))
    assert not len(Cache(tmp_path).store("s1").missing(keys(1)))  # used now, so it is the youngest
    writer = Cache(tmp_path, limit_bytes=250_000).store("s4")
    writer.put(keys(4), big)
    left = {n for n in (1, 2, 3, 4) if not len(Cache(tmp_path).store(f"s{n}").missing(keys(n)))}
    assert left == {1, 4}


def test_what_is_in_use_stays(tmp_path):
    store = Cache(tmp_path, limit_bytes=10).store("s")
    for number in (1, 2):
        store.put(keys(number), rows(number))
    assert (store.get(keys(1, 2)) == rows(1, 2)).all()


def test_what_another_store_of_this_process_uses_stays(tmp_path):
    first = Cache(tmp_path).store("a")
    first.put(keys(1), rows(1))
    Cache(tmp_path, limit_bytes=10).store("b").put(keys(2), rows(2))
    assert not len(Store(tmp_path / "a").missing(keys(1)))


def test_clean_removes_shards_and_nothing_else(tmp_path):
    cache = Cache(tmp_path)
    cache.store("a").put(keys(1), rows(1))
    (tmp_path / "mine.txt").write_text("keep")
    assert cache.size_bytes > 0
    cache.clean()
    assert cache.size_bytes == 0
    assert (tmp_path / "mine.txt").exists()
    assert len(cache.store("a").missing(keys(1)))


def test_where_the_cache_is(monkeypatch):
    monkeypatch.setenv("VIDI_CACHE", "/somewhere")
    assert cache_folder() == Path("/somewhere")
    monkeypatch.delenv("VIDI_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_folder() == Path("/xdg/vidi")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(store_module.sys, "platform", "darwin")
    assert cache_folder().parts[-3:] == ("Library", "Caches", "vidi")
    monkeypatch.setattr(store_module.sys, "platform", "linux")
    assert cache_folder().parts[-2:] == (".cache", "vidi")


def test_wrong_arguments(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(ValueError, match="64 hex digits"):
        store.missing(["abcd"])
    with pytest.raises(ValueError, match="were wanted"), store.writer((2, 3), np.uint8) as writer:
        writer.add(keys(1), np.zeros((1, 5), dtype=np.uint8))


@pytest.mark.parametrize("count", [0, 7, 10**15])
def test_the_header_has_one_length(count):
    assert len(npy_header(count, (224, 224, 3), np.dtype("float32"))) == 192
