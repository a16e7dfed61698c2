"""What every reader keeps: found by being in the folder."""

import ast
import importlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import vidi.data.readers
from vidi.core.card import Card
from vidi.core.dataset import OWN_COLUMNS, SPLITS, Listing, ReadOptions, Remark
from vidi.core.errors import UsageError

FOLDER = Path(str(vidi.data.readers.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
FIELDS = ("path", "file", "offset", "length", "row", "target", "split")


def member(name):
    return importlib.import_module(f"vidi.data.readers.{name}")


def jpeg():
    stream = io.BytesIO()
    Image.new("RGB", (3, 2), (9, 99, 199)).save(stream, "JPEG")
    return stream.getvalue()


def images(root, *files):
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(jpeg())


def make_folder(root):
    images(root, "train/a/2.jpg", "train/a/1.jpg", "train/b/3.jpg", "val/b/4.jpg", "5.jpg")


def make_table(root):
    images(root, "images/1.jpg", "images/2.jpg", "images/3.jpg", "images/4.jpg")
    (root / "labels.csv").write_text(
        "file,species,width\n2.jpg,a,1\n1.jpg,a,2\n3.jpg,b,3\n4.jpg,b,\n9.jpg,b,4\n"
    )


def make_imagefolder(root):
    images(root, "train/1.jpg", "train/2.jpg")
    (root / "train/metadata.csv").write_text("file_name,label,who\n2.jpg,a,x\n1.jpg,b,y\n7.jpg,b,y\n")


def make_parquet(root):
    columns = {
        "image": [{"bytes": jpeg(), "path": None}] * 3,
        "label": ["a", "b", None],
        "split": ["train"] * 3,
    }
    pq.write_table(pa.table(columns), root / "shard.parquet")


def make_webdataset(root):
    with tarfile.open(root / "train-0.tar", "w") as archive:
        for name, content in (
            ("1.jpg", jpeg()),
            ("1.json", json.dumps({"label": "a", "id": 7}).encode()),
            ("2.jpg", jpeg()),
            ("2.json", json.dumps({"label": "b", "id": 8}).encode()),
            ("3.jpg", jpeg()),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def make_coco(root):
    images(root, "images/1.jpg", "images/2.jpg")
    entries = [{"id": n, "file_name": f"{n}.jpg", "width": 3, "height": 2, "who": "x"} for n in (1, 2, 9)]
    boxes = [{"id": n, "image_id": n, "category_id": 7, "bbox": [0, 0, 2, 1], "iscrowd": 0} for n in (1, 2)]
    told = {"images": entries, "annotations": boxes, "categories": [{"id": 7, "name": "a"}]}
    (root / "coco.json").write_text(json.dumps(told))


def make_voc(root):
    images(root, "JPEGImages/1.jpg", "JPEGImages/2.jpg", "JPEGImages/3.jpg")
    for number in (1, 2):
        (root / "Annotations").mkdir(exist_ok=True)
        box = "<bndbox><xmin>0</xmin><ymin>0</ymin><xmax>2</xmax><ymax>1</ymax></bndbox>"
        (root / f"Annotations/{number}.xml").write_text(
            f"<annotation><filename>{number}.jpg</filename><object><name>a</name>{box}</object></annotation>"
        )


def make_yolo(root):
    images(root, "images/train/1.jpg", "images/val/2.jpg")
    for name in ("train/1", "val/2"):
        (root / f"labels/{name}.txt").parent.mkdir(parents=True, exist_ok=True)
        (root / f"labels/{name}.txt").write_text(
            "0 0.5 0.5 0.5 0.5\n" + ("5 0 0 1 1\n" if "1" in name else "")
        )
    (root / "data.yaml").write_text("names: [a, b]\ntrain: images/train\nval: images/val\n")


def numbers(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(rows, np.uint8)).save(path)


def make_masks(root):
    images(root, "images/1.jpg", "images/2.jpg", "images/3.jpg")
    for name in "12":
        numbers(root / f"masks/{name}.png", [[0, 1, 1], [3, 3, 0]])
    (root / "classes.txt").write_text("0 sky\n1 road\n3 void\n")


def make_instances(root):
    images(root, "a/images/a.jpg", "b/images/b.jpg", "c/images/c.jpg")
    for name in ("a/masks/1", "a/masks/2", "b/masks/1", "b/masks/2"):
        numbers(root / f"{name}.png", [[0, 255, 255], [0, 255, 0]])


MAKERS = {
    name.removeprefix("make_"): maker for name, maker in globals().copy().items() if name.startswith("make_")
}


@pytest.fixture
def made(name, tmp_path):
    """A folder of the layout that the reader `name` is for; a new reader brings its maker."""
    MAKERS[name](tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_written_with_literals(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    card = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CARD"
    )
    written = {word.arg: ast.literal_eval(word.value) for word in card.keywords}
    assert Card(**written) == member(name).CARD and written["title"] and written["idea"]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_surest_of_its_own_layout(name, made):
    sure = {other: member(other).recognise(made) for other in NAMES}
    assert all(0 <= value <= 1 for value in sure.values())
    assert max(sure, key=sure.__getitem__) == name and sorted(sure.values())[-2] < sure[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_listing_is_what_core_says_it_is(name, made):
    listing = member(name).read(made, options=ReadOptions())
    assert isinstance(listing, Listing) and listing.layout == name and listing.root == made
    assert len(listing.rows) >= 2 and all(isinstance(remark, Remark) for remark in listing.remarks)
    assert not set(listing.attributes) & set(OWN_COLUMNS)
    drawn = ("annotation",) if listing.scheme else ()
    for row in listing.rows:
        assert tuple(row) == (*FIELDS, *listing.attributes, *drawn)
        assert isinstance(row["target"], str) and (row["target"] or drawn)
        assert not drawn or set(row["target"].split("|")) <= {*listing.scheme.labels, ""}
        assert row["split"] in (*SPLITS, None)
        assert (made / row["file"]).resolve().is_relative_to(made.resolve()) and (
            made / row["file"]
        ).is_file()
        assert (row["offset"] is None) == (row["length"] is None)
    assert len({row["path"] for row in listing.rows}) == len(listing.rows)
    assert set(listing.columns) <= {"image", "target", "split", "group", "attributes"}
    pa.Table.from_pylist([{k: v for k, v in row.items() if k != "annotation"} for row in listing.rows])


@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_out_is_named(name, made):
    """Each maker plants one example that cannot be used."""
    assert len(member(name).read(made, options=ReadOptions()).remarks) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_same_folder_gives_the_same_listing(name, made):
    one, other = (member(name).read(made, options=ReadOptions()) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("name", NAMES)
def test_a_group_is_an_attribute_and_an_unknown_one_is_refused(name, made):
    with pytest.raises(UsageError, match="--group"):
        member(name).read(made, options=ReadOptions(group="no such column"))
    known = member(name).read(made, options=ReadOptions()).attributes
    for attribute in [each for each in known if not each.startswith("given_")]:
        listing = member(name).read(made, options=ReadOptions(group=attribute))
        assert listing.columns["group"] == attribute and attribute in listing.attributes


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["missing", "empty", "text", "junk"])
def test_what_it_cannot_read_gets_one_sentence(name, kind, tmp_path):
    path = tmp_path / kind
    if kind in ("empty", "junk"):
        path.mkdir()
    if kind == "junk":
        for suffix in ("csv", "tsv", "jsonl", "parquet", "tar", "jpg"):
            (path / f"metadata.{suffix}").write_bytes(bytes(range(256)) * 3)
    if kind == "text":
        path.write_text("some words")
    assert 0 <= member(name).recognise(path) <= 1
    with pytest.raises(UsageError) as caught:
        member(name).read(path, options=ReadOptions())
    assert "\n" not in str(caught.value) and 20 < len(str(caught.value)) < 600
