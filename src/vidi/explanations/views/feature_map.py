"""How do images lie in the features' space?"""

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image

from vidi.core.card import Card
from vidi.documents.sheets import PAPER, Picture, colour_of, framed, legend, scaled, stacked
from vidi.explanations.sights import Given, Sight, interleaved

CARD = Card(
    title="Map of features",
    idea="Every image at its place among the others: along the two directions in which features vary most (PCA), and "
    "with near ones near (t-SNE).",
    paper="Pearson 1901; van der Maaten and Hinton 2008, Visualizing data using t-SNE, JMLR 9",
    differs="Features have unit length first; t-SNE starts from the first two components, so it is repeatable.",
    facts={"images": 12, "gradients": False},
)
SIDE, SMALL = 560, 30


def view(given: Given, *, generator: torch.Generator, most: int = 400) -> list[Sight]:
    """Two maps, PCA and t-SNE, with small pictures framed in their class's colour.

    most: how many images are placed, drawn at random if there are more
    """
    given.want_images(CARD.facts["images"])
    chosen = torch.randperm(len(given.images), generator=generator)[:most].sort().values
    features = given.features()[chosen].double().numpy()
    features = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    principal, share = components(features)
    shown = [
        framed(scaled(image, side=SMALL), colour_of(int(label)), width=2)
        for image, label in zip(interleaved(given.images[chosen]), given.label[chosen], strict=True)
    ]
    maps = [placed(shown, points) for points in (principal[:, :2], embedded(principal))]
    caption = (
        f"{len(chosen)} images. Left, the first two principal components ({100 * share:.0f} % of the variance); right, "
        "t-SNE, where only being near means something, not distances between groups."
    )
    whole = np.concatenate([maps[0], np.full((SIDE, 12, 3), PAPER, np.uint8), maps[1]], axis=1)
    key = legend(given.image_labels[:20], width=whole.shape[1])
    return [Sight("feature_map", CARD.title, caption, stacked([whole, key]))]


def components(features: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, "n k"], float]:
    """Up to 50 principal components, and the share of the variance in the first two; signs are fixed."""
    centred = features - features.mean(axis=0)
    left, size, right = np.linalg.svd(centred, full_matrices=False)
    sign = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    found = (left * size * sign)[:, :50]
    return found, float((size[:2] ** 2).sum() / max((size**2).sum(), 1e-30))


def embedded(principal: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n 2"]:
    """t-SNE of the principal components, perplexity 30 or a quarter of the images."""
    from sklearn.manifold import TSNE

    start = principal[:, :2] / max(principal[:, 0].std(), 1e-12) * 1e-4
    perplexity = min(30.0, max(2.0, len(principal) / 4))
    made = TSNE(2, perplexity=perplexity, init=start, method="barnes_hut", random_state=0, n_jobs=1)
    return np.asarray(made.fit_transform(principal), np.float64)


def placed(pictures: list[Picture], points: Float[np.ndarray, "n 2"]) -> Picture:
    """Each picture at its point, the map as wide as the points are (without the outermost hundredth on each side)."""
    low, high = np.quantile(points, [0.01, 0.99], axis=0)
    inside = np.clip((points - low) / np.maximum(high - low, 1e-12), 0, 1)
    page = Image.new("RGB", (SIDE, SIDE), PAPER)
    for picture, (x, y) in zip(pictures, inside, strict=True):
        room = SIDE - SMALL
        page.paste(Image.fromarray(picture), (int(x * room), int((1 - y) * room)))
    return np.asarray(page)
