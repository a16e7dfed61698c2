"""What is drawn on an image after parts of it were hidden, or after it was put elsewhere."""

import numpy as np
import pytest

from vidi.audits.dials import scale
from vidi.data.found import FoundMap, FoundObjects
from vidi.data.moved_truth import hidden, moved
from vidi.ops import masks
from vidi.ops.placing import Placing, placing
from vidi.ops.resize import resize

HW = (40, 80)
BOXES = np.array([[10.0, 10, 30, 30], [40, 5, 70, 35]])


def objects(with_masks=False):
    drawn = []
    for x1, y1, x2, y2 in BOXES.astype(int):
        mask = np.zeros(HW, bool)
        mask[y1:y2, x1:x2] = True
        drawn.append(masks.encode(mask))
    return FoundObjects(BOXES, np.array([0, 1]), None, tuple(drawn) if with_masks else None, HW)


@pytest.mark.parametrize("with_masks", [False, True])
def test_an_object_that_is_mostly_hidden_does_not_count(with_masks):
    square = placing(HW, size_px=80)
    covered = np.zeros((80, 80), bool)
    covered[:, :22] = True  # 12 of the first object's 20 columns
    assert hidden(objects(with_masks), covered, square).uncounted.tolist() == [True, False]
    covered[:, 18:] = False
    assert hidden(objects(with_masks), covered, square).uncounted.tolist() == [False, False]


def test_a_hidden_pixel_has_no_class():
    truth = FoundMap(np.arange(2, dtype=np.uint8).repeat(1600).reshape(HW))
    covered = np.zeros((80, 80), bool)
    covered[:40] = True
    found = hidden(truth, covered, placing(HW, size_px=80)).classes
    assert (found[:20] == truth.ignore).all() and (found[20:] == truth.classes[20:]).all()


@pytest.mark.parametrize("fit", ["squash", "pad", "crop"])
def test_what_is_moved_nowhere_stays_as_it_is(fit):
    nowhere, square = Placing(1.0, 1.0, 0.0, 0.0), placing(HW, size_px=64, fit=fit)
    same = moved(objects(with_masks=True), nowhere, square)
    assert np.allclose(same.boxes, BOXES) and same.masks == objects(with_masks=True).masks
    classes = np.random.default_rng(0).integers(0, 5, HW).astype(np.uint8)
    assert (moved(FoundMap(classes), nowhere, square).classes == classes).all()


@pytest.mark.parametrize("fit", ["squash", "pad"])
def test_the_truth_follows_the_pixels(fit):
    """A white thing, the picture shrunk by the dial: its pixels lie where the truth says, once they are put back."""
    image = np.zeros((*HW, 3), np.uint8)
    image[10:30, 10:30] = 255
    square = placing(HW, size_px=80, fit=fit)
    shrunk = scale.corrupt(resize(image, size_px=80, fit=fit), severity=3, generator=np.random.default_rng(0))
    ys, xs = np.nonzero(shrunk[:, :, 0] > 250)
    seen = square.back(np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]], np.float64))[0]
    told = moved(objects(), scale.placed(80, 80, severity=3), square)
    assert np.abs(told.boxes[0] - seen).max() <= 2


def test_a_map_is_shrunk_into_pixels_without_class():
    truth = FoundMap(np.ones(HW, np.uint8))
    found = moved(truth, Placing(0.5, 0.5, 20.0, 20.0), placing(HW, size_px=80)).classes
    assert (found[10:30, 20:60] == 1).all() and (found == 1).sum() == 800
