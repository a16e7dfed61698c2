"""What was found, in another order of labels: numbers change, names stay."""

import numpy as np

from vidi.data.found import FoundMap, FoundObjects


def test_objects_keep_their_names():
    found = FoundObjects(np.zeros((3, 4)), np.array([0, 1, 0]), None, None, (9, 9))
    assert found.renumbered([2, 1]).labels.tolist() == [2, 1, 2]


def test_maps_keep_their_names_and_what_counts_for_nothing():
    found = FoundMap(np.array([[0, 1], [255, 0]], np.uint8))
    assert found.renumbered([2, 1]).classes.tolist() == [[2, 1], [255, 2]]
