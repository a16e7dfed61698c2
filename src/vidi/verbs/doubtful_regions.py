"""Regions of class maps held against what segmenters say that did not learn from them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vidi.audits import region_errors
from vidi.core.annotations import IGNORE
from vidi.core.progress import Say
from vidi.data.found import FoundMap
from vidi.data.objects import placed_back
from vidi.data.targets import Targets
from vidi.evaluation.dense_model import DenseModel
from vidi.evaluation.pixel_votes import votes_of
from vidi.ops import masks
from vidi.ops.region_errors import Region, Votes
from vidi.verbs.doubtful import key_of
from vidi.verbs.load import Loaded
from vidi.verbs.witnesses import Witness

MOST_SUSPECTS = 200


def doubted_regions(loaded: Loaded, witnesses: Sequence[Witness], *, seed: int, say: Say) -> dict[str, Any]:
    """Regions in doubt, as results.json keeps them; each run is asked about its rows, all in one square's size."""
    votes, models = list[Votes](), list[DenseModel]()
    for each in witnesses:
        say(f"asking {each.run} about {len(each.rows):,} images")
        model, rows = each.model, each.rows
        preprocessing = model.preprocessing
        images = loaded.pixels(rows, size_px=preprocessing.size_px, fit=preprocessing.fit)
        votes += votes_of(model, images, drawn(loaded, model, rows), ignore=IGNORE, say=say)
        models += [model] * len(rows)
    rows = np.concatenate([each.rows for each in witnesses])
    group = loaded.dataset.group_numbers(rows)
    found = region_errors.audit(votes, labels=witnesses[0].model.labels, group=group, seed=seed)
    suspects = [
        suspect(loaded, models[each.image], int(rows[each.image]), each)
        for each in found.regions[:MOST_SUSPECTS]
    ]
    return {
        "share": found.share.record(),
        "counts": {"region": len(found.regions)},
        "count": len(found.regions),
        "suspects": suspects,
        "sentences": list(found.sentences),
    }


def drawn(loaded: Loaded, model: DenseModel, rows: NDArray[np.int64]) -> Iterator[UInt8[np.ndarray, "s s"]]:
    """The maps of these rows in the network's square, numbered as the model's labels are."""
    preprocessing, labels = model.preprocessing, loaded.dataset.labels
    targets = Targets(loaded.dataset, size_px=preprocessing.size_px, fit=preprocessing.fit)
    numbers = [model.labels.index(label) for label in labels]
    for row in rows.tolist():
        yield FoundMap(targets.semantic(row), IGNORE).renumbered(numbers).classes


def suspect(loaded: Loaded, model: DenseModel, row: int, region: Region) -> dict[str, Any]:
    """A region in its image's own pixels."""
    preprocessing, dataset = model.preprocessing, loaded.dataset
    targets = Targets(dataset, size_px=preprocessing.size_px, fit=preprocessing.fit)
    hw = Targets(dataset).image_hw(row)
    mask = placed_back(region.mask, targets.placing(row), hw)
    code = masks.encode(mask)
    told = {
        "id": str(dataset.column("id")[row]),
        "path": str(dataset.column("path")[row]),
        "split": str(dataset.column("split")[row]),
        "kind": "region",
        "given": model.labels[region.given],
        "suggested": model.labels[region.best],
        "box": list(masks.bounding_box(code)),
        "suggested_box": None,
        "rle": code.counts,
        "share_of_image": round(float(mask.mean()), 5),
        "score": round(region.score, 4),
        "suspicion": round(region.suspicion, 4),
    }
    return told | {"picture": key_of(told)}
