"""Does the map know what the network has learned?"""

from jaxtyping import Float
from torch import Tensor

from vidi.core.card import Card
from vidi.core.measured import Claim, Verdict
from vidi.explanations.subject import Checked, Subject, mean_over_images, rank_correlation

CARD = Card(
    title="Model randomisation",
    idea="The network's weights are drawn anew, from the head down; a map of what it learned must change with them.",
    paper="Adebayo et al. 2018, arXiv:1810.03292, section 3.1 (cascading)",
    differs="Judged where everything is drawn anew; where that fails, the head alone and half of the stages are told. "
    "The bound is ours: a rank correlation of 0.5 means that half of the order came from somewhere else.",
    facts={"finds": "a map of the image alone", "bound": 0.5, "at_least": False},
)
BOUND = 0.5


def check(subject: Subject) -> Checked | None:
    """Mean rank correlation of absolute maps before and after, on the first images; at most 0.5."""
    told = _kept(subject, 1.0)
    kept = mean_over_images(
        "rank correlation with the map of random weights", told, subject, unit="rank correlation"
    )
    claim, before = Claim(kept.name, False, BOUND), ""
    if claim.verdict(kept) is not Verdict.STANDS:
        head, half = (float(_kept(subject, share).mean()) for share in (0.0, 0.5))
        before = f" (with the head alone {head:.2f}, with half of the stages {half:.2f})"
    return Checked("model_randomisation", kept, claim, f"with nothing learned it stays much the same{before}")


def _kept(subject: Subject, share: float) -> Float[Tensor, " m"]:
    images = subject.first()
    maps = subject.explain(subject.unlearned(share), images)
    return rank_correlation(subject.maps[: len(images)].abs(), maps.abs())
