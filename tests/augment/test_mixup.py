import torch

from vidi.augment.mixup import augment, blended
from vidi.core.device import seeded


def test_two_images_by_hand():
    black, white = (
        torch.zeros(1, 3, 2, 2, dtype=torch.uint8),
        torch.full((1, 3, 2, 2), 255, dtype=torch.uint8),
    )
    assert (blended(black, white, torch.tensor([0.25])) == 191).all()  # 191.25
    assert (blended(white, black, torch.tensor([0.5])) == 128).all()  # 127.5, halves up
    assert torch.equal(blended(white, black, torch.tensor([1.0])), white)
    assert torch.equal(blended(white, black, torch.tensor([0.0])), black)


def test_image_and_target_are_mixed_with_the_same_weight():
    """Example i is all of value 20 i, so that an image's value tells which two it was made of."""
    value = 20 * torch.arange(12)
    image = value[:, None, None, None].expand(12, 3, 4, 4).to(torch.uint8)
    new, target = augment(image, torch.eye(12), alpha=1.0, generator=seeded(3))
    assert ((new.float()[:, 0, 0, 0] - target @ value.float()).abs() <= 0.5001).all()
    assert (target > 0).sum() > 18  # most rows have two labels


def test_many_weights_follow_the_beta_distribution():
    target = augment(
        torch.zeros(4000, 3, 1, 1, dtype=torch.uint8), torch.eye(4000), alpha=0.4, generator=seeded()
    )[1]
    weight = target.diagonal()
    n, variance = 4000, 1 / (4 * (2 * 0.4 + 1))
    assert abs(float(weight.mean()) - 0.5) < 4 * (variance / n) ** 0.5
    assert abs(float(weight.var()) - variance) < 0.01


def test_a_small_alpha_hardly_mixes():
    target = augment(
        torch.zeros(200, 3, 1, 1, dtype=torch.uint8), torch.eye(200), alpha=0.01, generator=seeded()
    )[1]
    assert ((target > 0.01) & (target < 0.99)).sum() < 30


def test_targets_are_mixed_to_their_own_precision():
    target = torch.rand(6, 4, dtype=torch.float64, generator=seeded())
    image = torch.zeros(6, 3, 1, 1, dtype=torch.uint8)
    share = augment(image, torch.eye(6, dtype=torch.float64), alpha=1.0, generator=seeded(1))[1]
    new = augment(image, target, alpha=1.0, generator=seeded(1))[1]
    torch.testing.assert_close(new, share @ target, atol=1e-15, rtol=0)
