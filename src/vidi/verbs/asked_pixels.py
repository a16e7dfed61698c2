"""Questions to models that give every pixel a class: how surely are these pixels of it, and of another?"""

from functools import partial

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from vidi.core.errors import UsageError
from vidi.data.objects import placed_back
from vidi.evaluation.dense_model import DenseModel
from vidi.explanations.questions import FindingPixels, Regions
from vidi.ops.placing import placing
from vidi.verbs.posed import Asked, Kept, Posed, Said, pairs

Mask = Bool[Tensor, "s s"]


def posed(model: DenseModel, images: UInt8[Tensor, "n 3 s s"], wanted: Asked) -> Posed:
    """Of each image the pixels of the label that was asked for, else of the one that most pixels have."""
    if wanted.box is not None:
        raise UsageError(
            "--box is for models that find boxes; this one gives a class to every pixel: --label chooses it"
        )
    picks = [_picked(*_looked(model, image), wanted, model.labels) for image in images]
    found = [pick for pick in picks if not isinstance(pick, str)]
    labels, target, difference = pairs([one[1] for one in found], [one[2] for one in found])
    masks = (
        torch.stack([one[0] for one in found]).repeat(2, 1, 1)
        if found
        else torch.zeros(0, 1, 1, dtype=torch.bool)
    )
    network = FindingPixels(model.network, Regions(masks, torch.tensor(labels, dtype=torch.long)))
    said = [Said(error=pick) if isinstance(pick, str) else _said(*pick, model) for pick in picks]
    return Posed(network, said, target, difference if len(model.labels) > 1 else None, Kept(network.shares))


def _looked(
    model: DenseModel, image: UInt8[Tensor, "3 s s"]
) -> tuple[Int[Tensor, "s s"], Float[Tensor, "k s s"]]:
    """Each pixel's class and the probabilities of all."""
    with torch.inference_mode():
        outputs = model.network.eval()(image[None])
        return model.network.decode(outputs)[0].clone(), outputs.softmax(dim=1)[0].clone()


def _picked(
    classes: Int[Tensor, "s s"], probability: Float[Tensor, "k s s"], wanted: Asked, labels: tuple[str, ...]
) -> tuple[Mask, int, int, Float[Tensor, " k"]] | str:
    """The pixels, their label, the one it is held against and each label's mean probability there; or why not."""
    label = int(classes.flatten().bincount().argmax()) if wanted.label is None else wanted.label
    mask = classes == label
    if not mask.any():
        return f"no pixel is called {labels[label]}"
    mean = probability[:, mask].mean(dim=1)
    rest = mean.clone()
    rest[label] = -1
    return mask, label, int(rest.argmax()) if wanted.against is None else wanted.against, mean


def _said(mask: Mask, label: int, other: int, mean: Float[Tensor, " k"], model: DenseModel) -> Said:
    way, share = model.preprocessing, float(mask.float().mean())
    return Said(
        label=model.labels[label],
        against=model.labels[other] if other != label else None,
        prediction=model.labels[label],
        probabilities=dict(zip(model.labels, mean.tolist(), strict=True)),
        what=f"{share:.0%} of the pixels" if share >= 0.01 else "under 1% of the pixels",
        outline=partial(_over, mask.numpy(), way.size_px, way.fit),
    )


def _over(
    mask: Bool[np.ndarray, "s s"], size_px: int, fit: str, image_hw: tuple[int, int]
) -> Bool[np.ndarray, "h w"]:
    """The same pixels of a picture of this size."""
    return np.asarray(placed_back(mask, placing(image_hw, size_px=size_px, fit=fit), image_hw), dtype=bool)
