import numpy as np
import pytest
import torch

from vidi.augment.randaugment import OPERATIONS, augment, changed
from vidi.core.device import seeded


def images(batch=3, height=17, width=23):
    return torch.randint(0, 256, (batch, 3, height, width), dtype=torch.uint8, generator=seeded(1))


def apply(name, image, strength):
    operation = torch.full((len(image),), OPERATIONS.index(name))
    return changed(image, operation, torch.full((len(image),), float(strength)))


def pictures(image):
    from PIL import Image

    return [Image.fromarray(one.permute(1, 2, 0).numpy()) for one in image]


def tensor(picture):
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


def test_there_are_the_papers_fourteen():
    assert len(set(OPERATIONS)) == 14


@pytest.mark.parametrize("name", OPERATIONS)
def test_at_strength_zero_an_operation_with_a_strength_changes_nothing(name):
    if name in ("autocontrast", "equalise"):
        pytest.skip("has no strength")
    assert torch.equal(apply(name, images(), 0), images())


@pytest.mark.parametrize("options", [{"count": 0, "magnitude": 10.0}, {"count": 3, "magnitude": 0.0}])
def test_no_operations_or_no_magnitude_is_exactly_off(options):
    image = images()
    assert torch.equal(augment(image, torch.eye(3), **options, generator=seeded())[0], image)


@pytest.mark.parametrize(
    ("name", "enhance"),
    [("colour", "Color"), ("contrast", "Contrast"), ("brightness", "Brightness"), ("sharpness", "Sharpness")],
)
@pytest.mark.parametrize("strength", [-1, -0.4, 0.7])
def test_enhancements_agree_with_pillow(name, enhance, strength):
    from PIL import ImageEnhance

    new = apply(name, images(), strength)
    for mine, picture in zip(new, pictures(images()), strict=True):
        theirs = tensor(getattr(ImageEnhance, enhance)(picture).enhance(1 + 0.9 * strength))
        assert (
            mine.int() - theirs.int()
        ).abs().max() <= 2  # Pillow rounds grey, mean and smooth values first


def test_autocontrast_solarise_and_posterise_agree_with_pillow():
    from PIL import ImageOps

    image = (images().int() * 3 // 5 + 30).to(torch.uint8)
    for name, strength, theirs in (
        ("autocontrast", 1, ImageOps.autocontrast),
        ("solarise", 0.5, lambda picture: ImageOps.solarize(picture, 128)),
        ("posterise", 1, lambda picture: ImageOps.posterize(picture, 4)),
        ("posterise", 0.5, lambda picture: ImageOps.posterize(picture, 6)),
    ):
        for mine, picture in zip(apply(name, image, strength), pictures(image), strict=True):
            assert (mine.int() - tensor(theirs(picture)).int()).abs().max() <= 1


def test_equalised_values_are_equally_frequent():
    dark = (images(2, 64, 64).float() ** 2 / 255).to(torch.uint8)
    new = apply("equalise", dark, 1).float()
    assert new.amin() == 0 and new.amax() == 255
    middle = new.flatten(1).quantile(torch.tensor([0.25, 0.5, 0.75]), dim=1)
    assert (
        middle - torch.tensor([[64.0], [128.0], [191.0]])
    ).abs().max() < 16  # dark values come in big steps
    one_value = torch.full((1, 3, 5, 5), 9, dtype=torch.uint8)
    assert torch.equal(apply("equalise", one_value, 1), one_value)


def test_a_translation_moves_whole_pixels_and_fills_with_grey():
    image = images()
    by = round(150 / 331 * 23)
    new = apply("translate_x", image, 1)
    assert torch.equal(new[..., : 23 - by], image[..., by:]) and (new[..., 23 - by :] == 128).all()
    by = round(150 / 331 * 17)
    new = apply("translate_y", image, -1)
    assert torch.equal(new[..., by:, :], image[..., : 17 - by, :]) and (new[..., :by, :] == 128).all()


@pytest.mark.parametrize("name", ["rotate", "shear_x", "shear_y"])
def test_there_and_back_again_the_middle_is_nearly_as_before(name):
    ramp = torch.arange(60, dtype=torch.uint8)
    image = torch.stack([ramp.expand(60, 60), ramp[:, None].expand(60, 60), ramp.expand(60, 60)])[None] + 20
    back = apply(name, apply(name, image, 0.5), -0.5)
    difference = (back.int() - image.int()).abs()[..., 20:40, 20:40]
    assert difference.max() <= 2
    assert not torch.equal(apply(name, image, 0.5), image)


def test_rotation_agrees_with_pillow():
    from PIL import Image

    ramp = torch.arange(41, dtype=torch.uint8) * 3
    image = torch.stack([ramp.expand(41, 41), ramp[:, None].expand(41, 41), ramp.expand(41, 41)])[None]
    theirs = tensor(pictures(image)[0].rotate(30, Image.Resampling.NEAREST))[:, 12:29, 12:29].int()
    mine = (
        apply("rotate", image, -1)[0, :, 12:29, 12:29].int(),
        apply("rotate", image, 1)[0, :, 12:29, 12:29].int(),
    )
    assert min(int((one - theirs).abs().max()) for one in mine) <= 3


def test_each_image_gets_its_own_operations():
    image = images(1).expand(200, 3, 17, 23).contiguous()
    new, _ = augment(image, torch.zeros(200, 1), count=1, magnitude=10.0, generator=seeded())
    kinds = len({one.numpy().tobytes() for one in new})
    assert (
        16 <= kinds <= 2 * 14 - 5
    )  # two directions, but for identity, autocontrast, equalise, solarise, posterise
