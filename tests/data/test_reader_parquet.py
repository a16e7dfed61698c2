"""Parquet shards: labels from the schema, splits from names, bytes row by row."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from trees import JPEG, grow, kinds, write

from vidi.core.dataset import ReadOptions
from vidi.core.errors import UsageError
from vidi.data.decode import Unreadable
from vidi.data.parquet_rows import WINDOW, read_rows
from vidi.data.readers import parquet, table

NAMES = {
    "info": {
        "features": {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["cat", "dog"]}}
    }
}


def read(root, **options):
    return parquet.read(root, options=ReadOptions(**options))


def shard(path, *, count=4, metadata=NAMES, rows_in_group=3, **columns):
    given = {
        "image": [{"bytes": JPEG + bytes([place % 256]), "path": f"{place}.jpg"} for place in range(count)]
    }
    given |= {"label": [place % 2 for place in range(count)]}
    made = pa.table(given | columns).replace_schema_metadata(
        {"huggingface": json.dumps(metadata)} if metadata else None
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(made, path, row_group_size=rows_in_group)
    return path


def test_by_hand(tmp_path):
    shard(tmp_path / "data/train-00000-of-00001.parquet", who=["a", "a", "b", "b"])
    shard(tmp_path / "data/test-00000-of-00001.parquet", who=["c", "c", "d", "d"])
    write(tmp_path / "README.md", "words")
    listing = read(tmp_path, group="who")
    assert [row["target"] for row in listing.rows] == ["cat", "dog"] * 4
    assert [row["split"] for row in listing.rows] == ["test"] * 4 + ["train"] * 4
    assert listing.rows[5]["row"] == 1 and listing.rows[5]["who"] == "a"
    assert listing.columns == {"image": "image", "target": "label", "group": "who"}
    assert len({row["path"] for row in listing.rows}) == 8
    assert kinds(listing) == {"skipped": ["README.md"]}
    assert parquet.recognise(tmp_path) > table.recognise(tmp_path)


def test_one_file_with_plain_bytes_and_text_labels(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"jpg": [JPEG] * 4, "species": ["a", "a", "b", "b"], "box": [[[1.0]]] * 4}), path)
    listing = read(path)
    assert listing.columns == {"image": "jpg", "target": "species"} and listing.attributes == ()
    assert kinds(listing) == {"column": ["x.parquet, box"]} and {row["split"] for row in listing.rows} == {
        None
    }
    assert parquet.recognise(path) > table.recognise(path)
    assert list(read_rows(tmp_path, "x.parquet", "jpg", [3])) == [JPEG]


def test_the_split_may_be_in_the_folder(tmp_path):
    shard(tmp_path / "default/train/0000.parquet")
    shard(tmp_path / "default/validation/0000.parquet")
    assert {row["split"] for row in read(tmp_path).rows} == {"train", "validation"}


def test_rows_without_a_label_are_named(tmp_path):
    shard(tmp_path / "x.parquet", label=[0, -1, 7, None])
    listing = read(tmp_path)
    assert [row["row"] for row in listing.rows] == [0]
    assert kinds(listing) == {"no target": [f"x.parquet, row {row}" for row in (1, 2, 3)]}


def test_lists_of_class_numbers_are_several_labels(tmp_path):
    feature = {"feature": {"_type": "ClassLabel", "names": ["cat", "dog"]}, "_type": "Sequence"}
    shard(
        tmp_path / "x.parquet",
        metadata={"info": {"features": {"label": feature}}},
        label=[[0, 1], [1], [], [0]],
    )
    assert [row["target"] for row in read(tmp_path).rows] == ["cat|dog", "dog", "cat"]


@pytest.mark.parametrize("metadata", [None, [], {"info": 3}, {"info": {"features": {"label": [[]]}}}])
def test_strange_metadata_is_no_obstacle(tmp_path, metadata):
    shard(tmp_path / "x.parquet", metadata=metadata)
    assert [row["target"] for row in read(tmp_path).rows] == ["0", "1", "0", "1"]


def test_unreadable_shards_are_named_and_the_others_read(tmp_path):
    shard(tmp_path / "a.parquet")
    whole = shard(tmp_path / "b.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(whole[: len(whole) // 2])
    listing = read(tmp_path)
    assert len(listing.rows) == 4 and kinds(listing) == {"unreadable": ["b.parquet"]}


def test_sentences(tmp_path):
    with pytest.raises(UsageError, match="holds none"):
        read(tmp_path)
    pq.write_table(pa.table({"label": ["a"]}), tmp_path / "x.parquet")
    with pytest.raises(UsageError, match="column of image bytes"):
        read(tmp_path)
    pq.write_table(pa.table({"one": [JPEG], "two": [JPEG], "label": ["a"]}), tmp_path / "x.parquet")
    with pytest.raises(UsageError, match="say --image COLUMN"):
        read(tmp_path)
    assert read(tmp_path, image="two").columns["image"] == "two"
    with pytest.raises(UsageError, match="did you mean two"):
        read(tmp_path, image="twoo")
    with pytest.raises(UsageError, match="--target COLUMN"):
        pq.write_table(pa.table({"image": [JPEG]}), tmp_path / "x.parquet")
        read(tmp_path)


@pytest.mark.parametrize("rows_in_group", [1, 7, 1000])
def test_bytes_come_in_the_order_asked_for(tmp_path, rows_in_group):
    count = 3 * WINDOW + 5
    shard(tmp_path / "x.parquet", count=count, rows_in_group=rows_in_group)
    order = [*np.random.default_rng(0).permutation(count).tolist(), 0, 0, count - 1]
    contents = list(read_rows(tmp_path, "x.parquet", "image", order))
    assert contents == [JPEG + bytes([row % 256]) for row in order]
    assert list(read_rows(tmp_path, "x.parquet", "image", [])) == []


def test_bytes_that_cannot_be_read_have_a_reason(tmp_path):
    path = shard(tmp_path / "x.parquet")
    for file, column, row, words in (
        ("gone.parquet", "image", 0, "missing"),
        ("x.parquet", "picture", 0, "holds no bytes"),
        ("x.parquet", "label", 0, "holds no bytes"),
        ("x.parquet", "image", 4, "beyond"),
    ):
        with pytest.raises(Unreadable, match=words):
            list(read_rows(tmp_path, file, column, [row]))
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(bytes(content))
    with pytest.raises(Unreadable, match="damaged"):
        list(read_rows(tmp_path, "x.parquet", "image", [0, 1]))


def test_an_empty_cell_is_empty_bytes(tmp_path):
    cells = [{"bytes": None, "path": "a.jpg"}, {"bytes": JPEG, "path": None}, None]
    pq.write_table(pa.table({"image": cells}), tmp_path / "x.parquet")
    assert list(read_rows(tmp_path, "x.parquet", "image", [0, 1, 2])) == [b"", JPEG, b""]


def test_files_beside_are_left_alone(tmp_path):
    shard(tmp_path / "x.parquet")
    grow(tmp_path, "cover.jpg")
    assert len(read(tmp_path).rows) == 4
