"""Data sets with something drawn on their images, made from plain values."""

import numpy as np
from PIL import Image

from vidi.core.annotations import Category, Scheme
from vidi.core.dataset import Listing
from vidi.data.listing import example
from vidi.data.scan import scan

SCHEME = Scheme((Category("cat", 1), Category("dog", 2)), ("detection", "instances"))


def picture(path, width=20, height=10, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def dataset(root, annotations, *, scheme=SCHEME, targets=None, width=20, height=10, **options):
    """A scanned data set of one image for each annotation."""
    rows = []
    for place, annotation in enumerate(annotations):
        picture(root / f"{place}.png", width, height, place)
        row = example(f"{place}.png", target=targets[place] if targets else "")
        rows.append(row | {"annotation": annotation})
    return scan(Listing(root, "made", rows, scheme=scheme), name="made", **options)
