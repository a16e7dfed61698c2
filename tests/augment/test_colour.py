import numpy as np
import pytest
import torch

from vidi.augment.colour import augment
from vidi.core.device import seeded

NONE = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}
LUMA = torch.tensor([0.299, 0.587, 0.114])


def changed(image, seed=0, **options):
    return augment(image, torch.zeros(len(image), 1), **(NONE | options), generator=seeded(seed))[0]


def soft_images(batch=64):
    """Values far from 0 and 255, so that nothing is clipped."""
    return torch.randint(90, 150, (batch, 3, 8, 8), dtype=torch.uint8, generator=seeded(1))


def luma(image):
    return torch.einsum("bchw,c->bhw", image.float(), LUMA)


def test_brightness_multiplies_every_value_by_one_factor_in_the_range():
    image = soft_images()
    ratio = changed(image, brightness=0.5).float() / image.float()
    spread = ratio.amax(dim=(1, 2, 3)) - ratio.amin(dim=(1, 2, 3))
    assert spread.max() < 2 * 0.5 / 90 + 1e-6  # rounding
    factor = ratio.mean(dim=(1, 2, 3))
    assert 0.5 <= factor.min() < 0.6 and 1.4 < factor.max() <= 1.51


def test_contrast_keeps_the_mean_luma():
    image = soft_images()
    new = changed(image, contrast=0.5)
    torch.testing.assert_close(luma(new).mean(dim=(1, 2)), luma(image).mean(dim=(1, 2)), atol=0.2, rtol=0)
    assert not torch.equal(new, image)


@pytest.mark.parametrize("options", [{"saturation": 0.5}, {"hue": 0.05}])
def test_saturation_and_hue_keep_each_pixels_luma(options):
    image = soft_images()
    torch.testing.assert_close(luma(changed(image, **options)), luma(image), atol=0.51, rtol=0)


@pytest.mark.parametrize("options", [{"saturation": 1.0}, {"hue": 0.5}])
def test_grey_stays_grey(options):
    grey = torch.randint(0, 256, (8, 1, 6, 6), dtype=torch.uint8, generator=seeded()).repeat(1, 3, 1, 1)
    assert torch.equal(changed(grey, **options), grey)


def test_it_agrees_with_pillow_where_nothing_is_clipped():
    """The factor is read off one image; Pillow with that factor must give the same elsewhere."""
    from PIL import Image, ImageEnhance

    image = soft_images(4)
    for option, enhance in (("saturation", ImageEnhance.Color), ("brightness", ImageEnhance.Brightness)):
        new = changed(image, **{option: 0.4})
        drawn = 2 * torch.rand(4, 4, generator=seeded(0)) - 1
        factors = 1 + 0.4 * drawn[2 if option == "saturation" else 0]
        for before, after, factor in zip(image, new, factors.tolist(), strict=True):
            picture = Image.fromarray(before.permute(1, 2, 0).numpy())
            theirs = torch.from_numpy(np.array(enhance(picture).enhance(factor))).permute(2, 0, 1).int()
            assert (theirs - after.int()).abs().max() <= 1  # Pillow truncates and rounds luma first
