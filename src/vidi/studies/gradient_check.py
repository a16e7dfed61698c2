"""Are the gradients right?"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.device import drawn_from, seeded
from vidi.core.progress import Say
from vidi.core.study import Studied, at_least, at_most, over_seeds
from vidi.documents.drawn_charts import HUES, figure, picture
from vidi.ops.depthwise import Depthwise

CARD = Card(
    title="Gradient check",
    idea="A derivative is a limit of differences: with central differences in float64 a right gradient agrees to nine "
    "digits, and a step too small drowns in rounding, in float32 long before it is exact.",
    paper="Bishop 1995, Neural networks for pattern recognition, section 4.8.4 (central differences)",
    differs="Along random directions, so that one pair of passes checks all weights at once.",
    facts={"seconds": 5},
)
H = 1e-5  # near the cube root of float64's rounding
DIRECTIONS = 8


def blocks(generator: torch.Generator) -> dict[str, nn.Module | Callable[[Tensor], Tensor]]:
    """What is checked: from (2, 4, 8, 8) to anything."""
    label = torch.tensor([1, 3])
    kernel = torch.randn((4, 1, 5, 5), generator=generator, dtype=torch.float64)

    def hinge(x: Tensor) -> Tensor:
        return functional.multi_margin_loss(x.flatten(1), label)

    def softmax(x: Tensor) -> Tensor:
        return functional.cross_entropy(x.flatten(1), label)

    def depthwise(x: Tensor) -> Tensor:
        found: Tensor = Depthwise.apply(x, kernel, 2, 2)
        return found

    with drawn_from(generator):
        made: dict[str, nn.Module | Callable[[Tensor], Tensor]] = {
            "linear": nn.Sequential(nn.Flatten(), nn.Linear(256, 10)),
            "convolution": nn.Conv2d(4, 6, 3, padding=1),
            "depthwise, stride 2": depthwise,
            "batch norm": nn.BatchNorm2d(4),
            "layer norm": nn.LayerNorm([4, 8, 8]),
            "max pooling": nn.MaxPool2d(2),
            "ReLU": nn.ReLU(),
            "GELU": nn.GELU(),
            "tanh": nn.Tanh(),
            "attention": _Attention(),
            "cross-entropy": softmax,
            "hinge": hinge,
        }
    return {name: block.double() if isinstance(block, nn.Module) else block for name, block in made.items()}


class _Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b t c"]:
        tokens = x.flatten(2).transpose(1, 2)
        found: Tensor = self.inner(tokens, tokens, tokens, need_weights=False)[0]
        return found


def study(*, seed: int = 0, say: Say) -> Studied:
    """Twelve layers and losses checked in float64, and the error against the step in both precisions; seconds.

    seed: where weights, inputs and directions start from; two more follow it
    """
    seeds = tuple(range(seed, seed + 3))
    errors = {
        name: [relative_error(blocks(seeded(s))[name], s, h=H) for s in seeds]
        for name in blocks(seeded(seed))
    }
    say("compared along random directions with central differences")
    steps = 10.0 ** np.arange(-12, 0.1, 0.5)
    curves = {
        dtype: np.array([_curve(float(h), seed, dtype) for h in steps])
        for dtype in (torch.float64, torch.float32)
    }
    worst = [max(errors[name][place] for name in errors) for place in range(len(seeds))]
    planted = [relative_error(blocks(seeded(s))["convolution"], s, h=H, wrong=0.01) for s in seeds]
    lowest = [float(curves[dtype].min()) for dtype in (torch.float32, torch.float64)]
    return Studied(
        (
            at_most(
                "In float64 every layer's gradient agrees with differences to seven digits.",
                over_seeds("largest relative error", worst, seeds=seeds, unit="relative error"),
                1e-7,
            ),
            at_least(
                "A gradient that is wrong by one in a hundred stands out a thousandfold.",
                over_seeds("relative error of a wrong gradient", planted, seeds=seeds, unit="relative error"),
                1e-4,
            ),
            at_least(
                "In float32 no step is as good as the best one in float64, by a factor of a thousand or more.",
                over_seeds(
                    "best error, float32 / float64", [lowest[0] / lowest[1]], seeds=seeds[:1], unit="ratio"
                ),
                1e3,
            ),
        ),
        {"errors": drawn(errors, steps, curves)},
    )


def relative_error(
    block: nn.Module | Callable[[Tensor], Tensor],
    seed: int,
    *,
    h: float,
    dtype: torch.dtype = torch.float64,
    wrong: float = 0.0,
) -> float:
    """The largest over random directions of |difference - derivative| / (|difference| + |derivative|).

    Directions are taken in the input and all weights together; `wrong` spoils the input's gradient by that share.
    """
    draw = seeded(seed + 100)
    x = torch.randn((2, 4, 8, 8), generator=draw, dtype=torch.float64).to(dtype)
    weights = list(block.parameters()) if isinstance(block, nn.Module) else []
    places = [x.requires_grad_(), *weights]
    mix = torch.randn(block(x).shape, generator=draw, dtype=torch.float64).to(dtype)
    slopes = torch.autograd.grad((block(x) * mix).sum(), places)
    slopes = (slopes[0] * (1 + wrong), *slopes[1:])
    worst = 0.0
    for _ in range(DIRECTIONS):
        way = [torch.randn(p.shape, generator=draw, dtype=torch.float64).to(dtype) for p in places]
        derivative = sum(float((s * d).sum()) for s, d in zip(slopes, way, strict=True))
        ends = [_moved(block, x, weights, way, sign * h, mix) for sign in (1.0, -1.0)]
        difference = (ends[0] - ends[1]) / (2 * h)
        worst = max(worst, abs(difference - derivative) / max(abs(difference) + abs(derivative), 1e-12))
    return worst


def _moved(
    block: nn.Module | Callable[[Tensor], Tensor],
    x: Tensor,
    weights: list[nn.Parameter],
    way: list[Tensor],
    by: float,
    mix: Tensor,
) -> float:
    """The value with the input and all weights moved; everything is put back exactly."""
    kept = [weight.detach().clone() for weight in weights]
    with torch.no_grad():
        for weight, direction in zip(weights, way[1:], strict=True):
            weight.add_(direction, alpha=by)
        value = float((block(x + by * way[0]) * mix).sum())
        for weight, before in zip(weights, kept, strict=True):
            weight.copy_(before)
    return value


def _curve(h: float, seed: int, dtype: torch.dtype) -> float:
    """The error of a small smooth network at this step."""
    with drawn_from(seeded(seed)):
        net = nn.Sequential(nn.Flatten(), nn.Linear(256, 16), nn.Tanh(), nn.Linear(16, 4)).to(dtype)
    return relative_error(net, seed, h=h, dtype=dtype)


def drawn(
    errors: dict[str, list[float]],
    steps: Float[np.ndarray, " k"],
    curves: dict[torch.dtype, Float[np.ndarray, " k"]],
) -> np.ndarray:
    """Left: each layer's error; right: error against step, truncation's slope on one side, rounding on the other."""
    with figure(1, 2, width=9.2, height=3.8) as (made, axes):
        left, right = axes[0]
        names = list(errors)[::-1]
        for row, name in enumerate(names):
            left.plot(
                np.maximum(errors[name], 1e-14),
                [row] * len(errors[name]),
                "o",
                color=HUES[0],
                ms=5,
                alpha=0.7,
            )
        left.axvline(1e-7, color=HUES[5], lw=1, ls="--")
        left.set(xscale="log", title=f"relative error in float64, step {H:g}", yticks=range(len(names)))
        left.set_yticklabels(names)
        left.set_xlim(1e-14, 1e-5)
        for hue, (dtype, curve) in zip(HUES, curves.items(), strict=False):
            right.plot(steps, np.maximum(curve, 1e-16), color=hue, label=str(dtype).split(".")[1], marker=".")
        right.set(xscale="log", yscale="log", title="error against the difference's step", xlabel="step")
        right.legend()
        return picture(made)
