import torch

from vidi.augment.cutmix import augment
from vidi.core.device import seeded


def mixed(batch=60, height=15, width=21, alpha=1.0):
    """Example i is all of value i."""
    image = torch.arange(batch)[:, None, None, None].expand(batch, 3, height, width).to(torch.uint8)
    return augment(image, torch.eye(batch), alpha=alpha, generator=seeded(4))


def test_the_targets_share_is_exactly_the_pasted_area():
    image, target = mixed()
    for number, (picture, share) in enumerate(zip(image[:, 0], target, strict=True)):
        counted = torch.bincount(picture.flatten().long(), minlength=60) / (15 * 21)
        torch.testing.assert_close(share, counted)
        assert share[number] > 0 or (picture != number).all()


def test_what_is_pasted_is_one_rectangle_of_one_partner():
    image, _ = mixed()
    for number, picture in enumerate(image[:, 0]):
        other = picture != number
        assert other.sum() == other.any(dim=1).sum() * other.any(dim=0).sum()
        assert len(picture[other].unique()) <= 1


def test_the_kept_area_is_uniform_before_it_is_cut_off():
    """With alpha 1 the kept share has mean 1/2; cutting off at the border only raises it."""
    kept = augment(
        torch.zeros(2000, 3, 32, 32, dtype=torch.uint8), torch.eye(2000), alpha=1.0, generator=seeded()
    )[1].diagonal()
    assert 0.5 < kept.mean() < 0.75 and kept.min() < 0.1 and kept.max() > 0.95


def test_pixels_are_copied_in_place():
    image = torch.randint(0, 256, (5, 3, 9, 9), dtype=torch.uint8, generator=seeded())
    new, _ = augment(image, torch.eye(5), alpha=1.0, generator=seeded(1))
    matches = (new[:, None] == image[None]).all(dim=2)  # by own number, source, y, x
    assert matches.any(dim=1).all()
