"""How deep does a signal reach, and a gradient back?"""

import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.progress import Say
from vidi.core.study import Studied, at_least, at_most, over_seeds
from vidi.documents.drawn_charts import HUES, figure, picture

CARD = Card(
    title="Activations and initialisations over depth",
    idea="Through fifty plain layers a signal keeps its size only where the weights' variance fits the activation: "
    "2 / inputs for ReLU (He), 1 / inputs for tanh near 0 (Glorot, LeCun), and for sigmoid none does.",
    paper="Glorot and Bengio 2010, AISTATS, section 4.2; He et al. 2015, arXiv:1502.01852, eq. 10; Klambauer et al. "
    "2017, arXiv:1706.02515 (SELU)",
    differs="Square layers without bias, so that Glorot's 2 / (inputs + outputs) is LeCun's 1 / inputs.",
    facts={"seconds": 20},
)
LAYERS, WIDTH, BATCH = 50, 256, 128
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "ReLU": functional.relu,
    "leaky ReLU": lambda x: functional.leaky_relu(x, 0.2),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "GELU": functional.gelu,
    "SELU": functional.selu,
}
GAINS = {"0.0001": 0.0001 * WIDTH, "Glorot, 1 / n": 1.0, "He, 2 / n": 2.0}


def study(*, seed: int = 0, say: Say) -> Studied:
    """Every activation with every initialisation: one picture of signals and gradients over depth; twenty seconds.

    seed: where weights and inputs start from; four more follow it
    """
    seeds = tuple(range(seed, seed + 5))
    found = {
        (act, init): [through(ACTIVATIONS[act], GAINS[init], s) for s in seeds]
        for act in ACTIVATIONS
        for init in GAINS
    }
    say(f"{LAYERS} layers of {WIDTH}, {len(found)} pairs, {len(seeds)} seeds")

    def kept(act: str, init: str) -> list[float]:
        """The last layer's size over the first's, in powers of two for each layer."""
        return [float(np.log2(signal[-1] / signal[0]) / (LAYERS - 1)) for signal, _ in found[act, init]]

    def back(act: str, init: str) -> list[float]:
        return [float(np.log2(slope[0] / slope[-1]) / (LAYERS - 1)) for _, slope in found[act, init]]

    halving = "a layer, in powers of two"
    return Studied(
        (
            at_most(
                "With He's variance a ReLU network's signal hardly changes from layer to layer.",
                over_seeds(
                    "|change|", [abs(v) for v in kept("ReLU", "He, 2 / n")], seeds=seeds, unit=halving
                ),
                0.05,
            ),
            at_most(
                "With Glorot's the signal's size falls by the square root of two in each (half a power).",
                over_seeds(
                    "|change + 0.5|",
                    [abs(v + 0.5) for v in kept("ReLU", "Glorot, 1 / n")],
                    seeds=seeds,
                    unit=halving,
                ),
                0.05,
            ),
            at_most(
                "And so does the gradient on its way back.",
                over_seeds(
                    "|change of the gradient + 0.5|",
                    [abs(v + 0.5) for v in back("ReLU", "Glorot, 1 / n")],
                    seeds=seeds,
                    unit=halving,
                ),
                0.05,
            ),
            at_most(
                "A sigmoid network's gradient falls by one and a half powers or more in each layer.",
                over_seeds(
                    "change of the gradient", back("sigmoid", "Glorot, 1 / n"), seeds=seeds, unit=halving
                ),
                -1.5,
            ),
            at_least(
                "SELU with 1 / n brings the signal back to size 1: after fifty layers it is at least 0.8.",
                over_seeds(
                    "size of the signal",
                    [float(signal[-1]) for signal, _ in found["SELU", "Glorot, 1 / n"]],
                    seeds=seeds,
                    unit="deviations",
                ),
                0.8,
            ),
        ),
        {"depth": drawn(found)},
    )


def through(
    activation: Callable[[Tensor], Tensor], gain: float, seed: int
) -> tuple[Float[np.ndarray, " l"], Float[np.ndarray, " l"]]:
    """The root mean square of each layer's activations, and of the gradient at it, for weights of variance gain / n."""
    draw = seeded(seed)
    x = torch.randn((BATCH, WIDTH), generator=draw, dtype=torch.float64)
    outputs: list[Tensor] = []
    for _ in range(LAYERS):
        weight = torch.randn((WIDTH, WIDTH), generator=draw, dtype=torch.float64) * math.sqrt(gain / WIDTH)
        x = activation(x @ weight.T) if outputs else activation(x.requires_grad_() @ weight.T)
        outputs.append(x)
    mix = torch.randn(x.shape, generator=draw, dtype=torch.float64)
    slopes = torch.autograd.grad((x * mix).sum(), outputs)
    size = [[float(t.detach().square().mean().sqrt()) for t in tensors] for tensors in (outputs, slopes)]
    return np.array(size[0]), np.array(size[1])


def drawn(found: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]]) -> np.ndarray:
    """A column for each initialisation: above the signal, below the gradient, a line for each activation."""
    with figure(2, len(GAINS), width=9.2, height=5.6, sharex=True, sharey="row") as (made, axes):
        for column, init in enumerate(GAINS):
            for hue, act in zip(HUES, ACTIVATIONS, strict=False):
                for row in (0, 1):
                    middle = np.median([pair[row] for pair in found[act, init]], axis=0)
                    axes[row, column].plot(
                        range(1, LAYERS + 1), np.maximum(middle, 1e-30), color=hue, lw=1.6, label=act
                    )
            axes[0, column].set(title=f"weights' variance: {init}", yscale="log", ylim=(1e-12, 1e3))
            axes[1, column].set(yscale="log", xlabel="layer", ylim=(1e-20, 1e4))
        axes[0, 0].set_ylabel("size of the signal")
        axes[1, 0].set_ylabel("size of the gradient")
        axes[1, 2].legend(loc="lower right", ncols=2)
        return picture(made)
