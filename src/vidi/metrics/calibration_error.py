"""When the model says 80 %, is it right 80 times of 100?"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.bootstrap import bootstrapped, ratio, sign_flipped_sums
from vidi.ops.reliability import BINS, equal_mass, equal_width

CARD = Card(
    title="Calibration error",
    idea="The gap between the highest probability and the share of right answers, in 15 bins, mean over examples.",
    paper="Guo et al. 2017, arXiv:1706.04599, eq. 3; equal-mass bins: Nguyen & O'Connor 2015, arXiv:1508.05154",
    differs="Equal-mass bins first (equal-width second, as published); the upward bias of few examples is said.",
    serves=("classification",),
)
NOTE = f"{BINS} bins; the value is biased upwards, the more so the fewer examples"


def measure(scores: Scores) -> list[Measured]:
    """Two numbers in [0, 1]: with bins of equally many examples, and with bins of equal width."""
    confidence = scores.probability.max(axis=1).astype(np.float64) if len(scores.truth) else np.zeros(0)
    gap = confidence - scores.correct
    kinds = {
        "calibration error": equal_mass(confidence),
        "calibration error, equal width": equal_width(confidence),
    }
    return [one_kind(name, gap, bins, scores) for name, bins in kinds.items()]


def one_kind(
    name: str, gap: Float[np.ndarray, " n"], bins: Int[np.ndarray, " n"], scores: Scores
) -> Measured:
    """Sum over bins of |sum of gaps|, by the number of examples; the bins stay those of the whole sample.

    Resampling adds noise to noise, so percentiles would lie too high: the basic interval (value minus the
    replicates' errors) takes the bias out. Where a calibrated model would show as much, the interval begins at 0.
    """
    values = np.concatenate([np.eye(BINS)[bins] * gap[:, None], np.ones((len(gap), 1))], axis=1)
    found = bootstrapped(name, values, error, scores=scores, notes=[NOTE])[0]
    if not found.low < found.high or not found.method.startswith("bootstrap"):
        return found
    calibrated = sign_flipped_sums(
        values[:, :BINS], replicates=scores.replicates, seed=scores.seed, group=scores.group
    )
    usual = np.quantile(np.abs(calibrated).sum(axis=1) / len(gap), (1 + found.confidence) / 2)
    low = 0.0 if found.value <= usual else max(0.0, 2 * found.value - found.high)
    high = min(1.0, max(found.value, 2 * found.value - found.low))
    return replace(found, low=low, high=high, method=found.method.replace("percentile", "basic"))


def error(sums: Float[np.ndarray, "r k"]) -> Float[np.ndarray, "r 1"]:
    """Calibration error from each bin's sum of gaps and, in the last column, the number of examples."""
    return ratio(np.abs(sums[:, :BINS]).sum(axis=1, keepdims=True), sums[:, BINS:])
