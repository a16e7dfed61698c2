"""Pictures painted by gradient ascent on what a network says of them, held to what its training images were like."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from vidi.core.network import Classifier
from vidi.core.progress import Say
from vidi.ops.canvas import Canvas, ascend, looked_at, total_variation
from vidi.ops.quick import Remembered, low_precision, quick

Score = Callable[[Classifier, Float[Tensor, "n 3 s s"]], Float[Tensor, " n"]]
"""From a network and pictures to what is to grow, one number for each."""


@dataclass(frozen=True)
class Way:
    """How to paint: `remember` weighs the batch norms' memory of the training images, `smooth` total variation.

    `smallest`, `turn_deg`, `beyond` and `mirror` are of the windows through which the network looks
    (`ops.canvas.looked_at`), `grain` is the deviation, in grey levels, of the noise on them; `contrast` and `decay` are
    those of the noise it begins with.
    """

    steps: int = 256
    rate: float = 0.05
    remember: float = 4.0
    smooth: float = 0.05
    smallest: float = 0.6
    turn_deg: float = 10.0
    contrast: float = 0.03
    decay: float = 1.15
    grain: float = 6.0
    beyond: float = 0.0
    mirror: bool = False


def painted(
    network: Classifier,
    score: Score,
    *,
    count: int,
    way: Way,
    generator: torch.Generator,
    say: Say,
    what: str,
) -> Float[Tensor, "n 3 s s"]:
    """`count` pictures of the network's own size whose scores are high, in 0..255; the network is left as it was."""
    copied = quick(network)
    memory, size_px = Remembered(copied), network.preprocessing.size_px
    canvas = Canvas(count, size_px, generator=generator, contrast=way.contrast, decay=way.decay)

    def judge(pictures: Float[Tensor, "n 3 s s"], step: int) -> Tensor:
        seen = looked_at(
            pictures,
            size_px=size_px,
            generator=generator,
            smallest=way.smallest,
            turn_deg=way.turn_deg,
            beyond=way.beyond,
            mirror=way.mirror,
        )
        seen = seen + way.grain * torch.randn(seen.shape, generator=generator)
        with low_precision():
            found = score(copied, seen.contiguous(memory_format=torch.channels_last))
        held = way.remember * memory.distance() + way.smooth * total_variation(pictures)
        return (found.float() - held).sum()

    return ascend(canvas, judge, steps=way.steps, rate=way.rate, say=say, what=what)
