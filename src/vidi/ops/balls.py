"""Changes of an image that are no larger than epsilon, in grey levels (0..255), also once they are bytes again."""

import torch
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor

from vidi.core.errors import UsageError

NORMS = ("linf", "l2")


def check_ball(norm: str, epsilon: float, norms: tuple[str, ...] = NORMS) -> None:
    """Raises UsageError unless the attack knows the norm and epsilon is a size."""
    if norm not in norms:
        raise UsageError(f"this attack bounds changes by {' or '.join(norms)}; got --norm {norm}")
    if not epsilon >= 0:
        raise UsageError(f"--epsilon is the size of a change, 0 or more, as in 2/255; got {epsilon / 255:g}")


def size(change: Float[Tensor, "n 3 h w"], norm: str) -> Float[Tensor, " n"]:
    """The largest absolute value (linf) or the root of the sum of squares (l2), in grey levels."""
    flat = change.flatten(1)
    return flat.abs().amax(dim=1) if norm == "linf" else flat.norm(dim=1)


def within(
    images: Float[Tensor, "n 3 h w"], changed: Float[Tensor, "n 3 h w"], *, norm: str, epsilon: float
) -> Float[Tensor, "n 3 h w"]:
    """The nearest pictures to `changed` (linf), or those on the way to them (l2), in 0..255 and within epsilon."""
    change = changed - images
    if norm == "linf":
        change = change.clamp(-epsilon, epsilon)
    else:
        length = size(change, "l2").clamp(min=1e-12)
        change = change * (epsilon * (1 - 1e-6) / length).clamp(max=1)[:, None, None, None]
    return (images + change).clamp(0, 255)  # towards the image, so it stays in the ball


def as_bytes(
    images: UInt8[Tensor, "n 3 h w"], changed: Float[Tensor, "n 3 h w"], *, norm: str, epsilon: float
) -> UInt8[Tensor, "n 3 h w"]:
    """The changed pictures as one can save them: rounded, and still within epsilon, exactly.

    To the nearest grey level where that stays inside; a picture that would leave the ball is rounded towards the
    image instead, which makes every change smaller.
    """
    change = changed.double() - images
    near, less = change.round(), change.trunc()
    if norm == "linf":
        kept = torch.where(near.abs() <= epsilon, near, less)
    else:
        kept = torch.where((size(near, "l2") <= epsilon)[:, None, None, None], near, less)
    return (images + kept).clamp(0, 255).to(torch.uint8)


def direction(slope: Float[Tensor, "n 3 h w"], norm: str) -> Float[Tensor, "n 3 h w"]:
    """The step of size 1 along which the slope climbs most: its signs (linf) or its unit vector (l2)."""
    if norm == "linf":
        return slope.sign()
    return slope / size(slope, "l2").clamp(min=1e-30)[:, None, None, None]


def anywhere(
    images: Shaped[Tensor, "n 3 h w"], *, norm: str, epsilon: float, generator: torch.Generator
) -> Float[Tensor, "n 3 h w"]:
    """The images with one random change of at most epsilon, the same for all (so that no image hangs on another)."""
    shape = images.shape[1:]
    device = generator.device
    if norm == "linf":
        change = epsilon * (2 * torch.rand(shape, generator=generator, device=device) - 1)
    else:
        drawn = torch.randn(shape, generator=generator, device=device)
        far = float(torch.rand((), generator=generator, device=device)) ** (1 / drawn.numel())
        change = epsilon * far * drawn / drawn.norm()
    return within(images.float(), images.float() + change.to(images.device), norm=norm, epsilon=epsilon)
