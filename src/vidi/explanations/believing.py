"""Which maps can be believed on this network: every check of every method, and one verdict for each with its reason."""

import functools
import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from vidi.core.card import read_cards
from vidi.core.device import seeded
from vidi.core.errors import UsageError, nearest_names
from vidi.core.measured import Verdict
from vidi.core.network import Scorer
from vidi.core.progress import Quiet, Say
from vidi.explanations.subject import FIRST, Checked, Subject, rank_correlation
from vidi.ops.randomised import randomised

HERE = Path(__file__).parent
PASSES = (
    4000  # of the network, that the checks of one method may take; dear methods are checked on fewer images
)
FEWEST = 6


@dataclass(frozen=True)
class Method:
    """A map's function with its options, and what its card says."""

    name: str
    title: str
    function: Callable[..., Tensor]
    facts: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)

    def maps(
        self, network: Scorer, images: Tensor, target: Float[Tensor, "n c"], *, seed: int = 0
    ) -> Float[Tensor, "n h w"]:
        """The maps, from the same randomness at every call."""
        return self.function(network, images, target, generator=seeded(seed), **self.options)

    @property
    def of_a_class(self) -> bool:
        return bool(self.facts.get("target", True))


@dataclass(frozen=True)
class Judged:
    """What all checks say of one method on one network: `stands`, `fails` or `cannot tell`, and why."""

    method: str
    verdict: Verdict
    reason: str
    images: int = 0
    checks: tuple[Checked, ...] = ()

    def record(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "verdict": str(self.verdict),
            "reason": self.reason,
            "images": self.images,
            "checks": [
                {
                    "check": one.check,
                    "verdict": str(one.verdict),
                    "bound": f"{'>=' if one.claim.at_least else '<='} {one.claim.bound:g}",
                    **one.measured.record(),
                }
                for one in self.checks
            ],
        }


def known_method(name: str, **options: Any) -> Method:
    """A method by the name of its file; raises UsageError with the nearest names."""
    cards = read_cards(HERE / "maps")
    if name not in cards:
        raise UsageError(
            f"no map is named {name!r}; there are {', '.join(cards)}{nearest_names(name, list(cards))}"
        )
    function = importlib.import_module(f"vidi.explanations.maps.{name}").explain
    return Method(name, cards[name].title, function, cards[name].facts, options)


def all_checks() -> dict[str, Callable[[Subject], Checked | None]]:
    """Every check, by the name of its file."""
    return {
        name: importlib.import_module(f"vidi.explanations.checks.{name}").check
        for name in read_cards(HERE / "checks")
    }


def judge(
    methods: Sequence[Method],
    network: Scorer,
    images: UInt8[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    probability: Callable[[Tensor], Tensor],
    seed: int = 0,
    shuffled: Scorer | None = None,
    mark: Bool[Tensor, "h w"] | None = None,
    say: Say | None = None,
) -> list[Judged]:
    """Every method, checked on these images; `probability` answers for images (float, 0..255) as (n, c).

    What a method cannot do on this network is a verdict too: it fails, with the method's own sentence. Methods that
    need many passes of the network are checked on the first images only; each number says on how many.
    """
    say, found = say or Quiet(), []

    @functools.cache
    def unlearned(share: float) -> Scorer:
        return randomised(network, images, share=share, generator=seeded(seed))

    for number, method in enumerate(methods):
        some = affordable(method, len(images))
        try:
            explain = functools.partial(_explained, method, target[:some], seed)
            subject = Subject(
                network,
                images[:some],
                target[:some],
                explain(network, images[:some]),
                explain,
                probability,
                unlearned,
                seed,
                shuffled,
                mark,
            )
            found.append(_judged(method.name, subject))
        except UsageError as error:
            found.append(Judged(method.name, Verdict.FAILS, str(error)))
        say.track("checking maps", number + 1, len(methods), method.name)
    return found


def affordable(method: Method, images: int) -> int:
    """On how many images a method is checked."""
    passes = int(method.facts.get("passes", 1))
    return next((n for n in range(images, FEWEST, -1) if passes * maps_for(n) <= PASSES), min(images, FEWEST))


def wanted(what: str) -> int:
    """How many `answers` of the model, or `guesses` at pixels taken away, all checks together want of each image."""
    return sum(int(card.facts.get(what, 0)) for card in read_cards(HERE / "checks").values())


def maps_for(images: int) -> int:
    """How many maps the checks of one method on so many images ask for."""
    return images + 4 * min(images, FIRST)


def _explained(
    method: Method, target: Float[Tensor, "n c"], seed: int, network: Scorer, images: Tensor
) -> Tensor:
    return method.maps(network, images, target[: len(images)], seed=seed)


def _judged(name: str, subject: Subject) -> Judged:
    checks = tuple(one for check in all_checks().values() if (one := check(subject)) is not None)
    broken = [one for one in checks if one.verdict is Verdict.FAILS]
    open_ = [one for one in checks if one.verdict is Verdict.CANNOT_TELL]
    if broken:
        reason = "; ".join(f"{one.sentence} ({in_numbers(one)})" for one in broken)
    elif open_:
        reason = f"{len(subject.images)} images are too few to tell: " + "; ".join(
            f"{one.check.replace('_', ' ')} {in_numbers(one)}" for one in open_
        )
    else:
        reason = f"passes {len(checks)} checks on {len(subject.images)} images"
    verdict = Verdict.FAILS if broken else Verdict.CANNOT_TELL if open_ else Verdict.STANDS
    return Judged(name, verdict, reason, len(subject.images), checks)


def in_numbers(one: Checked) -> str:
    """`0.72 [0.66, 0.79], wanted <= 0.5`; more digits where two would be zeros: `0.0003 [-0.0020, 0.0040]`."""
    measured, claim = one.measured, one.claim
    known = [x for x in (measured.value, measured.low, measured.high) if math.isfinite(x)]
    largest = max(map(abs, known), default=0.0)
    digits = 2 if largest >= 0.05 or largest == 0 else min(8, 1 - math.floor(math.log10(largest)))
    interval = (
        f" [{measured.low:z.{digits}f}, {measured.high:z.{digits}f}]" if measured.low == measured.low else ""
    )
    return (
        f"{measured.value:z.{digits}f}{interval}, wanted {'>=' if claim.at_least else '<='} {claim.bound:g}"
    )


def agreement(maps: Mapping[str, Float[Tensor, "n h w"]]) -> Float[np.ndarray, "m m"]:
    """Spearman's rank correlation of each method's absolute maps with every other's, the mean over images."""
    names = list(maps)
    table = np.eye(len(names))
    for row, one in enumerate(names):
        for column, other in enumerate(names[:row]):
            shared = min(len(maps[one]), len(maps[other]))
            found = rank_correlation(maps[one][:shared].abs(), maps[other][:shared].abs())
            table[row, column] = table[column, row] = float(found.mean())
    return table
