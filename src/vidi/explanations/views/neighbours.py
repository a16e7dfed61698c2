"""Which images does the network think are alike?"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from vidi.core.card import Card
from vidi.documents.sheets import BAD, GOOD, framed, sheet
from vidi.explanations.sights import Given, Sight, interleaved

CARD = Card(
    title="Nearest neighbours in feature space",
    idea="Beside an image those whose features are most like its own, and beside them those whose pixels are.",
    paper="Krizhevsky, Sutskever and Hinton 2012, ImageNet classification with deep CNNs, fig. 4",
    differs="Cosine, not Euclidean distance; how often a neighbour has the same label is counted over all images.",
    facts={"images": 12, "gradients": False},
)


def view(given: Given, *, generator: torch.Generator, queries: int = 6, nearest: int = 6) -> list[Sight]:
    """One sheet: each row an image, its nearest by features, then by pixels; framed green where labels agree, else red.

    queries: how many images are asked for, of different classes where there are several
    nearest: how many neighbours of each
    """
    given.want_images(CARD.facts["images"])
    by_features = ranked(given.features())[:, :nearest]
    pixels = functional.interpolate(given.images.float(), size=min(32, given.size_px), mode="area").flatten(1)
    by_pixels = ranked(pixels - pixels.mean(dim=0))[:, : max(2, nearest // 2)]
    shown = interleaved(given.images)
    rows, named = [], []
    for query in one_of_each(given.label, queries, generator):
        row = [shown[query]]
        for place in (*by_features[query].tolist(), *by_pixels[query].tolist()):
            same = given.label[place] == given.label[query]
            row.append(framed(shown[place], GOOD if same else BAD, width=max(2, given.size_px // 32)))
        rows.append(row)
        named.append(given.image_labels[int(given.label[query])])
    shares = [
        float((given.label[near[:, 0]] == given.label).float().mean()) for near in (by_features, by_pixels)
    ]
    caption = (
        f"The nearest image has the same label for {100 * shares[0]:.0f} % of {len(given.images)} images by features, "
        f"for {100 * shares[1]:.0f} % by pixels."
    )
    above = ["asked for", "by features", *[""] * (by_features.shape[1] - 1), "by pixels"]
    return [Sight("neighbours", CARD.title, caption, sheet(rows, side=84, beside=named, above=above, gap=4))]


def ranked(vectors: Float[Tensor, "n d"]) -> Int[Tensor, "n m"]:
    """For each row all others, the most similar (cosine) first; ties go to the earlier."""
    unit = functional.normalize(vectors.float())
    likeness = unit @ unit.T
    likeness.fill_diagonal_(-torch.inf)
    return likeness.argsort(dim=1, descending=True, stable=True)[:, :-1]


def one_of_each(label: Int[Tensor, " n"], count: int, generator: torch.Generator) -> list[int]:
    """Places drawn at random, a new class each time until all have been there."""
    order = torch.randperm(len(label), generator=generator).tolist()
    chosen: list[int] = []
    while order and len(chosen) < count:
        seen: set[int] = set()
        for place in list(order):
            if int(label[place]) not in seen and len(chosen) < count:
                seen.add(int(label[place]))
                chosen.append(place)
                order.remove(place)
    return sorted(chosen, key=lambda place: int(label[place]))
