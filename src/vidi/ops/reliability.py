"""Said against seen: bins of a reliability diagram, calibration errors, and what a Brier score is made of."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.ops.intervals import score_interval

BINS = 15
SUM_TOLERANCE = 1e-2  # half precision rounds a thousand probabilities to within this


@dataclass(frozen=True)
class Diagram:
    """The bins of a reliability diagram that hold examples, in ascending order of confidence.

    `confidence` is the mean of what was said, `share` how often it was right, [`low`, `high`] Wilson's interval of
    that share, `n` the number of examples.
    """

    confidence: Float[np.ndarray, " b"]
    share: Float[np.ndarray, " b"]
    low: Float[np.ndarray, " b"]
    high: Float[np.ndarray, " b"]
    n: Int[np.ndarray, " b"]


@dataclass(frozen=True)
class BrierParts:
    """A binary Brier score (squared error in [0, 1]) taken apart; `score` is the sum, to rounding.

    Murphy's three parts are `reliability` (0 is best), `resolution` (large is best) and `uncertainty` (of the
    truth alone). `within_variance` and `within_covariance` are what forecasts that differ inside a bin add to it;
    both are 0 where the forecasts of a bin are equal.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within_variance: float
    within_covariance: float

    @property
    def score(self) -> float:
        murphy = self.reliability - self.resolution + self.uncertainty
        return murphy + self.within_variance - self.within_covariance


def equal_width(confidence: Float[np.ndarray, " n"], bins: int = BINS) -> Int[np.ndarray, " n"]:
    """The number of each example's bin: bin b, counted from 0, holds (b / bins, (b + 1) / bins], and bin 0 also 0."""
    check_bins(bins)
    return np.asarray(np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1))


def equal_mass(confidence: Float[np.ndarray, " n"], bins: int = BINS) -> Int[np.ndarray, " n"]:
    """Bins between quantiles; equal confidences stay in one bin, so that the order of rows does not matter."""
    check_bins(bins)
    if not len(confidence):
        return np.zeros(0, dtype=np.int64)
    edges = np.quantile(confidence, np.arange(1, bins) / bins)
    return np.asarray(np.searchsorted(edges, confidence, side="left"))


def diagram(
    confidence: Float[np.ndarray, " n"],
    hit: Bool[np.ndarray, " n"],
    bins: Int[np.ndarray, " n"],
    *,
    level: float = 0.95,
) -> Diagram:
    """What was said beside what came true, bin by bin; `bins` are `equal_mass` or `equal_width` of the confidence.

    Empty bins are left out. DeGroot & Fienberg 1983, The Statistician 32, 12-22; intervals: Wilson 1927.
    """
    sizes, said, seen = binned(confidence, hit.astype(np.float64), bins)
    ends = [score_interval(share, int(n), level) for share, n in zip(seen, sizes, strict=True)]
    low, high = np.array(ends, dtype=np.float64).reshape(-1, 2).T
    return Diagram(said, seen, low, high, sizes)


def binned(
    confidence: Float[np.ndarray, " n"], hit: Float[np.ndarray, " n"], bins: Int[np.ndarray, " n"]
) -> tuple[Int[np.ndarray, " b"], Float[np.ndarray, " b"], Float[np.ndarray, " b"]]:
    """Size, mean confidence and mean hit of every bin that is not empty, in order."""
    sizes = np.bincount(bins)
    used = sizes > 0
    said = np.bincount(bins, confidence.astype(np.float64))[used] / sizes[used]
    seen = np.bincount(bins, hit)[used] / sizes[used]
    return sizes[used], said, seen


def expected_error(found: Diagram) -> float:
    """The gap between said and seen, mean over examples, in [0, 1] (ECE); nan without examples.

    Guo et al. 2017, arXiv:1706.04599, eq. 3, with bins of equal width; Nguyen & O'Connor 2015, arXiv:1508.05154,
    with bins of equal mass. Biased upwards, the more so the fewer examples stand in a bin.
    """
    if not len(found.n):
        return math.nan
    return float((found.n * np.abs(found.confidence - found.share)).sum() / found.n.sum())


def largest_error(found: Diagram) -> float:
    """The largest gap of any bin, in [0, 1] (MCE: Guo et al. 2017, eq. 5); nan without examples.

    A bin with a handful of examples decides it by chance: look at its interval, or take bins of equal mass.
    """
    return float(np.abs(found.confidence - found.share).max()) if len(found.n) else math.nan


def class_wise_errors(
    probability: Float[np.ndarray, "n c"],
    truth: Int[np.ndarray, " n"],
    *,
    bins: int = BINS,
    mass: bool = True,
) -> Float[np.ndarray, " c"]:
    """Each class's calibration error: its probability, whether or not it is the highest, against its frequency.

    In bins of equal mass, or of equal width as published (Kull et al. 2019, arXiv:1910.12656; the mean over
    classes is their class-wise ECE). All nan without examples.
    """
    check_probabilities(probability, truth)
    divide = equal_mass if mass else equal_width
    columns = probability.astype(np.float64).T
    return np.array(
        [
            expected_error(diagram(said, truth == number, divide(said, bins)))
            for number, said in enumerate(columns)
        ]
    )


def brier_parts(
    forecast: Float[np.ndarray, " n"],
    hit: Bool[np.ndarray, " n"],
    bins: Int[np.ndarray, " n"] | None = None,
) -> BrierParts:
    """What mean((forecast - hit)^2) is made of; all nan without examples.

    Without `bins` every distinct forecast is a bin, and the three parts of Murphy 1973 (Journal of Applied
    Meteorology 12, 595-600) add up exactly. With them the two parts that binning leaves over are said as well
    (Stephenson, Coelho & Jolliffe 2008, Weather and Forecasting 23, 752-757).
    """
    forecast, happened = forecast.astype(np.float64), hit.astype(np.float64)
    if not len(forecast):
        return BrierParts(*[math.nan] * 5)
    bins = np.unique(forecast if bins is None else bins, return_inverse=True)[1]
    sizes, said, seen = binned(forecast, happened, bins)
    base, weight = happened.mean(), sizes / len(forecast)
    apart, missed = forecast - said[bins], happened - seen[bins]
    return BrierParts(
        reliability=float((weight * (said - seen) ** 2).sum()),
        resolution=float((weight * (seen - base) ** 2).sum()),
        uncertainty=float(base * (1 - base)),
        within_variance=float((apart**2).mean()),
        within_covariance=float(2 * (apart * missed).mean()),
    )


def check_bins(bins: int) -> None:
    if bins < 1:
        raise ValueError(f"bins is how many there are, 1 or more; got {bins}")


def check_probabilities(
    probability: Float[np.ndarray, "n c"], label: Int[np.ndarray, " m"] | None = None
) -> None:
    """Raises ValueError unless rows are probabilities that sum to 1 and each label is the number of a column."""
    rows, classes = probability.shape
    if not np.isfinite(probability).all():
        bad = int((~np.isfinite(probability)).any(axis=1).sum())
        raise ValueError(
            f"probabilities are numbers from 0 to 1; {bad:,} of {rows:,} rows hold nan or infinity: leave them out, "
            "or mend the model that gave them"
        )
    if rows and (probability.min() < 0 or np.abs(probability.sum(axis=1) - 1).max() > SUM_TOLERANCE):
        raise ValueError(
            "each row of probabilities is 0 or more and sums to 1; these do not (are they logits? take their softmax)"
        )
    if label is None:
        return
    if len(label) != rows:
        raise ValueError(
            f"one label for each of {rows:,} rows of probabilities was wanted; got {len(label):,}"
        )
    if rows and not (label.min() >= 0 and label.max() < classes):
        raise ValueError(
            f"labels are column numbers, 0 to {classes - 1}; got {label.min()} to {label.max()}: give the model's "
            "own numbering, and set aside what it never saw"
        )
