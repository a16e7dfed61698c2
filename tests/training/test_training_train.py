"""The whole of training: off switches, precision, a run that stops and goes on, a budget that is kept."""

import itertools
import json
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from drawn_job import drawn_job, history
from vidi.core.device import native_bf16, seeded
from vidi.core.errors import UsageError
from vidi.core.job import Budget, Job
from vidi.models import lenet, mlp
from vidi.training.checkpoint import copied, load_state, same
from vidi.training.clock import spent
from vidi.training.hooks import Interruptible
from vidi.training.loop import DivergedError
from vidi.training.settings import Settings
from vidi.training.sources import image_source
from vidi.training.train import train

SMALL = Settings(epochs=4.0, batch=8, lr=1e-3, precision="fp32")


def descend(job: Job, settings: Settings = SMALL, *, build=mlp.build, loss=None, source=None, **options):
    """A small network trained on the job, and its weights."""
    sizes = {"widths": [16]} if build is mlp.build else {}
    model = build(classes=3, size_px=32, generator=seeded(job.seed), **sizes)
    rows = job.dataset.where("train")
    source = source or image_source(job, rows, size_px=32, fit="squash", augmentations=[])
    return copied(
        train(model, source, rows, job, settings=settings, loss=loss or job.task.loss, **options).state_dict()
    )


def steps_taken(folder) -> int:
    return load_state(folder / "checkpoints" / "train.safetensors")["step"]


class StoppedError(Exception):
    """What a test stops training with."""


def stopping(job: Job, at: int):
    """A loss that fails at its `at`-th call."""
    count = 0

    def loss(logits, target):
        nonlocal count
        count += 1
        if count == at:
            raise StoppedError
        return job.task.loss(logits, target)

    return loss


def test_same_seed_same_weights_another_seed_others(tmp_path):
    first, again, other = (
        descend(drawn_job(tmp_path / name, seed=seed)) for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert same(first, again) and not same(first, other)


@pytest.mark.parametrize(
    "off",
    [{"clip": 0.0}, {"clip": 1e9}, {"average": 0.0}, {"layer_decay": 1.0}, {"momentum": None}],
    ids=str,
)
def test_what_is_off_changes_nothing(tmp_path, off):
    assert same(descend(drawn_job(tmp_path / "a")), descend(drawn_job(tmp_path / "b"), replace(SMALL, **off)))


def test_it_is_the_loop_that_everybody_writes(tmp_path):
    """AdamW under a linear schedule on the same batches, by hand."""
    from vidi.training.train import rows_of_step

    job = drawn_job(tmp_path)
    settings = replace(SMALL, schedule="linear", weight_decay=0.1)
    ours = descend(job, settings)
    model = mlp.build(classes=3, size_px=32, generator=seeded(0), widths=[16])
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer, rows = torch.optim.AdamW(groups), job.dataset.where("train")
    total = 4 * (len(rows) // 8)
    for step in range(total):
        taken = rows_of_step(step, rows, 8, 0)
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * (1 - step / total)
        optimizer.zero_grad()
        image = torch.from_numpy(job.pixels(taken, size_px=32)).permute(0, 3, 1, 2)
        nn.functional.cross_entropy(model(image), torch.from_numpy(job.target(taken))).backward()
        optimizer.step()
    torch.testing.assert_close(ours, model.state_dict(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["SGD", "AdamW", "Muon"])
@pytest.mark.parametrize(
    "at", [pytest.param(2, marks=pytest.mark.slow), 9, pytest.param(17, marks=pytest.mark.slow)]
)
def test_stopped_and_resumed_is_never_stopped_bit_for_bit(tmp_path, optimizer, at):
    """With a moving average, dropout and a schedule; the checkpoint is a few steps older than the stop."""
    settings = replace(SMALL, optimizer=optimizer, average=0.9, epochs=5.0, schedule="one_cycle")

    def build(**options):
        return mlp.build(**options, dropout_probability=0.3, dropconnect_probability=0.3)

    def run(folder, **options):
        model = build(classes=3, size_px=32, generator=seeded(0), widths=[16])
        job = drawn_job(folder, checkpoint_seconds=0.0)
        rows = job.dataset.where("train")
        source = image_source(job, rows, size_px=32, fit="squash", augmentations=[])
        options = {"loss": job.task.loss} | options
        return copied(train(model, source, rows, job, settings=settings, **options).state_dict())

    whole = run(tmp_path / "whole")
    with pytest.raises(StoppedError):
        run(tmp_path / "parted", loss=stopping(drawn_job(tmp_path / "x"), at))
    assert 0 < steps_taken(tmp_path / "parted") < 20
    assert same(run(tmp_path / "parted"), whole)
    assert [line["step"] for line in history(tmp_path / "parted")] == list(range(1, 21))


def test_a_finished_stage_is_not_trained_again(tmp_path):
    job = drawn_job(tmp_path)
    first = descend(job)
    again = descend(job, loss=stopping(job, 1))
    assert same(first, again)


def test_history_forgets_steps_that_are_taken_again_and_keeps_other_stages(tmp_path):
    job = drawn_job(tmp_path, checkpoint_seconds=0.0)
    with pytest.raises(StoppedError):
        descend(job, loss=stopping(job, 6))
    path = tmp_path / "history.jsonl"
    with path.open("a") as stream:
        stream.write(json.dumps({"stage": "other", "step": 99, "seconds": 2.5}) + "\n")
        stream.write(json.dumps({"stage": "train", "step": 6, "seconds": 9.0}) + "\n")
        stream.write('{"stage": "train", "st')  # the line that was being written at the kill
    assert spent(tmp_path) == pytest.approx(11.5)
    descend(job)
    steps = [(line["stage"], line["step"]) for line in history(tmp_path)]
    assert steps == [("train", n) for n in range(1, 6)] + [("other", 99)] + [
        ("train", n) for n in range(6, 17)
    ]
    for line in path.read_text().splitlines():
        json.loads(line)


def test_time_before_a_stop_counts(tmp_path):
    job = drawn_job(tmp_path, checkpoint_seconds=0.0)
    slow = image_source(job, job.dataset.where("train"), size_px=32, fit="squash", augmentations=[])

    def source(rows, generator):
        time.sleep(0.02)
        return slow(rows, generator)

    with pytest.raises(StoppedError):
        descend(job, loss=stopping(job, 8), source=source)
    before = spent(tmp_path)
    descend(job, source=source)
    assert before >= 0.12 and spent(tmp_path) >= before + 0.12


def test_a_loss_that_is_not_a_number_stops_and_the_last_checkpoint_stays(tmp_path):
    job, count = drawn_job(tmp_path, checkpoint_seconds=0.0), 0

    def loss(logits, target):
        nonlocal count
        count += 1
        return job.task.loss(logits, target) * (float("nan") if count == 5 else 1.0)

    with pytest.raises(DivergedError, match=r"the loss became nan at step 5: lower --lr"):
        descend(job, loss=loss)
    kept = load_state(tmp_path / "checkpoints" / "train.safetensors")
    assert kept["step"] == 4 and all(torch.isfinite(t).all() for t in kept["model"].values())


def test_a_rate_far_too_high_stops_with_a_sentence(tmp_path):
    settings = replace(SMALL, epochs=100.0, lr=1e6, optimizer="SGD", schedule="constant")
    with pytest.raises(UsageError, match=r"the loss (grew|became).*: lower --lr \(a tenth is a good try\)"):
        descend(drawn_job(tmp_path), settings)


def test_a_damaged_checkpoint_stops_with_a_sentence(tmp_path):
    job = drawn_job(tmp_path)
    descend(job)
    path = tmp_path / "checkpoints" / "train.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UsageError, match=r"train.safetensors is damaged"):
        descend(job)


def test_a_checkpoint_of_another_network_stops_with_a_sentence(tmp_path):
    job = drawn_job(tmp_path)
    descend(job)
    with pytest.raises(UsageError, match=r"does not fit .*delete it to train from the start"):
        descend(job, build=lenet.build)


def test_fp32_and_bf16_can_be_trained_in_one_process(tmp_path):
    """Accelerate's state is one for each process and refuses another precision; ours is chosen for each stage."""
    single = descend(drawn_job(tmp_path / "a"))
    automatic = descend(drawn_job(tmp_path / "b"), replace(SMALL, precision="auto"))
    half = descend(drawn_job(tmp_path / "c"), replace(SMALL, precision="bf16"))
    assert same(automatic, half if native_bf16() else single)
    assert not same(single, half)
    assert same(single, descend(drawn_job(tmp_path / "d")))
    for name in single:
        torch.testing.assert_close(single[name], half[name], rtol=0.2, atol=0.05)


def test_the_average_is_what_is_returned_and_validated(tmp_path):
    seen = []

    def validate(model):
        assert not model.training
        seen.append(model)
        return {"accuracy": 0.5}

    job = drawn_job(tmp_path)
    model = mlp.build(classes=3, size_px=32, generator=seeded(0), widths=[16])
    rows = job.dataset.where("train")
    source = image_source(job, rows, size_px=32, fit="squash", augmentations=[])
    settings = replace(SMALL, average=0.9)
    result = train(model, source, rows, job, settings=settings, loss=job.task.loss, validate=validate)
    assert result is not model and seen and all(other is result for other in seen)
    assert not result.training and not any(p.requires_grad for p in result.parameters())
    lines = [line for line in history(tmp_path) if "validation_accuracy" in line]
    assert len(lines) == len(seen) and lines[-1]["step"] == 16


def test_measuring_validation_changes_no_weight(tmp_path):
    def validate(model):
        torch.rand(7)
        model(torch.zeros(1, 3, 32, 32))
        return {"accuracy": 0.5}

    assert same(descend(drawn_job(tmp_path / "a")), descend(drawn_job(tmp_path / "b"), validate=validate))


def test_history_says_what_happened(tmp_path):
    descend(drawn_job(tmp_path), replace(SMALL, schedule="linear"))
    lines = history(tmp_path)
    assert [line["step"] for line in lines] == list(range(1, 17))
    assert lines[3]["epoch"] == 1.0 and lines[-1]["epoch"] == 4.0
    assert [line["learning_rate"] for line in lines] == pytest.approx(
        [1e-3 * (1 - s / 16) for s in range(16)]
    )
    assert all(a["seconds"] <= b["seconds"] for a, b in itertools.pairwise(lines))
    assert lines[-1]["loss"] < lines[0]["loss"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"epochs": 0.0}, "--epochs"),
        ({"epochs": -1.0}, "--epochs"),
        ({"batch": 0}, "--batch"),
        ({"lr": -1.0}, "--lr"),
        ({"lr": float("nan")}, "--lr"),
        ({"weight_decay": -1.0}, "--weight-decay"),
        ({"clip": -1.0}, "--clip"),
        ({"average": 1.0}, "--average"),
        ({"layer_decay": 0.0}, "--layer-decay"),
        ({"layer_decay": 2.0}, "--layer-decay"),
        ({"precision": "fp16"}, "--precision"),
        ({"optimizer": "AdamX"}, "AdamX"),
        ({"schedule": "cosin"}, "cosin"),
        ({"schedule": "cosin"}, "did you mean cosine"),
        ({"nesterov": True, "optimizer": "SGD"}, "Nesterov"),
        ({"momentum": 0.9}, "momentum"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_honoured_are_refused(tmp_path, wrong, sentence):
    with pytest.raises(UsageError, match=sentence):
        descend(drawn_job(tmp_path), replace(SMALL, **wrong))
    assert not (tmp_path / "history.jsonl").exists()


def test_a_batch_larger_than_the_data_is_all_of_it(tmp_path):
    descend(drawn_job(tmp_path), replace(SMALL, batch=10_000))
    assert [line["step"] for line in history(tmp_path)] == [1, 2, 3, 4]


def slowed(job: Job, seconds: float):
    """A source whose batches take a known time: the processor's own speed hardly counts."""
    rows = job.dataset.where("train")
    plain = image_source(job, rows, size_px=32, fit="squash", augmentations=[])

    def source(rows: np.ndarray, generator: torch.Generator):
        time.sleep(seconds() if callable(seconds) else seconds)
        return plain(rows, generator)

    return source


def test_a_budget_is_kept(tmp_path):
    """3 s, of which 1 is reserved. DESIGN asks for 10 %; this machine is shared, so the test allows 25 %."""
    descend(drawn_job(tmp_path / "warm"))
    budget = Budget(seconds=3.0, reserve=1.0)
    job = drawn_job(tmp_path / "run", budget=budget)
    descend(job, source=slowed(job, 0.01))
    assert time.monotonic() - budget.began == pytest.approx(2.0, rel=0.25)
    last = history(tmp_path / "run")[-1]
    assert last["learning_rate"] < 1e-4  # the schedule came to its end


@pytest.mark.slow
def test_a_budget_is_kept_when_the_machine_slows_down(tmp_path):
    """Batches that take three times as long from the middle on: the pace is bent, the schedule still ends."""
    descend(drawn_job(tmp_path / "warm"))
    budget = Budget(seconds=3.0)
    job = drawn_job(tmp_path / "run", budget=budget)

    def seconds():
        return 0.005 if time.monotonic() - budget.began < 1.5 else 0.015

    descend(job, source=slowed(job, seconds))
    assert time.monotonic() - budget.began == pytest.approx(3.0, rel=0.25)
    assert history(tmp_path / "run")[-1]["learning_rate"] < 1e-4
    assert len(load_state(tmp_path / "run" / "checkpoints" / "train.safetensors")["knots"]) > 1


def test_no_time_left_still_takes_a_step(tmp_path):
    descend(drawn_job(tmp_path, budget=Budget(seconds=0.0)))
    assert steps_taken(tmp_path) == 1


def test_fitting_the_pace_leaves_no_trace(tmp_path):
    """The steps taken to measure are taken back: with as many steps planned, the weights are those of fixed epochs."""
    settings = replace(SMALL, average=0.9, schedule="constant", optimizer="Adam")
    fixed = descend(drawn_job(tmp_path / "a"), replace(settings, epochs=1 / 4))
    fitted = descend(drawn_job(tmp_path / "b", budget=Budget(seconds=0.0)), settings)
    assert steps_taken(tmp_path / "a") == steps_taken(tmp_path / "b") == 1 and same(fixed, fitted)


@pytest.mark.slow  # a signal in a parallel test worker can end the worker
def test_ctrl_c_waits_for_the_step_and_its_checkpoint(tmp_path):
    job = drawn_job(tmp_path)
    whole = descend(drawn_job(tmp_path / "whole"))
    count = 0

    def loss(logits, target):
        nonlocal count
        count += 1
        if count == 6:
            signal.raise_signal(signal.SIGINT)
        return job.task.loss(logits, target)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        descend(job, loss=loss)
    assert steps_taken(tmp_path) == 6 and signal.getsignal(signal.SIGINT) is before
    assert same(descend(job), whole)


@pytest.mark.slow  # a signal in a parallel test worker can end the worker
def test_a_second_ctrl_c_does_not_wait():
    with pytest.raises(KeyboardInterrupt), Interruptible() as interruptible:
        signal.raise_signal(signal.SIGTERM)
        assert interruptible.asked
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_training_works_outside_the_main_thread(tmp_path):
    """Signals can be caught in the main thread only; a server trains elsewhere."""
    done = []
    thread = threading.Thread(target=lambda: done.append(descend(drawn_job(tmp_path / "thread"))))
    thread.start()
    thread.join()
    assert same(done[0], descend(drawn_job(tmp_path / "main")))


@pytest.mark.parametrize("freeze", [True, False])
def test_frozen_batch_norm_keeps_its_statistics_and_trains_its_scale(tmp_path, freeze):
    job = drawn_job(tmp_path)
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(3)
    model = nn.Sequential(norm, nn.Flatten(), nn.Linear(3 * 32 * 32, 3))
    rows = job.dataset.where("train")
    source = image_source(job, rows, size_px=32, fit="squash", augmentations=[])

    def floats(rows, generator):
        image, target = source(rows, generator)
        return image.float() / 255, target

    settings = replace(SMALL, freeze_norm=freeze)
    modes = []

    def validate(module):
        modes.append(module.training)
        return {"accuracy": 1.0}

    trained = train(model, floats, rows, job, settings=settings, loss=job.task.loss, validate=validate)
    kept = torch.equal(trained[0].running_mean, torch.zeros(3))
    assert kept == freeze and not torch.equal(trained[0].weight, torch.ones(3))
    assert modes and not any(modes)
