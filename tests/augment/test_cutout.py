import torch

from vidi.augment.cutout import augment
from vidi.core.device import seeded


def holes(size, side=20, batch=400):
    image = torch.zeros(batch, 3, side, side, dtype=torch.uint8)
    return augment(image, torch.zeros(batch, 1), size=size, generator=seeded())[0]


def test_the_hole_is_a_square_of_the_stated_area_or_cut_off_by_the_border():
    hole = holes(0.3)[:, 0] == 128
    area = hole.sum(dim=(1, 2))
    assert area.max() == 36 and area.min() == 9  # whole; a quarter, in a corner
    rows, columns = hole.any(dim=2).sum(dim=1), hole.any(dim=1).sum(dim=1)
    assert torch.equal(area, rows * columns)


def test_everything_else_is_untouched_and_all_channels_are_covered():
    image = torch.randint(0, 100, (9, 3, 16, 16), dtype=torch.uint8, generator=seeded())
    new, _ = augment(image, torch.eye(9), size=0.5, generator=seeded())
    hole = (new == 128).all(dim=1, keepdim=True).expand_as(image)
    assert torch.equal(new[~hole], image[~hole]) and torch.equal(hole, new == 128)


def test_every_pixel_is_as_likely_to_be_the_centre():
    hole = holes(0.05, batch=8000)[:, 0] == 128  # one pixel
    assert (hole.sum(dim=(1, 2)) == 1).all()
    assert abs(float(hole[:, :10, :10].sum()) / 8000 - 0.25) < 4 * (0.25 * 0.75 / 8000) ** 0.5


def test_twice_the_side_covers_all_of_it():
    assert (holes(2.0) == 128).all()
