"""What every augmentation keeps: found by being in the folder."""

import ast
import importlib
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor

import vidi.augment
from vidi.core.device import seeded

FOLDER = Path(str(vidi.augment.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
FORMATS = (torch.contiguous_format, torch.channels_last)


def member(name: str) -> ModuleType:
    return importlib.import_module(f"vidi.augment.{name}")


def batch(layout: torch.memory_format = torch.contiguous_format, size: int = 7) -> tuple[Tensor, Tensor]:
    image = torch.randint(0, 256, (size, 3, 20, 24), dtype=torch.uint8, generator=seeded(1))
    target = torch.eye(5)[torch.randint(0, 5, (size,), generator=seeded(2))]
    return image.contiguous(memory_format=layout), target


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_literals_and_names_real_options(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    card = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CARD"
    )
    written = {word.arg: ast.literal_eval(word.value) for word in card.keywords}
    assert written["title"] and written["idea"] and written["paper"]
    assert written["on"].keys() == written["off"].keys() and written["off"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", FORMATS, ids=("contiguous", "channels_last"))
def test_switched_off_it_changes_nothing_to_the_last_bit(name, layout):
    image, target = batch(layout)
    new_image, new_target = member(name).augment(image, target, **member(name).CARD.off, generator=seeded())
    assert torch.equal(new_image, image) and torch.equal(new_target, target)
    assert new_image.stride() == image.stride()


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_bits_and_another_seed_others(name):
    image, target = batch()
    augment, on = member(name).augment, member(name).CARD.on
    first, again, other = (augment(image, target, **on, generator=seeded(seed)) for seed in (3, 3, 4))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", FORMATS, ids=("contiguous", "channels_last"))
@pytest.mark.parametrize("size", [1, 2, 7])
def test_shape_type_and_memory_format_stay(name, layout, size):
    image, target = batch(layout, size)
    new_image, new_target = member(name).augment(image, target, **member(name).CARD.on, generator=seeded(5))
    assert new_image.dtype == torch.uint8 and new_image.shape == image.shape
    assert new_target.dtype == target.dtype and new_target.shape == target.shape
    assert new_image.is_contiguous(memory_format=layout)


@pytest.mark.parametrize("name", NAMES)
def test_the_result_does_not_depend_on_the_memory_format(name):
    on = member(name).CARD.on
    results = [member(name).augment(*batch(layout), **on, generator=seeded(6))[0] for layout in FORMATS]
    assert torch.equal(*results)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_given_is_not_modified(name):
    for layout in FORMATS:
        image, target = batch(layout)
        before = image.clone(), target.clone()
        member(name).augment(image, target, **member(name).CARD.on, generator=seeded(7))
        assert torch.equal(image, before[0]) and torch.equal(target, before[1])


@pytest.mark.parametrize("name", NAMES)
def test_each_target_keeps_its_sum_and_stays_a_share(name):
    image, target = batch()
    for seed in range(5):
        new = member(name).augment(image, target, **member(name).CARD.on, generator=seeded(seed))[1]
        torch.testing.assert_close(new.sum(dim=1), target.sum(dim=1))
        assert new.min() >= 0 and new.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_images_of_one_grey_stay_near_that_grey(name):
    """Nothing comes from elsewhere: mid-grey images have no other values unless light itself is changed."""
    if name in ("colour", "randaugment"):
        pytest.skip("changes light")
    image = torch.full((6, 3, 16, 16), 128, dtype=torch.uint8)
    new = member(name).augment(image, torch.eye(6), **member(name).CARD.on, generator=seeded(8))[0]
    assert torch.equal(new, image)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("worth", [0, 255])
def test_black_and_white_do_not_wrap_around(name, worth):
    image = torch.full((16, 3, 12, 12), worth, dtype=torch.uint8)
    if name == "randaugment":
        pytest.skip("inverts on purpose")
    new = member(name).augment(image, torch.eye(16), **member(name).CARD.on, generator=seeded(9))[0].int()
    assert set((new - worth).abs().unique().tolist()) <= (
        {0, 127, 128} if name == "cutout" else set(range(90))
    )


@pytest.mark.parametrize("name", NAMES)
def test_options_that_cannot_be_honoured_are_refused(name):
    image, target = batch()
    for option, value in member(name).CARD.on.items():
        wrong = dict(member(name).CARD.on) | {option: type(value)(-1)}
        with pytest.raises(ValueError, match=option):
            member(name).augment(image, target, **wrong, generator=seeded())


@pytest.mark.parametrize("name", NAMES)
def test_one_pixel_and_one_row_are_images_too(name):
    for height, width in ((1, 1), (1, 9), (2, 2)):
        image = torch.randint(0, 256, (4, 3, height, width), dtype=torch.uint8, generator=seeded(1))
        new, _ = member(name).augment(image, torch.eye(4), **member(name).CARD.on, generator=seeded(2))
        assert new.shape == image.shape
