"""What each process does in the test of many processes: trains on the drawn job; the main one keeps the weights."""

import os
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[1]))

from drawn_job import drawn_job
from vidi.core.device import seeded
from vidi.models import lenet, mlp
from vidi.training.settings import Settings
from vidi.training.sources import image_source
from vidi.training.train import train

NETWORKS = {"mlp": (mlp.build, {"widths": [16]}), "lenet": (lenet.build, {})}
# 36 training images in batches of 9: two processes get 5 and 4 of them.
SETTINGS = Settings(
    epochs=3.0, batch=9, lr=0.02, optimizer="SGD", momentum=0.9, average=0.9, precision="fp32"
)


def trained(folder: Path, name: str) -> dict[str, torch.Tensor]:
    build, options = NETWORKS[name]
    model = build(classes=3, size_px=32, generator=seeded(0), **options)
    job = drawn_job(folder, checkpoint_seconds=0.0)
    rows = job.dataset.where("train")
    source = image_source(job, rows, size_px=32, fit="squash", augmentations=[])
    return dict(train(model, source, rows, job, settings=SETTINGS, loss=job.task.loss).state_dict())


if __name__ == "__main__":
    torch.set_num_threads(1)
    for network in NETWORKS:
        folder = Path(sys.argv[1], network)
        weights = trained(folder, network)
        assert torch.distributed.get_world_size() == 2
        rank = os.environ["RANK"]
        save_file({k: v.contiguous() for k, v in weights.items()}, folder / f"weights-{rank}.safetensors")
