"""Groups of found objects: the same as counting by hand, and as evaluating a group's images alone."""

import numpy as np
import pytest

from drawn_objects import LABELS, SIDE, detected, right_and_sure
from vidi.audits.objects import audit
from vidi.core.errors import UsageError
from vidi.metrics.detection import average_precision, calibration, per_class
from vidi.ops.detected import Detected, gathered
from vidi.ops.object_traits import places, size_bounds, sizes

N = 16
HALF = np.where(np.arange(N) % 2, "odd", "even").astype(object)
HW = [(SIDE, SIDE)] * N


@pytest.fixture(scope="module")
def drawn():
    return detected(N, seed=3, replicates=30)


@pytest.fixture(scope="module")
def found(drawn):
    return audit(drawn, image_hw=HW, images={"half": HALF}, by=["half"], smallest=1)


def alone(drawn, rows):
    """These images and no others."""
    number = np.full(drawn.images, -1)
    number[rows] = np.arange(len(rows))
    parts = []
    for objects in (drawn.truth, drawn.found):
        kept = objects.take(np.flatnonzero(number[objects.image] >= 0))
        parts.append(type(kept)(number[kept.image], kept.label, kept.box, kept.score, kept.crowd, kept.area))
    return Detected(*parts, len(rows), drawn.labels, replicates=30)


def test_a_group_has_the_numbers_of_its_images_alone(drawn, found):
    for half in ("odd", "even"):
        apart = alone(drawn, np.flatnonzero(half == HALF))
        whole = {m.name: m.value for m in (*average_precision.measure(apart), *calibration.measure(apart))}
        for name in ("AP", "AP50", "detection calibration error"):
            assert found.find(name, f"half={half}").value == pytest.approx(whole[name], abs=1e-6)


def test_everybody_and_every_label_have_the_metrics_values(drawn, found):
    for number in (*average_precision.measure(drawn), *per_class.measure(drawn)):
        of = f"class={number.of}" if number.of else "all"
        mine = found.find(number.name, of)
        assert mine is None or (mine.value, mine.low) == pytest.approx((number.value, number.low), abs=1e-6)
    assert found.find("AP", f"class={LABELS[0]}") is not None


def test_calibration_of_a_label_is_that_of_what_is_called_so(drawn, found):
    for number, label in enumerate(LABELS):
        mine = Detected(
            drawn.truth.take(drawn.truth.label == number),
            drawn.found.take(drawn.found.label == number),
            N,
            LABELS,
            replicates=30,
        )
        (alone_,) = calibration.measure(mine)
        assert found.find(alone_.name, f"class={label}").value == pytest.approx(alone_.value)


def test_recall_counts_what_is_surely_found_and_parts_add_up(drawn, found):
    for names in (["half=odd", "half=even"], [f"class={label}" for label in LABELS]):
        parts = [found.find("recall", name) for name in names]
        assert sum(part.n for part in parts) == found.find("recall").n == (~drawn.truth.is_crowd).sum()
        hits = sum(part.value * part.n for part in parts)
        assert hits == pytest.approx(found.find("recall").value * found.find("recall").n)
    sure = Detected(drawn.truth, drawn.found.take(drawn.score >= 0.3), N, drawn.labels, replicates=30)
    assert audit(sure, image_hw=HW, smallest=1).find("recall").value == found.find("recall").value


def test_a_model_that_is_right_has_no_gap(drawn):
    found = audit(
        right_and_sure(drawn), image_hw=HW, images={"half": HALF}, by=["half", "object size"], smallest=1
    )
    gaps = [m for m in found.measured if m.name.startswith("gap(") and "calibration" not in m.name]
    assert len(gaps) >= 10 and all(gap.value == 0 for gap in gaps)
    assert found.find("recall", "half=odd, object size=small").value == 1


def test_crowds_are_in_no_group_and_small_groups_have_no_rates(drawn):
    found = audit(drawn, image_hw=HW, images={"one": np.arange(N).astype(object)}, by=["one"], smallest=2)
    assert len([name for name, _ in found.small if name.startswith("one=")]) == N
    assert not [m for m in found.measured if "one=" in m.of]


def test_what_is_not_there_is_refused(drawn):
    with pytest.raises(UsageError, match=r"no attribute 'halv'.*did you mean half"):
        audit(drawn, image_hw=HW, images={"half": HALF}, by=["halv"])
    with pytest.raises(UsageError, match="each attribute once"):
        audit(drawn, image_hw=HW, images={"half": HALF}, by=["half", "half"])


def test_sizes_are_cocos_or_thirds_where_all_are_in_one():
    coco = size_bounds(np.array([10.0, 2000.0, 3000.0]))
    assert sizes(np.array([1024.0, 1025.0, 96.0**2 + 1]), coco).tolist() == ["small", "medium", "large"]
    area = np.append(np.arange(1.0, 30), 2000.0)
    assert np.unique(sizes(area, size_bounds(area)), return_counts=True)[1].tolist() == [10, 10, 10]


def test_places_by_hand_mirror_and_scale():
    box = np.array([[0.0, 40, 20, 60], [40, 40, 60, 60], [5, 5, 25, 25], [80, 5, 99.5, 30]])
    names = ["at the border", "in the middle", "between", "at the border"]
    image = np.zeros(4, int)
    assert places(box, image, [(100, 100)]).tolist() == names
    mirrored = np.stack([100 - box[:, 2], box[:, 1], 100 - box[:, 0], box[:, 3]], axis=1)
    assert places(mirrored, image, [(100, 100)]).tolist() == names
    assert places(3 * box, image, [(300, 300)]).tolist() == names


def test_images_without_objects_are_told():
    empty = Detected(
        gathered([np.zeros((0, 4))] * 2, [np.zeros(0, int)] * 2),
        gathered([np.zeros((0, 4))] * 2, [np.zeros(0, int)] * 2, scores=[np.zeros(0)] * 2),
        2,
        ("a",),
        replicates=10,
    )
    found = audit(empty, image_hw=[(9, 9)] * 2, smallest=1)
    assert np.isnan(found.find("recall").value) and "2 images have no object" in found.sentences[-1]
