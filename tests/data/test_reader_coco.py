"""COCO JSON: what is read, and every way in which it can be wrong."""

import json

import numpy as np
import pytest
from trees import grow, kinds, splits, write

from vidi.core.dataset import ReadOptions
from vidi.core.errors import UsageError
from vidi.data.readers import coco
from vidi.ops import masks


def read(root, **options):
    return coco.read(root, options=ReadOptions(**options))


def box(number, image=1, category=1, **more):
    return {"id": number, "image_id": image, "category_id": category, "bbox": [0, 0, 1, 1], **more}


def told(
    *, images=({"id": 1, "file_name": "1.jpg", "width": 2, "height": 2},), annotations=(), categories=None
):
    categories = [{"id": 1, "name": "cat"}, {"id": 90, "name": "dog"}] if categories is None else categories
    return {"images": list(images), "annotations": list(annotations), "categories": categories}


def listed(root, content=None, **parts):
    grow(root, "1.jpg", "2.jpg")
    write(root / "all.json", json.dumps(content or told(**parts)))
    return read(root)


def objects(listing, path="1.jpg"):
    return next(row["annotation"].objects for row in listing.rows if row["path"] == path)


def test_by_hand(tmp_path):
    """Ids with holes, a polygon, run lengths in both ways, a crowd, keypoints; the second image shows nothing."""
    full = np.ones((2, 2), bool)
    annotations = [
        box(1, category=90, segmentation=[[0, 0, 2, 0, 2, 2]], area=2.0, keypoints=[1, 1, 2]),
        box(5, segmentation={"size": [2, 2], "counts": [0, 4]}, iscrowd=1),
        box(9, segmentation={"size": [2, 2], "counts": masks.encode(full).counts}),
    ]
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 2, "height": 2, "license": 4} for n in (1, 2)]
    content = told(images=images, annotations=annotations)
    content["licenses"] = [{"id": 4, "name": "CC BY 4.0"}]
    content["categories"][0] |= {"supercategory": "animal", "keypoints": ["nose"], "skeleton": [[1, 1]]}
    listing = listed(tmp_path, content)
    one, crowd, third = objects(listing)
    assert one.label == "dog" and one.box == (0, 0, 1, 1) and one.polygons == ((0, 0, 2, 0, 2, 2),)
    assert one.keypoints == (1, 1, 2) and one.more == {"area": 2.0}
    assert crowd.crowd and crowd.rle == third.rle == masks.encode(full).counts
    assert objects(listing, "2.jpg") == () and [row["target"] for row in listing.rows] == ["cat|dog", ""]
    assert listing.scheme.labels == ("cat", "dog") and listing.scheme.tasks == ("detection", "instances")
    assert (
        listing.scheme.categories[0].keypoints == ("nose",) and listing.scheme.categories[0].above == "animal"
    )
    assert listing.attributes == ("license",) and listing.rows[0]["license"] == "CC BY 4.0"
    assert listing.remarks == ()


def test_boxes_alone_are_for_detection(tmp_path):
    assert listed(tmp_path, annotations=[box(1)]).scheme.tasks == ("detection",)


def test_splits_by_file_and_by_folder(tmp_path):
    grow(tmp_path, "train2017/1.jpg", "val2017/2.jpg")
    for number, name in ((1, "instances_train2017"), (2, "instances_val2017"), (1, "captions_train2017")):
        image = {"id": number, "file_name": f"{number}.jpg"}
        write(
            tmp_path / f"annotations/{name}.json",
            json.dumps(told(images=[image], annotations=[box(1, number)])),
        )
    listing = read(tmp_path)
    assert splits(listing) == {"train2017/1.jpg": "train", "val2017/2.jpg": "validation"}
    assert kinds(listing)["layout"] == ["annotations/captions_train2017.json"]
    assert read(tmp_path / "annotations/instances_val2017.json").rows[0]["path"] == "val2017/2.jpg"
    assert (
        coco.recognise(tmp_path) > 0.9
        and coco.recognise(tmp_path / "annotations/instances_val2017.json") > 0.9
    )


def test_of_several_kinds_it_asks(tmp_path):
    grow(tmp_path, "1.jpg")
    for name in ("boxes", "points"):
        write(tmp_path / f"{name}.json", json.dumps(told(annotations=[box(1)])))
    with pytest.raises(UsageError, match="--layout coco:NAME"):
        read(tmp_path)
    assert len(read(tmp_path, part="points").rows) == 1
    with pytest.raises(UsageError, match="none named 'lines'"):
        read(tmp_path, part="lines")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (json.dumps(told(annotations=[box(1)]))[:-20], "ends before its JSON does"),
        ('{"images": [], "annotations": [', "ends before its JSON does"),
        ('{"images": [] "annotations": [], "categories": []}', "not JSON"),
        ("[" * 100_000, "ends before|nested too deeply"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"images": [1], "categories": [], "annotations": {}}', "no list 'annotations'"),
        ('{"images": [], "annotations": []}', "no list 'categories'"),
        ("[]", "holds a list"),
        (b"\xff\xfe\x00".decode("latin-1") + '"images": []', "not JSON|not UTF-8"),
        ('{"images": [], "annotations": [], "categories": []}', "names none"),
        ('{"id": ' + "9" * 5000 + "}", "not JSON"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_sentence(tmp_path, text, why):
    grow(tmp_path, "1.jpg")
    with pytest.raises(UsageError, match=why) as caught:
        read(write(tmp_path / "bad.json", text, encoding="latin-1"))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


SIZE = {"id": 1, "file_name": "1.jpg", "width": 2, "height": 2}


@pytest.mark.parametrize(
    ("parts", "kind", "why"),
    [
        ({"annotations": [box(1), box(1)]}, "annotation", "earlier one's"),
        ({"annotations": [box(1), box(2, image=8)]}, "annotation", "no image has its image_id 8"),
        ({"annotations": [box(1), box(2, category=8)]}, "annotation", "no category has its category_id 8"),
        ({"annotations": [box(1), "text"]}, "annotation", "is a str"),
        ({"annotations": [box(1), box(2, bbox=[1, 2, 3])]}, "box", "not four numbers"),
        ({"annotations": [box(1), box(2, bbox=["a", 1, 1, 1])]}, "box", "not four numbers"),
        ({"annotations": [box(1), box(2, bbox=None)]}, "annotation", "neither a box nor a mask"),
        ({"annotations": [box(1, keypoints=[1, 2])]}, "keypoints", "not x, y, visibility"),
        ({"annotations": [box(1, segmentation=[[1, 2, 3]])]}, "mask", "three points"),
        ({"annotations": [box(1, segmentation="text")]}, "mask", "three points"),
        ({"annotations": [box(1, segmentation={"size": [2, 2], "counts": [1, 2]})]}, "mask", "add up to"),
        ({"annotations": [box(1, segmentation={"size": [2, 2], "counts": "55"})]}, "mask", "add up to"),
        ({"annotations": [box(1, segmentation={"size": [2, 2], "counts": [-4, 8]})]}, "mask", "0 or more"),
        (
            {"annotations": [box(1, segmentation={"size": [3, 2], "counts": [0, 6]})]},
            "mask",
            "the image 2 x 2",
        ),
        ({"annotations": [box(1, segmentation={"counts": [4]})]}, "mask", "height and a width"),
        ({"annotations": [box(1, segmentation={"size": [2, 2], "counts": [1.5]})]}, "mask", "whole numbers"),
        ({"annotations": [box(1)], "images": [SIZE, {"id": 2}]}, "row", "no whole id or no file_name"),
        (
            {"annotations": [box(1)], "images": [SIZE, {"id": 2, "file_name": "9.jpg"}]},
            "missing file",
            "not there",
        ),
        (
            {"annotations": [box(1)], "images": [SIZE, {"id": 2, "file_name": "../9.jpg"}]},
            "outside",
            "outside",
        ),
        ({"annotations": [box(1)], "images": [SIZE, {**SIZE, "id": 2}]}, "conflict", "several entries"),
        (
            {"annotations": [box(1)], "categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]},
            "category",
            "two have this id",
        ),
        ({"annotations": [box(1)], "categories": [{"id": 1, "name": "a"}, {"id": 2}]}, "category", "no name"),
        (
            {"annotations": [box(1)], "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}]},
            "category",
            "several categories have this name",
        ),
    ],
)
def test_an_entry_that_is_wrong_is_named_and_the_rest_is_read(tmp_path, parts, kind, why):
    listing = listed(tmp_path, **parts)
    said = [remark for remark in listing.remarks if remark.kind == kind]
    assert said and any(why in remark.what for remark in said) and all(remark.where for remark in said)
    assert len(objects(listing)) == 1 and objects(listing)[0].box == (0, 0, 1, 1)


def test_two_images_with_one_id_are_both_left_out(tmp_path):
    images = [SIZE, {**SIZE, "file_name": "2.jpg"}, {"id": 3, "file_name": "2.jpg"}]
    listing = listed(tmp_path, images=images, annotations=[box(1), box(2, image=3)])
    assert [row["path"] for row in listing.rows] == ["2.jpg"]
    assert any("two images have this id" in remark.what for remark in listing.remarks)
    assert any("two images have its image_id" in remark.what for remark in listing.remarks)


def test_files_that_disagree_on_a_category_are_refused(tmp_path):
    grow(tmp_path, "1.jpg")
    for name, label in (("train", "cat"), ("val", "dog")):
        write(
            tmp_path / f"{name}.json",
            json.dumps(told(annotations=[box(1)], categories=[{"id": 1, "name": label}])),
        )
    with pytest.raises(UsageError, match=r"category 1 is 'cat' in train\.json and 'dog' in val\.json"):
        read(tmp_path)


def test_nan_and_negative_boxes_come_through_to_be_judged_by_the_image(tmp_path):
    """JSON knows no NaN, Python's reader does; `vidi.data.annotating` names both when the image is open."""
    listing = listed(tmp_path, annotations=[box(1, bbox=[float("nan"), 0, 1, 1]), box(2, bbox=[1, 1, -1, 1])])
    assert np.isnan(objects(listing)[0].box[0]) and objects(listing)[1].box == (1, 1, 0, 2)


def test_a_target_is_refused(tmp_path):
    grow(tmp_path, "1.jpg")
    write(tmp_path / "all.json", json.dumps(told(annotations=[box(1)])))
    with pytest.raises(UsageError, match="--target"):
        read(tmp_path, target="x")
