"""A thing pasted in: which changes count, where, and what they are shares of."""

import numpy as np
import pytest

from vidi.audits.transplants import audit, changed, thing_box
from vidi.data.found import FoundObjects
from vidi.ops.near_boxes import gaps, iou_of, share_inside

SIDE = 64
THING = np.array([0.0, 0.0, 16.0, 16.0])
NEAR, FAR, UNDER = [18.0, 0, 30, 12], [40.0, 40, 60, 60], [2.0, 2, 14, 14]
CUTOUT = np.full((16, 16, 4), 255, np.uint8)


def found(*rows):
    """Boxes with label and score."""
    boxes, labels, scores = zip(*rows, strict=True) if rows else ((), (), ())
    return FoundObjects(
        np.array(boxes, np.float64).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(scores, np.float64),
        None,
        (SIDE, SIDE),
    )


def test_boxes_by_hand():
    a = np.array([[0.0, 0, 2, 2], [1, 1, 3, 3], [5, 6, 5, 6]])
    assert iou_of(a[:1], a) == pytest.approx(np.array([[1, 1 / 7, 0]]))
    assert share_inside(a, a[0]).tolist() == [1, 0.25, 0]
    assert gaps(a, np.array([5.0, 7, 8, 8])).tolist() == pytest.approx([np.hypot(3, 5), np.hypot(2, 4), 1])


def test_what_stays_is_no_change():
    same = found((NEAR, 0, 0.9), (FAR, 1, 0.8))
    seen = changed(same, same, THING, None)
    assert (
        seen.far.tolist() == [False, True]
        and not (seen.lost | seen.renamed).any()
        and not seen.appeared.any()
    )


def test_what_goes_what_is_renamed_and_what_comes():
    before = found((NEAR, 0, 0.9), (FAR, 1, 0.8))
    after = found((NEAR, 1, 0.9), ([40.0, 5, 60, 25], 0, 0.7))
    seen = changed(before, after, THING, None)
    assert seen.lost.tolist() == [False, True] and seen.renamed.tolist() == [True, False]
    assert seen.appeared.tolist() == [False, True] and seen.new_far.tolist() == [False, True]


def test_a_score_that_only_crosses_a_threshold_is_no_change():
    strong, weak = found((FAR, 1, 0.51)), found((FAR, 1, 0.31))
    assert not changed(strong, weak, THING, None).lost.any()
    assert (
        not len(changed(weak, strong, THING, None).lost)
        and not changed(weak, strong, THING, None).appeared.any()
    )
    assert changed(strong, found((FAR, 1, 0.29)), THING, None).lost.all()


def test_what_the_thing_hides_is_not_asked_for_and_the_thing_itself_does_not_appear():
    seen = changed(found((UNDER, 0, 0.9)), found((THING.tolist(), 1, 0.9)), THING, 1)
    assert not len(seen.lost) and not len(seen.appeared) and seen.seen
    assert not changed(found(), found((THING.tolist(), 0, 0.9)), THING, 1).seen


def images(n=6):
    return np.random.default_rng(0).integers(0, 90, (n, SIDE, SIDE, 3)).astype(np.uint8)


def bright(block):
    """Finds the far object always, unless there is much white in the image; never the thing."""
    return [found() if (image > 250).mean() > 0.05 else found((FAR, 1, 0.9)) for image in block]


def test_shares_by_size_and_over_everything():
    told = audit(bright, images(), CUTOUT, label=0, places=(0.0,), sizes=(0.1, 0.3), replicates=50)
    numbers = {(m.name, m.of): m for m in told.measured}
    assert told.worst is not None and told.worst[1] == (0.3, 0.0, 0.0)
    assert numbers["others lost", "size 0.1"].value == 0 and numbers["others lost", "size 0.3"].value == 1
    assert numbers["others lost", ""].value == numbers["others lost", "far from it"].value == 0.5
    assert np.isnan(numbers["others lost", "beside it"].value)
    assert numbers["thing unseen", ""].value == 1 and numbers["others renamed", ""].value == 0


def test_an_invisible_thing_changes_nothing_and_order_does_not_matter():
    clear = CUTOUT * np.array([1, 1, 1, 0], np.uint8)
    told = audit(bright, images(), clear, places=(0.0, 1.0), sizes=(0.3,), replicates=20)
    assert all(m.value == 0 for m in told.measured if m.value == m.value)
    back = audit(bright, images()[::-1], clear, places=(0.0, 1.0), sizes=(0.3,), replicates=20)
    assert [m.record() for m in told.measured] == [m.record() for m in back.measured] and told.worst is None
    with pytest.raises(ValueError, match="at least one image"):
        audit(bright, images(0), clear)


def test_the_thing_lies_where_it_is_said():
    assert thing_box((10, 20), 100, (0.4, 1.0, 0.5)).tolist() == [30, 80, 70, 100]
