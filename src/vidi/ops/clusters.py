"""Images that are alike, found without being told: k-means over features, the same whatever the order of rows."""

import numpy as np
from jaxtyping import Float, Int, Shaped

from vidi.ops.similarity import unit_length

FEWEST, MOST = 2, 12
EACH = 60  # examples that a cluster should have on average, so that something can be said of it


def how_many(n: int) -> int:
    """As many clusters as have 60 examples each on average; 2 to 12."""
    return max(FEWEST, min(MOST, n // EACH))


def clusters(
    features: Float[np.ndarray, "n d"],
    *,
    ids: Shaped[np.ndarray, " n"],
    k: int,
    seed: int = 0,
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " c"]]:
    """Each row's cluster, the largest numbered 0, and the row nearest to each centre.

    Features count at length 1 (Euclidean distance is then cosine distance). Rows are taken in the order of their unique
    `ids`, so nothing depends on how they stand. Fewer than `k` if there are fewer distinct rows. Lloyd 1982, IEEE
    Transactions on Information Theory 28, 129-137; scikit-learn's `KMeans`.
    """
    from sklearn.cluster import KMeans

    if not 1 <= k <= len(features):
        raise ValueError(f"k clusters of n rows: 1 <= k <= n; got {k} of {len(features)}")
    order = np.argsort(ids, kind="stable")
    vectors = unit_length(np.asarray(features[order], np.float32))
    k = min(k, len(np.unique(vectors, axis=0)))
    found = KMeans(k, n_init=4, random_state=seed).fit(vectors)
    size = np.bincount(found.labels_, minlength=k)
    rank = np.argsort(np.lexsort((np.arange(k), -size)), kind="stable")
    number = np.empty(len(order), dtype=np.int64)
    number[order] = rank[found.labels_]
    distance = np.linalg.norm(vectors - found.cluster_centers_[found.labels_], axis=1)
    central = [order[np.where(rank[found.labels_] == place, distance, np.inf).argmin()] for place in range(k)]
    return number, np.asarray(central, dtype=np.int64)
