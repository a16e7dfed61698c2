"""Small data sets with labels, or with something drawn on their images, for the tests of writers."""

import numpy as np
from PIL import Image

from vidi.core.annotations import Annotation, Category, Scheme
from vidi.core.dataset import Listing
from vidi.data.listing import example
from vidi.data.scan import scan

SCHEME = Scheme(
    (Category("cat", 1, "animal", ("nose", "tail"), ((1, 2),)), Category("dog", 5, "animal")),
    ("detection", "instances"),
)


def photo(path, seed, width=20, height=10):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def drawn_set(root, annotations, *, splits=None, scheme=SCHEME, targets=None, **attributes):
    """One image for each annotation."""
    rows = []
    for place, annotation in enumerate(annotations):
        photo(root / f"in/{place}.png", place)
        row = example(
            f"{place}.png",
            target=targets[place] if targets else "",
            split=splits[place] if splits else None,
            attributes={name: values[place] for name, values in attributes.items()},
        )
        rows.append(row | {"annotation": annotation})
    made = Listing(root / "in", "made", rows, tuple(attributes), scheme=scheme)
    tasks = scheme.tasks
    masked = all(each.has_mask for one in annotations for each in one.objects)
    return scan(made, name="made", task=None if masked or len(tasks) == 1 else tasks[0])


def semantic_set(root):
    """Two class maps with a class that one of them lacks, and pixels that count for nothing."""
    scheme = Scheme((Category("road", 3), Category("sky", 0)), ("segmentation",), "index", (9,))
    annotations = []
    for name, values in (("a", [0, 3, 9]), ("b", [0, 0, 9])):
        numbers = np.repeat(np.array(values, np.uint8), 70)[:200].reshape(10, 20)
        (root / "in").mkdir(exist_ok=True)
        Image.fromarray(numbers).save(root / f"in/{name}_map.png")
        annotations.append(Annotation(mask=f"{name}_map.png", content=name))
    return drawn_set(root, annotations, scheme=scheme, targets=["road|sky", "sky"])


def classified(root, *, several=False):
    """Four images of two classes with a split and metadata; with several labels for one of them if `several`."""
    rows = []
    for place in range(4):
        photo(root / f"in/{place}.png", place)
        target = "a|b" if several and place == 3 else "ab"[place % 2]
        split = ["train", "train", "test", None][place]
        rows.append(
            example(f"{place}.png", target=target, split=split, attributes={"age": place, "who": f"p{place}"})
        )
    return scan(Listing(root / "in", "made", rows, ("age", "who")), name="made")


def digest(dataset):
    """What must come back of labels: content, target, split, metadata, in no order."""
    columns = [dataset.column(name).tolist() for name in ("hash", "target", "split", "age", "who")]
    return sorted(map(str, zip(*columns, strict=True)))
