"""Does the map know that the labels meant something?"""

from vidi.core.card import Card
from vidi.core.measured import Claim
from vidi.explanations.subject import Checked, Subject, mean_over_images, rank_correlation

CARD = Card(
    title="Label randomisation",
    idea="A network of the same kind learns shuffled labels by heart; a map of what labels have to do with the image "
    "must differ from its maps.",
    paper="Adebayo et al. 2018, arXiv:1810.03292, section 3.2",
    differs="The bound is ours: a rank correlation of at most 0.5. It takes a second training: the benchmark does it.",
    facts={"finds": "a map of the image alone", "bound": 0.5, "at_least": False, "needs": "shuffled"},
)
BOUND = 0.5


def check(subject: Subject) -> Checked | None:
    """Mean rank correlation of absolute maps of both networks; None without the second."""
    if subject.shuffled is None:
        return None
    maps = subject.explain(subject.shuffled, subject.images)
    kept = mean_over_images(
        "rank correlation with the map of a network that learned shuffled labels",
        rank_correlation(subject.maps.abs(), maps.abs()),
        subject,
        unit="rank correlation",
    )
    return Checked(
        "label_randomisation",
        kept,
        Claim(kept.name, False, BOUND),
        "for a network that learned shuffled labels it is much the same",
    )
