"""Where are the borders between classes?"""

import numpy as np
import torch
from jaxtyping import Float, Int
from PIL import Image, ImageDraw
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import UsageError
from vidi.documents.sheets import PAPER, Picture, colour_of, framed, legend, scaled, stacked
from vidi.explanations.sights import Given, Sight, interleaved
from vidi.ops.attribution import as_float, undisturbed

CARD = Card(
    title="Decision regions in a plane of images",
    idea="Three images span a plane; every point of it is an image, coloured by the class the network gives it, paler "
    "where it is less sure.",
    paper="Somepalli et al. 2022, arXiv:2203.08124, section 2",
    differs="The three images are right answers of different classes, and what leaves 0..255 is not cut.",
    facts={"images": 3, "gradients": False},
)
SIDE, MARGIN = 480, 0.35


def view(given: Given, *, generator: torch.Generator, planes: int = 2, points: int = 48) -> list[Sight]:
    """A sheet with the plane of each of some triples of images.

    planes: how many triples, drawn at random
    points: how many points along each side are asked about
    """
    given.want_images(CARD.facts["images"])
    if given.own_labels:
        raise UsageError("images of the network's own classes were wanted; these have other labels")
    made, seen = [], set[int]()
    for triple in triples(given, planes, generator):
        label, sure = answers(given, triple, points)
        seen |= set(label.flatten().tolist())
        made.append(drawn(given, triple, label, sure))
    gap = np.full((SIDE, 12, 3), PAPER, np.uint8)
    whole = np.concatenate([part for one in made for part in (one, gap)][:-1], axis=1)
    caption = "The corners of each triangle are images that the network answers rightly; between them they are blended."
    names = [given.name(number) if number in seen else "" for number in range(len(given.labels))][:20]
    key = legend([name or "—" for name in names], width=whole.shape[1])
    return [Sight("decision_plane", CARD.title, caption, stacked([whole, key]))]


def triples(given: Given, count: int, generator: torch.Generator) -> list[list[int]]:
    """Three images of three classes (two, where there are only two) that are answered rightly, `count` times."""
    with undisturbed(given.network), torch.no_grad():
        said = torch.cat([given.network(as_float(p)).argmax(1) for p in given.images.split(64)])
    right = (said == given.label).nonzero()[:, 0]
    found = []
    for _ in range(count):
        order = right[torch.randperm(len(right), generator=generator)].tolist()
        chosen: list[int] = []
        for place in order:
            if all(given.label[place] != given.label[other] for other in chosen):
                chosen.append(place)
        chosen += [place for place in order if place not in chosen]
        if len(chosen) < 3:
            raise UsageError(f"three images that it answers rightly were wanted; there are {len(chosen)}")
        found.append(chosen[:3])
    return found


def plane(
    corners: Float[Tensor, "3 c h w"], points: int
) -> tuple[Float[Tensor, "k c h w"], Float[np.ndarray, "3 2"]]:
    """Images over a square part of the plane, row by row, and where in the unit square the corners lie.

    Distances in the square are in proportion to those between the images.
    """
    origin, one, two = corners.double()
    first = one - origin
    along = first / first.norm().clamp(min=1e-12)
    second = two - origin - (along * (two - origin)).sum() * along
    upward = second / second.norm().clamp(min=1e-12)
    at = torch.tensor(
        [
            [0.0, 0.0],
            [float(first.norm()), 0.0],
            [float(((two - origin) * along).sum()), float(second.norm())],
        ]
    )
    low, high = at.amin(dim=0), at.amax(dim=0)
    side = float((high - low).max()) * (1 + 2 * MARGIN)
    start = (low + high) / 2 - side / 2
    ticks = (torch.arange(points) + 0.5) / points * side
    x, y = start[0] + ticks, start[1] + ticks.flip(0)  # up is up
    images = origin + x[None, :, None, None, None] * along + y[:, None, None, None, None] * upward
    inside = (at - start) / side
    inside[:, 1] = 1 - inside[:, 1]
    return images.flatten(0, 1).float(), inside.numpy()


def answers(
    given: Given, triple: list[int], points: int
) -> tuple[Int[np.ndarray, "p p"], Float[np.ndarray, "p p"]]:
    """The class at each point and its probability."""
    images, _ = plane(given.images[triple].float(), points)
    with undisturbed(given.network), torch.no_grad():
        logits = torch.cat([given.network(as_float(part)).double() for part in images.split(64)])
    sure, label = torch.softmax(logits, dim=1).max(dim=1)
    return label.reshape(points, points).numpy(), sure.reshape(points, points).numpy()


def drawn(
    given: Given, triple: list[int], label: Int[np.ndarray, "p p"], sure: Float[np.ndarray, "p p"]
) -> Picture:
    """The plane in its classes' colours, with a triangle between its images."""
    least = 1 / len(given.labels)
    weight = 0.15 + 0.75 * np.clip((sure - least) / (1 - least), 0, 1)[..., None]
    colour = np.array([[colour_of(int(number)) for number in row] for row in label], np.float64)
    small = (weight * colour + (1 - weight) * 255).astype(np.uint8)
    page = Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    corners = plane(given.images[triple].float(), 2)[1] * SIDE
    pen = ImageDraw.Draw(page)
    pen.polygon([tuple(corner) for corner in corners.tolist()], outline=(29, 31, 33), width=1)
    for image, number, (x, y) in zip(
        interleaved(given.images[triple]), given.label[triple].tolist(), corners, strict=True
    ):
        picture = framed(scaled(image, side=64), colour_of(number), width=4)
        page.paste(Image.fromarray(picture), (int(x) - 32, int(y) - 32))
    return np.asarray(page)
