import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco

from vidi.ops.masks import (
    Rle,
    area,
    boundary,
    bounding_box,
    decode,
    encode,
    from_polygons,
    from_runs,
    iou,
    runs,
    union,
)


def drawn(seed):
    """Masks of all sorts: noise, blocks with long runs, all, nothing."""
    rng = np.random.default_rng(seed)
    coarse = rng.random(rng.integers(1, 5, 2)) < rng.choice([0, 0.3, 0.7, 1])
    return np.kron(coarse, np.ones(rng.integers(1, 60, 2))) > 0


def test_by_hand():
    mask = np.array([[0, 0, 1], [1, 0, 1]], dtype=bool)  # down the columns: 0 1 | 0 0 | 1 1
    assert runs(encode(mask)).tolist() == [1, 1, 2, 2]
    assert encode(mask).counts == "1121"  # the fourth is written as the difference to the second
    assert area(encode(mask)) == 3 and bounding_box(encode(mask)) == (0, 0, 3, 2)
    assert runs(encode(~mask)).tolist() == [0, 1, 1, 2, 2]


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_there_and_back_and_the_same_text_as_pycocotools(seed):
    mask = drawn(seed)
    rle = encode(mask)
    assert (decode(rle) == mask).all() and area(rle) == mask.sum()
    theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert rle.counts == theirs["counts"].decode()
    left, top, width, height = coco.toBbox(theirs)
    assert bounding_box(rle) == (left, top, left + width, top + height) or not mask.any()


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_polygons_and_overlaps_are_those_of_pycocotools(seed):
    rng = np.random.default_rng(seed)
    height, width = (int(side) for side in rng.integers(1, 60, 2))
    shapes = [[(rng.random(2 * rng.integers(3, 9)) * 80 - 10).tolist() for _ in range(2)] for _ in range(3)]
    ours = [from_polygons(polygons, height, width) for polygons in shapes]
    theirs = [coco.merge(coco.frPyObjects(polygons, height, width)) for polygons in shapes]
    assert [each.counts for each in ours] == [each["counts"].decode() for each in theirs]
    crowd = rng.random(3) < 0.5
    expected = coco.iou(theirs, theirs, crowd.astype(np.uint8).tolist())
    np.testing.assert_allclose(iou(ours, ours, crowd=crowd), np.nan_to_num(expected), atol=1e-12)
    assert (decode(union(ours)) == np.any([decode(each) for each in ours], axis=0)).all()


def test_overlaps_by_hand():
    left, top = np.zeros((4, 4), dtype=bool), np.zeros((4, 4), dtype=bool)
    left[:, :2], top[:2] = True, True
    masks = [encode(left), encode(top), encode(left & ~left)]
    np.testing.assert_allclose(iou(masks, masks), [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 0]])
    np.testing.assert_allclose(iou(masks[:1], masks[1:2], crowd=np.array([True])), [[0.5]])
    with pytest.raises(ValueError, match="one size"):
        iou(masks, [encode(left[:2])])


@pytest.mark.parametrize(
    "counts", ["", "0", "~~", "PPP", "1" * 50, "o", "é1", "P" * 30 + "1", "1121 ", "@@1"]
)
def test_damaged_run_lengths_are_refused_with_a_sentence(counts):
    for use in (runs, decode, area, lambda rle: iou([rle], [rle])):
        with pytest.raises(ValueError, match="run length"):
            use(Rle(counts, 4, 4))


def test_impossible_masks_and_polygons_are_refused():
    with pytest.raises(ValueError, match="-1 by 5"):
        Rle("0", -1, 5)
    with pytest.raises(ValueError, match="pixels"):
        Rle("0", 1 << 20, 1 << 20)
    with pytest.raises(ValueError, match="add up to 5"):
        from_runs(np.array([2, 3]), 2, 2)
    for bad in ([0.0, 0, 1, 1], [0.0, 0, 1, 1, 2], [0, 0, 1, float("nan"), 2, 2], [0.0, 0, 1e9, 0, 1e9, 1e9]):
        with pytest.raises(ValueError, match="three points"):
            from_polygons([bad], 5, 5)
    assert area(from_polygons([], 5, 5)) == 0


def test_a_boundary_is_as_wide_as_said():
    mask = np.zeros((9, 9), dtype=bool)
    mask[1:8, 2:9] = True  # touches the right edge, which is outside
    assert boundary(mask).sum() == 49 - 25 and boundary(mask, width_px=2).sum() == 49 - 9
    assert (boundary(mask, width_px=9) == mask).all() and not boundary(~mask & mask).any()
    with pytest.raises(ValueError, match="got 0"):
        boundary(mask, width_px=0)
