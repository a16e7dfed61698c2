"""Two models that find objects, or class pixels, on the same images: how far apart, and whether it may be luck."""

from dataclasses import replace

import numpy as np
import pytest

from drawn_objects import detected, drawn_maps, right_and_sure
from vidi.metrics.detection import average_precision as ap_metric
from vidi.metrics.segmentation import mean_iou
from vidi.ops import paired_detected, paired_segmented
from vidi.ops.average_precision import average_precision, once, ranking
from vidi.ops.detected import Objects
from vidi.ops.matching import matches_of

GOOD = detected(images=30, seed=3, replicates=100)


def worse(drawn, share=0.5, seed=1):
    """The same images and truth, with some of what was found taken away."""
    rng = np.random.default_rng(seed)
    return replace(drawn, found=drawn.found.take(rng.random(len(drawn.found)) > share))


def test_the_differences_are_those_of_the_metrics():
    other = worse(GOOD)
    found = paired_detected.differences(GOOD, other)
    values = [{m.name: m.value for m in ap_metric.measure(each)} for each in (GOOD, other)]
    for name in ("AP", "AP50", "AP75"):
        assert found[name, ""].difference == pytest.approx(values[0][name] - values[1][name])
    labels = [found["AP", label].difference for label in GOOD.labels]
    assert np.mean(labels) == pytest.approx(found["AP", ""].difference)


def test_turned_around_it_is_the_same_with_another_sign():
    other = worse(GOOD)
    one, two = paired_detected.differences(GOOD, other), paired_detected.differences(other, GOOD)
    for key in one:
        assert one[key].difference == pytest.approx(-two[key].difference)
        assert (one[key].low, one[key].high) == pytest.approx((-two[key].high, -two[key].low), nan_ok=True)
    assert paired_detected.swapped(GOOD, other) == paired_detected.swapped(other, GOOD)


def test_what_is_much_better_is_told_and_a_model_against_itself_is_not():
    sure = right_and_sure(GOOD)
    assert paired_detected.swapped(sure, GOOD) == pytest.approx(1 / 101)
    assert paired_detected.differences(sure, GOOD)["AP", ""].low > 0
    assert paired_detected.swapped(GOOD, GOOD) == 1.0
    assert paired_detected.differences(GOOD, GOOD)["AP", ""].note.startswith("no replicate differs")


def test_all_images_of_one_of_the_joined_models_are_that_model():
    other = worse(GOOD)
    rankings = [ranking(each, matches_of(each)) for each in (GOOD, other)]
    both = paired_detected.joined(*rankings, images=GOOD.images)
    here, none = once(GOOD.images), 0 * once(GOOD.images)
    for alone, counts in zip(rankings, ((here, none), (none, here)), strict=True):
        found = average_precision(both, np.concatenate(counts, axis=1))
        np.testing.assert_allclose(found, average_precision(alone, here), rtol=1e-5)


@pytest.mark.slow
def test_chance_is_called_a_difference_no_more_often_than_the_level_says():
    """Two models of one sort, on eight images: a coin decides whose answers are whose, so p is even in (0, 1]."""
    small = 0
    for seed in range(40):
        one = detected(images=8, seed=seed, replicates=40)
        rng = np.random.default_rng(seed)

        def noisy(found: Objects, rng=rng) -> Objects:
            return replace(found, box=found.box + rng.normal(0, 4, found.box.shape))

        a, b = (replace(one, found=noisy(one.found)) for _ in range(2))
        small += paired_detected.swapped(a, b) <= 0.25
    assert 2 <= small <= 20  # ten are expected of forty


def test_groups_are_drawn_whole():
    """Three patients of ten images each: what one of them would say decides."""
    other = worse(GOOD)
    group = np.arange(30) // 10
    pair = [replace(each, group=group) for each in (GOOD, other)]
    plain, grouped = (paired_detected.differences(*each)["AP", ""] for each in ((GOOD, other), pair))
    assert grouped.n == 3 and plain.n == 30 and "groups" in grouped.method
    assert paired_detected.swapped(*pair) > 0.2 > 0.05 > paired_detected.swapped(GOOD, other)


def test_other_images_are_refused():
    with pytest.raises(ValueError, match="a pair is of the same images and labels; got 30 images"):
        paired_detected.differences(GOOD, detected(images=29))


def test_maps_differ_as_their_metrics_do():
    one, other = drawn_maps(seed=0, sharp=2.0), drawn_maps(seed=0, sharp=1.0)
    found = paired_segmented.differences(one, other)
    values = [mean_iou.measure(each)[0].value for each in (one, other)]
    assert found["mIoU", ""].difference == pytest.approx(values[0] - values[1])
    assert found["mIoU", ""].low > 0 and {of for name, of in found if name == "IoU"} == set(one.labels)
    turned = paired_segmented.differences(other, one)["mIoU", ""]
    assert turned.difference == pytest.approx(-found["mIoU", ""].difference)
    assert paired_segmented.swapped(one, other) == pytest.approx(1 / 201)
    assert paired_segmented.swapped(one, one) == 1.0
