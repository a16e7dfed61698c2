import numpy as np

from vidi.tasks.multilabel import TASK


def test_encode_by_hand():
    assert TASK.encode(["b|a", "", "c", "c|c"], ("a", "b", "c")).tolist() == [
        [1, 1, 0],
        [0, 0, 0],
        [0, 0, 1],
        [0, 0, 1],
    ]


def test_one_half_counts_as_yes_and_labels_come_in_order():
    assert TASK.decode(np.array([[0.5, 0.1, 0.9], [0.49, 0.2, 0.0]]), ("z", "y", "x")) == ["z|x", ""]
