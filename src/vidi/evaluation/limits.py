"""Where a model's answers may be relied on: thresholds taken from images that it was not trained on."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from vidi.core.errors import UsageError
from vidi.core.files import atomic, sha256
from vidi.ops.conformal import fit_thresholds, prediction_sets, threshold_scores
from vidi.ops.familiarity import unfamiliar_above
from vidi.ops.selective import guaranteed_threshold
from vidi.ops.similarity import unit_length

ALPHA = 0.1  # sets may miss the truth in one case of ten
RISKS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
DOUBT = 0.05
FALSE_ALARMS = 0.05
MOST_KNOWN = 512  # more tell the unfamiliar hardly better, and every prediction pays for them
FEWEST = 20  # images without which no threshold promises anything
FILE = "familiar.safetensors"


@dataclass(frozen=True)
class Familiar:
    """Features of training images at length 1; an image is strange if its k-th nearest is beyond the threshold."""

    known: Float[np.ndarray, "m d"]
    k: int
    threshold: float

    def distance(self, features: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """0 (the same direction) to 2, a row at a time: what stands beside an image cannot change its distance."""
        place = len(self.known) - self.k
        likeness = (self.known @ row for row in unit_length(np.asarray(features, np.float32)))
        kth = np.array([np.partition(each, place)[place] for each in likeness], np.float64)
        return np.asarray(np.sqrt(np.maximum(2 - 2 * kth, 0)))


@dataclass(frozen=True)
class Limits:
    """Thresholds from `n` held-out images, on calibrated probabilities.

    `set_score` is the highest 1 - probability that a label in a set may have (None: every label is in every set);
    `risks` says from which probability up answers are wrong in that share of cases at most, None where no
    answer is sure enough.
    """

    n: int
    set_score: float | None
    risks: Mapping[float, float | None]
    alpha: float = ALPHA
    doubt: float = DOUBT
    familiar: Familiar | None = field(default=None, repr=False)

    def sets(self, probability: Float[np.ndarray, "n c"]) -> Bool[np.ndarray, "n c"]:
        """Which labels are in each image's set; a set may be empty."""
        score = np.inf if self.set_score is None else self.set_score
        return prediction_sets(threshold_scores(probability), np.full(probability.shape[1], score))

    def least_confidence(self, risk: float) -> float:
        """From which probability up to answer so that `risk` is not exceeded; infinite where no answer is sure enough.

        For a risk between those that were fitted, the next smaller one holds. Raises UsageError below the smallest.
        """
        held = [known for known in self.risks if known <= risk]
        if not held or not risk < 1:
            raise UsageError(
                f"--risk wants a share of wrong answers from {min(self.risks):g} to below 1; got {risk:g}"
            )
        found = [self.risks[known] for known in held]
        return min((threshold for threshold in found if threshold is not None), default=float("inf"))

    def record(self, folder: Path) -> dict[str, Any]:
        """What model.json keeps; the known features are written beside it."""
        content: dict[str, Any] = {
            "n": self.n,
            "alpha": self.alpha,
            "set_score": self.set_score,
            "doubt": self.doubt,
            "risks": [[risk, threshold] for risk, threshold in self.risks.items()],
        }
        if self.familiar is None:
            return content
        from safetensors.numpy import save

        with atomic(folder / FILE) as stream:
            stream.write(save({"known": self.familiar.known.astype(np.float16)}))
        digest = sha256(folder / FILE)
        about = {"k": self.familiar.k, "threshold": self.familiar.threshold, "sha256": digest}
        return content | {"familiar": about}


def read_limits(content: Mapping[str, Any] | None, folder: Path) -> Limits | None:
    """From model.json; None where a run has none. Raises UsageError if the features beside it are gone or changed."""
    if content is None:
        return None
    risks = {
        float(risk): None if threshold is None else float(threshold) for risk, threshold in content["risks"]
    }
    score = content["set_score"]
    return Limits(
        n=int(content["n"]),
        set_score=None if score is None else float(score),
        risks=risks,
        alpha=float(content["alpha"]),
        doubt=float(content["doubt"]),
        familiar=read_familiar(content.get("familiar"), folder / FILE),
    )


def read_familiar(about: Mapping[str, Any] | None, path: Path) -> Familiar | None:
    from safetensors.numpy import load_file

    if about is None:
        return None
    if not path.exists() or sha256(path) != about["sha256"]:
        what = "has changed" if path.exists() else "is missing"
        raise UsageError(f"{path} {what}, though model.json names it; restore it or train again")
    known = load_file(path)["known"].astype(np.float32)
    k = int(about["k"])
    if known.ndim != 2 or not 1 <= k <= len(known):
        raise UsageError(f"{path} does not hold features of {k} images or more; restore it or train again")
    return Familiar(known, k, float(about["threshold"]))


def fit_limits(
    probability: Float[np.ndarray, "n c"],
    truth: Int[np.ndarray, " n"],
    *,
    familiar: Familiar | None = None,
    group: Shaped[np.ndarray, " n"] | None = None,
) -> Limits | None:
    """From held-out images; None where they are too few to promise anything.

    With `group` what is promised of sets is about an image of a new group; what is promised of risks counts every
    image by itself all the same.

    A temperature that was fitted on the same images moves them all together, by one number: what that takes from
    the promises is far less than what the draw of the images does.
    """
    if len(truth) < FEWEST:
        return None
    score = float(fit_thresholds(threshold_scores(probability), truth, alpha=ALPHA, group=group)[0])
    confidence, wrong = probability.max(axis=1), probability.argmax(axis=1) != truth
    risks = {risk: guaranteed_threshold(confidence, wrong, risk, doubt=DOUBT) for risk in RISKS}
    return Limits(len(truth), score if np.isfinite(score) else None, risks, familiar=familiar)


def chosen_known(hashes: Sequence[str]) -> Int[np.ndarray, " m"]:
    """Places of at most 512 of the images, drawn by their content: the same whatever their order."""
    # Hashed again: the hash itself may have sorted an image into its split.
    drawn = sorted(range(len(hashes)), key=lambda place: hashlib.sha256(hashes[place].encode()).digest())
    return np.sort(np.asarray(drawn[:MOST_KNOWN], np.int64))


def fit_familiar(
    known: Float[np.ndarray, "m d"],
    held_out: Float[np.ndarray, "n d"],
    *,
    group: Shaped[np.ndarray, " n"] | None = None,
) -> Familiar | None:
    """The distance that 19 of 20 held-out images do not exceed; None where there are too few to say.

    With `group` it is 19 of 20 of a new group's images, if there are 19 groups or more to know that by.

    The k-th nearest of a drawn part of the training images: Sun et al. 2022, arXiv:2204.06507, whose k is 1 for
    one in a hundred of them and grows with the part.
    """
    if len(known) < FEWEST or len(held_out) < FEWEST:
        return None
    kept = unit_length(np.asarray(known, np.float32)).astype(np.float16).astype(np.float32)
    found = Familiar(kept, int(np.clip(len(kept) // 100, 1, 5)), np.inf)
    distance = found.distance(held_out)
    threshold = unfamiliar_above(distance, false_alarms=FALSE_ALARMS, group=group)
    if np.isinf(threshold):
        threshold = unfamiliar_above(distance, false_alarms=FALSE_ALARMS)
    return replace(found, threshold=threshold) if np.isfinite(threshold) else None
