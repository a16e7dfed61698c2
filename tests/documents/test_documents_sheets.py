"""Contact sheets: classes that are told apart by colour."""

import itertools

import numpy as np

from vidi.documents.sheets import COLOURS, colour_of


def test_twenty_classes_have_colours_that_differ_and_the_first_eight_are_the_chosen_ones():
    colours = [colour_of(label) for label in range(20)]
    assert tuple(colours[:8]) == COLOURS
    gaps = [np.abs(np.subtract(a, b)).max() for a, b in itertools.combinations(colours, 2)]
    assert min(gaps) >= 40
    assert len({colour_of(label) for label in range(100)}) == 100
