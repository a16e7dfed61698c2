"""The hub's imagefolder convention."""

import json

import pytest
from trees import grow, kinds, splits, targets, write

from vidi.core.dataset import ReadOptions
from vidi.core.errors import UsageError
from vidi.data.readers import folder, imagefolder, table


def read(root, **options):
    return imagefolder.read(root, options=ReadOptions(**options))


def test_by_hand(tmp_path):
    grow(tmp_path, "1.jpg", "sub/2.jpg", "3.jpg")
    write(tmp_path / "metadata.csv", "file_name,label,age\n1.jpg,cat,3\nsub/2.jpg,dog,4\n")
    listing = read(tmp_path)
    assert targets(listing) == {"1.jpg": "cat", "sub/2.jpg": "dog"}
    assert listing.attributes == ("age",) and kinds(listing) == {"unlisted": ["3.jpg"]}
    assert imagefolder.recognise(tmp_path) > max(table.recognise(tmp_path), folder.recognise(tmp_path))


def test_metadata_in_each_split_names_files_from_there(tmp_path):
    for split in ("train", "validation"):
        grow(tmp_path, f"{split}/1.jpg", f"{split}/2.jpg")
        lines = [{"file_name": f"{count}.jpg", "label": label} for count, label in ((1, "a"), (2, "b"))]
        write(tmp_path / split / "metadata.jsonl", "\n".join(map(json.dumps, lines)))
    listing = read(tmp_path)
    assert len(listing.rows) == 4 and listing.rows[0]["path"] == "train/1.jpg"
    assert splits(listing)["validation/2.jpg"] == "validation" and targets(listing)["validation/2.jpg"] == "b"
    assert imagefolder.recognise(tmp_path) > 0.8


def test_without_a_label_column_the_folder_is_the_label(tmp_path):
    grow(tmp_path, "train/cat/1.jpg", "train/dog/2.jpg")
    write(tmp_path / "train/metadata.csv", "file_name,mood\ncat/1.jpg,happy\ndog/2.jpg,happy\n")
    listing = read(tmp_path)
    assert list(targets(listing).values()) == ["cat", "dog"] and listing.attributes == ("mood",)
    assert listing.columns["target"] == "folder"
    assert list(targets(read(tmp_path, target="mood")).values()) == ["happy", "happy"]


@pytest.mark.parametrize(
    "text, words",
    [
        ("name,label\n1.jpg,a\n", "'file_name' is none of name, label"),
        ("file_name,height\n1.jpg,1.5\n", "--target COLUMN"),
        ("file_name,label\n7.jpg,a\n", "no row of metadata.csv"),
    ],
)
def test_hopeless_metadata_gets_a_sentence(tmp_path, text, words):
    grow(tmp_path, "1.jpg")
    write(tmp_path / "metadata.csv", text)
    with pytest.raises(UsageError, match=words):
        read(tmp_path)


def test_without_metadata_it_is_not_recognised(tmp_path):
    grow(tmp_path, "cat/1.jpg")
    assert imagefolder.recognise(tmp_path) == 0
    with pytest.raises(UsageError, match=r"metadata\.csv"):
        read(tmp_path)
