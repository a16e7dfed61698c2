"""A calibration error with its interval: said against seen, and how far chance alone would take them apart."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.bootstrap import bootstrapped, ratio, sign_flipped_sums
from vidi.ops.reliability import BINS

LARGEST = 1 << 24  # numbers held for the bootstrap: 128 MB
NOTE = f"{BINS} bins; the value is biased upwards, the more so the fewer examples"


def measured_error(
    name: str,
    gap: Float[np.ndarray, "n c"],
    bins: Int[np.ndarray, "n c"],
    scores: Scores,
    *,
    note: str = NOTE,
) -> Measured:
    """Sum over a column's bins of |sum of gaps|, by the number of examples, mean over columns, in [0, 1].

    `gap` is what was said minus what was seen, `bins` its bin, 0 to 14; the bins stay those of the whole sample.
    Resampling adds noise to noise, so percentiles would lie too high: the basic interval (value minus the
    replicates' errors) takes the bias out. Where a calibrated model would show as much, the interval begins at 0.
    """
    n, columns = gap.shape
    width = columns * BINS

    def error(sums: Float[np.ndarray, "r k"]) -> Float[np.ndarray, "r 1"]:
        return ratio(np.abs(sums[:, :width]).sum(axis=1, keepdims=True), columns * sums[:, width:])

    if n * width > LARGEST:
        total = np.bincount((bins + BINS * np.arange(columns)).ravel(), gap.ravel(), minlength=width)
        value = float(np.abs(total).sum()) / n / columns
        why = f"{note}; no interval: {columns:,} labels are too many to draw again"
        return Measured(name, value, np.nan, np.nan, n, f"{BINS} bins", note=why)
    values = np.zeros((n, width + 1))
    values[:, width] = 1
    values[np.arange(n)[:, None], bins + BINS * np.arange(columns)] = gap
    found = bootstrapped(name, values, error, scores=scores, notes=[note])[0]
    if not found.low < found.high or not found.method.startswith("bootstrap"):
        return found
    calibrated = sign_flipped_sums(
        values[:, :width], replicates=scores.replicates, seed=scores.seed, group=scores.group
    )
    usual = np.quantile(np.abs(calibrated).sum(axis=1) / n / columns, (1 + found.confidence) / 2)
    low = 0.0 if found.value <= usual else max(0.0, 2 * found.value - found.high)
    high = min(1.0, max(found.value, 2 * found.value - found.low))
    return replace(found, low=low, high=high, method=found.method.replace("percentile", "basic"))
