"""Which way do optimisers take over hard ground?"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.progress import Say
from vidi.core.study import Stated, Studied, at_least, at_most, over_seeds
from vidi.documents.drawn_charts import HUES, figure, picture

CARD = Card(
    title="Optimisers' paths",
    idea="Six optimisers on four landscapes of two weights: a ravine, a saddle, a local minimum on the way, noise. "
    "Momentum carries along a ravine and through a shallow minimum; scaling each weight leaves a saddle; noise is "
    "never settled without a falling rate.",
    paper="Sutton 1986 (ravines); Polyak 1964; Nesterov 1983; Duchi, Hazan and Singer 2011; Tieleman and Hinton 2012; "
    "Kingma and Ba 2015; Dauphin et al. 2014, arXiv:1406.2572 (saddles)",
    differs="Each optimiser has the rate, out of eight, with which it comes lowest: none is shown at its worst.",
    facts={"seconds": 20},
)
OPTIMISERS: dict[str, Callable[[list[Tensor], float], torch.optim.Optimizer]] = {
    "SGD": lambda w, rate: torch.optim.SGD(w, lr=rate),
    "momentum": lambda w, rate: torch.optim.SGD(w, lr=rate, momentum=0.9),
    "Nesterov": lambda w, rate: torch.optim.SGD(w, lr=rate, momentum=0.9, nesterov=True),
    "AdaGrad": lambda w, rate: torch.optim.Adagrad(w, lr=rate),
    "RMSProp": lambda w, rate: torch.optim.RMSprop(w, lr=rate, alpha=0.9),
    "Adam": lambda w, rate: torch.optim.Adam(w, lr=rate),
}
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5)
STEPS = 120


def ravine(w: Tensor) -> Tensor:
    """Fifty times as steep across as along."""
    return 0.5 * (w[0] ** 2 / 5 + 10 * w[1] ** 2)


def saddle(w: Tensor) -> Tensor:
    """Down to a saddle at the origin, and from there, along w1 only, to minima at -1 and 1."""
    return 2 * w[0] ** 2 + (w[1] ** 2 - 1) ** 2


def dent(w: Tensor) -> Tensor:
    """A bowl with a shallow dent at (-1.2, 0) on the way to its minimum, which is at (1, 0)."""
    bowl = 0.25 * ((w[0] - 1) ** 2 + 2 * w[1] ** 2)
    return bowl - 0.6 * torch.exp(-6 * ((w[0] + 1.2) ** 2 + w[1] ** 2))


def bowl(w: Tensor) -> Tensor:
    """A round bowl; its gradients are seen with noise of deviation 1.5."""
    return 0.5 * (w[0] ** 2 + w[1] ** 2)


GROUNDS: dict[str, tuple[Callable[[Tensor], Tensor], tuple[float, float], float, float]] = {
    "ravine": (ravine, (-4.0, 1.2), 0.0, 2.0),  # what, from where, noise, how far it is shown
    "saddle": (saddle, (-1.6, 1e-3), 0.0, 1.8),
    "local minimum": (dent, (-2.4, 0.5), 0.0, 1.6),
    "noise": (bowl, (-2.5, 1.5), 1.5, 2.4),
}


def study(*, seed: int = 0, say: Say) -> Studied:
    """All paths as one picture, and what they show as claims; about twenty seconds.

    seed: where the noise starts from; four more follow it
    """
    seeds = tuple(range(seed, seed + 5))
    tried = {(ground, name): paths(ground, name, seeds) for ground in GROUNDS for name in OPTIMISERS}
    say(f"every optimiser at {len(RATES)} rates on every landscape, {len(seeds)} seeds of noise")
    best = {
        key: min(RATES, key=lambda rate: float(np.mean(lowness(key[0], found[rate]))))
        for key, found in tried.items()
    }
    return Studied(claims(tried, best, seeds), {"paths": drawn(tried, best)})


def paths(ground: str, name: str, seeds: tuple[int, ...]) -> dict[float, Float[np.ndarray, "t s 2"]]:
    """For each rate the weights at each step, the first among them, for each seed; not finite where they run away.

    All six optimisers treat each number by itself, so that rates and seeds go side by side.
    """
    value, start, noise, _ = GROUNDS[ground]
    weights = {
        rate: torch.tensor([start] * len(seeds), dtype=torch.float64, requires_grad=True) for rate in RATES
    }
    optimisers = [OPTIMISERS[name]([weight], rate) for rate, weight in weights.items()]
    draws, found = (
        [seeded(s) for s in seeds],
        {rate: [w.detach().numpy().copy()] for rate, w in weights.items()},
    )
    for _ in range(STEPS):
        disturbance = torch.stack([torch.randn(2, generator=draw, dtype=torch.float64) for draw in draws])
        slopes = torch.autograd.grad(
            torch.stack([value(w.T).sum() for w in weights.values()]).sum(), list(weights.values())
        )
        for optimiser, (rate, weight), slope in zip(optimisers, weights.items(), slopes, strict=True):
            weight.grad = slope + noise * disturbance
            optimiser.step()
            found[rate].append(weight.detach().numpy().copy())
    return {rate: np.stack(steps) for rate, steps in found.items()}


def lowness(ground: str, points: Float[np.ndarray, "t s 2"]) -> Float[np.ndarray, " s"]:
    """The mean height over the last quarter of each path; infinite where it ran away."""
    last = torch.from_numpy(points[-STEPS // 4 :].transpose(2, 0, 1))
    heights: np.ndarray = GROUNDS[ground][0](last).numpy()
    return np.asarray(np.nan_to_num(heights.mean(axis=0), nan=np.inf))


def reached(ground: str, points: Float[np.ndarray, "t 2"], height: float) -> int:
    """The first step at which the path is as low; STEPS + 1 if never."""
    low = GROUNDS[ground][0](torch.from_numpy(points.T)).numpy() <= height
    return int(low.argmax()) if low.any() else STEPS + 1


def left(points: Float[np.ndarray, "t 2"]) -> int:
    """The first step at which w1 is half-way to a minimum; STEPS + 1 if never."""
    far = np.abs(points[:, 1]) >= 0.5
    return int(far.argmax()) if far.any() else STEPS + 1


Tried = Mapping[tuple[str, str], Mapping[float, np.ndarray]]


def claims(tried: Tried, best: Mapping[tuple[str, str], float], seeds: tuple[int, ...]) -> tuple[Stated, ...]:
    """What the paths are said to show."""

    def shown(ground: str, name: str) -> np.ndarray:
        return tried[ground, name][best[ground, name]][:, 0]

    steps = {name: reached("ravine", shown("ravine", name), 0.01) for name in OPTIMISERS}
    leaves = {name: left(tried["saddle", name][0.03][:, 0]) for name in ("SGD", "RMSProp")}
    here = seeds[:1]
    settled = lowness("noise", tried["noise", "SGD"][best["noise", "SGD"]])
    rough = lowness("noise", tried["noise", "SGD"][0.3])
    through = float(shown("local minimum", "momentum")[-1, 0])
    caught = float(tried["local minimum", "SGD"][0.1][-1, 0, 0])
    ratio = [float(a / b) for a, b in zip(rough, settled, strict=True)]
    return (
        at_most(
            "Along a ravine momentum needs at most two thirds of plain descent's steps.",
            over_seeds("steps, momentum / SGD", [steps["momentum"] / steps["SGD"]], seeds=here, unit="ratio"),
            2 / 3,
        ),
        at_most(
            "At the same rate RMSProp leaves a saddle in at most half of plain descent's steps.",
            over_seeds("steps, RMSProp / SGD", [leaves["RMSProp"] / leaves["SGD"]], seeds=here, unit="ratio"),
            0.5,
        ),
        at_most(
            "Plain descent at a rate of 0.1 stays in the dent on its way.",
            over_seeds("w0 where SGD ends", [caught], seeds=here, unit="weight"),
            -0.8,
        ),
        at_least(
            "Momentum rolls through it.",
            over_seeds("w0 where momentum ends", [through], seeds=here, unit="weight"),
            0.8,
        ),
        at_least(
            "In noise a rate of 0.3 stays at least twice as high as the best constant one.",
            over_seeds("height, rate 0.3 / best", ratio, seeds=seeds, unit="ratio"),
            2.0,
        ),
    )


def drawn(tried: Tried, best: Mapping[tuple[str, str], float]) -> np.ndarray:
    """Four landscapes as contours, the six paths on each."""
    with figure(2, 2, width=9.2, height=7.6) as (made, axes):
        for axis, (ground, (value, start, _, reach)) in zip(axes.flat, GROUNDS.items(), strict=True):
            wide = max(abs(start[0]) * 1.15, reach)
            x, y = np.meshgrid(np.linspace(-wide, wide, 160), np.linspace(-reach, reach, 120))
            heights = value(torch.from_numpy(np.stack([x, y]))).numpy()
            levels = np.quantile(heights, np.linspace(0, 0.97, 18))
            axis.contourf(x, y, heights, levels=np.unique(levels), cmap="Greys_r", alpha=0.35, extend="both")
            axis.contour(x, y, heights, levels=np.unique(levels), colors="#5c6166", linewidths=0.4, alpha=0.6)
            for hue, name in zip(HUES, OPTIMISERS, strict=False):
                rate = best[ground, name]
                points = tried[ground, name][rate][:, 0]
                axis.plot(*points.T, color=hue, lw=1.4, label=f"{name} ({rate:g})", marker=".", ms=2.5)
                axis.plot(*points[-1], "o", color=hue, ms=6, mec="white")
            axis.plot(*start, "k+", ms=9, mew=1.6)
            axis.set(title=ground, xlim=(-wide, wide), ylim=(-reach, reach))
            axis.legend(
                loc="lower right", ncols=2, handlelength=1.2, columnspacing=1.0, frameon=True, fontsize=7
            )
        return picture(made)
