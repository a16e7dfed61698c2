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
from vidi.core.measured import Measured
from vidi.core.progress import Say
from vidi.core.study import Stated, Studied, at_least, at_most, over_seeds
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
Found = dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]]  # by activation and gain, for each seed
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

    return Studied(claims(found, seeds), {"depth": drawn(found)})


def claims(found: Found, seeds: tuple[int, ...]) -> tuple[Stated, ...]:
    """How signal and gradient change a layer, and how large one signal is in the end."""

    def told(name: str, values: list[float], unit: str = "a layer, in powers of two") -> Measured:
        return over_seeds(name, values, seeds=seeds, unit=unit)

    signal = {pair: [halvings(size) for size, _ in runs] for pair, runs in found.items()}
    gradient = {pair: [halvings(slope[::-1]) for _, slope in runs] for pair, runs in found.items()}
    last = [float(size[-1]) for size, _ in found["SELU", "Glorot, 1 / n"]]
    return (
        at_most(
            "With He's variance a ReLU network's signal hardly changes from layer to layer.",
            told("|change|", [abs(v) for v in signal["ReLU", "He, 2 / n"]]),
            0.05,
        ),
        at_most(
            "With Glorot's the signal's size falls by the square root of two in each (half a power).",
            told("|change + 0.5|", [abs(v + 0.5) for v in signal["ReLU", "Glorot, 1 / n"]]),
            0.05,
        ),
        at_most(
            "And so does the gradient on its way back.",
            told("|change of the gradient + 0.5|", [abs(v + 0.5) for v in gradient["ReLU", "Glorot, 1 / n"]]),
            0.05,
        ),
        at_most(
            "A sigmoid network's gradient falls by one and a half powers or more in each layer.",
            told("change of the gradient", gradient["sigmoid", "Glorot, 1 / n"]),
            -1.5,
        ),
        at_least(
            "SELU with 1 / n brings the signal back to size 1: after fifty layers it is at least 0.8.",
            told("size of the signal", last, unit="deviations"),
            0.8,
        ),
    )


def halvings(size: Float[np.ndarray, " l"]) -> float:
    """How much the last is larger than the first, in powers of two for each layer."""
    return float(np.log2(size[-1] / size[0]) / (LAYERS - 1))


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


def drawn(found: Found) -> np.ndarray:
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
