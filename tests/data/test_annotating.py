"""An annotation held against its image."""

import numpy as np
import pyarrow as pa
import pytest
from drawn_rows import SCHEME, dataset

from vidi.core.annotations import Annotation, Instance
from vidi.core.errors import UsageError
from vidi.data.annotating import settled
from vidi.data.split import split

NAN = float("nan")


def one(box, **told):
    return Annotation((Instance("cat", box, **told),))


def noticed(annotation, width=20, height=10):
    said = []
    found = settled(annotation, width, height, lambda kind, what: said.append(f"{kind}: {what}"))
    return found, said


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ((1, 1, NAN, 5), "not of finite numbers"),
        ((1, 1, float("inf"), 5), "not of finite numbers"),
        ((5, 1, 2, 5), "inverted"),
        ((1, 5, 2, 2), "inverted"),
        ((3, 3, 3, 3), "empty"),
        ((3, 3, 4, 3), "empty"),
        ((20, 0, 25, 5), "outside"),
        ((-9, -9, -1, -1), "outside"),
    ],
)
def test_a_box_that_cannot_be_is_left_out_and_said(box, why):
    found, said = noticed(one(box))
    assert found.objects == () and len(said) == 1 and why in said[0] and "left out" in said[0]


def test_what_reaches_beyond_the_edge_is_cut_there():
    found, said = noticed(one((-5, 2, 30, 9)))
    assert found.objects[0].box == (0, 2, 20, 9) and len(said) == 1 and "beyond" in said[0]
    found, said = noticed(one((0, 0, 20.5, 10)))  # rounding
    assert found.objects[0].box == (0, 0, 20, 10) and not said


def test_shares_become_pixels():
    given = Annotation(
        (
            Instance(
                "cat",
                (0.1, 0.2, 0.5, 1.0),
                polygons=((0.0, 0.0, 0.5, 0.0, 0.5, 1.0),),
                keypoints=(0.5, 0.5, 2),
            ),
        ),
        relative=True,
    )
    found, said = noticed(given)
    (each,) = found.objects
    assert each.box == (2, 2, 10, 10) and each.polygons == ((0, 0, 10, 0, 10, 10),)
    assert each.keypoints == (10, 5, 2) and not found.relative and not said


@pytest.mark.parametrize(
    "told",
    [
        {"rle": "04"},
        {"rle": "\x7f"},
        {"polygons": ((1.0, 1.0, 2.0, 2.0),)},
        {"polygons": ((1.0, 1.0, 2.0, 2.0, NAN, 3.0),)},
        {"polygons": ((1.0, 1.0, 2.0, 2.0, 1e9, 3.0),)},
    ],
)
def test_a_mask_that_cannot_be_drawn_leaves_its_box(told):
    found, said = noticed(one((1, 1, 5, 5), **told))
    assert not found.objects[0].has_mask and found.objects[0].box == (1, 1, 5, 5)
    assert len(said) == 1 and said[0].startswith("mask: a cat's mask cannot be drawn")


def test_another_images_annotation_is_left_out():
    found, said = noticed(Annotation(size=(640, 480)))
    assert found is None and "640 x 480" in said[0] and "20 x 10" in said[0]
    found, said = noticed(Annotation(size=(10, 20)))
    assert found is None and "EXIF" in said[0]


def test_scanned_with_what_is_drawn(tmp_path):
    drawn = [
        Annotation((Instance("dog", (1, 1, 5, 5)), Instance("cat", (2, 2, 3, 3)))),
        Annotation(),
        Annotation((Instance("dog", (5, 5, 1, 1)),)),
        Annotation(size=(1, 1)),
    ]
    data = dataset(tmp_path, drawn)
    assert data.task == "detection" and data.labels == ("cat", "dog") and len(data) == 3
    assert data.column("target").tolist() == ["cat|dog", "", ""]
    assert sorted(remark.kind for remark in data.remarks) == ["box", "rare class", "rare class", "size"]
    assert data.annotation(0).objects == drawn[0].objects
    assert dataset(tmp_path, drawn, task="instances").task == "instances"
    labelled = dataset(tmp_path, drawn[:2], targets=["cat|dog", "cat"], task="multilabel")
    assert labelled.scheme is None and labelled.column("target").tolist() == ["cat|dog", "cat"]


def test_sentences_for_what_serves_nothing(tmp_path):
    with pytest.raises(UsageError, match="they serve detection, instances, multilabel"):
        dataset(tmp_path, [Annotation()], task="segmentation")
    with pytest.raises(UsageError, match="nothing is drawn on any of the 2 images"):
        dataset(tmp_path, [Annotation(), Annotation()])
    with pytest.raises(UsageError, match="fits its annotation"):
        dataset(tmp_path, [Annotation(size=(1, 1))])


def test_a_class_that_is_never_drawn_is_said(tmp_path):
    data = dataset(tmp_path, [one((1, 1, 5, 5)), one((1, 1, 5, 5))])
    assert [(r.kind, r.where, r.what) for r in data.remarks] == [("class", "dog", "is never drawn")]
    assert data.labels == ("cat", "dog")


def test_the_fingerprint_tells_drawings_apart(tmp_path):
    one_, other = (dataset(tmp_path, [one((1, 1, 5, right))]) for right in (5, 6))
    assert one_.fingerprint != other.fingerprint
    assert one_.fingerprint == dataset(tmp_path, [one((1, 1, 5.0, 5))]).fingerprint


def test_a_given_split_may_lack_a_class(tmp_path):
    drawn = [one((1, 1, 5, 5)), one((1, 1, 5, 5)), Annotation((Instance("dog", (1, 1, 5, 5)),))]
    data = dataset(tmp_path, drawn)
    data = data.with_column("split", pa.array(["train", "train", "test"]))
    done = split(data, cluster=np.arange(3))
    assert done.column("split").tolist()[2] == "test"
    assert any(r.where == "dog" and "on no image of train" in r.what for r in done.remarks)


def test_the_scheme_is_kept(tmp_path):
    assert dataset(tmp_path, [one((1, 1, 5, 5))] * 2).take(np.array([1])).scheme == SCHEME
