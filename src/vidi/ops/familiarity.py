"""Pictures unlike any that the model knows, flagged from features: high is unfamiliar in all of these."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from vidi.ops.conformal import conformal_quantile
from vidi.ops.similarity import unit_length

BLOCK = 1024


@dataclass(frozen=True)
class Gaussians:
    """A normal distribution for each class, all with one covariance, and one for everything together.

    `whiten` turns a feature vector's difference into one whose squared length is its Mahalanobis distance;
    `whiten_all` does so for the distribution of everything. Rows of `mean` are the classes that have examples.
    """

    mean: Float[np.ndarray, "c d"]
    whiten: Float[np.ndarray, "d d"]
    mean_all: Float[np.ndarray, " d"]
    whiten_all: Float[np.ndarray, "d d"]


def neighbour_distance(
    known: Float[np.ndarray, "m d"],
    asked: Float[np.ndarray, "n d"],
    *,
    k: int = 50,
    leave_self_out: bool = False,
) -> Float[np.ndarray, " n"]:
    """Distance to the k-th nearest known example, features at length 1: 0 (the same direction) to 2 (the opposite).

    Sun et al. 2022, arXiv:2204.06507. With `leave_self_out`, `asked` is `known` itself and no example
    counts as its own neighbour.
    """
    most = len(known) - (1 if leave_self_out else 0)
    if not 1 <= k <= most:
        raise ValueError(f"k is between 1 and the {most} known examples there are to compare with; got {k}")
    if leave_self_out and len(asked) != len(known):
        raise ValueError(f"leave_self_out asks about the {len(known)} known examples; got {len(asked)}")
    known_unit = unit_length(np.asarray(known, np.float32))
    asked_unit = unit_length(np.asarray(asked, np.float32))
    found = np.empty(len(asked))
    for start in range(0, len(asked), BLOCK):
        likeness = asked_unit[start : start + BLOCK] @ known_unit.T
        if leave_self_out:
            rows = np.arange(len(likeness))
            likeness[rows, start + rows] = -np.inf
        kth = np.partition(likeness, len(known) - k, axis=1)[:, len(known) - k]
        found[start : start + BLOCK] = np.sqrt(np.maximum(2 - 2 * kth.astype(np.float64), 0))
    return found


def fit_gaussians(
    features: Float[np.ndarray, "n d"], label: Int[np.ndarray, " n"], *, shrinkage: float | None = None
) -> Gaussians:
    """Means and covariances of known examples.

    Covariances are drawn towards a multiple of the identity by `shrinkage` in [0, 1] (default: as much as Ledoit &
    Wolf 2004, Journal of Multivariate Analysis 88, 365-411, advise), since features often outnumber examples; with 0
    it is as Lee et al. have it.
    """
    if len(features) < 2:
        raise ValueError(f"a covariance wants two known examples or more; got {len(features)}")
    x = np.asarray(features, np.float64)
    number = np.unique(label, return_inverse=True)[1]
    count = np.bincount(number)
    mean = np.zeros((len(count), x.shape[1]))
    np.add.at(mean, number, x)
    mean /= count[:, None]
    return Gaussians(
        mean, whitening(x - mean[number], shrinkage), x.mean(axis=0), whitening(x - x.mean(axis=0), shrinkage)
    )


def whitening(centred: Float[np.ndarray, "n d"], shrinkage: float | None) -> Float[np.ndarray, "d d"]:
    """A matrix W for which |x W|^2 is x's Mahalanobis distance by the covariance of the rows, shrunk."""
    if shrinkage is not None and not 0 <= shrinkage <= 1:
        raise ValueError(f"shrinkage is a share, 0 to 1; got {shrinkage}")
    if shrinkage is None:
        from sklearn.covariance import ledoit_wolf_shrinkage

        shrinkage = float(ledoit_wolf_shrinkage(centred, assume_centered=True))
    covariance = centred.T @ centred / len(centred)
    middle = float(np.trace(covariance)) / len(covariance)
    covariance = (1 - shrinkage) * covariance + shrinkage * middle * np.eye(len(covariance))
    value, vector = np.linalg.eigh(covariance)
    least = max(
        float(value[-1]) * 1e-10, np.finfo(np.float64).tiny
    )  # a direction nobody varies in says little
    return np.asarray(vector / np.sqrt(np.maximum(value, least)))


def mahalanobis_distance(
    known: Gaussians, asked: Float[np.ndarray, "n d"], *, relative: bool = True
) -> Float[np.ndarray, " n"]:
    """Squared Mahalanobis distance to the nearest class; `relative`: less that to everything, may be negative.

    Lee et al. 2018, arXiv:1807.03888, eq. 2; relative: Ren et al. 2021, arXiv:2106.09022, which leaves out
    what all known pictures vary in and so sees near outliers better.
    """
    x = np.asarray(asked, np.float64)
    moved, centre = x @ known.whiten, known.mean @ known.whiten
    squares = (moved**2).sum(axis=1)[:, None] + (centre**2).sum(axis=1) - 2 * moved @ centre.T
    nearest = np.maximum(squares, 0).min(axis=1)
    if not relative:
        return np.asarray(nearest)
    return np.asarray(nearest - (((x - known.mean_all) @ known.whiten_all) ** 2).sum(axis=1))


def unfamiliar_above(
    familiar: Float[np.ndarray, " n"],
    *,
    false_alarms: float = 0.05,
    group: Shaped[np.ndarray, " n"] | None = None,
) -> float:
    """The distance beyond which a picture is called unfamiliar: familiar ones are, in `false_alarms` of cases at most.

    `familiar` are distances of familiar examples that were held out from what is known. Infinite (nothing is ever
    flagged) where they are too few to promise that: below 1 / false_alarms - 1. With `group` the promise is about
    pictures of a new group, and groups are what is counted.
    """
    return conformal_quantile(familiar, false_alarms, group=group)


def unfamiliar(distance: Float[np.ndarray, " n"], threshold: float) -> Bool[np.ndarray, " n"]:
    """Which examples are flagged."""
    return np.asarray(distance > threshold)
