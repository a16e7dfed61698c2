"""Colours of a whole batch of uint8 images changed in one pass: new channels are weighted sums of the old ones."""

import math

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from vidi.ops.warp import memory_format

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in JPEG and Pillow
PIXELS_AT_A_TIME = 1 << 17  # their float copies stay in the cache
SIDE_BY_SIDE = 8  # pixels in one row of the product: a matrix of 24 columns multiplies faster than one of 3


def mix_channels(
    image: UInt8[Tensor, "b c h w"], matrix: Float[Tensor, "b c c"], offset: Float[Tensor, "b c"]
) -> UInt8[Tensor, "b c h w"]:
    """`matrix @ pixel + offset` of each image's pixels, rounded to nearest and clipped to 0..255.

    One multiply-add for all changes together: nothing is rounded or clipped in between.
    """
    batch, channels, height, width = image.shape
    side = math.gcd(height * width, SIDE_BY_SIDE)
    pixels = image.permute(0, 2, 3, 1).reshape(batch, -1, side * channels)
    wide = matrix.new_zeros(batch, side, channels, side, channels)
    wide.diagonal(dim1=1, dim2=3).copy_(matrix.mT[..., None].expand(-1, -1, -1, side))
    wide = wide.view(batch, side * channels, side * channels)
    half_up = (offset + 0.5).repeat(1, side)[:, None]
    mixed = torch.empty_like(pixels)
    step = max(1, PIXELS_AT_A_TIME // (height * width))
    for first in range(0, batch, step):
        part = slice(first, first + step)
        mixed[part] = torch.baddbmm(half_up[part], pixels[part].to(matrix.dtype), wide[part]).clamp_(0, 255)
    mixed = mixed.view(batch, height, width, channels).permute(0, 3, 1, 2)
    return mixed.contiguous(memory_format=memory_format(image))


def mean_channels(image: UInt8[Tensor, "b c h w"]) -> Float[Tensor, "b c"]:
    """Each image's mean colour, 0..255."""
    batch, channels, height, width = image.shape
    rows = image.permute(0, 2, 3, 1).reshape(batch, height, width * channels)
    sums = rows.sum(dim=1, dtype=torch.int32).view(batch, width, channels).sum(dim=1)
    return sums.double().div(height * width).float()


def luma_weights(channels: int) -> Float[Tensor, " c"]:
    """How much each channel counts for brightness; sums to 1. Channels that are not RGB count alike."""
    return torch.tensor(LUMA) if channels == 3 else torch.full((channels,), 1 / channels)


def saturation_matrix(factor: Float[Tensor, " b"], channels: int) -> Float[Tensor, "b c c"]:
    """Away from grey of the same luma by `factor`: 0 is grey, 1 changes nothing."""
    luma = luma_weights(channels).to(factor.device)
    eye = torch.eye(channels, device=factor.device)
    grey = luma.expand(channels, channels)
    return grey + factor[:, None, None] * (eye - grey)


def hue_matrix(turn: Float[Tensor, " b"]) -> Float[Tensor, "b 3 3"]:
    """Colours turned about the grey axis by `turn` of a full turn (at 1 all is as before); luma stays.

    The chroma plane is that of YIQ (NTSC 1953), where luma is the first coordinate and hue an angle.
    """
    to_yiq = torch.tensor([LUMA, (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112)], dtype=torch.float64)
    angle = 2 * math.pi * turn.double().cpu()
    rotation = torch.eye(3, dtype=torch.float64).repeat(len(turn), 1, 1)
    rotation[:, 1, 1], rotation[:, 1, 2] = angle.cos(), -angle.sin()
    rotation[:, 2, 1], rotation[:, 2, 2] = angle.sin(), angle.cos()
    back: Tensor = torch.linalg.inv(to_yiq)
    return (back @ rotation @ to_yiq).to(turn)
