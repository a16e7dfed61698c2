"""Asked again, alone, in another order or beside others: does it give the same answer?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt8

from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.data.drawn.fallible import fallible, greys
from vidi.ops.black_box import Predict, digests, probabilities
from vidi.ops.intervals import clopper_pearson

CARD = Card(
    title="Steadiness",
    idea="Ask about the same images again, one by one, in other batches and in another order: what stands beside an "
    "image must not change its answer, and neither must asking twice.",
    paper="Ioffe & Szegedy 2015, arXiv:1502.03167, section 3.1: a network judges by the population, not by the batch",
    serves=("classification",),
)
TRIAL = Trial(n=100, fault="answers that depend on what else is in the batch", rate=0.05)
BLOCKS = (1, 7, 64)
ASKED = "Asked again, alone, in other batches and orders"
TOLERATED = 1e-3  # of a probability: sums in another order round otherwise, in half precision too


@dataclass(frozen=True)
class Steadiness:
    """Shares of images with another answer when asked again and in other company; how far probabilities moved at most.

    `again` is the same batch asked twice, `company` other batch sizes and another order. `furthest` are the largest
    differences of a probability. `steady`: no answer changed, and no probability by more than is tolerated.
    """

    again: Measured
    company: Measured
    furthest: tuple[float, float]
    steady: bool
    sentence: str

    def record(self) -> dict[str, Any]:
        return {
            "again": self.again.record(),
            "company": self.company.record(),
            "furthest": list(self.furthest),
            "steady": self.steady,
            "sentence": self.sentence,
        }


def audit(
    predict: Predict, images: UInt8[np.ndarray, "n s s 3"], *, blocks: Sequence[int] = BLOCKS, seed: int = 0
) -> Steadiness:
    """The same images in batches of the sizes `blocks`, as they stand, by content and backwards, and one batch twice.

    The intervals are Clopper and Pearson's. Raises ValueError without an image or a batch size.
    """
    if not len(images) or not blocks or min(blocks) < 1:
        raise ValueError("at least one image, and batches of 1 or more, are wanted")
    by_content = np.argsort(digests(images), kind="stable")
    largest = max(blocks)
    first = asked(predict, images, by_content, largest)
    again = asked(predict, images, by_content, largest)
    rng = np.random.default_rng(seed)
    others = [asked(predict, images, by_content, block) for block in blocks if block != largest]
    others += [
        asked(predict, images, each, largest) for each in (by_content[::-1], rng.permutation(by_content))
    ]
    twice, company = (changed(first, found) for found in ([again], others))
    furthest = (moved(first, [again]), moved(first, others))
    steady = not twice.any() and not company.any() and max(furthest) <= TOLERATED
    return Steadiness(
        again=told("answer changed when asked again", twice),
        company=told("answer changed in other company", company),
        furthest=furthest,
        steady=steady,
        sentence=sentence(int(twice.sum()), int(company.sum()), furthest, len(images)),
    )


def asked(
    predict: Predict, images: UInt8[np.ndarray, "n s s 3"], order: np.ndarray, block: int
) -> Float[np.ndarray, "n c"]:
    """Probabilities in the images' own order, when they are asked in `order`, `block` at a time."""
    found = [
        probabilities(predict, images[order[start : start + block]]) for start in range(0, len(order), block)
    ]
    answers = np.empty((len(images), found[0].shape[1]))
    answers[order] = np.concatenate(found)
    return answers


def changed(
    first: Float[np.ndarray, "n c"], others: Sequence[Float[np.ndarray, "n c"]]
) -> Bool[np.ndarray, " n"]:
    """Which images got another label in any of the others; a tie within rounding is no other answer."""
    rows, label = np.arange(len(first)), first.argmax(axis=1)
    apart = np.zeros(len(first), dtype=bool)
    for other in others:
        new = other.argmax(axis=1)
        tied = np.abs(first[rows, label] - first[rows, new]) <= TOLERATED
        apart |= (new != label) & ~(tied & (np.abs(other - first).max(axis=1) <= TOLERATED))
    return apart


def moved(first: Float[np.ndarray, "n c"], others: Sequence[Float[np.ndarray, "n c"]]) -> float:
    return max((float(np.abs(other - first).max()) for other in others), default=0.0)


def told(name: str, hit: Bool[np.ndarray, " n"]) -> Measured:
    count, n = int(hit.sum()), len(hit)
    return Measured(name, count / n, *clopper_pearson(count, n), n, "Clopper-Pearson")


def sentence(twice: int, company: int, furthest: tuple[float, float], n: int) -> str:
    """What a reader must know."""
    images = f"{n:,} image{'s' * (n > 1)}"
    if not twice and not company:
        if max(furthest) == 0:
            return f"{ASKED}, {images} get the same probabilities to the bit."
        small = "" if max(furthest) <= TOLERATED else ", more than rounding explains"
        moves = f"probabilities move by {max(furthest):.1g} at most{small}"
        return f"{ASKED}, {images} get the same answer; {moves}."
    parts = []
    if twice:
        parts.append(
            f"{twice:,} change when the very same batch is asked twice: the model is not deterministic"
        )
    if company:
        parts.append(f"{company:,} change with what else is in the batch, or its order")
    return f"Of the answers to {images}, {'; '.join(parts)}."


def trial(*, planted: bool, seed: int) -> bool:
    """A model that is wrong about one image in ten, and rounds otherwise in every batch; where it is planted,
    `TRIAL.rate` of its answers turn whenever the batch is dark on average. The alarm: it is not steady."""
    images, _ = greys(TRIAL.n, seed=seed)
    batch: list[float] = [0.0]
    model = fallible(0.1, more=TRIAL.rate if planted else 0.0, when=lambda _: np.full(len(_), batch[0] < 125))

    def predict(part: np.ndarray) -> np.ndarray:
        batch[0] = float(part.mean())
        return np.asarray(model(part) + 1e-7 * (batch[0] - 128) / 128 * np.array([1, -1]))

    return not audit(predict, images, blocks=(1, 7, 64), seed=seed).steady
