"""Peer: a plain loop as in torchvision's reference scripts: random resized crop, AdamW, warm-up, cosine."""

import math
import time

from task import SMOOTHING, Images, finish, frozen_norms, lite0, transforms, typical, work  # first: the clock

# isort: split
import torch
from torch import nn
from torch.utils.data import DataLoader

WARM_UP = 0.1
LONGEST = 1.0  # gradient
TIMED = 4  # steps to see how many fit


class Loop:
    """The network and one step of its training."""

    def __init__(self, job) -> None:
        self.job = job
        self.network = lite0(job.classes).to(memory_format=torch.channels_last)
        self.loss = nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
        self.train_set, self.judged_set = (
            Images(items, transform)
            for items, transform in zip((job.train, job.judged), transforms(job.size), strict=True)
        )

    def batches(self):
        while True:
            yield from DataLoader(self.train_set, self.job.batch, shuffle=True, drop_last=True)

    def autocast(self):
        return torch.autocast("cpu", torch.bfloat16, enabled=self.job.bf16)

    def train(self, steps: int, *, head_only: bool) -> list[float]:
        """`steps` steps under one schedule; when each ended."""
        network = self.network.train()
        network.requires_grad_(not head_only)
        network.classifier.requires_grad_(True)
        if head_only or self.job.freeze_norm:
            frozen_norms(network)
        trained = [p for p in network.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=self.job.lr, weight_decay=0.02)
        warm = max(1, round(WARM_UP * steps))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer,
            lambda n: (
                (n + 1) / warm
                if n < warm
                else 0.5 + 0.5 * math.cos(math.pi * (n - warm) / max(1, steps - warm))
            ),
        )
        ticks = []
        for _, (image, label) in zip(range(steps), self.batches(), strict=False):
            with self.autocast():
                logits = network(image.to(memory_format=torch.channels_last))
            optimizer.zero_grad()
            self.loss(logits.float(), label).backward()
            nn.utils.clip_grad_norm_(trained, LONGEST)  # without it the body diverges at these rates
            optimizer.step()
            schedule.step()
            ticks.append(time.monotonic())
        return ticks

    @torch.inference_mode()
    def hits(self, most: int | None = None) -> int:
        """How many of the judged images (the first `most` batches) are right."""
        self.network.eval()
        right = 0
        for count, (image, label) in enumerate(DataLoader(self.judged_set, self.job.batch)):
            if count == most:
                break
            with self.autocast():
                logits = self.network(image.to(memory_format=torch.channels_last))
            right += int((logits.argmax(dim=1) == label).sum())
        return right


def main() -> None:
    job = work(__doc__)
    loop = Loop(job)
    start = {key: value.clone() for key, value in loop.network.state_dict().items()}
    pace = {
        head_only: typical(loop.train(TIMED, head_only=head_only))
        for head_only, share in ((True, job.frozen), (False, 1 - job.frozen))
        if share > 0
    }
    loop.network.load_state_dict(start)  # what was timed is taken back
    began = time.monotonic()
    loop.hits(most=1)
    judging = (time.monotonic() - began) * math.ceil(len(job.judged) / job.batch)
    seconds = 0.97 * (job.left - judging)
    steps = {
        head: max(1, int(seconds * (job.frozen if head else 1 - job.frozen) / pace[head])) for head in pace
    }
    for head_only, count in steps.items():
        loop.train(count, head_only=head_only)
    epochs = sum(steps.values()) * job.batch / len(job.train)
    finish(loop.hits() / len(job.judged), job, epochs=round(epochs, 2))


if __name__ == "__main__":
    main()
