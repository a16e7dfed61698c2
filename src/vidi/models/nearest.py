"""k nearest neighbours, on pixels or on a network's features."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.errors import UsageError
from vidi.core.network import Classifier, Preprocessing

CARD = Card(
    title="Nearest neighbours",
    idea="Remember every example; a new one has the label of those nearest to it.",
    paper="Fix and Hodges 1951; Cover and Hart 1967, IEEE Transactions on Information Theory 13",
    differs="One vote more is shared by all classes, so that no answer is impossible; it changes no winner.",
    at={"classes": 10, "size_px": 8, "examples": 50},
    weights=0,
    multiply_adds=9_600,
)

METRICS = ("euclidean", "cosine")
VOTES = ("equal", "distance")


class Neighbours(nn.Module):
    """Features to the logarithm of each class's share of the `k` nearest examples' votes.

    `votes`: `equal`, or `distance` for one over it (an example at distance 0 then outvotes all others). `shared`
    votes more are split among all classes; with 0 a class without votes has minus infinity. Between classes with
    equal votes the first wins in argmax; which of several equally distant examples comes k-th is left open.
    Examples are buffers: they are saved with the weights. Rows not remembered yet have no vote.
    """

    def __init__(
        self, *, classes: int, examples: int, width: int, k: int, metric: str, votes: str, shared: float
    ) -> None:
        super().__init__()
        self.classes, self.k = classes, min(k, examples)
        self.metric, self.votes, self.shared = metric, votes, shared
        self.register_buffer("keys", torch.zeros(examples, width))
        self.register_buffer("labels", torch.full((examples,), -1))

    def remember(self, features: Float[Tensor, "n d"], target: Int[Tensor, " n"]) -> None:
        """Replace what is remembered by these examples, as many as there is room for."""
        keys, labels = self.get_buffer("keys"), self.get_buffer("labels")
        if features.shape != keys.shape or target.shape != labels.shape:
            raise ValueError(f"wanted {tuple(keys.shape)} features with labels; got {tuple(features.shape)}")
        if len(target) and not 0 <= int(target.min()) <= int(target.max()) < self.classes:
            raise ValueError(
                f"labels are 0 to {self.classes - 1}; got {int(target.min())} to {int(target.max())}"
            )
        with torch.no_grad():
            keys.copy_(functional.normalize(features.float()) if self.metric == "cosine" else features)
            labels.copy_(target)

    def nearest(self, features: Float[Tensor, "b d"]) -> tuple[Float[Tensor, "b k"], Int[Tensor, "b k"]]:
        """Squared Euclidean distances (of unit vectors, if cosine: 2 - 2 cos), ascending, and rows."""
        keys = self.get_buffer("keys")
        query = features.to(keys.dtype)
        if self.metric == "cosine":
            query = functional.normalize(query)
        squared = (query * query).sum(1, keepdim=True) - 2 * (query @ keys.T) + (keys * keys).sum(1)
        squared = squared.clamp(min=0).masked_fill(self.get_buffer("labels") < 0, float("inf"))
        distance, row = squared.topk(self.k, dim=1, largest=False)
        return distance, row

    def forward(self, features: Float[Tensor, "b d"]) -> Float[Tensor, "b k"]:
        squared, row = self.nearest(features)
        vote = squared.isfinite().to(squared.dtype)
        if self.votes == "distance":
            same = squared == 0
            weight = torch.where(same.any(1, keepdim=True), same.to(squared.dtype), squared.rsqrt())
            vote = torch.where(vote > 0, weight, 0.0)
            vote = vote * (
                self.k / vote.sum(1, keepdim=True).clamp(min=1e-30)
            )  # `shared` counts as one of k votes
        label = self.get_buffer("labels")[row].clamp(min=0)
        votes = vote.new_zeros(vote.shape[0], self.classes).scatter_add(1, label, vote)
        votes = votes + self.shared / self.classes
        return (votes / votes.sum(1, keepdim=True)).log()


def build(
    *,
    classes: int,
    size_px: int = 32,
    generator: torch.Generator | None = None,
    examples: int,
    k: int = 5,
    metric: str = "euclidean",
    votes: str = "equal",
    shared: float = 1.0,
    backbone: Classifier | None = None,
) -> Classifier:
    """A classifier whose head remembers `examples` examples: `network.head.remember(features, target)`.

    Features are `backbone`'s (its preprocessing and stages are shared, `size_px` is its own), else the pixels
    in -1..1. Nothing is drawn from `generator`.
    """
    del generator
    if examples < 1 or k < 1:
        raise UsageError(f"k-NN wants one example and one neighbour or more; got {examples} and {k}")
    if metric not in METRICS or votes not in VOTES:
        raise UsageError(f"metric is one of {METRICS} and votes of {VOTES}; got {metric!r} and {votes!r}")
    if shared < 0:
        raise UsageError(f"shared is a number of votes, 0 or more; got {shared}")
    preprocessing = Preprocessing(size_px) if backbone is None else backbone.preprocessing
    stages = [nn.Flatten()] if backbone is None else list(backbone.stages)
    width = 3 * size_px * size_px if backbone is None else backbone.width
    head = Neighbours(
        classes=classes, examples=examples, width=width, k=k, metric=metric, votes=votes, shared=shared
    )
    return Classifier(stages=stages, head=head, width=width, preprocessing=preprocessing)
