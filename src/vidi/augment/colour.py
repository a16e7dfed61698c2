"""Light and colour: what is in a picture does not depend on the lamp and the camera."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from vidi.core.card import Card
from vidi.ops.colour import hue_matrix, luma_weights, mean_channels, mix_channels, saturation_matrix

CARD = Card(
    title="Colour",
    idea="Change each image's brightness, contrast, saturation and hue by random amounts.",
    paper="Howard 2013, arXiv:1312.5402, section 2; Szegedy et al. 2015, arXiv:1409.4842",
    differs="All four in one multiply-add, so nothing is clipped in between; hue turns in YIQ, not in HSV.",
    on={"brightness": 0.3, "contrast": 0.3, "saturation": 0.3, "hue": 0.02},
    off={"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0},
)


def augment(
    image: UInt8[Tensor, "b c h w"],
    target: Float[Tensor, "b k"],
    *,
    brightness: float = 0.3,
    contrast: float = 0.3,
    saturation: float = 0.3,
    hue: float = 0.0,
    generator: torch.Generator,
) -> tuple[UInt8[Tensor, "b c h w"], Float[Tensor, "b k"]]:
    """The images with each property multiplied by a factor in [1 - p, 1 + p] (never below 0); targets as given.

    `brightness` is towards black, `contrast` towards the image's mean luma, `saturation` towards grey; `hue` is
    the largest turn of the colour circle either way, as a share of a full turn, up to 0.5.
    """
    amounts = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
    for name, amount in amounts.items():
        if not amount >= 0:
            raise ValueError(f"{name} is the largest change of a factor of 1, >= 0; got {amount}")
    if not 0 <= hue <= 0.5:
        raise ValueError(f"hue is a share of a full turn, 0 to 0.5; got {hue}")
    if not any((*amounts.values(), hue)):
        return image, target
    batch, channels = image.shape[:2]
    if hue > 0 and channels != 3:
        raise ValueError(f"hue wants images with 3 channels; got {channels}; set hue to 0")
    drawn = 2 * torch.rand(4, batch, generator=generator, device=generator.device).to(image.device) - 1
    light, spread, vivid = ((1 + p * d).clamp(min=0) for p, d in zip(amounts.values(), drawn, strict=False))
    matrix = (light * spread)[:, None, None] * saturation_matrix(vivid, channels)
    if hue > 0:
        matrix = hue_matrix(hue * drawn[3]) @ matrix
    mean_luma = mean_channels(image) @ luma_weights(channels).to(image.device)
    offset = (1 - spread) * light * mean_luma  # saturation and hue leave the mean luma where it is
    return mix_channels(image, matrix, offset[:, None].expand(-1, channels)), target
