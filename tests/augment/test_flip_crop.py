import torch

from vidi.augment.flip_crop import augment
from vidi.core.device import seeded


def drawn(batch=8, height=12, width=10):
    image = torch.randint(0, 256, (batch, 3, height, width), dtype=torch.uint8, generator=seeded(1))
    return image, torch.eye(batch)


def test_a_sure_flip_is_the_mirror_image_and_twice_is_none():
    image, target = drawn()
    once, _ = augment(image, target, flip=1.0, shift=0.0, generator=seeded())
    assert torch.equal(once, image.flip(3))
    assert torch.equal(augment(once, target, flip=1.0, shift=0.0, generator=seeded())[0], image)


def test_half_of_the_images_are_mirrored():
    image = torch.tensor([1, 2], dtype=torch.uint8).expand(4000, 3, 1, 2).contiguous()
    flipped, _ = augment(image, torch.zeros(4000, 1), flip=0.5, shift=0.0, generator=seeded())
    share = float((flipped[:, 0, 0, 0] == 2).float().mean())
    assert abs(share - 0.5) < 4 * 0.5 / 4000**0.5


def test_a_shift_is_a_crop_of_the_reflected_image():
    """By another way: torch's reflect padding, then one of the 25 crops."""
    image, target = drawn()
    new, _ = augment(image, target, flip=0.0, shift=0.2, generator=seeded(2))
    padded = torch.nn.functional.pad(image.float(), (2, 2, 2, 2), mode="reflect").to(torch.uint8)
    offsets = set()
    for number in range(len(image)):
        found = [
            (y, x)
            for y in range(5)
            for x in range(5)
            if torch.equal(new[number], padded[number, :, y : y + 12, x : x + 10])
        ]
        assert len(found) == 1
        offsets.update(found)
    assert len(offsets) > 3


def test_every_shift_is_equally_likely():
    image = torch.arange(9, dtype=torch.uint8).expand(9000, 3, 1, 9).contiguous()
    new, _ = augment(image, torch.zeros(9000, 1), flip=0.0, shift=0.25, generator=seeded())
    counts = torch.bincount(new[:, 0, 0, 4].long(), minlength=9)
    assert counts[:2].sum() == 0 and counts[7:].sum() == 0
    assert (counts[2:7] - 1800).abs().max() < 4 * (9000 * 0.2 * 0.8) ** 0.5


def test_a_zoom_keeps_at_least_the_stated_share():
    """On a ramp the drawn part can be read off: the corners tell where the part began and ended."""
    ramp = torch.arange(200, dtype=torch.uint8)
    image = torch.stack([ramp.expand(200, 200), ramp[:, None].expand(200, 200), torch.zeros(200, 200).byte()])
    image = image.expand(100, 3, 200, 200).contiguous()
    new, _ = augment(image, torch.zeros(100, 1), flip=0.0, shift=0.0, scale=0.5, generator=seeded())
    width = (new[:, 0, 0, -1].float() - new[:, 0, 0, 0].float() + 1) / 200
    height = (new[:, 1, -1, 0].float() - new[:, 1, 0, 0].float() + 1) / 200
    area, aspect = width * height, width / height
    assert 0.48 < area.min() < 0.55 and 0.92 < area.max() < 1.02
    assert 0.73 < aspect.min() < 0.9 and 1.1 < aspect.max() < 1.37


def test_a_zoom_into_one_colour_is_that_colour():
    image = torch.full((3, 3, 9, 9), 77, dtype=torch.uint8)
    new, _ = augment(image, torch.eye(3), scale=0.1, generator=seeded())
    assert torch.equal(new, image)
