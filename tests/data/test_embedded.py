"""The embedded photos are those that were given, to the byte, and read as data sets."""

import hashlib

import pyarrow.parquet as pq

from vidi.core.dataset import ReadOptions
from vidi.data.embedded import DEMOS, blood_cells, sign_digits
from vidi.data.readers import parquet
from vidi.data.scan import scan

# import csv, hashlib; d = hashlib.sha256()  # in the folder as it was given, rows in the order of its table
# for row in csv.DictReader(open("sign_digits.csv")):
#     d.update(hashlib.sha256(open(row["image"], "rb").read()).digest())
GIVEN = "1bc9d2b419a6ddd27524a4dfc1080a99b97e35e0ae5c2399b8c5e2ab0d260c1e"


def test_every_photo_is_as_it_was_given():
    table = pq.read_table(sign_digits())
    digest = hashlib.sha256()
    for image in table.column("image").to_pylist():
        digest.update(hashlib.sha256(image["bytes"]).digest())
    assert digest.hexdigest() == GIVEN
    assert table.column_names == ["image", "digit", "student"]
    assert pq.ParquetFile(sign_digits()).num_row_groups == 9


def test_it_reads_as_a_data_set():
    listing = parquet.read(sign_digits(), options=ReadOptions(target="digit", group="student"))
    dataset = scan(listing, name="sign_digits")
    assert len(dataset) == 2062
    assert dataset.labels == tuple("0123456789")
    assert dataset.group == "student"
    assert len(set(dataset.column("student"))) == 220
    assert set(dataset.column("width")) == set(dataset.column("height")) == {100}
    assert dataset.remarks == ()


def test_its_source_and_licence_are_beside_it():
    text = sign_digits().with_suffix(".md").read_text(encoding="utf-8")
    for words in ("Zeynep Dikle", "Arda Mavi", "Apache-2.0", "arXiv:2011.08927", "220"):
        assert words in text


# The first of each of the set's own splits by name: 40 of test, 96 of train, 24 of val; hashed as above.
CELLS = "94b8449e74d9fd0c57e9613950a0ce4b47fc6d5d95d21fccaf4e7f4163c26235"


def test_every_photo_of_blood_cells_is_as_it_was_given():
    digest, files = hashlib.sha256(), sorted(blood_cells().glob("*.parquet"))
    assert [file.name.split("-")[0] for file in files] == ["test", "train", "val"]
    for file in files:
        for image in pq.read_table(file).column("image").to_pylist():
            digest.update(hashlib.sha256(image["bytes"]).digest())
    assert digest.hexdigest() == CELLS


def test_blood_cells_read_as_boxes():
    dataset = scan(parquet.read(blood_cells(), options=ReadOptions()), name="blood_cells")
    assert [len(dataset.where(split)) for split in ("train", "validation", "test")] == [96, 24, 40]
    assert set(dataset.labels) == {"Platelets", "RBC", "WBC"}
    assert len(dataset.annotations().label) == 2340 and dataset.remarks == ()


def test_the_sources_and_licences_are_beside_them():
    for told in DEMOS.values():
        text = told.path.with_suffix(".md").read_text(encoding="utf-8")
        assert "Licence" in text and told.path.exists() and told.remark
    assert "MIT" in blood_cells().with_suffix(".md").read_text(encoding="utf-8")
