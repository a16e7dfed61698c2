import torch

from vidi.core.device import seeded
from vidi.ops.colour import hue_matrix, mean_channels, mix_channels, saturation_matrix


def test_mixing_by_hand():
    image = torch.tensor([10, 20, 250], dtype=torch.uint8).view(1, 3, 1, 1)
    swap = torch.tensor([[[0.0, 1, 0], [1, 0, 0], [0, 0, 2]]])
    new = mix_channels(image, swap, torch.tensor([[0.4, 0.5, 0.0]]))
    assert new.flatten().tolist() == [20, 11, 255]


def test_mixing_agrees_with_plain_arithmetic():
    image = torch.randint(0, 256, (5, 3, 9, 7), dtype=torch.uint8, generator=seeded())
    matrix, offset = torch.rand(5, 3, 3, generator=seeded(1)), torch.rand(5, 3, generator=seeded(2)) * 50 - 25
    plain = torch.einsum("bij,bjhw->bihw", matrix.double(), image.double()) + offset.double()[..., None, None]
    assert ((mix_channels(image, matrix, offset).double() - plain.clamp(0, 255)).abs() <= 0.501).all()


def test_mean_channels_is_exact():
    image = torch.randint(0, 256, (4, 3, 33, 31), dtype=torch.uint8, generator=seeded())
    torch.testing.assert_close(mean_channels(image), image.double().mean(dim=(2, 3)).float())


def test_hue_turns_add_up_and_a_full_turn_is_none():
    turn = torch.tensor([0.1, 0.25])
    torch.testing.assert_close(
        hue_matrix(turn) @ hue_matrix(1 - turn), torch.eye(3).expand(2, 3, 3), atol=1e-5, rtol=0
    )


def test_saturation_zero_is_grey_and_one_is_nothing():
    grey, same = saturation_matrix(torch.tensor([0.0, 1.0]), 3)
    assert torch.equal(same, torch.eye(3)) and torch.equal(grey[0], grey[1]) and torch.equal(grey[1], grey[2])
