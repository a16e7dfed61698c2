import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from sklearn.metrics import confusion_matrix

from drawn_objects import maps
from vidi.core.errors import UsageError
from vidi.ops.segmented import boundary_f, confusion, dilated, outline, segmented


def test_counts_by_hand_and_as_scikit_learn_counts():
    true, predicted = np.array([[0, 0, 1], [1, 1, 9]]), np.array([[0, 1, 1], [1, 0, 0]])
    assert confusion(true, predicted, 2, ignore=9).tolist() == [[1, 1], [1, 2]]
    true, predicted = maps(images=1)[0]
    known = true != 255
    wanted = confusion_matrix(true[known], predicted[known], labels=range(4))
    assert (confusion(true, predicted, 4, ignore=255) == wanted).all()


@pytest.mark.parametrize("radius", [0, 1, 2, 5, 40])
def test_what_is_near_is_within_the_straight_distance(radius):
    mask = np.random.default_rng(0).random((2, 17, 23)) < 0.01
    mask[0, 3, 4] = mask[1, 16, 22] = True
    wanted = np.stack([distance_transform_edt(~each) <= radius for each in mask])
    assert (dilated(mask, radius) == wanted).all()


def test_an_outline_is_where_the_neighbour_is_another():
    mask = np.zeros((1, 5, 6), dtype=bool)
    mask[0, 1:4, 0:4] = True
    everywhere = np.ones((5, 6), dtype=bool)
    drawn = ["......", "####..", "...#..", "####..", "......"]
    assert outline(mask, everywhere)[0].tolist() == [[c == "#" for c in row] for row in drawn]
    unknown = everywhere.copy()
    unknown[:, 4:] = False  # what is ignored is no outside
    assert outline(mask, unknown)[0, 2].tolist() == [False] * 6


def test_an_outline_a_little_off_is_right_and_far_off_is_wrong():
    true = np.zeros((60, 80), dtype=int)
    true[:, 40:] = 1
    near, far = np.roll(true, 1, axis=1), np.roll(true, 9, axis=1)
    near[:, 0], far[:, :9] = 0, 0  # what was rolled around
    assert boundary_f(true, true, 3)[:2].tolist() == [1, 1] and np.isnan(boundary_f(true, true, 3)[2])
    assert boundary_f(true, near, 2).tolist() == [1, 1] and boundary_f(true, far, 2).tolist() == [0, 0]
    assert boundary_f(true, near, 2, tolerance=0.0).tolist() == [0, 0]
    assert boundary_f(true, np.zeros_like(true), 2).tolist() == [0, 0]  # the second is not found at all
    assert boundary_f(np.zeros_like(true), np.zeros_like(true), 2)[0] == 1


def test_half_the_outline_found_is_an_f_of_two_thirds():
    true = np.zeros((40, 40), dtype=int)
    true[:, 10], true[:, 30] = 1, 1
    found = np.zeros_like(true)
    found[:, 10] = 1
    assert boundary_f(true, found, 2)[1] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("true", "predicted", "sentence"),
    [
        (np.zeros((2, 2), int), np.zeros((2, 3), int), "of one size"),
        (np.full((2, 2), 7), np.zeros((2, 2), int), "the truth of image 0 has 7"),
        (np.zeros((2, 2), int), np.full((2, 2), 255), "the prediction of image 0 has 255"),
    ],
)
def test_maps_that_do_not_fit_are_refused(true, predicted, sentence):
    with pytest.raises(UsageError, match=sentence):
        segmented([(true, predicted)], ("a", "b"), ignore=255)
