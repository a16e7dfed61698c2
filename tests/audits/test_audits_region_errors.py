"""Regions that a segmenter contradicts: planted ones found, outlines and unsure mistakes not."""

import numpy as np
import pytest

from vidi.audits import region_errors
from vidi.data.drawn.class_maps import LABELS, painted, votes_of
from vidi.ops.region_errors import Votes, regions, thresholds

CLASSES = 2


def votes(drawn, best, highest=0.9):
    drawn, best = np.asarray(drawn, np.uint8), np.asarray(best, np.uint8)
    sure = np.full(drawn.shape, highest)
    return Votes(drawn, best, np.where(drawn == best, sure, 1 - sure), sure)


def halves(side=40):
    return np.repeat([[0] * (side // 2) + [1] * (side // 2)], side, axis=0)


def test_thresholds_by_hand():
    """Two pixels drawn 0 with probabilities 0.9 and 0.1, one 1 with 0.9; what is to be ignored counts for nothing."""
    found = thresholds([votes([[0, 0, 1, 255]], [[0, 1, 1, 1]])], 3, ignore=255)
    assert found.tolist() == [pytest.approx(0.5), pytest.approx(0.9), np.inf]


def test_a_region_by_hand():
    best = halves()
    drawn = best.copy()
    drawn[10:20, 5:15] = 1
    (found,) = regions([votes(best, best), votes(drawn, best)], CLASSES, ignore=255)
    assert (found.image, found.given, found.best) == (1, 1, 0) and found.mask.sum() == 100
    assert found.mask[10:20, 5:15].all() and found.suspicion == pytest.approx(0.8)
    ignored = drawn.copy()
    ignored[10:20, 5:15] = 255
    assert regions([votes(ignored, best)], CLASSES, ignore=255) == []


def test_outlines_and_specks_are_no_regions():
    best = halves()
    moved = np.roll(best, 1, axis=1)
    speck = best.copy()
    speck[3, 3] = 1
    assert regions([votes(moved, best), votes(speck, best)], CLASSES, ignore=255) == []


def test_what_the_segmenter_is_not_sure_of_is_not_named():
    """The same region, where class 0 is mostly given 0.95: 0.9 is not confident."""
    best, clean = halves(), votes(halves(), halves(), highest=0.95)
    drawn = best.copy()
    drawn[10:20, 5:15] = 1
    assert regions([clean] * 5 + [votes(drawn, best, highest=0.9)], CLASSES, ignore=255) == []


def test_planted_regions_are_named_where_they_are_and_for_what_they_are():
    said, faults = painted(120, rate=0.25, seed=3)
    found = region_errors.audit(said, labels=LABELS).regions

    def same(region, fault):
        both, either = (region.mask & fault.mask).sum(), (region.mask | fault.mask).sum()
        place = (region.image, region.given, region.best) == (fault.image, fault.given, fault.true)
        return place and both > either / 2

    assert sum(any(same(r, f) for r in found) for f in faults) >= 0.8 * len(faults) > 16
    assert sum(any(same(r, f) for f in faults) for r in found) >= 0.9 * len(found)


def test_what_it_says_counts_images_and_names_classes():
    said, faults = painted(60, rate=0.2, seed=4)
    found = region_errors.audit(said, labels=LABELS)
    images = {region.image for region in found.regions}
    assert found.share.value == pytest.approx(len(images) / 60) and found.share.n == 60
    assert "that looks like" in found.sentences[1]
    right = region_errors.audit([votes(halves(), halves())], labels=("road", "sky"))
    assert right.sentences == ("No region of 1 maps is in doubt.",)
    grouped = region_errors.audit(said, labels=LABELS, group=np.arange(60) // 6)
    assert "groups" in grouped.share.method and len(faults) > 5


def test_votes_are_the_drawn_class_and_the_best():
    probability = np.array([[[0.2, 0.6]], [[0.8, 0.4]]])
    told = votes_of(np.array([[0, 1]], np.uint8), probability)
    assert told.best.tolist() == [[1, 0]] and told.own.tolist() == [[0.2, 0.4]]
    assert told.highest.tolist() == [[0.8, 0.6]]


def test_a_class_that_is_often_surely_wrong_names_nothing():
    """On half of the maps a region of class 1 is called 0, as surely as anything: so 0 means little."""
    best = halves()
    drawn = best.copy()
    drawn[:, :10] = 1
    assert regions([votes(drawn, best)] * 3 + [votes(best, best)] * 3, CLASSES, ignore=255) == []
    assert len(regions([votes(drawn, best)] + [votes(best, best)] * 9, CLASSES, ignore=255)) == 1
