"""Groups of class maps: the same as evaluating a group's images alone; parts of the image add up to it."""

import numpy as np
import pytest

from drawn_objects import drawn_maps, maps
from vidi.audits.maps import audit, by_place, parts_of
from vidi.core.errors import UsageError
from vidi.metrics.segmentation import class_iou, mean_iou, pixel_accuracy
from vidi.ops.segmented import segmented

HALF = np.where(np.arange(25) % 2, "odd", "even").astype(object)
LABELS = ("road", "sky", "tree", "car")


@pytest.fixture(scope="module")
def found():
    return audit(drawn_maps(), maps(), ignore=255, images={"half": HALF}, by=["half"])


def test_a_group_has_the_numbers_of_its_images_alone(found):
    for parity, half in enumerate(("even", "odd")):
        apart = segmented(maps()[parity::2], LABELS, ignore=255)
        for number in (*mean_iou.measure(apart), *pixel_accuracy.measure(apart)):
            assert found.find(number.name, f"half={half}").value == pytest.approx(number.value)


def test_everybody_and_every_class_have_the_metrics_numbers(found):
    whole = drawn_maps()
    for number in (*mean_iou.measure(whole), *class_iou.measure(whole)):
        mine = found.find(number.name, f"class={number.of}" if number.of else "all")
        assert (mine.value, mine.low, mine.high) == pytest.approx((number.value, number.low, number.high))


def test_parts_of_an_image_hold_each_pixel_once():
    parts = list(parts_of((20, 30)).values())
    assert (np.sum(parts, axis=0) == 1).all()
    assert parts[0].sum() == 600 - 16 * 24 and parts[2].sum() == 10 * 16
    counted = by_place(drawn_maps(), maps(), 255)
    assert (sum(each.confusion for _, each in counted) == drawn_maps().confusion).all()


def test_a_border_that_is_wrong_is_found():
    pairs = [(np.zeros((20, 20), int), parts_of((20, 20))["at the border"].astype(int)) for _ in range(12)]
    found = audit(segmented(pairs, ("a", "b"), replicates=50), pairs)
    assert found.find("pixel accuracy", "pixel place=at the border").value == 0
    assert found.find("pixel accuracy", "pixel place=in the middle").value == 1
    assert found.find("gap(pixel accuracy, pixel place)").low > 0.5


def test_what_is_not_there_is_refused():
    with pytest.raises(UsageError, match="they have none"):
        audit(drawn_maps(), by=["sex"])
