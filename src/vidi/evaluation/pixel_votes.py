"""What a segmenter says of every pixel of images beside what is drawn there, in the network's own square."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import UInt8

from vidi.core.progress import Quiet, Say
from vidi.evaluation.dense_engine import plain
from vidi.evaluation.dense_model import DenseModel
from vidi.ops.region_errors import Votes


def votes_of(
    model: DenseModel,
    images: UInt8[np.ndarray, "n s s 3"],
    drawn: Iterator[UInt8[np.ndarray, "s s"]],
    *,
    ignore: int,
    say: Say | None = None,
) -> Iterator[Votes]:
    """One after the other, each image alone; `drawn` numbers the model's labels, `ignore` counts for nothing."""
    say = say or Quiet()
    said = plain(model.network.eval(), model.multiplies_in)(images)
    for number, (logits, true) in enumerate(zip(said, drawn, strict=True)):
        probability = logits[0].float().softmax(dim=0)
        highest, best = probability.max(dim=0)
        given = torch.from_numpy(np.where(true == ignore, 0, true).astype(np.int64))
        own = probability.gather(0, given[None])[0]
        yield Votes(
            true,
            best.to(torch.uint8).numpy(),
            own.half().numpy(),
            highest.half().numpy(),
        )
        say.track("inference", number + 1, len(images))
