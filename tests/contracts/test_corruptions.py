"""What every corruption and every dial keeps: found by being in the folder."""

import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import vidi.audits
from vidi.core.card import read_cards

FOLDER = Path(str(vidi.audits.__file__)).parent
MEMBERS = [
    f"{kind}.{path.stem}"
    for kind in ("corruptions", "dials")
    for path in sorted((FOLDER / kind).glob("*.py"))
    if path.stem != "__init__"
]
IMAGENET_C = {
    *(
        "gaussian_noise",
        "shot_noise",
        "impulse_noise",
        "defocus_blur",
        "glass_blur",
        "motion_blur",
        "zoom_blur",
    ),
    *("snow", "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression"),
    *("speckle_noise", "gaussian_blur", "spatter", "saturate"),
}
DRAWS_NOTHING = {
    *("corruptions.brightness", "corruptions.contrast", "corruptions.defocus_blur", "corruptions.zoom_blur"),
    *("corruptions.gaussian_blur", "corruptions.jpeg_compression", "corruptions.pixelate", "dials.scale"),
    "corruptions.saturate",
}
# severities that need not change more than the one before, each said in its docstring
NOT_MORE = {
    "corruptions.elastic_transform": {3},
    "corruptions.frost": {2, 3, 4, 5},
    "corruptions.glass_blur": {2, 4},
    "corruptions.saturate": {3},
    "corruptions.snow": {3},
    "dials.scale": {2, 3, 4, 5},
}


def corrupt(member: str) -> Callable[..., np.ndarray]:
    return importlib.import_module(f"vidi.audits.{member}").corrupt


def natural(height: int = 96, width: int = 96) -> np.ndarray:
    """Discs of many sizes and colours over each other, with fine grain: edges at every scale, as in photographs."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:height, :width]
    image = np.full((height, width, 3), 120.0)
    for radius in np.geomspace(0.5, 0.04, 60) * min(height, width):
        down, right = rng.random(2) * (height, width)
        image[(y - down) ** 2 + (x - right) ** 2 < radius**2] = rng.uniform(30, 220, 3)
    return np.clip(image + rng.normal(scale=4, size=image.shape), 0, 255).astype(np.uint8)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(((one.astype(float) - other) ** 2).mean())


def test_all_of_imagenet_c_and_the_six_difficulties_are_there():
    assert set(read_cards(FOLDER / "corruptions")) == IMAGENET_C
    assert len(read_cards(FOLDER / "dials")) == 6


@pytest.mark.parametrize("member", MEMBERS)
def test_the_card_says_what_it_is_and_how_to_switch_it_off(member):
    card = read_cards(FOLDER / member.split(".")[0])[member.split(".")[1]]
    assert card.title and card.idea and card.paper
    assert card.off == {"severity": 0} and 1 <= card.on["severity"] <= 5


@pytest.mark.parametrize("member", MEMBERS)
def test_severity_0_is_the_image_and_others_are_not(member):
    image = natural()
    rng = np.random.default_rng(0)
    assert np.array_equal(corrupt(member)(image, severity=0, generator=rng), image)
    for severity in range(1, 6):
        assert not np.array_equal(corrupt(member)(image, severity=severity, generator=rng), image)


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("shape", [(16, 16), (17, 31), (48, 33)])
def test_shape_and_type_stay_and_the_image_given_too(member, shape):
    image = natural(*shape)
    before = image.copy()
    image.flags.writeable = False
    for severity in range(6):
        new = corrupt(member)(image, severity=severity, generator=np.random.default_rng(1))
        assert new.shape == image.shape and new.dtype == np.uint8
    assert np.array_equal(image, before)


@pytest.mark.parametrize("member", MEMBERS)
def test_black_and_white_images_are_images_too(member):
    for level in (0, 255):
        image = np.full((20, 24, 3), level, dtype=np.uint8)
        for severity in (1, 3, 5):
            new = corrupt(member)(image, severity=severity, generator=np.random.default_rng(2))
            assert new.shape == image.shape


@pytest.mark.parametrize("member", MEMBERS)
def test_same_seed_same_bytes_and_another_seed_others_if_it_draws(member):
    image = natural()
    first, again, other = (
        corrupt(member)(image, severity=4, generator=np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert np.array_equal(first, other) == (member in DRAWS_NOTHING)


@pytest.mark.parametrize("member", MEMBERS)
def test_each_severity_changes_more_than_the_one_before(member):
    image, seeds = natural(), range(1 if member in DRAWS_NOTHING else 3)
    changed = [
        np.mean(
            [
                difference(
                    corrupt(member)(image, severity=severity, generator=np.random.default_rng(seed)), image
                )
                for seed in seeds
            ]
        )
        for severity in range(6)
    ]
    for severity in set(range(1, 6)) - NOT_MORE.get(member, set()):
        assert changed[severity] > changed[severity - 1], (severity, changed)


@pytest.mark.parametrize("member", MEMBERS)
def test_what_cannot_be_honoured_is_refused(member):
    rng = np.random.default_rng(0)
    for severity in (-1, 6):
        with pytest.raises(ValueError, match=f"severity is a whole number.*got {severity}"):
            corrupt(member)(natural(), severity=severity, generator=rng)
    with pytest.raises(ValueError, match="16 px or more; got 15 x 40"):
        corrupt(member)(natural(15, 40), severity=1, generator=rng)


@pytest.mark.parametrize("name", [member.split(".")[1] for member in MEMBERS if member.startswith("dials.")])
def test_a_dial_says_what_becomes_of_what_is_drawn(name):
    truth = read_cards(FOLDER / "dials")[name].facts["truth"]
    assert truth in ("stays", "hidden", "placed", "lost")
    module = importlib.import_module(f"vidi.audits.dials.{name}")
    assert hasattr(module, "placed") == (truth == "placed")
    image = natural()
    spoiled = module.corrupt(image, severity=5, generator=np.random.default_rng(0))
    untouched = (spoiled == image).all(axis=2).mean()
    assert (untouched > 0.2) == (truth == "hidden")
