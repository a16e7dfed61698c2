"""Whitening whitens; groups start as the identity."""

import pytest
import torch

from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.models import airbench


def smooth_images(count: int) -> torch.Tensor:
    """Neighbouring pixels and channels alike, as in photos."""
    draw = torch.rand(count, 3, 6, 6, generator=seeded(0)) + torch.rand(count, 1, 6, 6, generator=seeded(1))
    return (torch.nn.functional.interpolate(draw, size=16, mode="bilinear") * 127).to(torch.uint8)


def patches_through(network, image):
    first = network.stages[0][0]
    with torch.no_grad():
        out = first(network.normalise(image)) - first.bias[:, None, None]
    return out.permute(0, 2, 3, 1).reshape(-1, airbench.WHITENED)


def test_whitened_patches_are_uncorrelated_with_unit_second_moment():
    network, image = airbench.build(classes=10, size_px=16, generator=seeded(0)), smooth_images(200)
    airbench.whiten(network, image, eps=0.0)
    half = patches_through(network, image)[:, : airbench.WHITENED // 2]
    torch.testing.assert_close(half.T @ half / len(half), torch.eye(half.shape[1]), atol=0.02, rtol=0)


def test_the_second_half_is_the_first_with_the_other_sign_and_nothing_else_changes():
    network, image = airbench.build(classes=10, size_px=16, generator=seeded(0)), smooth_images(20)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    airbench.whiten(network, image)
    after = network.state_dict()
    weight = after["stages.0.0.weight"]
    assert torch.equal(weight[:12], -weight[12:])
    assert [key for key in before if not torch.equal(before[key], after[key])] == ["stages.0.0.weight"]
    assert not network.stages[0][0].weight.requires_grad


def test_a_flat_image_set_keeps_the_filters_finite():
    network = airbench.build(classes=10, size_px=16)
    airbench.whiten(network, torch.full((4, 3, 16, 16), 7, dtype=torch.uint8))
    assert network.stages[0][0].weight.isfinite().all()


def test_convolutions_start_as_the_identity():
    convolution = airbench.build(classes=10, held=False).stages[1][0]
    x = torch.randn(1, 24, 7, 7, generator=seeded(2))
    assert torch.equal(convolution(x)[:, :24], x)


@pytest.mark.parametrize("options", [{"widths": [64, 256]}, {"widths": [0, 1, 1]}, {"size_px": 8}])
def test_what_cannot_be_built_is_refused(options):
    with pytest.raises(UsageError, match="got"):
        airbench.build(classes=2, **options)


def test_the_smallest_image_passes():
    assert airbench.build(classes=2, size_px=9).eval()(torch.zeros(1, 3, 9, 9)).shape == (1, 2)


def in_training(*, held: bool) -> tuple[torch.Tensor, list[float]]:
    """The logits of one batch in training mode, and the length of each convolution's weights after it."""
    network = airbench.build(classes=3, size_px=16, generator=seeded(0), held=held).train()
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, airbench.Held):
                layer.weight.mul_(3)
    logits = network(smooth_images(12)[:, :, :16, :16])
    lengths = [float(m.weight.detach().norm()) for m in network.modules() if isinstance(m, airbench.Held)]
    return logits.detach(), lengths


def test_held_weights_keep_their_length_and_the_network_says_the_same():
    (free, longer), (held, lengths) = in_training(held=False), in_training(held=True)
    assert lengths == pytest.approx([8, 8, 16, 16, 16, 16], rel=1e-5)  # the square roots of 64 and 256
    assert all(free > held for free, held in zip(longer, lengths, strict=True))
    torch.testing.assert_close(free, held, atol=2e-3, rtol=0)  # but for batch norm's eps


def test_weights_are_not_touched_outside_of_training():
    network = airbench.build(classes=3, size_px=16, generator=seeded(0)).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(smooth_images(4))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
