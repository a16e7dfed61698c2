"""Peer: fastai's vision_learner: the head alone under one cycle, then everything with discriminative rates."""

import contextlib
import math
import time

from task import MEAN, SMALLEST_CROP, SMOOTHING, STD, finish, load_imagenet, typical, work  # first: the clock

# isort: split
import random

import torch
from fastai.callback.channelslast import ChannelsLast
from fastai.callback.core import Callback
from fastai.callback.schedule import fit_one_cycle  # noqa: F401  (a method of Learner)
from fastai.callback.training import BnFreeze
from fastai.data.block import CategoryBlock, DataBlock
from fastai.data.transforms import IndexSplitter
from fastai.losses import LabelSmoothingCrossEntropy
from fastai.vision.augment import FlipItem, RandomResizedCrop
from fastai.vision.core import Normalize
from fastai.vision.data import ImageBlock
from fastai.vision.learner import vision_learner

TIMED = 4  # steps to see how many fit


class Autocast(Callback):
    """bf16 on a CPU: fastai's own mixed precision is for CUDA only."""

    def before_batch(self):
        self.entered = contextlib.ExitStack()
        self.entered.enter_context(torch.autocast("cpu", torch.bfloat16))

    def after_pred(self):
        self.entered.close()
        self.learn.pred = self.pred.float()


class Ticks(Callback):
    """When each step ended."""

    def before_fit(self):
        self.times = []

    def after_batch(self):
        self.times.append(time.monotonic())


def loaders(job, items):
    """fastai's loaders over these items, shuffled; nothing is held out here."""
    label = dict(job.train) | dict(job.judged)
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=list(range(job.classes)))),
        get_y=lambda path: label[path],
        splitter=IndexSplitter([]),
        item_tfms=[RandomResizedCrop(job.size, min_scale=SMALLEST_CROP), FlipItem()],
        batch_tfms=[Normalize.from_stats(MEAN, STD, cuda=False)],
    )
    return block.dataloaders([path for path, _ in items], bs=job.batch, num_workers=0)


def drawn(job, steps: int) -> list[tuple[str, int]]:
    """So many batches of items, every item once before any comes again: one "epoch" of any length."""
    items: list[tuple[str, int]] = []
    while len(items) < steps * job.batch:
        items += random.sample(job.train, len(job.train))
    return items[: steps * job.batch]


def descend(learn, job, steps: int, *, head_only: bool) -> list[float]:
    """`steps` steps under one cycle; when each ended."""
    learn.dls = loaders(job, drawn(job, steps))
    if head_only:
        learn.freeze()
        learn.fit_one_cycle(1, job.lr)
    else:
        learn.unfreeze()
        learn.fit_one_cycle(1, slice(job.lr / 100, job.lr))  # as fine_tune does
    return learn.ticks.times


def hits(learn, items) -> int:
    with learn.no_bar(), learn.no_logging():
        probability, truth = learn.get_preds(
            dl=learn.dls.test_dl([path for path, _ in items], with_labels=True)
        )
    return int((probability.argmax(dim=1) == truth).sum())


def main() -> None:
    job = work(__doc__)
    random.seed(job.seed)
    learn = vision_learner(
        loaders(job, job.train),
        "tf_efficientnet_lite0",
        pretrained=False,  # the packaged weights instead of a download
        normalize=False,
        train_bn=False,
        loss_func=LabelSmoothingCrossEntropy(eps=SMOOTHING),
        cbs=[
            ChannelsLast(),
            *([BnFreeze()] if job.freeze_norm or job.frozen == 1 else []),
            Ticks(),
            *([Autocast()] if job.bf16 else []),
        ],
    )
    load_imagenet(learn.model[0].model)
    start = {key: value.clone() for key, value in learn.model.state_dict().items()}
    with learn.no_bar(), learn.no_logging():
        phases = [(True, job.frozen), (False, 1 - job.frozen)]
        pace = {h: typical(descend(learn, job, TIMED, head_only=h)) for h, share in phases if share > 0}
        learn.model.load_state_dict(start)  # what was timed is taken back
        began = time.monotonic()
        hits(learn, job.judged[: job.batch])
        judging = (time.monotonic() - began) * math.ceil(len(job.judged) / job.batch)
        seconds = 0.97 * (job.left - judging)
        steps = {h: max(2, int(seconds * (job.frozen if h else 1 - job.frozen) / pace[h])) for h in pace}
        for head_only, count in steps.items():
            descend(learn, job, count, head_only=head_only)
    epochs = sum(steps.values()) * job.batch / len(job.train)
    finish(hits(learn, job.judged) / len(job.judged), job, epochs=round(epochs, 2))


if __name__ == "__main__":
    main()
