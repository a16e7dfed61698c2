"""The scan: each readable row once, everything else by name and reason."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vidi.core.dataset import OWN_COLUMNS, Listing
from vidi.core.errors import UsageError
from vidi.data.listing import example
from vidi.data.pixels import DatasetPixels
from vidi.data.scan import labels_of, scan
from vidi.data.store import Cache


def picture(seed: int, size: tuple[int, int] = (20, 30), kind: str = "PNG", mode: str = "RGB") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, kind)
    return stream.getvalue()


def listing(root: Path, files: dict[str, bytes], targets: list[str | None] | None = None, **more) -> Listing:
    rows = []
    for place, (name, content) in enumerate(files.items()):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
        target = targets[place] if targets else name.split("/")[0]
        attributes = {key: values[place] for key, values in more.items()}
        rows.append(example(name, target=target, attributes=attributes))
    return Listing(root, "folder", rows, tuple(more))


def two_classes(root: Path, **more) -> Listing:
    return listing(root, {f"{'ab'[i % 2]}/{i}.png": picture(i) for i in range(6)}, **more)


def test_every_column(tmp_path):
    dataset = scan(two_classes(tmp_path, age=[1, 2, None, 4, 5, 6], who=list("xyzxyz")), name="d")
    assert tuple(dataset.table.column_names) == (*OWN_COLUMNS, "age", "who")
    content = (tmp_path / "a/0.png").read_bytes()
    assert dataset.column("hash")[0] == hashlib.sha256(content).hexdigest()
    assert dataset.column("id")[0] == dataset.column("hash")[0][:16]
    assert dataset.column("path").tolist() == [f"{'ab'[i % 2]}/{i}.png" for i in range(6)]
    assert (dataset.column("width")[0], dataset.column("height")[0]) == (30, 20)
    assert dataset.labels == ("a", "b") and dataset.task == "classification"
    assert str(dataset.table.schema.field("age").type) == "int64"
    assert dataset.table.column("split").null_count == 6


def test_unreadable_ones_are_set_aside_by_name_and_reason(tmp_path):
    files = {f"{c}/{i}.png": picture(i) for i, c in enumerate("abab")}
    files |= {"a/empty.png": b"", "a/cut.png": picture(9)[:60], "b/text.jpg": b"hello there, no image here"}
    found = listing(tmp_path, files)
    gone = example("a/gone.png", target="a")
    dataset = scan(Listing(tmp_path, "folder", [*found.rows, gone]), name="d")
    assert len(dataset) == 4
    unreadable = {r.where: r.what for r in dataset.remarks if r.kind == "unreadable"}
    assert set(unreadable) == {"a/empty.png", "a/cut.png", "b/text.jpg", "a/gone.png"}
    assert "empty" in unreadable["a/empty.png"] and "truncated" in unreadable["a/cut.png"]
    assert "missing" in unreadable["a/gone.png"]


def test_many_converted_alike_are_one_remark(tmp_path):
    files = {f"{'ab'[i % 2]}/{i}.gif": picture(i, kind="PNG") for i in range(6)}
    converted = [r for r in scan(listing(tmp_path, files), name="d").remarks if r.kind == "converted"]
    assert len(converted) == 1
    assert converted[0].where == "6 images: a/0.gif, b/1.gif, a/2.gif, …"


def test_copies_get_numbers(tmp_path):
    same = picture(0)
    dataset = scan(listing(tmp_path, {"a/0.png": same, "b/1.png": picture(1), "a/2.png": same}), name="d")
    first, _, again = dataset.column("id")
    assert again == f"{first}-2"
    assert len(set(dataset.column("id"))) == 3


def test_labels_sort_as_people_do():
    assert labels_of(["10", "2", "-1", "0.5"], several=False) == ("-1", "0.5", "2", "10")
    assert labels_of(["class 10", "Class 9", "3"], several=False) == ("3", "Class 9", "class 10")
    assert labels_of(["b|a", "c", "a"], several=True) == ("a", "b", "c")
    assert labels_of(["²", "٣", "x\ny"], several=False) == tuple(labels_of(["x\ny", "٣", "²"], several=False))


def test_several_labels(tmp_path):
    files = {f"{i}.png": picture(i) for i in range(4)}
    dataset = scan(listing(tmp_path, files, targets=["a|b", "b", "c|a", "c"]), name="d")
    assert dataset.task == "multilabel" and dataset.labels == ("a", "b", "c")
    assert dataset.column("target").tolist() == ["a|b", "b", "c|a", "c"]
    plain = scan(listing(tmp_path, files, targets=["a|b", "b", "c|a", "c"]), name="d", task="classification")
    assert plain.labels == ("a|b", "b", "c", "c|a")


def test_a_class_with_one_image_is_said(tmp_path):
    dataset = scan(
        listing(tmp_path, {"a/0.png": picture(0), "a/1.png": picture(1), "b/2.png": picture(2)}), name="d"
    )
    assert [r.where for r in dataset.remarks if r.kind == "rare class"] == ["b"]


def test_rows_without_a_target_are_left_out(tmp_path):
    files = {f"{i}.png": picture(i) for i in range(4)}
    dataset = scan(listing(tmp_path, files, targets=["a", None, "b", ""]), name="d")
    assert len(dataset) == 2
    assert [r.where for r in dataset.remarks if r.kind == "no target"] == ["2 images: 1.png, 3.png"]


def test_columns_of_mixed_values_become_text(tmp_path):
    dataset = scan(two_classes(tmp_path, odd=[1, "x", None, 2.5, True, 10**30]), name="d")
    assert dataset.column("odd").tolist() == ["1", "x", None, "2.5", "True", "1" + "0" * 30]


def test_one_class_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"at least 2 classes are needed.*only 'a'"):
        scan(listing(tmp_path, {"a/0.png": picture(0)}), name="d")
    assert len(scan(listing(tmp_path, {"a/0.png": picture(0)}), name="d", fewest_labels=1)) == 1
    with pytest.raises(UsageError, match="have no labels"):
        scan(listing(tmp_path, {"0.png": picture(0)}, targets=[None]), name="d")


def test_nothing_readable_is_refused_with_the_first_reason(tmp_path):
    with pytest.raises(UsageError, match=r"none of the 2 images.*a/0\.png, is empty"):
        scan(listing(tmp_path, {"a/0.png": b"", "b/1.png": b"?"}), name="d")
    with pytest.raises(UsageError, match="holds no images"):
        scan(Listing(tmp_path, "folder", []), name="d")


def test_group_must_be_a_column(tmp_path):
    found = two_classes(tmp_path, patient=list("ppqqrr"))
    assert scan(found, name="d", group="patient").group == "patient"
    with pytest.raises(UsageError, match="did you mean patient"):
        scan(found, name="d", group="patients")


def test_pixels_are_kept_in_the_same_pass(tmp_path, monkeypatch):
    found = two_classes(tmp_path / "data")
    cache = Cache(tmp_path / "cache")
    kept = scan(found, name="d", cache=cache, size_px=16, fit="pad")
    fresh = DatasetPixels(kept, Cache(tmp_path / "other"))(np.arange(6), size_px=16, fit="pad")
    monkeypatch.setattr("vidi.data.pixels.decode", None)  # nothing is decoded again
    pixels = DatasetPixels(kept, cache)
    assert (pixels(np.arange(6), size_px=16, fit="pad") == fresh).all()
    assert pixels.thumbnails().shape == (6, 32, 32)


def test_with_and_without_a_cache_the_same_is_found(tmp_path):
    found = two_classes(tmp_path / "data")
    plain = scan(found, name="d")
    assert scan(found, name="d", cache=Cache(tmp_path / "c")).table.equals(plain.table)
    assert scan(found, name="d", cache=Cache(tmp_path / "c")).table.equals(plain.table)
    (tmp_path / "file").write_text("")
    assert scan(found, name="d", cache=Cache(tmp_path / "file" / "c"), size_px=8).table.equals(plain.table)


def test_names_with_spaces_unicode_and_newlines(tmp_path):
    names = ["a/ü ñ.png", "b/line\nbreak.png", "a/日本.png", "b/ .png"]
    dataset = scan(listing(tmp_path, {n: picture(i) for i, n in enumerate(names)}), name="d")
    assert dataset.column("path").tolist() == names
