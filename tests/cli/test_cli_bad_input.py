"""What bad data gets: one sentence and exit code 2, or a named row where the rest can go on."""

import csv
import json
import os
import shutil
import struct
import zlib

import pyarrow.parquet as pq
import pytest
from command import refused, vidi
from PIL import Image

from drawn_job import write_folder

QUICK = ("--recipe", "linear", "--epochs", "1")
GREY = Image.new("L", (8, 8), 100)


def noticed(data, *options):
    """`vidi check --json`: what is remarked, as {kind: {where: what}}."""
    seen = vidi("check", data, "--no-similar", "--json", *options)
    assert seen.code == 0, seen.err
    found = {}
    for remark in json.loads(seen.out)["remarks"]:
        found.setdefault(remark["kind"], {})[remark["where"]] = remark["what"]
    return found


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that would take gigabytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(width // 8 + 1) * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


# Folders


@pytest.mark.parametrize("verb", ["check", "train"])
def test_an_empty_folder(verb, tmp_path):
    assert refused(verb, tmp_path) == (
        "a folder for each class (photos/cat/1.jpg) or a table that names each image's class was wanted; "
        f"{tmp_path} is empty"
    )


def test_a_folder_that_is_not_there(tmp_path):
    assert "does not exist; give a folder of images, a table" in refused("train", tmp_path / "photo")


def test_one_class(tmp_path):
    write_folder(tmp_path, 3)
    shutil.rmtree(tmp_path / "blue")
    shutil.rmtree(tmp_path / "green")
    assert refused("train", tmp_path).startswith("at least 2 classes are needed to tell apart; ")
    checked = vidi("check", tmp_path)  # looks at what it can, and says why nothing can be trained
    assert checked.code == 0 and "has only 'red'" in checked.out


def test_a_class_with_one_image_is_named_and_the_rest_goes_on(tmp_path):
    data = write_folder(tmp_path / "data", 6)
    (data / "white").mkdir()
    Image.new("RGB", (32, 32), (250, 250, 250)).save(data / "white" / "1.png")
    seen = vidi("train", data, *QUICK, "--out", tmp_path / "runs")
    assert seen.code == 0
    assert "white: one image only: it can be learned from or tested on, not both" in seen.out
    assert "test: has no example of white" in seen.out


def test_images_that_cannot_be_read_are_named_with_the_reason(tmp_path):
    data = write_folder(tmp_path / "data", 6)
    whole = (data / "red" / "0002.png").read_bytes()
    bad = {
        "truncated": whole[: len(whole) // 2],
        "zero": b"",
        "text": b"404 not found",
        "bomb": bomb(40_000, 40_000),
        "large": bomb(10_400, 10_000),
    }
    for name, content in bad.items():
        (data / "red" / f"{name}.png").write_bytes(content)
    (data / "red" / "wrongly named.jpg").write_bytes(whole)
    run = vidi("train", data, *QUICK, "--out", tmp_path / "runs")
    assert run.code == 0
    (folder,) = (tmp_path / "runs").iterdir()
    content = json.loads((folder / "results.json").read_text())["data"]
    unreadable = {r["where"]: r["what"] for r in content["remarks"] if r["kind"] == "unreadable"}
    assert unreadable == {
        "red/truncated.png": "truncated: the file ends before the image does",
        "red/zero.png": "empty: the file has zero bytes",
        "red/text.png": "text: not an image; a list of names, or a download that went wrong?",
        "red/bomb.png": "too large: 40000 x 40000 pixels, where at most 100 megapixels are read",
        "red/large.png": "too large: 10400 x 10000 pixels, where at most 100 megapixels are read",
    }
    assert content["examples"] == 6 * 3 + 1  # the wrongly named one is read, and said
    assert {r["where"] for r in content["remarks"] if r["kind"] == "converted"} == {"red/wrongly named.jpg"}
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert all(name in report for name in unreadable)


def test_nothing_but_unreadable_images(tmp_path):
    for label in "ab":
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.jpg").write_bytes(b"")
    assert "none of the 2 images in" in refused("train", tmp_path)
    assert "empty: the file has zero bytes" in refused("check", tmp_path)


@pytest.mark.slow
def test_names_with_spaces_line_ends_orders_and_bytes_that_are_no_text(tmp_path):
    data = write_folder(tmp_path / "my data", 6)
    (data / "red").rename(data / "rot und\nblau\x1b[31m 鳥")
    os.rename(data / "blue" / "0000.png", os.fsencode(data / "blue") + b"/\xff 1.png")  # noqa: PTH104
    seen = vidi("train", data, *QUICK, "--out", tmp_path / "my runs")
    assert seen.code == 0, seen.err
    assert "\x1b" not in seen.out + seen.err
    (run,) = (tmp_path / "my runs").iterdir()
    checked = vidi("check", data, "--no-similar")
    assert "rot und\\nblau\\x1b[31m 鳥" in checked.out and "\x1b" not in checked.out
    assert pq.read_table(run / "splits.parquet").num_rows == 17
    assert "1.png: its name is not valid UTF-8; rename it" in seen.out
    for name in ("p.csv", "p.parquet", "p.jsonl"):
        assert vidi("predict", run, data, "--out", tmp_path / name).code == 0
    with (tmp_path / "p.csv").open(newline="", encoding="utf-8") as stream:
        paths = {row["path"] for row in csv.DictReader(stream)}
    assert len(paths) == 18
    assert any(path.endswith("\\xff 1.png") for path in paths)
    assert any("rot und\nblau" in path for path in paths)
    assert set(pq.read_table(tmp_path / "p.parquet")["path"].to_pylist()) == paths


def test_links_that_loop_or_leave_the_folder_are_not_followed(tmp_path):
    data = write_folder(tmp_path / "data", 4)
    elsewhere = write_folder(tmp_path / "elsewhere", 1)
    (data / "red" / "round").symlink_to(data)
    (data / "red" / "self.png").symlink_to("self.png")
    (data / "red" / "out.png").symlink_to(elsewhere / "red" / "0002.png")
    (data / "outside").symlink_to(elsewhere)
    found = noticed(data)
    assert set(found["link"]) == {"red/round", "red/self.png", "red/out.png", "outside"}
    assert json.loads(vidi("check", data, "--no-similar", "--json").out)["examples"] == 12


def test_a_split_that_leaves_a_class_out(tmp_path):
    for name in ("train", "test"):
        write_folder(tmp_path / "data" / name, 4, seed=len(name))
    shutil.rmtree(tmp_path / "data" / "test" / "red")
    assert noticed(tmp_path / "data")["split"] == {"test": "has no example of red"}
    shutil.move(tmp_path / "data" / "train" / "red", tmp_path / "data" / "test" / "red")
    assert refused("train", tmp_path / "data").startswith("every class must be in the train split")


# Tables


@pytest.fixture
def table(tmp_path):
    """A table of twelve good rows, and of bad ones after them."""
    data = write_folder(tmp_path, 4)
    good = [
        (path.relative_to(data).as_posix(), path.parent.name, f"p{n // 2}")
        for n, path in enumerate(sorted(data.rglob("*.png")))
    ]
    bad = [("gone.png", "red", "p1"), good[0], ("", "red", "p1"), (good[1][0], "nan", "p1")]
    (data / "other.png").write_bytes((data / good[0][0]).read_bytes())
    lines = [("file", "species", "patient"), *good, *bad, ("other.png", "NaN", "p9")]
    path = data / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(lines)
    return path


def test_rows_that_cannot_be_used_are_named_by_line(table):
    found = noticed(table, "--image", "file", "--target", "species", "--group", "patient")
    said = {where: what for kind in found.values() for where, what in kind.items()}
    assert "names a file that is not there" in said["table.csv, line 14"]
    assert "earlier row" in said["table.csv, line 15"]
    assert "table.csv, line 16" in said
    assert "other.png has no target; left out" in said["table.csv, line 18"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--target", "speces"), "'speces' is none of file, species, patient; did you mean species?"),
        (("--image", "fil"), "'fil' is none of file, species, patient; did you mean file?"),
        (
            ("--group", "patients"),
            "'patients' is none of file, species, patient; did you mean patient, species?",
        ),
        (
            ("--split", "fold"),
            "--split wants a column of table.csv; 'fold' is none of file, species, patient; did you mean file?",
        ),
    ],
)
def test_unknown_columns(table, options, sentence):
    assert refused("train", table, *options).endswith(sentence)


def test_a_table_without_any_image_that_is_there(tmp_path):
    (tmp_path / "table.csv").write_text("file,label\na.png,x\nb.png,y\n")
    GREY.save(tmp_path / "c.png")
    sentence = refused("train", tmp_path / "table.csv", "--image", "file", "--target", "label")
    assert "table.csv" in sentence


def test_a_column_of_numbers_that_are_no_labels_trains_nothing_silly(tmp_path):
    data = write_folder(tmp_path, 2)
    (data / "table.csv").write_text("file,label\n")
    assert "table.csv" in refused("train", data / "table.csv", "--target", "label")
