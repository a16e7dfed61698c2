"""Where the network is known to use a mark in the corner: does the map say so?"""

from vidi.core.card import Card
from vidi.core.measured import Claim
from vidi.explanations.subject import Checked, Subject, mean_over_images

CARD = Card(
    title="Planted shortcut",
    idea="The network was trained where a mark gives the label away, and uses it; the pixels that the map ranks "
    "highest must lie in the mark.",
    paper="the pointing game of Zhang et al. 2016, arXiv:1608.00507, on planted marks as in Yang and Kim 2019, "
    "arXiv:1907.09701",
    differs="As many pixels as the mark has are looked at, for or against, not one. The bound is ours: half of them.",
    facts={"finds": "a map drawn at random", "bound": 0.5, "at_least": True, "needs": "mark"},
)
BOUND = 0.5


def check(subject: Subject) -> Checked | None:
    """Mean share of the highest pixels (as many as the mark has) that lie in it; at least half. None without a mark."""
    if subject.mark is None:
        return None
    highest = subject.maps.abs().flatten(1).topk(int(subject.mark.sum()), dim=1).indices
    inside = subject.mark.flatten()[highest].float().mean(dim=1)
    share = mean_over_images("share of the highest pixels in the mark", inside, subject, unit="share")
    return Checked(
        "shortcut",
        share,
        Claim(share.name, True, BOUND),
        "it doesn't point at the mark that the network uses",
    )
