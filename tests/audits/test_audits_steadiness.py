"""Models that answer by themselves, by their company, and by luck."""

import numpy as np
import pytest

from vidi.audits.steadiness import audit


def images(n=20):
    return np.random.default_rng(0).integers(0, 256, (n, 16, 16, 3)).astype(np.uint8)


def sure(share):
    return np.stack([1 - share, share], axis=1)


def alone(part):
    return sure(part.mean(axis=(1, 2, 3)) / 255)


def test_a_model_that_judges_each_image_by_itself_is_steady_to_the_bit():
    found = audit(alone, images())
    assert found.steady and found.furthest == (0, 0) and found.company.value == 0
    assert "get the same probabilities to the bit" in found.sentence
    assert found.company.high == pytest.approx(1 - 0.025 ** (1 / 20))  # Clopper and Pearson of 0 of 20


def test_batch_norm_that_was_left_in_training_is_found():
    def batch_normed(part):
        level = part.mean(axis=(1, 2, 3))
        return sure(1 / (1 + np.exp(-(level - level.mean()) / (level.std() + 1e-9))))

    found = audit(batch_normed, images())
    assert not found.steady and found.company.value > 0 and found.again.value == 0
    assert "what else is in the batch" in found.sentence


def test_dropout_that_was_left_on_is_found():
    rng = np.random.default_rng(0)
    found = audit(lambda part: sure(rng.random(len(part))), images())
    assert not found.steady and found.again.value > 0 and "not deterministic" in found.sentence


def test_rounding_and_ties_are_no_other_answer():
    def rounding(part):
        return sure(0.5 + 1e-6 * np.sin(len(part) + part.mean()) * np.ones(len(part)))

    found = audit(rounding, images())
    assert found.steady and 0 < found.furthest[1] < 1e-5
    assert "at most" in found.sentence


def test_the_order_of_images_does_not_matter():
    one, back = audit(alone, images()), audit(alone, images()[::-1])
    assert one == back
    with pytest.raises(ValueError, match="at least one image"):
        audit(alone, images(0))
