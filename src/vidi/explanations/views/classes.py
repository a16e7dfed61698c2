"""What does the network think a class looks like?"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vidi.core.card import Card
from vidi.core.network import Classifier
from vidi.documents.sheets import sheet, stacked
from vidi.explanations.painting import Way, painted
from vidi.explanations.sights import Given, Sight, interleaved
from vidi.ops.attribution import differentiable, undisturbed
from vidi.ops.canvas import in_bytes

CARD = Card(
    title="Class visualisation",
    idea="Begin with noise and change it, by gradient ascent, until the network is sure of the class.",
    paper="Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034, eq. 1; waves and windows: Olah et al. 2017, Distill; "
    "the norms' memory: Yin et al. 2020, arXiv:1912.08795, eq. 4",
    differs="The picture is a sum of waves in uncorrelated colours, seen through windows that move, turn and zoom; "
    "where images are at hand its features are held to the mean of those that the network calls so.",
    facts={"images": 0, "gradients": True},
)

ACROSS = 4


def view(
    given: Given,
    *,
    generator: torch.Generator,
    most: int = 6,
    steps: int = 200,
    rate: float = 0.03,
    remember: float = 60.0,
    smooth: float = 0.3,
    typical: float = 10.0,
) -> list[Sight]:
    """One sheet with a picture of each class (those asked for, else the first), and how sure the network is of it.

    most: how many classes are shown
    steps: steps of gradient ascent
    rate: how large they are
    remember: weight of the batch norms' memory of the training images
    smooth: weight of total variation
    typical: how much features are held to the mean of images that the network calls so (0: not at all)
    """
    wanted = given.chosen_classes(most)
    label = torch.tensor(wanted)
    way = Way(steps=steps, rate=rate, remember=remember, smooth=smooth, beyond=0.2, mirror=True)
    mean, scale, count = called_so(given, label, typical)
    held = typical * (count > 0)

    def score(network: Classifier, pictures: Tensor) -> Float[Tensor, " n"]:
        features = network.features(pictures)
        logits = differentiable(network.head(features).float())
        away = ((features.float() - mean) / scale).square().mean(dim=1)
        return logits[torch.arange(len(label)), label] - held * away

    pictures = in_bytes(
        painted(
            given.network,
            score,
            count=len(wanted),
            way=way,
            generator=generator,
            say=given.say,
            what="class visualisation",
        )
    )
    with undisturbed(given.network), torch.no_grad():
        sure = torch.softmax(given.network(pictures).float(), dim=1)[torch.arange(len(label)), label]
    named = [given.name(number).split(",")[0] for number in wanted]
    shown, side = interleaved(pictures), max(96, given.size_px)
    said = "; ".join(f"{name} {100 * float(share):.0f} %" for name, share in zip(named, sure, strict=True))
    rows = [
        sheet([shown[start : start + ACROSS]], side=side, above=named[start : start + ACROSS])
        for start in range(0, len(shown), ACROSS)
    ]
    like = ", ".join(f"{int(number)}" for number in count)
    near = (
        f" Features are held to the mean of images that it calls so ({like} of them)." if count.any() else ""
    )
    caption = f"Painted by gradient ascent from noise, {steps} steps.{near} How sure the network is of each: {said}."
    return [Sight("classes", CARD.title, caption, stacked(rows))]


def called_so(
    given: Given, label: Int[Tensor, " k"], typical: float
) -> tuple[Float[Tensor, "k d"], Float[Tensor, " d"], Int[Tensor, " k"]]:
    """The mean features of the images that the network calls by each label, all features' deviations, and how many.

    None count (0, 1 and 0) where they are not wanted, or the images are of other classes than the network's.
    """
    width = given.network.width
    if not typical or given.own_labels or not len(given.images):
        return torch.zeros(len(label), width), torch.ones(width), torch.zeros(len(label), dtype=torch.int64)
    features = given.features()
    with undisturbed(given.network), torch.no_grad():
        said = given.network.head(features).argmax(dim=1)
    so = (said[None] == label[:, None]).float()
    mean = so @ features / so.sum(dim=1, keepdim=True).clamp(min=1)
    spread = features.std(dim=0, unbiased=False)
    return mean, spread.clamp(min=max(1e-3 * float(spread.max()), 1e-6)), so.sum(dim=1).long()
