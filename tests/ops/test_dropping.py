"""Random factors with mean one."""

import pytest
import torch

from vidi.core.device import seeded
from vidi.ops.dropping import check_probability, kept


def test_two_values_mean_one_and_the_same_draw_for_every_type():
    like = torch.zeros(1)
    factors = kept((100_000,), probability=0.2, like=like, generator=seeded(0))
    assert set(factors.tolist()) == {0.0, 1.25}
    assert abs(factors.mean().item() - 1) < 0.01
    half = kept((100_000,), probability=0.2, like=like.bfloat16(), generator=seeded(0))
    assert half.dtype == torch.bfloat16 and torch.equal(half > 0, factors > 0)


@pytest.mark.parametrize("probability", [-0.1, 1.0, 2.0])
def test_a_share_that_leaves_nothing_is_refused(probability):
    with pytest.raises(ValueError, match="probability"):
        check_probability(probability)
