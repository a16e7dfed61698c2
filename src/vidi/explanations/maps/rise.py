"""Which pixels were to be seen when the score was high?"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.errors import check_option
from vidi.core.network import Scorer
from vidi.ops import attribution

CARD = Card(
    title="RISE",
    idea="The image is seen through many random masks; a pixel counts as much as the score rises when it shows.",
    paper="Petsiuk, Das and Saenko 2018, arXiv:1806.07421, eq. 6 and section 3.2",
    differs="The masks' mean score is taken off, so that a pixel that doesn't matter tends to 0; the logit is watched, "
    "not the probability; 500 masks by default, the same for all images, where the paper takes 4,000 to 8,000.",
    facts={"signed": True, "passes": 500, "samples": True},
)


def explain(
    network: Scorer,
    images: Shaped[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    generator: torch.Generator,
    masks: int = 500,
    cells: int = 7,
    shown: float = 0.5,
) -> Float[Tensor, "n h w"]:
    """The covariance of the score with a pixel's being seen, over the share that is seen.

    masks: how many random masks
    cells: of how many cells a mask's side is made
    shown: the share of cells that show the image
    """
    check_option("masks", masks, holds=masks >= 2, wanted="a number of masks, 2 or more")
    check_option("cells", cells, holds=cells >= 1, wanted="a number of cells, 1 or more")
    check_option("shown", shown, holds=0 < shown < 1, wanted="a share between 0 and 1")
    height, width = images.shape[2:]
    pixels, empty = attribution.as_float(images), attribution.blank(network, images)
    make = drawn(masks, (height, width), cells, shown, generator)
    seen = pixels.new_zeros(height, width)
    weighted, total = pixels.new_zeros(len(images), height, width), pixels.new_zeros(len(images))
    block = attribution.variants_at_once(len(images))
    for start in range(0, masks, block):
        mask = make(start, min(start + block, masks)).to(pixels)
        through = empty + mask[:, None, None] * (pixels - empty)
        found = attribution.scores_of_variants(network, through, target)
        weighted += torch.einsum("kn,khw->nhw", found, mask)
        total += found.sum(dim=0)
        seen += mask.sum(dim=0)
    return (weighted - total[:, None, None] / masks * seen) / (masks * shown)


def drawn(
    count: int, image_hw: tuple[int, int], cells: int, shown: float, generator: torch.Generator
) -> Callable[[int, int], Float[Tensor, "k h w"]]:
    """Masks in [0, 1]: coarse random cells, enlarged smoothly, each shifted by less than a cell.

    They are drawn at once and made from `start` to `stop` when asked for.
    """
    height, width = image_hw
    tall, wide = -(-height // cells), -(-width // cells)  # a cell in pixels, rounded up
    device = generator.device
    coarse = (
        torch.rand((count, 1, cells + 1, cells + 1), generator=generator, device=device) < shown
    ).float()
    tops = torch.randint(tall, (count,), generator=generator, device=device).tolist()
    lefts = torch.randint(wide, (count,), generator=generator, device=device).tolist()

    def made(start: int, stop: int) -> Tensor:
        size = ((cells + 1) * tall, (cells + 1) * wide)
        fine = functional.interpolate(coarse[start:stop], size=size, mode="bilinear")[:, 0]
        places = zip(fine, tops[start:stop], lefts[start:stop], strict=True)
        return torch.stack([mask[top : top + height, left : left + width] for mask, top, left in places])

    return made
