"""What becomes of weights and activations while a network learns?"""

from collections.abc import Mapping

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

CARD = Card(
    title="Histograms of weights and activations",
    idea="The same small network from a right and from too small an initialisation: in the first the activations "
    "spread and the weights hardly move, in the second the later layers see nothing and nothing is learned.",
    paper="Glorot and Bengio 2010, AISTATS, figures 2 to 7 (activations by layer and step)",
    differs="On drawn images (a bar's direction) that are made on the spot; ReLU, not tanh or sigmoid.",
    facts={"seconds": 15},
)
STEPS, LOOKS, BATCH, SIDE = 150, (0, 10, 50, 150), 64, 16
WIDTHS = (16, 32, 32, 64)
GAINS = {"He": 2.0, "a tenth of He's deviation": 0.02}


def bars(count: int, generator: torch.Generator) -> tuple[Float[Tensor, "n 1 s s"], Tensor]:
    """Pictures of a bright bar in noise, and which of four directions it has."""
    label = torch.randint(4, (count,), generator=generator)
    angle = label * torch.pi / 4
    place = torch.rand((count, 2), generator=generator) * 6 + SIDE / 2 - 3
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    away = (x[None] - place[:, :1, None]) * angle.sin()[:, None, None]
    away = away - (y[None] - place[:, 1:, None]) * angle.cos()[:, None, None]
    image = (-(away**2) / 2).exp() + 0.3 * torch.randn((count, SIDE, SIDE), generator=generator)
    return image[:, None], label


def network(gain: float, generator: torch.Generator) -> nn.Sequential:
    """Four convolutions and a linear layer; weights of variance gain / inputs."""
    layers: list[nn.Module] = []
    before = 1
    with drawn_from(generator):
        for place, width in enumerate(WIDTHS):
            layers += [nn.Conv2d(before, width, 3, stride=1 + place % 2, padding=1, bias=False), nn.ReLU()]
            before = width
        made = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 4))
        for layer in made:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=(gain / layer.weight[0].numel()) ** 0.5)
    return made


def study(*, seed: int = 0, say: Say) -> Studied:
    """Two pictures, weights and activations, and how far each initialisation came; fifteen seconds.

    seed: where weights and images start from; two more follow it
    """
    seeds = tuple(range(seed, seed + 3))
    runs = {name: [learned(gain, s) for s in seeds] for name, gain in GAINS.items()}
    say(f"{STEPS} steps from each of two initialisations, {len(seeds)} seeds")
    good, bad = runs.values()
    shrink = [float(run.sizes[0][-1] / run.sizes[0][0]) for run in bad]
    moved = [run.moved for run in good]
    return Studied(
        (
            at_least(
                "From He's initialisation the direction of a bar is learned.",
                over_seeds("accuracy", [run.accuracy for run in good], seeds=seeds, unit="share"),
                0.9,
            ),
            at_most(
                "From a tenth of it nothing is: one in four is chance.",
                over_seeds("accuracy", [run.accuracy for run in bad], seeds=seeds, unit="share"),
                0.4,
            ),
            at_most(
                "There the last layer's activations begin at less than a hundredth of the first's.",
                over_seeds("last layer's size / first's", shrink, seeds=seeds, unit="ratio"),
                0.01,
            ),
            at_most(
                "What learned moved its weights by less than their own length.",
                over_seeds("|change| / |weights|", moved, seeds=seeds, unit="ratio"),
                1.0,
            ),
        ),
        {
            "activations": drawn({name: many[0].activations for name, many in runs.items()}, "activation"),
            "weights": drawn({name: many[0].weights for name, many in runs.items()}, "weight"),
        },
    )


class Learned:
    """One run: values of each layer at the steps of LOOKS, sizes of the activations, and how it ended."""

    def __init__(self) -> None:
        self.activations: list[list[np.ndarray]] = []
        self.weights: list[list[np.ndarray]] = []
        self.sizes: list[list[float]] = []
        self.accuracy, self.moved = 0.0, 0.0

    def look(self, net: nn.Sequential, images: Tensor) -> None:
        """Keep what the layers hold now."""
        seen, kept = images, []
        with torch.no_grad():
            for layer in net:
                seen = layer(seen)
                if isinstance(layer, nn.ReLU):
                    kept.append(seen.flatten().numpy())
        self.activations.append(kept)
        self.weights.append([w.detach().flatten().numpy().copy() for w in net.parameters() if w.ndim == 4])
        self.sizes.append([float(np.sqrt((values**2).mean())) for values in kept])


def learned(gain: float, seed: int) -> Learned:
    """Plain descent with momentum from weights of this gain."""
    draw, run = seeded(seed), Learned()
    net = network(gain, draw)
    test, truth = bars(400, draw)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    before = torch.cat([w.detach().flatten().clone() for w in net.parameters()])
    for step in range(STEPS + 1):
        if step in LOOKS:
            run.look(net, test[:BATCH])
        images, label = bars(BATCH, draw)
        optimiser.zero_grad()
        functional.cross_entropy(net(images), label).backward()
        optimiser.step()
    with torch.no_grad():
        run.accuracy = float((net(test).argmax(1) == truth).float().mean())
    after = torch.cat([w.detach().flatten() for w in net.parameters()])
    run.moved = float((after - before).norm() / before.norm())
    return run


def drawn(found: Mapping[str, list[list[np.ndarray]]], what: str) -> np.ndarray:
    """A row for each initialisation and a column for each layer: densities, darker with every look."""
    columns = len(WIDTHS)
    with figure(len(found), columns, width=9.2, height=4.4) as (made, axes):
        for row, (name, looks) in enumerate(found.items()):
            for column in range(columns):
                axis, values = axes[row, column], [look[column] for look in looks]
                wide = max(float(np.quantile(np.abs(v), 0.995)) for v in values) or 1.0
                edges = np.linspace(0 if what == "activation" else -wide, wide, 40)
                for number, (step, value) in enumerate(zip(LOOKS, values, strict=True)):
                    full = value[value != 0] if what == "activation" else value
                    share, _ = np.histogram(full, edges)
                    line = share / max(len(value), 1)
                    axis.stairs(
                        line, edges, color=HUES[0], alpha=0.3 + 0.7 * number / 3, lw=1.4, label=f"step {step}"
                    )
                    if what == "activation":
                        off = 100 * float((value == 0).mean())
                        axis.text(
                            0.97,
                            0.92 - 0.11 * number,
                            f"{off:.0f} % off",
                            ha="right",
                            va="top",
                            fontsize=7,
                            alpha=0.4 + 0.6 * number / 3,
                            transform=axis.transAxes,
                        )
                axis.set(yticks=[], title=f"layer {column + 1}" if row == 0 else "")
                axis.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3))
            axes[row, 0].set_ylabel(name)
        axes[0, 0].legend(loc="center right", bbox_to_anchor=(1.0, 0.32), fontsize=7)
        made.supxlabel(what, fontsize=9)
        return picture(made)
