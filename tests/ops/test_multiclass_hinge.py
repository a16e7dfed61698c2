"""The multi-class hinge: by hand, its limits, and torch's."""

import pytest
import torch
from torch.nn import functional

from vidi.core.device import seeded
from vidi.ops.losses import multiclass_hinge


def hot(target: torch.Tensor, classes: int) -> torch.Tensor:
    return functional.one_hot(target, classes).float()


def test_by_hand():
    # Scores 13, -7, 11 with the first right and margin 10: max(0, -7 - 13 + 10) + max(0, 11 - 13 + 10).
    logits, target = torch.tensor([[13.0, -7.0, 11.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    assert multiclass_hinge(logits, target, margin=10.0).item() == 8.0


def test_with_margin_1_it_is_classes_times_torchs():
    logits = torch.randn(20, 6, generator=seeded(0), dtype=torch.float64)
    target = torch.randint(6, (20,), generator=seeded(1))
    wanted = 6 * functional.multi_margin_loss(logits, target)
    torch.testing.assert_close(multiclass_hinge(logits, hot(target, 6)), wanted)


def test_a_lead_of_the_margin_costs_nothing_and_equal_scores_cost_it_for_each_other_class():
    target = hot(torch.arange(4), 4)
    assert multiclass_hinge(target * 2.0, target, margin=2.0).item() == 0.0
    assert multiclass_hinge(torch.zeros(4, 4), target, margin=2.0).item() == 6.0
    shifted = multiclass_hinge(torch.full((4, 4), 7.0), target)
    assert shifted.item() == 3.0


def test_soft_targets_weigh_the_losses_of_their_classes():
    logits = torch.randn(5, 3, generator=seeded(2))
    one, two = hot(torch.zeros(5, dtype=torch.long), 3), hot(torch.full((5,), 2), 3)
    mixed = multiclass_hinge(logits, 0.3 * one + 0.7 * two)
    torch.testing.assert_close(
        mixed, 0.3 * multiclass_hinge(logits, one) + 0.7 * multiclass_hinge(logits, two)
    )


def test_gradients():
    logits = torch.randn(4, 5, generator=seeded(3), dtype=torch.float64, requires_grad=True)
    target = hot(torch.tensor([0, 4, 2, 2]), 5)
    assert torch.autograd.gradcheck(lambda x: multiclass_hinge(x, target), (logits,))


def test_a_negative_margin_is_refused():
    with pytest.raises(ValueError, match="margin"):
        multiclass_hinge(torch.zeros(1, 2), torch.eye(2)[:1], margin=-1.0)
