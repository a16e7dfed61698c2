"""YOLO text files: what is read, and every way in which they can be wrong."""

import pytest
from trees import grow, kinds, splits, write

from vidi.core.dataset import ReadOptions
from vidi.core.errors import UsageError
from vidi.data.readers import yolo

YAML = "names:\n  0: cat\n  1: dog\ntrain: images/train\nval: images/val\n"


def read(root, **options):
    return yolo.read(root, options=ReadOptions(**options))


def made(root, text="0 0.5 0.5 0.5 0.25\n", yaml=YAML):
    grow(root, "images/train/1.jpg", "images/val/2.jpg")
    write(root / "labels/train/1.txt", text)
    write(root / "labels/val/2.txt", "1 0.5 0.5 1 1\n")
    if yaml:
        write(root / "data.yaml", yaml)
    return read(root)


def objects(listing, path="images/train/1.jpg"):
    return next(row["annotation"].objects for row in listing.rows if row["path"] == path)


def test_by_hand(tmp_path):
    listing = made(tmp_path)
    (one,) = objects(listing)
    assert one.label == "cat" and one.box == (0.25, 0.375, 0.75, 0.625)
    assert listing.rows[0]["annotation"].relative and listing.scheme.labels == ("cat", "dog")
    assert list(splits(listing).values()) == ["train", "validation"] and listing.scheme.tasks == (
        "detection",
    )
    assert listing.remarks == () and len(read(tmp_path / "data.yaml").rows) == 2


def test_outlines_are_instances(tmp_path):
    listing = made(tmp_path, "1 0 0 1 0 0.5 0.75\n", yaml="names: [cat, dog]\n")
    write(tmp_path / "labels/val/2.txt", "0 0 0 1 0 1 1 0 1\n")
    listing = read(tmp_path)
    (one,) = objects(listing)
    assert one.label == "dog" and one.polygons == ((0, 0, 1, 0, 0.5, 0.75),) and one.box == (0, 0, 1, 0.75)
    assert listing.scheme.tasks == ("instances", "detection")


def test_keypoints(tmp_path):
    listing = made(
        tmp_path, "0 0.5 0.5 1 1 0.25 0.5 2 0 0 0\n", yaml="names: [cat, dog]\nkpt_shape: [2, 3]\n"
    )
    assert objects(listing)[0].keypoints == (0.25, 0.5, 2, 0, 0, 0)
    listing = made(tmp_path, "0 0.5 0.5 1 1 0.25 0.5 0 0\n", yaml="names: [cat, dog]\nkpt_shape: [2, 2]\n")
    assert objects(listing)[0].keypoints == (0.25, 0.5, 2, 0, 0, 0)
    assert len(listing.scheme.categories[0].keypoints) == 2


def test_beside_its_image_with_a_list_of_names(tmp_path):
    grow(tmp_path, "1.jpg", "2.jpg")
    write(tmp_path / "1.txt", "1 0.5 0.5 1 1\n")
    write(tmp_path / "2.txt", "")
    write(tmp_path / "classes.txt", "cat\ndog\n")
    listing = read(tmp_path)
    assert (
        objects(listing, "1.jpg")[0].label == "dog"
        and objects(listing, "2.jpg") == ()
        and listing.remarks == ()
    )
    (tmp_path / "classes.txt").unlink()
    listing = read(tmp_path)
    assert objects(listing, "1.jpg")[0].label == "1" and kinds(listing) == {"layout": ["."]}
    assert listing.scheme.labels == ("0", "1")


def test_in_a_folder_of_another_name_or_of_two(tmp_path):
    grow(tmp_path, "images/train/1.jpg")
    write(tmp_path / "boxes/train/1.txt", "0 0.5 0.5 1 1\n")
    assert len(objects(read(tmp_path))) == 1
    write(tmp_path / "outlines/train/1.txt", "0 0 0 1 0 1 1\n")
    with pytest.raises(UsageError, match="--layout yolo:boxes"):
        read(tmp_path)
    assert objects(read(tmp_path, part="outlines"))[0].polygons


@pytest.mark.parametrize(
    ("line", "kind", "why"),
    [
        ("0 0.5 0.5 1", "annotation", "3 numbers after its class"),
        ("0 0.5 0.5 1 1 0.9", "annotation", "5 numbers after its class"),
        ("cat 0.5 0.5 1 1", "annotation", "not of numbers"),
        ("7 0.5 0.5 1 1", "annotation", "class 7, which has no name in data.yaml"),
        ("-1 0.5 0.5 1 1", "annotation", "not a class's number"),
        ("0.5 0.5 0.5 1 1", "annotation", "not a class's number"),
        ("nan 0.5 0.5 1 1", "annotation", "not a class's number"),
        ("0 nan 0.5 1 1", "box", "not finite"),
        ("0 inf 0.5 1 1", "box", "not finite"),
        ("0 320 240 64 48", "box", "shares of the image's sides"),
        ("0 \x00\x00", "annotation", "not of numbers"),
    ],
)
def test_a_line_that_is_wrong_is_named_and_the_rest_is_read(tmp_path, line, kind, why):
    listing = made(tmp_path, f"0 0.5 0.5 1 1\n{line}\n")
    assert [(r.kind, r.where) for r in listing.remarks] == [(kind, "labels/train/1.txt, line 2")]
    assert why in listing.remarks[0].what and len(objects(listing)) == 1


def test_images_and_files_that_do_not_meet(tmp_path):
    made(tmp_path)
    grow(tmp_path, "images/train/3.jpg")
    write(tmp_path / "labels/train/9.txt", "0 0.5 0.5 1 1\n")
    listing = read(tmp_path)
    assert kinds(listing) == {"annotation": ["labels/train/9.txt"], "no annotation": ["images/train/3.jpg"]}
    assert objects(listing, "images/train/3.jpg") == ()


def test_yaml_that_could_grow_or_is_none(tmp_path):
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nnames: *b\n"
    for text in (
        bomb,
        "names: [",
        "names: 3\n",
        "- 1\n",
        "x: !!python/object/apply:os.system [ls]\n",
        "[" * 5000,
    ):
        listing = made(tmp_path, yaml=text)
        assert listing.scheme.labels == ("0", "1") and kinds(listing)["layout"] == ["data.yaml", "."]
    with pytest.raises(UsageError, match=r"data\.yaml with names"):
        read(tmp_path / "data.yaml")
