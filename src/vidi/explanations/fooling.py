"""How many of a network's right answers survive changes too small to see, and whether the attack is to be believed."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int, UInt8
from torch import Tensor

from vidi.core.card import read_cards
from vidi.core.device import seeded
from vidi.core.errors import UsageError, nearest_names
from vidi.core.measured import Measured
from vidi.core.network import Classifier
from vidi.core.progress import Quiet, Say
from vidi.core.scores import Draws
from vidi.ops.balls import as_bytes, size
from vidi.ops.bootstrap import share_of
from vidi.ops.fooling import fooled, logits_of

FOLDER = Path(__file__).parent / "attacks"
BLACK_BOX, NO_BOUND = "square", 255.0
FEW = 32  # images on which what is only a check of the attack is tried

Attack = Callable[..., Tensor]


@dataclass(frozen=True)
class Sane:
    """One rule that an attack must keep on this network: what was looked for, whether it holds, and what was seen."""

    rule: str
    holds: bool
    seen: str


@dataclass(frozen=True)
class Fooled:
    """The clean accuracy, what is left within each epsilon (grey levels), and the rules that the attack must keep.

    `survives` says for each epsilon and image whether its right answer stays, under this or any smaller change.
    """

    attack: str
    norm: str
    epsilons: tuple[float, ...]
    clean: Measured
    robust: tuple[Measured, ...]
    sane: tuple[Sane, ...]
    survives: Bool[np.ndarray, "e n"]


def known_attack(name: str) -> tuple[Attack, Mapping[str, Any]]:
    """An attack's function and what its card says of it; raises UsageError with the nearest names."""
    cards = read_cards(FOLDER)
    if name not in cards:
        raise UsageError(
            f"no attack is named {name!r}; there are {', '.join(cards)}{nearest_names(name, list(cards))}"
        )
    function: Attack = importlib.import_module(f"vidi.explanations.attacks.{name}").attack
    return function, cards[name].facts


def attacked(
    network: Classifier,
    images: UInt8[Tensor, "n 3 h w"],
    label: Int[Tensor, " n"],
    *,
    attack: str,
    epsilon: float,
    norm: str,
    targeted: bool = False,
    seed: int = 0,
    block: int = 32,
    **options: Any,
) -> UInt8[Tensor, "n 3 h w"]:
    """The changed images as bytes, within epsilon exactly; a block at a time, each from the same randomness."""
    function = known_attack(attack)[0]
    parts = []
    for some, these in zip(images.split(block), label.split(block), strict=True):
        changed = function(
            network,
            some,
            these,
            epsilon=epsilon,
            norm=norm,
            targeted=targeted,
            generator=seeded(seed),
            **options,
        )
        parts.append(as_bytes(some, changed, norm=norm, epsilon=epsilon))
    return torch.cat(parts)


@dataclass(frozen=True)
class Trial:
    """Images with their true labels, and which of them the network answers rightly: those are attacked."""

    network: Classifier
    images: UInt8[Tensor, "n 3 h w"]
    label: Int[Tensor, " n"]
    right: Bool[Tensor, " n"]
    norm: str
    seed: int
    targeted: bool = False

    def few(self, count: int) -> "Trial":
        """The first of them, for what is only a check of the attack."""
        return replace(self, images=self.images[:count], label=self.label[:count], right=self.right[:count])

    def stays(self, attack: str, epsilon: float) -> Bool[Tensor, " n"]:
        """Which right answers stay, judged on bytes within epsilon."""
        stays, rows = self.right.clone(), self.right.nonzero()[:, 0]
        if len(rows):
            images, label = self.images[rows], self.label[rows]
            changed = attacked(
                self.network,
                images,
                label,
                attack=attack,
                epsilon=epsilon,
                norm=self.norm,
                targeted=self.targeted,
                seed=self.seed,
            )
            assert bool((size(changed.double() - images, self.norm) <= epsilon).all()), (
                "a picture left its ball"
            )
            stays[rows] = ~fooled(logits_of(self.network, changed), label, targeted=self.targeted)
        return stays


def fool(
    network: Classifier,
    images: UInt8[Tensor, "n 3 h w"],
    label: Int[Tensor, " n"],
    *,
    attack: str,
    epsilons: Sequence[float],
    norm: str | None = None,
    seed: int = 0,
    group: Int[np.ndarray, " n"] | None = None,
    targeted: bool = False,
    few: int = FEW,
    say: Say | None = None,
) -> Fooled:
    """The accuracy under an attack of each strength, judged on bytes, and the rules that tell a broken attack.

    An image counts as fooled within epsilon if any smaller epsilon fooled it: that change is allowed too. `label` is
    the truth; an answer that is wrong already does not survive. With `targeted` it is what the attack wants to hear: an
    image survives that is called anything else. The attack itself is tested on `few` images. Raises UsageError for an
    unknown attack or norm.
    """
    norms = known_attack(attack)[1]["norms"]
    norm = norm or norms[0]
    say, epsilons = say or Quiet(), sorted(epsilons)
    right = ~fooled(logits_of(network, images), label, targeted=targeted)
    trial = Trial(network, images, label, right, norm, seed, targeted)
    tested = trial.few(few)
    stays = []
    for number, epsilon in enumerate(epsilons):
        stays.append(trial.stays(attack, epsilon))
        say.track(f"attack {attack}", number + 1, len(epsilons))
    raw = torch.stack(stays)
    survives = raw.cummin(dim=0).values
    scores = Draws(seed=seed, group=group)
    robust = tuple(
        share_of("robust accuracy", kept.numpy(), scores, of=f"{attack}, {norm} <= {epsilon:g}/255")
        for kept, epsilon in zip(survives, epsilons, strict=True)
    )
    sane = (
        _nothing_changes_nothing(tested, attack),
        _grows(raw, epsilons),
        *_no_weaker_than_blind(tested, raw[-1, :few], attack, epsilons[-1]),
        _wins_without_a_bound(tested, attack),
    )
    clean = share_of("accuracy", right.numpy(), scores, of="clean")
    return Fooled(attack, norm, tuple(epsilons), clean, robust, sane, survives.numpy())


def _nothing_changes_nothing(trial: Trial, attack: str) -> Sane:
    stays = trial.stays(attack, 0.0)
    return Sane(
        "with epsilon 0 the accuracy is the clean one",
        torch.equal(stays, trial.right),
        f"{int(stays.sum())} right with epsilon 0, {int(trial.right.sum())} clean, of {len(stays)} images",
    )


def _grows(raw: Bool[Tensor, "e n"], epsilons: Sequence[float]) -> Sane:
    counts = [int((~row).sum()) for row in raw]
    wrong = [f"{count} at {epsilon:g}/255" for count, epsilon in zip(counts, epsilons, strict=True)]
    return Sane(
        "a larger epsilon fools as many or more", counts == sorted(counts), f"wrong: {', '.join(wrong)}"
    )


def _no_weaker_than_blind(
    trial: Trial, left: Bool[Tensor, " n"], attack: str, epsilon: float
) -> tuple[Sane, ...]:
    """Whoever sees gradients fools no fewer than who sees answers only; else the gradients mislead."""
    if (
        known_attack(attack)[1]["sees"] != "gradients"
        or trial.norm not in known_attack(BLACK_BOX)[1]["norms"]
    ):
        return ()
    seeing, unseeing = int((~left).sum()), int((~trial.stays(BLACK_BOX, epsilon)).sum())
    return (
        Sane(
            "an attack that sees gradients is as strong as one that sees answers only",
            seeing >= unseeing,
            f"wrong at {epsilon:g}/255: {seeing} under {attack}, {unseeing} under {BLACK_BOX}, of {len(left)}",
        ),
    )


def _wins_without_a_bound(trial: Trial, attack: str) -> Sane:
    """Carlini et al. 2019, arXiv:1902.06705: what is not fooled by any picture was attacked badly."""
    bound = NO_BOUND if trial.norm == "linf" else NO_BOUND * trial.images[0].numel() ** 0.5
    stays = trial.stays(attack, bound)
    return Sane(
        "without a bound nothing survives",
        not bool(stays.any()),
        f"{int(stays.sum())} of {int(trial.right.sum())} right answers stay when any picture is allowed",
    )
