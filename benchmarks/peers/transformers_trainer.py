"""Peer: Hugging Face's Trainer, as its image classification example: AdamW, warm-up, cosine, label smoothing."""

import math
import tempfile
import time

from task import (
    SMOOTHING,
    Images,
    finish,
    frozen_norms,
    load_imagenet,
    transforms,
    typical,
    work,
)  # first: the clock

# isort: split
import torch
from transformers import (
    TimmWrapperConfig,
    TimmWrapperForImageClassification,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

TIMED = 4  # steps to see how many fit


class Watch(TrainerCallback):
    """When each step ended; and batch norms kept as they are, if asked for."""

    def __init__(self, freeze_norm: bool) -> None:
        self.freeze_norm, self.ticks = freeze_norm, []

    def on_step_begin(self, args, state, control, *, model, **kwargs):
        if self.freeze_norm:
            frozen_norms(model)

    def on_step_end(self, args, state, control, **kwargs):
        self.ticks.append(time.monotonic())


def network(job) -> TimmWrapperForImageClassification:
    config = TimmWrapperConfig(architecture="tf_efficientnet_lite0", num_labels=job.classes)
    model = TimmWrapperForImageClassification(config)
    load_imagenet(model.timm_model)
    return model.to(memory_format=torch.channels_last)


def collate(items) -> dict[str, torch.Tensor]:
    image = torch.stack([image for image, _ in items]).to(memory_format=torch.channels_last)
    return {"pixel_values": image, "labels": torch.tensor([label for _, label in items])}


def trainer(model, job, folder: str, *, steps: int, head_only: bool, train, watch=()) -> Trainer:
    model.requires_grad_(not head_only)
    model.timm_model.classifier.requires_grad_(True)
    arguments = TrainingArguments(
        output_dir=folder,
        max_steps=steps,
        per_device_train_batch_size=job.batch,
        per_device_eval_batch_size=job.batch,
        learning_rate=job.lr,
        weight_decay=0.02,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, steps // 10),
        label_smoothing_factor=SMOOTHING,
        bf16=job.bf16,
        use_cpu=True,
        seed=job.seed,
        dataloader_num_workers=0,
        dataloader_drop_last=False,
        remove_unused_columns=False,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    return Trainer(model, arguments, data_collator=collate, train_dataset=train, callbacks=list(watch))


def main() -> None:
    job = work(__doc__)
    model = network(job)
    start = {key: value.clone() for key, value in model.state_dict().items()}
    train, judged = (
        Images(items, transform)
        for items, transform in zip((job.train, job.judged), transforms(job.size), strict=True)
    )

    def descend(steps: int, *, head_only: bool) -> tuple[Trainer, list[float]]:
        watch = Watch(head_only or job.freeze_norm)
        made = trainer(model, job, folder, steps=steps, head_only=head_only, train=train, watch=[watch])
        made.train()
        return made, watch.ticks

    with tempfile.TemporaryDirectory() as folder:
        phases = [(True, job.frozen), (False, 1 - job.frozen)]
        pace = {h: typical(descend(TIMED, head_only=h)[1]) for h, share in phases if share > 0}
        model.load_state_dict(start)  # what was timed is taken back
        began = time.monotonic()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=job.bf16):
            model.eval()(collate([judged[n] for n in range(min(job.batch, len(judged)))])["pixel_values"])
        judging = (time.monotonic() - began) * math.ceil(len(judged) / job.batch)
        seconds = 0.97 * (job.left - judging)
        steps = {h: max(1, int(seconds * (job.frozen if h else 1 - job.frozen) / pace[h])) for h in pace}
        for head_only, count in steps.items():
            last, _ = descend(count, head_only=head_only)
        found = last.predict(judged)
    accuracy = float((found.predictions.argmax(axis=1) == found.label_ids).mean())
    epochs = sum(steps.values()) * job.batch / len(job.train)
    finish(accuracy, job, epochs=round(epochs, 2))


if __name__ == "__main__":
    main()
