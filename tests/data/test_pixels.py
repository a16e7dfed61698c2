"""Pixels: the asked rows in the asked order, decoded in parallel, the same with and without the cache."""

import threading

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from vidi.core.dataset import Dataset, Listing
from vidi.core.errors import UsageError
from vidi.data.listing import example
from vidi.data.pixels import DatasetPixels, block_of, in_threads
from vidi.data.scan import scan
from vidi.data.store import Cache


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    """Eight flat images, each of its own grey, the last a copy of the first."""
    rows = []
    for number in range(8):
        name = f"{number}.png"
        Image.new("RGB", (10 + number % 7, 12), (30 * (number % 7),) * 3).save(tmp_path / name)
        rows.append(example(name, target="ab"[number % 2]))
    return scan(Listing(tmp_path, "folder", rows), name="d")


def greys(*numbers: int) -> list[int]:
    return [30 * (number % 7) for number in numbers]


def test_rows_come_in_the_order_asked_for(dataset, tmp_path):
    pixels = DatasetPixels(dataset, Cache(tmp_path / "cache"))
    for rows in ([3, 1, 7, 0, 0], [0, 1, 2], [5]):
        images = pixels(np.array(rows), size_px=6)
        assert images.shape == (len(rows), 6, 6, 3) and images.dtype == np.uint8
        assert images[:, 3, 3, 0].tolist() == greys(*rows)
    assert pixels(np.array([], dtype=np.int64), size_px=6).shape == (0, 6, 6, 3)


def test_a_whole_data_set_is_a_view_of_the_disk(dataset, tmp_path):
    pixels = DatasetPixels(dataset, Cache(tmp_path / "cache"))
    assert not pixels(np.arange(7), size_px=6).flags.owndata
    assert len(list((tmp_path / "cache" / "pixels-6-squash").iterdir())) == 1


def test_without_a_disk_they_are_the_same(dataset, tmp_path):
    (tmp_path / "file").write_text("")
    images = DatasetPixels(dataset, Cache(tmp_path / "file" / "c"))(np.arange(8), size_px=6)
    assert (images == DatasetPixels(dataset, Cache(tmp_path / "cache"))(np.arange(8), size_px=6)).all()


def test_a_file_that_vanished_is_named(dataset, tmp_path):
    (tmp_path / "4.png").unlink()
    with pytest.raises(UsageError, match=r"4\.png could be read when the data was scanned.*missing"):
        DatasetPixels(dataset, Cache(tmp_path / "cache"))(np.arange(8), size_px=6)


def test_a_file_that_changed_is_named(dataset, tmp_path):
    Image.new("RGB", (9, 9), "red").save(tmp_path / "2.png")
    with pytest.raises(UsageError, match=r"2\.png could be read.*changed"):
        DatasetPixels(dataset, Cache(tmp_path / "cache"))(np.arange(8), size_px=6)


def test_only_what_is_missing_is_decoded(dataset, tmp_path):
    pixels = DatasetPixels(dataset, Cache(tmp_path / "cache"))
    pixels(np.arange(4), size_px=6)
    for number in range(4):
        (tmp_path / f"{number}.png").unlink()
    assert pixels(np.arange(7), size_px=6)[:, 3, 3, 0].tolist() == greys(*range(7))


def test_rows_of_a_parquet_file(tmp_path):
    import pyarrow.parquet as pq

    from vidi.core.dataset import ReadOptions
    from vidi.data.readers import parquet

    images = []
    for number in range(300):
        path = tmp_path / "one.png"
        Image.new("L", (8, 8), number % 250).save(path)
        images.append(path.read_bytes())
    table = pa.table({"image": images, "label": ["ab"[n % 2] for n in range(300)]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=100)
    dataset = scan(parquet.read(tmp_path / "t.parquet", options=ReadOptions()), name="t")
    rows = np.random.default_rng(0).permutation(300)
    pixels = DatasetPixels(dataset, Cache(tmp_path / "cache"))(rows, size_px=4)
    assert pixels[:, 0, 0, 0].tolist() == [row % 250 for row in rows]


def test_threads_keep_the_order_and_stay_near():
    started, lock, ahead = [0], threading.Lock(), []

    def work(item: int) -> int:
        with lock:
            started[0] += 1
        return item * item

    results = []
    for result in in_threads(work, range(200), threads=3):
        results.append(result)
        ahead.append(started[0] - len(results))
    assert results == [n * n for n in range(200)]
    assert max(ahead) <= 6


def test_an_error_in_a_thread_comes_out():
    def work(item: int) -> int:
        return 1 // (item - 5)

    with pytest.raises(ZeroDivisionError):
        list(in_threads(work, range(20), threads=2))


def test_large_images_are_worked_on_in_small_blocks():
    assert block_of((32, 32, 3)) == 256
    assert block_of((4096, 4096, 3)) == 8
    assert block_of((512, 512, 3)) * 512 * 512 * 3 <= 16 << 20
