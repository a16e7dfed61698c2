"""Moving the pixels of a whole batch of uint8 images at once, each image in its own way."""

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor


def reflect(index: Int[Tensor, "*any"], size: int) -> Int[Tensor, "*any"]:
    """Indices in [0, size): what lies outside is mirrored at the border, which itself is not repeated."""
    period = max(2 * (size - 1), 1)
    folded = torch.remainder(index, period)
    return torch.minimum(folded, period - folded) if size > 1 else torch.zeros_like(index)


def memory_format(image: UInt8[Tensor, "b c h w"]) -> torch.memory_format:
    """channels_last only for a batch that is so and nothing else."""
    last = image.is_contiguous(memory_format=torch.channels_last) and not image.is_contiguous()
    return torch.channels_last if last else torch.contiguous_format


def take(image: UInt8[Tensor, "b c h w"], rows: Int[Tensor, " n"]) -> UInt8[Tensor, "n c h w"]:
    """The images with these numbers, in the same memory format."""
    if memory_format(image) is torch.channels_last:
        return image.permute(0, 2, 3, 1).index_select(0, rows).permute(0, 3, 1, 2)
    return image.index_select(0, rows)


def gather(image: UInt8[Tensor, "b c h w"], source: Int[Tensor, "b y x"]) -> UInt8[Tensor, "b c y x"]:
    """For each new pixel the old one at `source` (row * w + column in its own image), same memory format.

    One `index_select` of whole pixels, which is much faster than indexing with three arrays, because the channels
    of a pixel lie together.
    """
    batch, channels, height, width = image.shape
    first = torch.arange(batch, device=image.device, dtype=source.dtype)[:, None, None] * (height * width)
    pixels = image.permute(0, 2, 3, 1).reshape(-1, channels)
    moved = pixels.index_select(0, (source + first).flatten())
    moved = moved.view(batch, *source.shape[1:], channels).permute(0, 3, 1, 2)
    return moved.contiguous(memory_format=memory_format(image))


def affine(
    image: UInt8[Tensor, "b c h w"], matrix: Float[Tensor, "b 2 3"], *, fill: int = 128
) -> UInt8[Tensor, "b c h w"]:
    """Each image seen through its own affine map: the nearest old pixel, `fill` where there is none.

    `matrix` takes a new pixel's (x, y), counted from the image's centre in pixels, to the old one's.
    """
    _, _, height, width = image.shape
    down = torch.arange(height, device=image.device, dtype=torch.float32) - (height - 1) / 2
    right = torch.arange(width, device=image.device, dtype=torch.float32) - (width - 1) / 2
    along_x, along_y, by = (matrix[:, :, axis, None, None] for axis in range(3))
    place = along_x * right[None, None, None, :] + along_y * down[None, None, :, None] + by
    centre = torch.tensor([(width - 1) / 2, (height - 1) / 2], device=image.device)[None, :, None, None]
    x, y = (place + centre).add_(0.5).floor_().int().unbind(dim=1)
    outside = (x < 0) | (x >= width) | (y < 0) | (y >= height)
    moved = gather(image, y.clamp_(0, height - 1) * width + x.clamp_(0, width - 1))
    return moved.masked_fill_(outside[:, None], fill)
