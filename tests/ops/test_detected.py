import logging
from dataclasses import replace

import numpy as np
import pytest
from coco_library import faster, reference

from drawn_objects import detected, drawn_again, right_and_sure
from vidi.ops.average_precision import average_precision, curve, once, ranking, replicates_of
from vidi.ops.bootstrap import replicate_counts
from vidi.ops.detected import Detected, Objects, gathered
from vidi.ops.detection_errors import SORTS, errors, gains
from vidi.ops.matching import OVERLAPS, SIZES, matches_of, pairs_of
from vidi.ops.resampled import measured, precision_of, recall_of


def objects(*rows, scored=False):
    """(image, label, x1, y1, x2, y2[, score]) each."""
    table = np.array(rows, dtype=float).reshape(-1, 7 if scored else 6)
    return Objects(
        table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2:6], table[:, 6] if scored else None
    )


def own(drawn, size="all", counts=None):
    return average_precision(
        ranking(drawn, matches_of(drawn, size)), once(drawn.images) if counts is None else counts
    )


@pytest.mark.parametrize("masks", [False, True])
def test_it_is_cocos_evaluation_to_the_last_digit(masks):
    drawn = detected(images=7 if masks else 30, seed=1, masks=masks)
    wanted, library = reference(drawn), faster(drawn)
    assert drawn.truth.is_crowd.any() and np.nanmax(wanted.precision) > 0
    for place, size in enumerate(SIZES):
        value = precision_of(drawn, size)
        np.testing.assert_allclose(value.T, wanted.precision[:, :, place], atol=1e-12)
        np.testing.assert_allclose(value.T, library.precision[:, :, place], atol=1e-12)
        for number, most in enumerate((1, 10, 100)):
            got = recall_of(drawn, size, most=most)
            for they in (wanted, library):
                np.testing.assert_allclose(got, they.recall[:, :, place, number].mean(axis=0), atol=1e-12)


def test_a_replicate_is_the_same_as_matching_the_drawn_images_anew():
    drawn = detected(images=15, seed=2)
    counts = replicate_counts(15, replicates=2, seed=0)
    for size in ("all", "medium"):
        together = own(drawn, size, counts)
        for row, count in enumerate(counts):
            anew = reference(drawn_again(drawn, count)).precision[:, :, list(SIZES).index(size)].T
            np.testing.assert_allclose(together[row], anew, atol=1e-6)
            np.testing.assert_allclose(
                gains(drawn, counts)[row], gains(drawn_again(drawn, count), once(15))[0], atol=1e-6
            )


def test_counts_are_those_of_the_sums_and_keep_groups_whole():
    counts = replicate_counts(50, replicates=40, seed=3)
    assert (counts.sum(axis=1) == 50).all() and (counts != counts[0]).any()
    group = np.arange(50) % 7
    grouped = replicate_counts(50, replicates=40, seed=3, group=group)
    assert all((grouped[:, group == number] == grouped[:, [number]]).all() for number in range(7))
    assert replicate_counts(0, replicates=2, seed=0).shape == (2, 0)


def test_of_many_objects_fewer_replicates_are_made_and_the_method_says_how_many():
    drawn = detected(images=4, seed=3, replicates=1000)
    many = replace(drawn, found=drawn.found.take(np.zeros(60_000, dtype=int)))
    assert len(replicates_of(drawn)) == 1000 and len(replicates_of(many)) == 250
    assert "250 replicates" in measured("AP", 0.5, np.linspace(0, 1, 250), many).method


def test_average_precision_by_hand():
    truth = objects((0, 0, 0, 0, 10, 10), (1, 0, 0, 0, 10, 10))
    found = objects(
        (0, 0, 0, 0, 10, 10, 0.9), (0, 0, 20, 20, 30, 30, 0.8), (1, 0, 0, 0, 10, 9, 0.7), scored=True
    )
    drawn = Detected(truth, found, 2, ("a",))
    # right, wrong, right (overlap 0.9): precision 1 up to recall 0.5, then 2/3; the third is too loose for 0.95
    value = own(drawn)[0, 0]
    assert value[:9] == pytest.approx((51 + 50 * 2 / 3) / 101) and value[9] == pytest.approx(51 / 101)
    drawn_curve = curve(drawn, 0)
    assert drawn_curve.precision[50:52] == pytest.approx([1, 2 / 3])
    assert drawn_curve.score[[0, 50, 51, 100]] == pytest.approx([0.9, 0.9, 0.7, 0.7])
    assert drawn_curve.precision.mean() == pytest.approx(value[0])
    with pytest.raises(ValueError, match="objects of 'b'"):
        curve(replace(drawn, labels=("a", "b")), 1)


def test_the_surest_takes_its_best_and_of_two_that_want_one_the_surer_gets_it():
    truth = objects((0, 0, 0, 0, 10, 10), (0, 0, 0, 0, 10, 14))
    found = objects(
        (0, 0, 0, 0, 10, 11, 0.9), (0, 0, 0, 0, 10, 10, 0.8), (0, 0, 0, 0, 10, 10, 0.7), scored=True
    )
    matches = matches_of(Detected(truth, found, 1, ("a",)))
    assert matches.true[0].tolist() == [0, 1, -1]  # the second takes what is left, at an overlap of 0.71
    assert matches.true[list(OVERLAPS).index(0.75)].tolist() == [0, -1, -1]


def test_a_crowd_takes_any_number_and_none_of_them_counts():
    truth = replace(objects((0, 0, 0, 0, 50, 50)), crowd=np.array([True]))
    found = objects(
        (0, 0, 0, 0, 5, 5, 0.9), (0, 0, 10, 10, 20, 20, 0.8), (0, 0, 60, 60, 70, 70, 0.7), scored=True
    )
    matches = matches_of(Detected(truth, found, 1, ("a",)))
    assert matches.ignored[0].tolist() == [True, True, False] and not matches.counted.any()


def test_only_a_hundred_count_in_an_image_and_class():
    rows = [(0, 0, 0, 0, 10, 10, 1 - number / 200) for number in range(150)]
    drawn = Detected(objects((0, 0, 0, 0, 10, 10)), objects(*rows, scored=True), 1, ("a",))
    assert len(matches_of(drawn).ranked) == 100


def test_every_sort_of_error_by_hand():
    truth = objects(
        (0, 0, 0, 0, 10, 10),
        (0, 0, 20, 0, 30, 10),
        (0, 1, 40, 0, 50, 10),
        (0, 1, 60, 0, 70, 10),
        (1, 0, 0, 0, 9, 9),
    )
    found = objects(
        (0, 0, 0, 0, 10, 10, 0.99),  # right
        (0, 0, 0, 0, 10, 9, 0.9),  # duplicate
        (0, 0, 24, 0, 34, 10, 0.8),  # localisation: 6 of 14
        (0, 0, 40, 0, 50, 10, 0.7),  # class
        (0, 0, 64, 0, 74, 10, 0.6),  # both
        (0, 1, 80, 80, 90, 90, 0.5),  # background
        scored=True,
    )
    drawn = Detected(truth, found, 2, ("a", "b"))
    result = errors(drawn)
    named = dict(zip(matches_of(drawn).ranked.tolist(), result.sort.tolist(), strict=True))
    assert [named[n] for n in range(6)] == [
        -1, *(SORTS.index(s) for s in ("duplicate", "localisation", "class", "both", "background"))
    ]  # fmt: skip
    assert np.flatnonzero(result.missed).tolist() == [3, 4]
    # class a: 1 of 3 found, 34 of 101 recalls at precision 1; class b: none of 2
    base = 34 / 101 / 2
    assert own(drawn)[0, :, 0].mean() == pytest.approx(base)
    gained = dict(zip((*SORTS, "missed"), gains(drawn, once(2))[0], strict=True))
    assert gained["class"] == pytest.approx(
        51 / 101 / 2
    )  # b: one of two found, before the one in the background
    assert gained["localisation"] == pytest.approx(
        (67 - 34) * 2 / 3 / 101 / 2
    )  # second right is third in rank
    assert gained["both"] == gained["duplicate"] == gained["background"] == 0
    assert gained["missed"] == pytest.approx((51 - 34) / 101 / 2)


def test_mending_what_is_perfect_gains_nothing():
    drawn = right_and_sure(detected(seed=5))
    assert np.abs(gains(drawn, once(drawn.images))).max() < 1e-9 and not errors(drawn).missed.any()


def test_pairs_are_those_of_one_image_alone():
    drawn = detected(seed=6)
    near = pairs_of(drawn)
    assert (drawn.found.image[near.found] == drawn.truth.image[near.true]).all() and len(near.iou) > 50
    from torch import from_numpy

    from vidi.ops.boxes import iou

    plain = ~drawn.truth.is_crowd[near.true]
    every = iou(from_numpy(drawn.found.box), from_numpy(drawn.truth.box)).numpy()
    np.testing.assert_allclose(near.iou[plain], every[near.found, near.true][plain], atol=1e-12)
    same = drawn.found.image[:, None] == drawn.truth.image[None, :]
    assert (((every >= 0.1) & same)[:, ~drawn.truth.is_crowd]).sum() == plain.sum()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: objects((0, 0, 0, 0, np.nan, 1)), "corners of boxes are finite"),
        (
            lambda: Objects(np.zeros(1, int), np.zeros(1, int), np.zeros((1, 4)), np.array([np.inf])),
            "scores are finite",
        ),
        (lambda: gathered([np.zeros((2, 4))], [np.zeros(1, int)]), "boxes and labels"),
        (lambda: Detected(objects(), objects(), 1, ("a",)), "want scores"),
        (lambda: Detected(objects((3, 0, 0, 0, 1, 1)), objects(scored=True), 2, ("a",)), "2 images.*got 3"),
    ],
)
def test_what_cannot_be_is_refused(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_the_library_speaks_to_nobody(caplog, capsys):
    with caplog.at_level(logging.INFO):
        faster(detected(images=2))
    assert not caplog.records and capsys.readouterr().out == ""
