"""Pictures as sums of waves in colours that vary independently: what gradient ascent on a picture goes well with."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from vidi.core.progress import Quiet, Say

# Light, yellow against blue, red against green: how far natural images vary along each (Ruderman, Cronin and Chiao
# 1998, Journal of the Optical Society of America A 15, section 4: these three are uncorrelated, and ever smaller).
OPPONENT = ((1 / 3**0.5,) * 3, (1 / 6**0.5, 1 / 6**0.5, -2 / 6**0.5), (1 / 2**0.5, -1 / 2**0.5, 0.0))
SPREAD = (1.0, 0.35, 0.16)


class Canvas:
    """`count` square pictures of `side` pixels, in 0..255, that hang on `waves` alone.

    A wave's step in the picture is in proportion to its length (`decay` 1: as amplitudes in natural images), so that
    large forms come as fast as fine ones (Olah, Mordvintsev and Schubert 2017, Feature visualization).
    """

    def __init__(
        self, count: int, side: int, *, generator: torch.Generator, contrast: float = 0.1, decay: float = 1.0
    ) -> None:
        self.side = side
        across, down = torch.fft.rfftfreq(side), torch.fft.fftfreq(side)
        frequency = (across[None] ** 2 + down[:, None] ** 2).sqrt().clamp(min=1 / side)
        self.scale = 1 / frequency**decay / (1 / frequency**decay).square().mean().sqrt()
        self.mix = torch.tensor(OPPONENT).T * torch.tensor(SPREAD)
        shape = (count, 3, side, side // 2 + 1, 2)
        self.waves = contrast * torch.randn(shape, generator=generator)

    def picture(self, waves: Tensor | None = None) -> Float[Tensor, "n 3 s s"]:
        """The pictures, with gradients if `waves` want them."""
        waves = self.waves if waves is None else waves
        spectrum = torch.view_as_complex(waves) * self.scale
        plane = torch.fft.irfft2(spectrum, s=(self.side, self.side), norm="ortho")
        mixed = torch.einsum("rc,nchw->nrhw", self.mix, plane)
        return 255 * torch.sigmoid(4 * mixed)


def ascend(
    canvas: Canvas,
    judge: Callable[[Float[Tensor, "n 3 s s"], int], Tensor],
    *,
    steps: int,
    rate: float,
    say: Say | None = None,
    what: str = "painting",
) -> Float[Tensor, "n 3 s s"]:
    """The pictures after `steps` of Adam toward a higher `judge(pictures, step)` (a number); no gradients left on them.

    The rate rises over the first twentieth and falls to 0 as half a cosine.
    """
    waves = canvas.waves.clone().requires_grad_()
    optimiser = torch.optim.Adam([waves], lr=rate, betas=(0.9, 0.99))
    for step in range(steps):
        warm = min(1.0, (step + 1) / max(1, steps // 20))
        optimiser.param_groups[0]["lr"] = rate * warm * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimiser.zero_grad()
        (-judge(canvas.picture(waves), step)).backward()
        optimiser.step()
        (say or Quiet()).track(what, step + 1, steps)
    canvas.waves = waves.detach()
    with torch.no_grad():
        return canvas.picture()


def looked_at(
    pictures: Float[Tensor, "n 3 h w"],
    *,
    size_px: int,
    generator: torch.Generator,
    smallest: float = 0.7,
    turn_deg: float = 6.0,
    beyond: float = 0.0,
    mirror: bool = False,
) -> Float[Tensor, "n 3 s s"]:
    """Each picture through a window of its own: moved, turned by up to `turn_deg`, and enlarged up to 1 / `smallest`.

    What only a grid of exact pixels excites is gone after that. Windows go past the edges by `beyond` halves of the
    side, or edges are seen less than the middle and stay empty; there, and at turned corners, the picture is
    reflected. With `mirror` every other window, by chance, swaps left and right.
    """
    count = len(pictures)

    def drawn(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=generator)

    zoom, angle = drawn(smallest, 1.0), drawn(-turn_deg, turn_deg) * math.pi / 180
    right, down = (drawn(-1.0, 1.0) * (1 - zoom + beyond) for _ in range(2))
    side = torch.where(drawn(0.0, 1.0) < 0.5, -1.0, 1.0) if mirror else torch.ones(count)
    cosine, sine = zoom * angle.cos(), zoom * angle.sin()
    theta = torch.stack([side * cosine, -sine, right, side * sine, cosine, down], dim=1).reshape(count, 2, 3)
    grid = functional.affine_grid(theta, [count, 3, size_px, size_px], align_corners=False)
    return functional.grid_sample(
        pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def total_variation(pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """The mean absolute difference of neighbouring pixels, in grey levels (Rudin, Osher and Fatemi 1992)."""
    right = (pictures[..., 1:] - pictures[..., :-1]).abs().flatten(1).mean(dim=1)
    below = (pictures[..., 1:, :] - pictures[..., :-1, :]).abs().flatten(1).mean(dim=1)
    return right + below


def in_bytes(pictures: Float[Tensor, "n 3 h w"]) -> Tensor:
    """Rounded to whole grey levels."""
    return pictures.detach().clamp(0, 255).round().to(torch.uint8)
