import pytest
import torch
from torch.nn import functional

from vidi.core.device import seeded
from vidi.ops.losses import binary_cross_entropy, cross_entropy


def drawn(dtype=torch.float64):
    logits = torch.randn(6, 4, dtype=dtype, generator=seeded())
    target = torch.softmax(torch.randn(6, 4, dtype=dtype, generator=seeded(1)), dim=1)
    return logits, target


def test_by_hand():
    logits = torch.tensor([[0.0, 0.0]])
    one = torch.tensor([[1.0, 0.0]])
    assert float(cross_entropy(logits, one)) == pytest.approx(0.6931472)
    assert float(binary_cross_entropy(logits, one)) == pytest.approx(0.6931472)


def test_hard_targets_are_torchs_cross_entropy_on_numbers():
    logits, _ = drawn()
    number = torch.tensor([0, 1, 2, 3, 0, 1])
    one_hot = functional.one_hot(number, 4).double()
    for smoothing in (0.0, 0.1):
        torch.testing.assert_close(
            cross_entropy(logits, one_hot, smoothing=smoothing),
            functional.cross_entropy(logits, number, label_smoothing=smoothing),
        )


def test_soft_targets_by_the_definition():
    logits, target = drawn()
    plain = -(target * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()
    torch.testing.assert_close(cross_entropy(logits, target), plain)
    share = torch.sigmoid(logits)
    plain = -(target * share.log() + (1 - target) * (1 - share).log()).mean()
    torch.testing.assert_close(binary_cross_entropy(logits, target), plain)


def test_smoothing_is_the_loss_of_the_smoothed_target():
    logits, target = drawn()
    torch.testing.assert_close(
        cross_entropy(logits, target, smoothing=0.3), cross_entropy(logits, 0.7 * target + 0.3 / 4)
    )
    torch.testing.assert_close(
        binary_cross_entropy(logits, target, smoothing=0.3), binary_cross_entropy(logits, 0.7 * target + 0.15)
    )


@pytest.mark.parametrize("loss", [cross_entropy, binary_cross_entropy])
def test_smoothing_zero_is_off_to_the_last_bit(loss):
    logits, target = drawn(torch.float32)
    assert torch.equal(loss(logits, target, smoothing=0.0), loss(logits, target))


@pytest.mark.parametrize("loss", [cross_entropy, binary_cross_entropy])
def test_half_precision_is_summed_in_single(loss):
    logits, target = drawn(torch.float32)
    half = loss(logits.bfloat16(), target)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, loss(logits.bfloat16().float(), target))


@pytest.mark.parametrize("loss", [cross_entropy, binary_cross_entropy])
def test_huge_logits_stay_finite(loss):
    logits = torch.tensor([[1e4, -1e4, 0.0]], requires_grad=True)
    value = loss(logits, torch.tensor([[0.0, 1.0, 0.0]]))
    value.backward()
    assert torch.isfinite(value) and torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("loss", [cross_entropy, binary_cross_entropy])
@pytest.mark.parametrize("smoothing", [-0.1, 1.1])
def test_smoothing_is_a_share(loss, smoothing):
    with pytest.raises(ValueError, match="smoothing"):
        loss(*drawn(), smoothing=smoothing)
