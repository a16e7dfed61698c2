"""A few of fourteen changes, drawn anew for each image, all of one strength."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

from vidi.core.card import Card
from vidi.ops.colour import luma_weights, mean_channels, mix_channels, saturation_matrix
from vidi.ops.warp import affine, take

CARD = Card(
    title="RandAugment",
    idea="Two numbers for all of augmentation: how many random changes, and how strong.",
    paper="Cubuk et al. 2020, arXiv:1909.13719, section 3",
    differs="Both directions of every change are drawn; no magnitude means no change, also for equalise; grey borders.",
    on={"count": 2, "magnitude": 9.0},
    off={"count": 0, "magnitude": 0.0},
)
STRONGEST = 10.0
GREY = 128
# The paper's list, with what magnitude 10 means (AutoAugment's ranges, arXiv:1805.09501, table 6).
OPERATIONS = (
    "identity",
    "autocontrast",  # the darkest value of a channel becomes 0, the brightest 255
    "equalise",  # every value of a channel becomes equally frequent
    "rotate",  # 30 degrees
    "solarise",  # values from 0 on are inverted; at magnitude 0 none
    "colour",  # factor 0.1 or 1.9
    "posterise",  # 4 bits are kept; at magnitude 0 all 8
    "contrast",  # factor 0.1 or 1.9
    "brightness",  # factor 0.1 or 1.9
    "sharpness",  # factor 0.1 or 1.9
    "shear_x",  # 0.3
    "shear_y",
    "translate_x",  # 150/331 of the side
    "translate_y",
)
LINEAR = ("autocontrast", "colour", "contrast", "brightness")
GEOMETRIC = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")


def augment(
    image: UInt8[Tensor, "b c h w"],
    target: Float[Tensor, "b k"],
    *,
    count: int = 2,
    magnitude: float = 9.0,
    generator: torch.Generator,
) -> tuple[UInt8[Tensor, "b c h w"], Float[Tensor, "b k"]]:
    """The images after `count` operations each, drawn with equal chance from OPERATIONS; targets as given.

    `magnitude` is 0 to 10; with 0 nothing changes, though autocontrast and equalise have no strength of their own.
    """
    if count < 0:
        raise ValueError(f"count is a number of operations, >= 0; got {count}")
    if not 0 <= magnitude <= STRONGEST:
        raise ValueError(f"magnitude is 0 to {STRONGEST:g}; got {magnitude}")
    if count == 0 or magnitude == 0:
        return image, target
    device, shape = generator.device, (count, len(image))
    drawn = torch.randint(len(OPERATIONS), shape, generator=generator, device=device).to(image.device)
    sign = torch.randint(2, shape, generator=generator, device=device).to(image.device) * 2 - 1
    for operation, direction in zip(drawn, sign, strict=True):
        image = changed(image, operation, direction * (magnitude / STRONGEST))
    return image, target


def changed(
    image: UInt8[Tensor, "b c h w"], operation: Int[Tensor, " b"], strength: Float[Tensor, " b"]
) -> UInt8[Tensor, "b c h w"]:
    """One operation for each image; `strength` in [-1, 1]. Operations of one sort are done together."""
    out = image.clone()
    for names, function in SORTS:
        numbers = torch.tensor([OPERATIONS.index(name) for name in names], device=image.device)
        rows = torch.isin(operation, numbers).nonzero()[:, 0]
        if len(rows):
            out[rows] = function(take(image, rows), operation[rows], strength[rows])
    return out


def linear(
    image: UInt8[Tensor, "b c h w"], operation: Int[Tensor, " b"], strength: Float[Tensor, " b"]
) -> UInt8[Tensor, "b c h w"]:
    """Brightness, contrast, colour and autocontrast: each is a matrix on the channels and an offset."""
    channels = image.shape[1]
    factor = 1 + 0.9 * strength
    plain = factor[:, None, None] * torch.eye(channels, device=image.device)
    luma = mean_channels(image) @ luma_weights(channels).to(image.device)
    towards_mean = ((1 - factor) * luma)[:, None].expand(-1, channels)
    least, most = image.amin(dim=(2, 3)).float(), image.amax(dim=(2, 3)).float()
    stretch = torch.where(most > least, 255 / (most - least).clamp(min=1), 1.0)
    shift = torch.where(most > least, -least * stretch, 0.0)
    matrix, offset = plain, torch.zeros_like(shift)
    for name, its_matrix, its_offset in (
        ("colour", saturation_matrix(factor, channels), offset),
        ("contrast", plain, towards_mean),
        ("autocontrast", torch.diag_embed(stretch), shift),
    ):
        mine = (operation == OPERATIONS.index(name))[:, None]
        matrix = torch.where(mine[:, None], its_matrix, matrix)
        offset = torch.where(mine, its_offset, offset)
    return mix_channels(image, matrix, offset)


def geometric(
    image: UInt8[Tensor, "b c h w"], operation: Int[Tensor, " b"], strength: Float[Tensor, " b"]
) -> UInt8[Tensor, "b c h w"]:
    """Rotation, shear and translation, each as the affine map from new pixels to old ones."""
    height, width = image.shape[2:]
    size = {name: strength * (operation == OPERATIONS.index(name)) for name in GEOMETRIC}
    angle = size["rotate"] * math.radians(30)
    row_x = (angle.cos(), angle.sin() + 0.3 * size["shear_x"], size["translate_x"] * (150 / 331) * width)
    row_y = (0.3 * size["shear_y"] - angle.sin(), angle.cos(), size["translate_y"] * (150 / 331) * height)
    matrix = torch.stack([torch.stack(row_x, dim=1), torch.stack(row_y, dim=1)], dim=1)
    matrix[:, :, 2].round_()  # a translation moves whole pixels
    return affine(image, matrix, fill=GREY)


def equalise(
    image: UInt8[Tensor, "b c h w"], operation: Int[Tensor, " b"], strength: Float[Tensor, " b"]
) -> UInt8[Tensor, "b c h w"]:
    """Each channel through its own distribution function, stretched so that its darkest value is 0, its brightest 255.

    As in OpenCV's equalizeHist; a channel of one value stays.
    """
    batch, channels, height, width = image.shape
    first = torch.arange(batch * channels, device=image.device, dtype=torch.int32) * 256
    cell = (image.int() + first.view(batch, channels, 1, 1)).flatten()
    counts = torch.bincount(cell, minlength=batch * channels * 256).view(-1, 256)
    darkest = counts.gather(1, (counts > 0).int().argmax(dim=1, keepdim=True))
    rest = height * width - darkest
    level = ((counts.cumsum(dim=1) - darkest).clamp(min=0) * 255 + rest // 2) // rest.clamp(min=1)
    table = torch.where(rest > 0, level, torch.arange(256, device=image.device)).to(torch.uint8)
    return table.flatten().index_select(0, cell).view(batch, channels, height, width)


def solarise(
    image: UInt8[Tensor, "b c h w"], operation: Int[Tensor, " b"], strength: Float[Tensor, " b"]
) -> UInt8[Tensor, "b c h w"]:
    """Values at or above 256 * (1 - strength) inverted."""
    threshold = (256 * (1 - strength.abs())).round().short()[:, None, None, None]
    return torch.where(image >= threshold, 255 - image, image)


def posterise(
    image: UInt8[Tensor, "b c h w"], operation: Int[Tensor, " b"], strength: Float[Tensor, " b"]
) -> UInt8[Tensor, "b c h w"]:
    """Only the highest 8 - 4 * strength bits of each value."""
    dropped = (4 * strength.abs()).round().int()
    mask = (255 - (2**dropped - 1)).to(torch.uint8)
    return image & mask[:, None, None, None]


def sharpness(
    image: UInt8[Tensor, "b c h w"], operation: Int[Tensor, " b"], strength: Float[Tensor, " b"]
) -> UInt8[Tensor, "b c h w"]:
    """Away from a smoothed image (3 x 3, the centre counts 5 of 13) by 1 + 0.9 * strength; borders stay."""
    channels = image.shape[1]
    if min(image.shape[2:]) < 3:
        return image
    kernel = torch.ones(3, 3, device=image.device)
    kernel[1, 1] = 5
    pixels = image.float()
    smooth = functional.conv2d(pixels, (kernel / 13).expand(channels, 1, 3, 3), groups=channels)
    inner = pixels[:, :, 1:-1, 1:-1]
    sharp = torch.lerp(smooth, inner, (1 + 0.9 * strength)[:, None, None, None])
    out = image.clone()
    out[:, :, 1:-1, 1:-1] = sharp.add_(0.5).clamp_(0, 255)
    return out


Operation = Callable[[Tensor, Tensor, Tensor], Tensor]
SORTS: tuple[tuple[tuple[str, ...], Operation], ...] = (
    (LINEAR, linear),
    (GEOMETRIC, geometric),
    (("equalise",), equalise),
    (("solarise",), solarise),
    (("posterise",), posterise),
    (("sharpness",), sharpness),
)
