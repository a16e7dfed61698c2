"""The table reader: which column is what, and every row that is left out named."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import grow, kinds, splits, targets, write

from vidi.core.dataset import ReadOptions
from vidi.core.errors import UsageError
from vidi.data.cells import label_texts, text_of, values_of
from vidi.data.readers import table

PLAIN = "file,species,age\n1.jpg,cat,3\n2.jpg,cat,4\n3.jpg,dog,5\n4.jpg,dog,\n"


def read(root, **options):
    return table.read(root, options=ReadOptions(**options))


@pytest.fixture
def root(tmp_path):
    return grow(tmp_path, "1.jpg", "2.jpg", "3.jpg", "4.jpg")


def test_by_hand(root):
    path = write(root / "data.csv", PLAIN)
    for place in (root, path):
        listing = read(place)
        assert targets(listing) == {"1.jpg": "cat", "2.jpg": "cat", "3.jpg": "dog", "4.jpg": "dog"}
        assert listing.columns == {"image": "file", "target": "species"}
        assert listing.attributes == ("age",) and [row["age"] for row in listing.rows] == [3, 4, 5, None]
        assert listing.remarks == () and listing.root == root
    assert table.recognise(root) > 0.7 and table.recognise(path) > 0.9


@pytest.mark.parametrize("name", ["data.tsv", "data.jsonl", "data.parquet", "semicolons.csv", "data.ndjson"])
def test_every_kind_of_table_says_the_same(root, name):
    expected = read(write(root.parent / f"{root.name}/data.csv", PLAIN)).rows
    (root / "data.csv").unlink()
    records = [
        dict(zip(("file", "species", "age"), line.split(","), strict=True)) for line in PLAIN.split()[1:]
    ]
    records = [{**record, "age": int(record["age"]) if record["age"] else None} for record in records]
    if name.endswith("parquet"):
        pq.write_table(pa.Table.from_pylist(records), root / name)
    elif name.endswith("csv"):
        write(root / name, PLAIN.replace(",", ";"))
    elif name.endswith("tsv"):
        write(root / name, PLAIN.replace(",", "\t"))
    else:
        write(root / name, "\n".join(json.dumps(record) for record in records))
    assert read(root).rows == expected and table.recognise(root) > 0.7


@pytest.mark.parametrize(
    "cells",
    [
        "1.jpg 2.jpg 3.jpg 4.jpg",
        "1 2 3 4",
        "pics/1.jpg pics/2.jpg pics/3.jpg pics/4.jpg",
        "./pics/1.jpg pics//2.jpg x/../pics/3.jpg pics\\4.jpg",
        "photos/pics/1.jpg photos/pics/2.jpg photos/pics/3.jpg photos/pics/4.jpg",
        "{root}/photos/pics/1.jpg {root}/photos/pics/2.jpg {root}/photos/pics/3.jpg {root}/photos/pics/4.jpg",
    ],
)
def test_images_are_found_by_path_name_or_stem(tmp_path, cells):
    grow(tmp_path, *(f"photos/pics/{count}.jpg" for count in (1, 2, 3, 4)))
    names = cells.format(root=tmp_path).split()
    write(
        tmp_path / "t.csv",
        "x,label\n" + "\n".join(f"{name},c{place // 2}" for place, name in enumerate(names)),
    )
    listing = read(tmp_path)
    assert targets(listing) == {f"photos/pics/{count}.jpg": f"c{(count - 1) // 2}" for count in (1, 2, 3, 4)}


def test_a_table_in_a_folder_of_its_own(tmp_path):
    grow(tmp_path, "images/1.jpg", "images/2.jpg")
    write(tmp_path / "labels/all.csv", "file,label\n../images/1.jpg,a\n../images/2.jpg,b\n")
    assert targets(read(tmp_path)) == {"images/1.jpg": "a", "images/2.jpg": "b"}


def test_a_name_that_stands_in_two_folders_is_not_guessed(tmp_path):
    grow(tmp_path, "a/1.jpg", "b/1.jpg", "b/2.jpg", "b/3.jpg")
    write(tmp_path / "t.csv", "file,label\n1.jpg,x\n2.jpg,x\n3.jpg,y\na/1.jpg,y\n")
    listing = read(tmp_path)
    assert list(targets(listing)) == ["a/1.jpg", "b/2.jpg", "b/3.jpg"]
    assert kinds(listing)["several files"] == ["t.csv, line 2"]


def test_names_that_leave_the_folder_are_refused(tmp_path):
    grow(tmp_path, "secret.jpg", "in/1.jpg", "in/2.jpg")
    names = [
        "1.jpg",
        "2.jpg",
        "../secret.jpg",
        str(tmp_path / "secret.jpg"),
        "/etc/passwd",
        "a/../../secret.jpg",
    ]
    write(tmp_path / "in/t.csv", "file,label\n" + "\n".join(f"{name},x" for name in names))
    listing = read(tmp_path / "in", target="label")
    assert len(listing.rows) == 2 and len(kinds(listing)["outside"]) == 4


def test_bad_rows_are_set_aside_by_line_and_reason(root):
    text = "file,label\n1.jpg,cat\n1.jpg,cat\n2.jpg,cat\n2.jpg,dog\n3.jpg,NaN\n5.jpg,cat\n,cat\n"
    write(root / "t.csv", text + "1.jpg,cat,extra\n")
    listing = read(root)
    assert targets(listing) == {"1.jpg": "cat"}
    assert kinds(listing) == {
        "row": ["t.csv, line 9"],
        "duplicate row": ["t.csv, line 3"],
        "conflict": ["2.jpg"],
        "no target": ["t.csv, line 6"],
        "missing file": ["t.csv, line 7", "t.csv, line 8"],
        "unlisted": ["4.jpg"],
    }


def test_an_image_in_two_splits_is_a_conflict(root):
    write(root / "t.csv", "file,label,split\n1.jpg,a,train\n1.jpg,a,test\n2.jpg,b,train\n3.jpg,a,val\n")
    listing = read(root)
    assert splits(listing) == {"2.jpg": "train", "3.jpg": "validation"} and kinds(listing)["conflict"] == [
        "1.jpg"
    ]


def test_several_labels_are_joined_once_each(root):
    write(root / "t.csv", "file,tags\n1.jpg,a|b\n2.jpg, b | a |b\n3.jpg,|\n4.jpg,b\n")
    assert targets(read(root)) == {"1.jpg": "a|b", "2.jpg": "b|a", "4.jpg": "b"}
    write(root / "t.csv", "")
    (root / "t.csv").unlink()
    lines = [
        {"file": "1.jpg", "tags": ["a", "b"]},
        {"file": "2.jpg", "tags": []},
        {"file": "3.jpg", "tags": ["b"]},
    ]
    write(root / "t.jsonl", "\n".join(map(json.dumps, lines)))
    assert targets(read(root)) == {"1.jpg": "a|b", "3.jpg": "b"}


@pytest.mark.parametrize(
    "header, target",
    [
        ("file,Label,who", "Label"),
        ("file,who,CLASS_NAME", "CLASS_NAME"),
        ("file,who,dx", "dx"),
        ("file,y,who", "y"),
    ],
)
def test_the_target_is_known_by_its_name(root, header, target):
    write(root / "t.csv", header + "\n1.jpg,a,b\n2.jpg,b,b\n3.jpg,a,a\n4.jpg,b,a\n")
    assert read(root).columns["target"] == target


def test_of_two_columns_that_say_the_same_the_one_in_words_is_learnt(root):
    write(root / "t.csv", "file,label,category\n1.jpg,0,cat\n2.jpg,0,cat\n3.jpg,1,dog\n4.jpg,1,dog\n")
    assert read(root).columns["target"] == "category"


def test_two_possible_targets_are_asked_about(root):
    write(root / "t.csv", "file,sex,race\n1.jpg,f,x\n2.jpg,m,x\n3.jpg,f,y\n4.jpg,m,y\n")
    with pytest.raises(UsageError, match=r"sex, race.*--target sex or --target race"):
        read(root)
    assert read(root, target="race", group="sex").columns["group"] == "sex"
    assert read(root, target="race", group="sex").attributes == ("sex",)


def test_fractions_that_repeat_often_might_be_meant(tmp_path):
    grow(tmp_path, *(f"{place}.jpg" for place in range(40)))
    lines = [f"{place}.jpg,{'mp'[place % 2]},{place % 4 / 3:.4f}" for place in range(40)]
    write(tmp_path / "t.csv", "file,module,defect\n" + "\n".join(lines))
    with pytest.raises(UsageError, match="module, defect"):
        read(tmp_path)
    assert set(targets(read(tmp_path, target="defect")).values()) == {"0.0000", "0.3333", "0.6667", "1.0000"}


def test_no_possible_target_is_asked_about(root):
    write(root / "t.csv", "file,height\n1.jpg,1.52\n2.jpg,1.63\n3.jpg,1.52\n4.jpg,1.63\n")
    with pytest.raises(UsageError, match="--target COLUMN"):
        read(root)


@pytest.mark.parametrize("flag", ["image", "target", "group", "split"])
def test_unknown_columns_are_refused_with_the_nearest(root, flag):
    write(root / "t.csv", PLAIN)
    with pytest.raises(UsageError, match=f"--{flag} .*'specie'.*did you mean species"):
        read(root, **{flag: "specie"})
    with pytest.raises(UsageError, match=f"--{flag}"):
        read(root / "t.csv", **{flag: "specie"})


def test_a_split_column_that_holds_no_splits_is_refused(root):
    write(root / "t.csv", PLAIN)
    with pytest.raises(UsageError, match="train, validation and test; 'age' holds 3, 4, 5"):
        read(root, split="age")


def test_a_split_column_is_found_by_its_cells(root):
    write(root / "t.csv", "file,label,part\n1.jpg,a,Train\n2.jpg,b,val\n3.jpg,a,TEST\n4.jpg,b,\n")
    listing = read(root)
    assert list(splits(listing).values()) == ["train", "validation", "test", None]
    assert listing.columns["split"] == "part" and listing.attributes == ()


def test_tables_for_each_split(root):
    write(root / "train.csv", "id,label\n1,a\n2,b\n")
    write(root / "test.csv", "id,label\n3,a\n4,b\n")
    write(root / "sample_submission.csv", "id,label\n3,a\n4,a\n")
    listing = read(root)
    assert list(splits(listing).values()) == ["train", "train", "test", "test"]
    assert kinds(listing) == {"skipped": ["sample_submission.csv"]}


def test_two_tables_that_both_name_the_images_are_asked_about(root):
    write(root / "a.csv", PLAIN)
    write(root / "b.csv", PLAIN)
    with pytest.raises(UsageError, match=r"a\.csv, b\.csv"):
        read(root)
    assert len(read(root / "b.csv").rows) == 4


def test_split_folders_give_the_split_where_no_column_does(tmp_path):
    grow(tmp_path, "train/1.jpg", "test/2.jpg")
    write(tmp_path / "t.csv", "file,label\n1.jpg,a\n2.jpg,b\n")
    assert splits(read(tmp_path)) == {"test/2.jpg": "test", "train/1.jpg": "train"}


@pytest.mark.parametrize(
    "encoding, remarked", [("utf-8", False), ("utf-8-sig", False), ("cp1252", True), ("utf-16", False)]
)
def test_encodings(tmp_path, encoding, remarked):
    grow(tmp_path, "höhe.jpg", "a b.jpg", "c\nd.jpg", 'q"q.jpg')
    text = 'file,label\nhöhe.jpg,Bär\na b.jpg,Bär\n"c\nd.jpg",fox\n"q""q.jpg",fox\n'
    listing = read(write(tmp_path / "t.csv", text, encoding))
    assert set(targets(listing).values()) == {"Bär", "fox"} and len(listing.rows) == 4
    assert ("encoding" in kinds(listing)) == remarked


def test_a_table_without_a_header(root):
    write(root / "t.csv", "1.jpg,cat\n2.jpg,cat\n3.jpg,dog\n4.jpg,dog\n")
    listing = read(root)
    assert len(listing.rows) == 4 and listing.columns == {"image": "column_1", "target": "column_2"}


@pytest.mark.parametrize(
    "content, words",
    [
        ("", "no rows"),
        ("file,label\n", "no rows"),
        ('file,label\n"' + "x" * 200_000, "not CSV from line 2"),
        ("a,b\n7,8\n", "no column of t.csv names images"),
        ("file,label\n8.jpg,x\n9.jpg,y\n", "no row of t.csv"),
        ("file,label\n1.jpg,\n2.jpg,\n", "no row of t.csv"),
    ],
)
def test_a_hopeless_table_gets_a_sentence(root, content, words):
    with pytest.raises(UsageError, match=words):
        read(write(root / "t.csv", content))


def test_no_images_no_table_no_path(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        read(tmp_path / "gone.csv")
    with pytest.raises(UsageError, match="is empty"):
        read(tmp_path)
    with pytest.raises(UsageError, match="holds 1 files, none"):
        read(write(tmp_path / "t.csv", PLAIN))
    grow(tmp_path, "1.jpg", "t.docx")
    with pytest.raises(UsageError, match="save it as"):
        read(tmp_path / "t.docx")


def test_hostile_json_lines_are_named(root):
    deep = "[" * 100_000
    lines = ['{"file": "1.jpg", "label": "a"}', deep, "{", '{"file": "\\ud800", "label": "\\udfff"}', "7"]
    listing = read(write(root / "t.jsonl", "\n".join(lines)))
    assert targets(listing) == {"1.jpg": "a"}
    assert kinds(listing)["row"] == [f"t.jsonl, line {line}" for line in (2, 3, 5)]


def test_a_broken_parquet_gets_a_sentence(root):
    (root / "t.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(UsageError, match="not a readable Parquet"):
        read(root / "t.parquet")


def test_label_texts_and_values_by_hand():
    assert label_texts([0.0, 1.0, float("nan")]) == ["0", "1", None]
    assert label_texts(["0.0", "2.", "-1"]) == ["0", "2", "-1"]
    assert label_texts(["007", "1"]) == ["007", "1"]
    assert label_texts(["None", " NA ", "x", True]) == ["None", None, "x", "True"]
    assert label_texts([0.5, 1.0]) == ["0.5", "1.0"]
    assert values_of(["1", "2", ""]) == [1, 2, None]
    assert values_of(["1", "2.5"]) == [1.0, 2.5]
    assert values_of(["007", "1"]) == ["007", "1"]
    assert values_of([True, None]) == [True, None]
    assert values_of([True, "x"]) == ["True", "x"]


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.text(max_size=3))
)


@given(st.lists(CELLS, max_size=6))
def test_an_attribute_has_one_type_that_arrow_stores(cells):
    values = values_of(cells)
    assert len({type(value) for value in values} - {type(None)}) <= 1
    pa.array(values)
    assert [value is None for value in values] == [text_of(cell) is None for cell in cells]


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\\\0"), min_size=1, max_size=10).filter(
    lambda name: name == name.strip() and name[0] not in "._" and text_of(name) is not None
)


@settings(max_examples=60, deadline=None)
@given(names=st.dictionaries(NAMES, st.sampled_from(["cat", "dog", "été"]), min_size=1, max_size=8))
def test_what_is_written_is_read(names, tmp_path_factory):
    """Any names with any labels, written by the csv module, come back the same."""
    import csv

    root = tmp_path_factory.mktemp("names")
    made = {f"{name}.jpg": label for name, label in names.items()}
    grow(root, *made)
    with (root / "t.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("file", "label"), *made.items()])
    assert targets(read(root)) == made
