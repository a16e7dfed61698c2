import numpy as np
import torch

from vidi.tasks.classification import TASK


def test_encode_by_hand():
    assert TASK.encode(["b", "a"], ("a", "b")).tolist() == [[0, 1], [1, 0]]


def test_of_equal_probabilities_the_first_label_is_taken():
    assert TASK.decode(np.array([[0.4, 0.4, 0.2]]), ("a", "b", "c")) == ["a"]


def test_probabilities_sum_to_one():
    torch.testing.assert_close(TASK.probability(torch.randn(5, 4) * 50).sum(dim=1), torch.ones(5))


def test_an_empty_text_is_a_label_like_any_other_if_it_is_known():
    assert TASK.encode([""], ("", "x")).tolist() == [[1, 0]]
