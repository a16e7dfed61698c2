"""Does the map know what the network has learned?"""

from vidi.core.card import Card
from vidi.core.measured import Claim
from vidi.explanations.subject import Checked, Subject, mean_over_images, rank_correlation

CARD = Card(
    title="Model randomisation",
    idea="The network's weights are drawn anew, from the head down; a map of what it learned must change with them.",
    paper="Adebayo et al. 2018, arXiv:1810.03292, section 3.1 (cascading)",
    differs="Judged where everything is drawn anew; the head alone and half of the stages are told too. The bound "
    "is ours: a rank correlation of 0.5 means that half of the order came from somewhere else.",
    facts={"finds": "a map of the image alone", "bound": 0.5, "at_least": False},
)
BOUND = 0.5


def check(subject: Subject) -> Checked | None:
    """Mean rank correlation of absolute maps before and after; at most 0.5."""
    told = []
    for share in (0.0, 0.5, 1.0):
        maps = subject.explain(subject.unlearned(share), subject.images)
        told.append(rank_correlation(subject.maps.abs(), maps.abs()))
    kept = mean_over_images(
        "rank correlation with the map of random weights", told[-1], subject, unit="rank correlation"
    )
    before = f"with the head alone {float(told[0].mean()):.2f}, with half of the stages {float(told[1].mean()):.2f}"
    return Checked(
        "model_randomisation",
        kept,
        Claim(kept.name, False, BOUND),
        f"with nothing learned it stays much the same ({before})",
    )
