"""A network cut into pieces that, one after the other, are the network."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

# What networks do between their children without a module for it: nothing, flatten, pool and flatten.
BETWEEN: tuple[Callable[[], list[nn.Module]], ...] = (
    lambda: [],
    lambda: [nn.Flatten(1)],
    lambda: [nn.AdaptiveAvgPool2d(1), nn.Flatten(1)],
    lambda: [nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(1)],
)
ERRORS = (
    RuntimeError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    AssertionError,
    NotImplementedError,
)


def flattened(module: nn.Module) -> list[nn.Module]:
    """A module's children in order, with plain sequences opened and identities left out."""
    opened: list[nn.Module] = []
    for child in module.children():
        opened += flattened(child) if type(child) is nn.Sequential else [child]
    return [piece for piece in opened if type(piece) is not nn.Identity]


def same(pieces: Sequence[nn.Module], image: Tensor, wanted: Tensor) -> bool:
    """Whether the pieces give `wanted` for `image`, to 1e-5 of its largest number; False if they don't fit."""
    try:
        came: Tensor = nn.Sequential(*pieces)(image.clone())  # a copy: some layers work in place
    except ERRORS:
        return False
    if not isinstance(came, Tensor) or came.shape != wanted.shape:
        return False
    return bool((came - wanted).abs().max() <= 1e-5 * wanted.abs().max())


def _outputs(children: Sequence[nn.Module], image: Tensor) -> list[Tensor]:
    """The image, and what comes after each child, up to the first that doesn't take what is before it."""
    found = [image]
    for child in children:
        try:
            after = child(found[-1].clone())
        except ERRORS:
            break
        if not isinstance(after, Tensor):
            break
        found.append(after)
    return found


@torch.no_grad()
def pieces(module: nn.Module, image: Tensor, wanted: Tensor) -> list[nn.Module]:
    """`module`'s children as a list that turns `image` into `wanted`, its output in evaluation; [] if they can't.

    Pooling and flattening that has no module of its own is put in where it belongs, among the last children.
    """
    if not bool(wanted.isfinite().all()) or float(wanted.abs().max()) == 0.0:
        return []  # nothing could be told apart
    children = flattened(module)
    outputs = _outputs(children, image)
    for place in range(len(outputs) - 1, max(len(outputs) - 8, -1), -1):
        for between in BETWEEN:
            tail = [*between(), *children[place:]]
            if same(tail, outputs[place], wanted):
                return [*children[:place], *tail]
    return []


def grouped(pieces: Sequence[nn.Module]) -> list[nn.Module]:
    """Stages: each begins with a piece that has a matrix or a filter; norms, activations and pooling join it."""
    groups: list[list[nn.Module]] = []
    for piece in pieces:
        begins = any(parameter.ndim > 1 for parameter in piece.parameters())
        if begins or not groups:
            groups.append([])
        groups[-1].append(piece)
    return [group[0] if len(group) == 1 else nn.Sequential(*group) for group in groups]
