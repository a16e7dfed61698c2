"""Objects drawn twice or under two classes."""

import numpy as np

from vidi.audits import drawings
from vidi.core.annotations import Annotations


def test_by_hand():
    boxes = [
        [0, 0, 10, 10],
        [0, 0, 10, 10],
        [0, 0, 10, 9.5],
        [0, 0, 10, 10],
        [50, 50, 200, 200],
        [0, 0, 40, 40],
    ]
    found = Annotations(
        np.array([0, 4, 4, 6]),
        np.array(boxes, np.float32),
        np.array([0, 0, 1, 0, 0, 1]),
        np.array([False, False, False, True, False, False]),
        np.zeros(6, bool),
    )
    told = drawings.audit(found, labels=("cat", "dog", "elk"))
    assert [(p.kind, p.image) for p in told.pairs] == [("twice", 0), ("conflict", 0), ("conflict", 0)]
    assert told.objects == {"cat": 4, "dog": 2, "elk": 0} and told.empty == 1
    assert told.sizes == {"small": 4, "medium": 1, "large": 1}
    text = " ".join(told.sentences)
    assert "Drawn twice: 1. " in text and "Never drawn: elk." in text and "Nothing is drawn on 1 of" in text
    assert told.record(["a.png", "b.png", "c.png"])["pairs"][0]["path"] == "a.png"


def test_boxes_beside_each_other_are_two():
    start = np.array([0, 2])
    found = drawings.arrays(np.array([[0, 0, 10, 10], [1, 0, 11, 10]], np.float32), start)
    assert drawings.audit(found, labels=("cat",)).pairs == ()
