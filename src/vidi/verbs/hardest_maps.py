"""Grad-CAM of the images that a run's report shows: its hardest mistakes and its surest hits, in one pass."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from vidi.core.errors import UsageError
from vidi.documents.overlays import jpeg, overlay
from vidi.documents.report import MAPPED, map_of
from vidi.evaluation.model import Model
from vidi.explanations.believing import known_method
from vidi.ops.attribution import one_class
from vidi.ops.fooling import logits_of
from vidi.verbs.load import Loaded

MOST = 24  # images: two grids of twelve


def hardest_maps(model: object, data: Loaded, results: Mapping[str, Any]) -> dict[str, bytes]:
    """A JPEG for each, by `report.map_of` its id; none where the network has no layer with positions.

    The whole network runs in torch, its head included; what is explained is the most probable label. A model whose
    answers are not labels has none either.
    """
    if not isinstance(model, Model):
        return {}
    place = {str(key): row for row, key in enumerate(data.dataset.column("id"))}
    shown = [entry for grid in MAPPED for entry in (results.get("mistakes") or {}).get(grid) or []]
    keys = list(dict.fromkeys(str(entry["id"]) for entry in shown if str(entry["id"]) in place))[:MOST]
    if not keys:
        return {}
    way = model.preprocessing
    rows = np.asarray([place[key] for key in keys])
    squares = np.array(data.pixels(rows, size_px=way.size_px, fit=way.fit))
    try:
        maps = grad_cam(model, torch.from_numpy(squares).permute(0, 3, 1, 2))
    except UsageError:
        return {}
    return {
        map_of(key): jpeg(overlay(square, values.numpy(), signed=False), quality=80)
        for key, square, values in zip(keys, squares, maps, strict=True)
    }


def grad_cam(model: Model, images: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n h w"]:
    said = logits_of(model.network, images).argmax(dim=1)
    return known_method("grad_cam").maps(model.network, images, one_class(said, len(model.labels)))


def with_maps(
    thumbnail: Callable[[str], bytes | None], maps: Mapping[str, bytes]
) -> Callable[[str], bytes | None]:
    """Pictures by id, and maps by theirs."""
    return lambda key: maps[key] if key in maps else thumbnail(key)
