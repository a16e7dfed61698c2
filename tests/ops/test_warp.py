import torch

from vidi.core.device import seeded
from vidi.ops.warp import affine, gather, reflect, take


def test_reflect_by_hand():
    assert reflect(torch.arange(-3, 7), 4).tolist() == [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]
    assert reflect(torch.arange(-2, 3), 1).tolist() == [0, 0, 0, 0, 0]


def test_gather_and_take_are_indexing():
    image = torch.randint(0, 256, (4, 3, 5, 6), dtype=torch.uint8, generator=seeded())
    source = torch.randint(0, 30, (4, 2, 7), generator=seeded(1))
    for picture in (image, image.contiguous(memory_format=torch.channels_last)):
        plain = torch.stack([one.flatten(1)[:, index] for one, index in zip(image, source, strict=True)])
        assert torch.equal(gather(picture, source), plain)
        assert torch.equal(take(picture, torch.tensor([2, 0])), image[[2, 0]])


def test_the_identity_and_quarter_turns_are_exact():
    image = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8, generator=seeded())
    still = torch.tensor([[1.0, 0, 0], [0, 1, 0]]).expand(2, 2, 3)
    assert torch.equal(affine(image, still), image)
    quarter = torch.tensor([[0.0, 1, 0], [-1, 0, 0]]).expand(2, 2, 3)
    assert torch.equal(affine(image, quarter), torch.rot90(image, -1, (2, 3)))
