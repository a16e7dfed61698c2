"""What a detector's answers say of the annotations: missing, mislabelled, badly placed, not found."""

from dataclasses import replace

import numpy as np
import pytest

from drawn_objects import detected, right_and_sure
from vidi.ops.detected import Detected, Objects
from vidi.ops.object_errors import confidence, doubts

LABELS = ("cat", "dog")
BOX = {name: [x, 0.0, x + 10, 10] for x, name in zip((0.0, 20, 40, 60, 80, 100), "abcdef", strict=True)}


def objects(*entries, scores=False):
    """Entries (box, label, score or crowd), all on one image."""
    box, label, last = zip(*entries, strict=True) if entries else ((), (), ())
    rows = len(box)
    return Objects(
        np.zeros(rows, np.int64),
        np.array(label, np.int64),
        np.array(box, np.float64).reshape(-1, 4),
        score=np.array(last, np.float64) if scores else None,
        crowd=None if scores else np.array(last, bool),
    )


def on_one_image(true, found):
    return Detected(objects(*true), objects(*found, scores=True), 1, LABELS)


def kinds(found):
    return [(each.kind, each.true, each.found) for each in found]


def test_thresholds_by_hand():
    """Cats found with 0.9 and 0.5, one not at all: the mean of those found. No dog is found, so none is confident."""
    true = [(BOX["a"], 0, 0), (BOX["b"], 0, 0), (BOX["c"], 0, 0), (BOX["d"], 1, 0)]
    sure = confidence(on_one_image(true, [(BOX["a"], 0, 0.9), (BOX["b"], 0, 0.5), (BOX["d"], 0, 0.04)]))
    assert sure.own.tolist() == [0.9, 0.5, 0.0, 0.0]
    assert sure.threshold.tolist() == [pytest.approx(0.7), np.inf]
    assert sure.seen.tolist() == [True, True, False, False]
    assert sure.share_seen.tolist() == [pytest.approx(2 / 3), 0.0]


def test_each_kind_by_hand():
    beside = [BOX["d"][0] + 4, 0, BOX["d"][2] + 4, 10]  # overlaps by 6 / 14
    true = [(BOX["a"], 0, 0), (BOX["b"], 1, 0), (BOX["c"], 0, 0), (BOX["d"], 0, 0)]
    found = [
        (BOX["a"], 0, 0.8),
        (BOX["b"], 1, 0.8),
        (BOX["c"], 1, 0.9),  # drawn as a cat
        (beside, 0, 0.95),
        (BOX["e"], 1, 0.85),  # nothing is drawn
        (BOX["f"], 1, 0.3),  # nor here, but that is hardly a find
    ]
    told = doubts(on_one_image(true, found))
    assert kinds(told) == [("missing", -1, 4), ("mislabelled", 2, 2), ("badly placed", 3, 3)]
    assert [each.suspicion for each in told] == [
        pytest.approx(0.85),
        pytest.approx(0.9),
        pytest.approx(0.95 * (1 - 6 / 14)),
    ]


def test_what_nothing_is_found_at_is_told_where_nearly_all_else_is():
    everything = [([20.0 * n, 0, 20.0 * n + 10, 10], 0, 0) for n in range(11)]
    found = [(box, 0, 0.9) for box, *_ in everything]
    assert kinds(doubts(on_one_image(everything, found[1:]))) == [("not found", 0, -1)]
    assert doubts(on_one_image(everything, found[2:])) == []  # 9 of 11 are seen: it may not see the others


def test_crowds_and_doubles_are_no_missing_objects():
    """In a crowd anything may be found; two names for one place are one missing object, a part of a found one none."""
    true = [(BOX["a"], 0, 0), (BOX["b"], 1, 0), ([40.0, 0, 90, 10], 0, 1)]
    plain = [(BOX["a"], 0, 0.6), (BOX["b"], 1, 0.6)]
    assert doubts(on_one_image(true, [*plain, (BOX["c"], 0, 0.9), (BOX["d"], 1, 0.9)])) == []
    twice = [(BOX["f"], 0, 0.8), ([100.5, 0, 110.5, 10], 1, 0.9)]
    assert kinds(doubts(on_one_image(true, [*plain, *twice]))) == [("missing", -1, 3)]
    assert doubts(on_one_image(true, [*plain, ([0.0, 0, 4, 10], 0, 0.9)])) == []


@pytest.mark.parametrize("masks", [False, True])
def test_a_model_that_is_right_and_sure_doubts_nothing(masks):
    assert doubts(right_and_sure(detected(images=6, masks=masks))) == []


def test_a_dropped_annotation_is_missing_and_a_renamed_one_mislabelled():
    """Of a model that is right: at every object, by boxes that do not overlap others by half."""
    clean = on_one_image([(box, 0, 0) for box in BOX.values()], [(box, 0, 1.0) for box in BOX.values()])
    for row in range(len(clean.truth)):
        rest = np.delete(np.arange(len(clean.truth)), row)
        assert kinds(doubts(replace(clean, truth=clean.truth.take(rest)))) == [("missing", -1, row)]
    label = clean.truth.label.copy()
    label[2] = 1
    renamed = doubts(replace(clean, truth=replace(clean.truth, label=label)))
    assert kinds(renamed) == [("mislabelled", 2, 2)]


def test_nothing_found_and_nothing_drawn_is_nothing_in_doubt():
    assert doubts(on_one_image([], [])) == [] == doubts(on_one_image([(BOX["a"], 0, 0)], []))
