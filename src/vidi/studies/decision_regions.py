"""What borders can the small classifiers draw?"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.network import Classifier
from vidi.core.progress import Say
from vidi.core.study import Studied, at_least, at_most, over_seeds
from vidi.documents.drawn_charts import figure, picture
from vidi.documents.sheets import COLOURS
from vidi.models import linear, mlp, nearest

CARD = Card(
    title="Decision regions in the plane",
    idea="A linear classifier, two multilayer perceptrons and k-NN on three sets of points: what lies across a "
    "straight line no linear one can tell, and one neighbour draws an island round every wrong label.",
    paper="Minsky and Papert 1969 (XOR); Cover and Hart 1967; Hastie, Tibshirani and Friedman 2009, figures 2.1 to 2.3",
    differs="A point is an image of one pixel: its red and green are its place. So the house's own networks answer.",
    facts={"seconds": 20},
)
POINTS, TEST, NOISE = 160, 2000, 0.1


def xor(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two classes in opposite quarters."""
    place = 2 * torch.rand((count, 2), generator=generator) - 1
    return place, ((place[:, 0] > 0) ^ (place[:, 1] > 0)).long()


def spirals(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Three arms."""
    label = torch.randint(3, (count,), generator=generator)
    along = torch.rand(count, generator=generator).sqrt()
    turn = 2 * torch.pi * (label / 3 + 0.55 * along) + 0.18 * torch.randn(count, generator=generator)
    return torch.stack([along * turn.cos(), along * turn.sin()], dim=1) * 0.95, label


def overlapping(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two round clouds that overlap; the best border is a straight line."""
    label = torch.randint(2, (count,), generator=generator)
    centre = torch.tensor([[-0.3, -0.15], [0.3, 0.15]])[label]
    return centre + 0.28 * torch.randn((count, 2), generator=generator), label


SETS = {"XOR": xor, "spirals": spirals, "overlapping clouds": overlapping}
WAYS = ("linear", "MLP, 4 units", "MLP, 64 units", "1-NN", "15-NN")


def as_images(place: Float[Tensor, "n 2"]) -> Float[Tensor, "n 3 1 1"]:
    """-1..1 along each axis as a pixel's red and green, 0..255."""
    grey = torch.zeros((len(place), 1))
    return 127.5 + 127.5 * torch.cat([place, grey], dim=1)[:, :, None, None]


def fitted(way: str, place: Tensor, label: Tensor, seed: int) -> Classifier:
    """The classifier after it saw the points."""
    classes, images, draw = int(label.max()) + 1, as_images(place), seeded(seed)
    if way.endswith("NN"):
        near = nearest.build(
            classes=classes, size_px=1, examples=len(label), k=int(way.split("-")[0]), shared=0.01
        )
        near.head.remember(near.features(images), label)  # type: ignore[operator]
        return near.eval()
    if way == "linear":
        net = linear.build(classes=classes, size_px=1, generator=draw)
    else:
        net = mlp.build(classes=classes, size_px=1, generator=draw, widths=(int(way.split()[1]),) * 2)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(400):
        optimiser.zero_grad()
        functional.cross_entropy(net(images), label).backward()
        optimiser.step()
    return net.eval()


def noisy(label: Int[Tensor, " n"], generator: torch.Generator) -> Int[Tensor, " n"]:
    """One label in ten is another class's."""
    classes = int(label.max()) + 1
    wrong = torch.rand(len(label), generator=generator) < NOISE
    return torch.where(wrong, (label + 1) % classes, label)


def study(*, seed: int = 0, say: Say) -> Studied:
    """The regions of five classifiers on three sets with one wrong label in ten; twenty seconds.

    seed: where points and weights start from; two more follow it
    """
    seeds = tuple(range(seed, seed + 3))
    trained: dict[tuple[str, str, int], tuple[Classifier, Tensor, Tensor, float]] = {}
    for number, name in enumerate(SETS):
        for s in seeds:
            draw = seeded(s)
            place, truth = SETS[name](POINTS, draw)
            label = noisy(truth, draw)
            test, right = SETS[name](TEST, draw)
            for way in WAYS:
                net = fitted(way, place, label, s)
                with torch.no_grad():
                    share = float((net(as_images(test)).argmax(1) == right).float().mean())
                trained[name, way, s] = net, place, label, share
        say.track("decision regions", number + 1, len(SETS), name)

    def accuracy(name: str, way: str) -> list[float]:
        return [trained[name, way, s][3] for s in seeds]

    gain = [a - b for a, b in zip(accuracy("overlapping clouds", "15-NN"), accuracy("overlapping clouds", "1-NN"),
                                  strict=True)]  # fmt: skip
    return Studied(
        (
            at_most(
                "No linear classifier tells XOR: at most three of four quarters lie on its right sides.",
                over_seeds("accuracy, linear", accuracy("XOR", "linear"), seeds=seeds, unit="share"),
                0.75,
            ),
            at_least(
                "Two hidden layers of 64 do, though one label in ten was wrong.",
                over_seeds("accuracy, MLP", accuracy("XOR", "MLP, 64 units"), seeds=seeds, unit="share"),
                0.8,
            ),
            at_least(
                "Where classes overlap, fifteen neighbours are right more often than one.",
                over_seeds("accuracy, 15-NN less 1-NN", gain, seeds=seeds, unit="difference of shares"),
                0.0,
            ),
        ),
        {"regions": drawn({(n, w): trained[n, w, seed] for n in SETS for w in WAYS})},
    )


def drawn(trained: dict[tuple[str, str], tuple[Classifier, Tensor, Tensor, float]]) -> np.ndarray:
    """A row for each set and a column for each classifier: regions, paler where it is less sure, and the points."""
    ticks = torch.linspace(-1, 1, 90)
    y, x = torch.meshgrid(ticks, ticks, indexing="ij")
    plane = as_images(torch.stack([x.flatten(), y.flatten()], dim=1))
    colour = np.array(COLOURS) / 255
    with figure(len(SETS), len(WAYS), width=9.2, height=6.0) as (made, axes):
        for (name, way), (net, place, label, share) in trained.items():
            axis = axes[list(SETS).index(name), WAYS.index(way)]
            with torch.no_grad():
                probability = torch.softmax(net(plane).double(), dim=1).numpy()
            strength = 0.55 * probability
            shown = 1 - (strength[:, :, None] * (1 - colour[None, : probability.shape[1]])).sum(axis=1)
            axis.imshow(
                shown.reshape(90, 90, 3), origin="lower", extent=(-1, 1, -1, 1), interpolation="bilinear"
            )
            axis.scatter(*place.T, c=colour[label.numpy()], s=7, lw=0.4, edgecolors="white")
            axis.set(xticks=[], yticks=[], xlim=(-1, 1), ylim=(-1, 1), title=f"{way}: {100 * share:.0f} %")
            if way == WAYS[0]:
                axis.set_ylabel(name)
        return picture(made)
