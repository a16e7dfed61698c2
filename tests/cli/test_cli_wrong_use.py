"""What wrong words, damaged runs and full disks get: one sentence and exit code 2; nothing half-written."""

import errno
import json
import os
import re
import shutil

import pytest
from command import refused, vidi

from drawn_job import write_folder

QUICK = ("--recipe", "linear", "--epochs", "1")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("--recipe", "finetun"),
            "none of the recipes is named 'finetun'; there are .*; did you mean finetune",
        ),
        (("--recipe", "probe", "--lr", "1"), "the recipe probe has no option --lr; it takes --network, "),
        (("--recipe", "scratch", "--epoch", "1"), "did you mean --epochs"),
        (("--recipe", "scratch", "--lr", "fast"), "--lr wants a number; got 'fast'"),
        (("--recipe", "knn", "--k", "1.5"), "--k wants a whole number; got '1.5'"),
        (("--recipe", "scratch", "--lr"), "--lr wants a number; nothing came after it"),
        (("--minutes", "0"), "--minutes wants a time above 0; got 0"),
        (("--minutes", "-1"), "--minutes wants a time above 0; got -1"),
        (("--minutes", "nan"), "--minutes wants a time above 0; got nan"),
        (("--minutes", "inf"), "--minutes wants a time above 0; got inf"),
        (("--minutes", "two"), "--minutes.*see `vidi train --help`"),
        (("--seed", "-1"), "--seed wants a whole number from 0"),
        (("--seed", "x"), "--seed.*see `vidi train --help`"),
        (("extra",), "unexpected extra argument.*extra.*see `vidi train --help`"),
        (("--option", "lr"), "--option wants NAME=VALUE; got 'lr'"),
        (("--resume", "runs/x"), "vidi train wants either data or --resume RUN"),
        (
            ("--task", "regression"),
            "none of the tasks is named .regression.; there are classification, detection",
        ),
    ],
)
def test_train_refuses(words, sentence, pictures, tmp_path):
    seen = refused("train", pictures, "--out", tmp_path / "runs", *words)
    assert re.search(sentence, seen), seen
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nonsense",), "No such command 'nonsense'; see `vidi --help`"),
        (("check",), "Missing argument 'data'"),
        (("train",), "vidi train wants either data or --resume RUN"),
        (("train", "--resume", "nowhere"), "a run folder was wanted; nowhere does not exist"),
        (("predict", "nowhere", "x.png"), "a run folder was wanted; nowhere does not exist"),
        (("list", "network"), "no kind is named 'network'.*did you mean networks"),
        (("show", "mixpu"), "nothing is named 'mixpu'; see `vidi list`; did you mean mixup"),
    ],
)
def test_other_verbs_refuse(words, sentence):
    assert re.search(sentence, refused(*words))


def test_a_network_that_does_not_exist_gets_the_nearest_and_leaves_no_run(pictures, tmp_path):
    words = ("train", pictures, "--recipe", "finetune", "--network", "resnet81", "--out", tmp_path / "runs")
    seen = vidi(*words)
    assert seen.code == 2
    assert "no network is named 'resnet81'" in seen.err and "did you mean resnet18" in seen.err
    assert not any((tmp_path / "runs").iterdir())


# Runs that are not what they were


@pytest.fixture
def copied(trained, tmp_path):
    return shutil.copytree(trained.folder, tmp_path / "run", ignore=shutil.ignore_patterns("evaluations"))


@pytest.mark.parametrize("name", ["model.safetensors", "model.json", "splits.parquet"])
def test_a_flipped_byte(name, copied, pictures, tmp_path):
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(content)
    sentence = refused("evaluate", copied, pictures)
    assert name in sentence and "checksum" in sentence
    assert not (copied / "evaluations").exists()


def test_a_flipped_byte_is_noticed_without_the_manifest_too(copied, pictures):
    (copied / "manifest.json").unlink()
    content = bytearray((copied / "model.safetensors").read_bytes())
    content[-5] ^= 1
    (copied / "model.safetensors").write_bytes(content)
    assert "model.safetensors is damaged" in refused("predict", copied, pictures)


@pytest.mark.parametrize("name", ["model.json", "manifest.json"])
def test_a_newer_version(name, copied, pictures):
    content = json.loads((copied / name).read_text())
    content["schema"] = content["schema"].replace("/1", "/99")
    (copied / name).write_text(json.dumps(content))
    if name == "model.json":
        (copied / "manifest.json").unlink()
    assert "was written by a newer vidi (schema 99, this one reads up to 1); upgrade vidi" in refused(
        "predict", copied, pictures
    )


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff\x00", b'{"schema": "vidi/model/1"}', b"[" * 100_000]
)
def test_a_model_file_that_no_run_wrote(content, copied, pictures):
    (copied / "manifest.json").unlink()
    (copied / "model.json").write_bytes(content)
    assert "model.json" in refused("predict", copied, pictures)


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_a_part_that_is_gone(name, copied, pictures):
    (copied / name).unlink()
    assert f"{name} is missing" in refused("predict", copied, pictures)


def test_a_finished_run_is_not_resumed_and_a_folder_of_photos_is_no_run(trained, pictures):
    again = refused("train", "--resume", trained.folder, "--recipe", "scratch", "--lr", "1")
    assert again == "--resume goes on with what the run recorded; leave the other options out"
    assert "is finished; train again" in refused("train", "--resume", trained.folder)
    assert "is not a run folder" in refused("predict", pictures, pictures)


@pytest.fixture
def stopped(copied):
    """A run as Ctrl-C leaves it."""
    for name in ("manifest.json", "model.json", "model.safetensors", "results.json"):
        (copied / name).unlink()
    return copied


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b'{"schema": "vidi/recipe/1"}', b'{"schema": "vidi/recipe/1", "data": {"path": "x"}}'],
)
def test_a_stopped_run_that_no_longer_says_what_was_asked_for(content, stopped):
    (stopped / "recipe.json").write_bytes(content)
    assert "recipe.json" in refused("train", "--resume", stopped)


def test_a_stopped_run_whose_split_is_damaged(stopped):
    (stopped / "splits.parquet").write_bytes(b"PAR1 and then nothing")
    assert "splits.parquet cannot be read" in refused("train", "--resume", stopped)


def test_a_stopped_run_without_its_data(trained, stopped):
    recorded = json.loads((stopped / "recipe.json").read_text())
    recorded["data"]["path"] = "/nowhere/photos"
    (stopped / "recipe.json").write_text(json.dumps(recorded))
    assert "/nowhere/photos does not exist" in refused("train", "--resume", stopped)


# What to predict


def test_a_folder_without_images(trained, tmp_path):
    (tmp_path / "empty").mkdir()
    words = ("predict", trained.folder, tmp_path / "empty", "--out", tmp_path / "p.csv")
    assert "no image was found in" in refused(*words)
    assert not (tmp_path / "p.csv").exists()


def test_when_no_image_can_be_opened_the_rows_say_why(trained, tmp_path):
    words = ("predict", trained.folder, tmp_path / "nofile.jpg", "--out", tmp_path / "p.csv")
    assert "0 images answered, 1 could not be opened" in refused(*words)
    assert "missing: there is no such file" in (tmp_path / "p.csv").read_text()


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (("https://example.org/1.jpg",), "would need the network, and vidi does not use it"),
        (("x.png", "--out", "p.txt"), "--out wants a name ending in .csv, .parquet, .jsonl; got p.txt"),
    ],
)
def test_predict_refuses(what, sentence, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sentence in refused("predict", trained.folder, *what)
    assert not any(tmp_path.iterdir())


def test_labels_that_the_model_cannot_know(trained, tmp_path):
    data = write_folder(tmp_path / "data", 2)
    (data / "red").rename(data / "pink")
    sentence = refused("evaluate", trained.folder, data)
    assert sentence.startswith("the model knows the labels blue, green, red; the data also has pink: ")


def test_nothing_left_to_judge_on(trained, pictures, tmp_path):
    data = tmp_path / "seen"
    shutil.copytree(pictures, data)
    splits = json.loads((trained.folder / "results.json").read_text())["data"]["splits"]
    import pyarrow.parquet as pq

    for row in pq.read_table(trained.folder / "splits.parquet").to_pylist():
        if row["split"] != "train":
            (data / row["path"]).unlink()
    sentence = refused("evaluate", trained.folder, data)
    assert f"all {splits['train']} examples were in the model's training or validation split" in sentence


# Disks that take nothing


@pytest.mark.parametrize("out", ["a file", "a file/below"])
def test_a_place_that_is_a_file(out, pictures, trained, tmp_path):
    (tmp_path / "a file").write_text("here")
    for words in (
        ("train", pictures, *QUICK, "--out", tmp_path / out),
        ("predict", trained.folder, pictures, "--out", tmp_path / out / "p.csv"),
    ):
        assert "cannot be written: a part of the path is a file, not a folder" in refused(*words)
    assert (tmp_path / "a file").read_text() == "here"


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="Linux")  # noqa: PTH112
def test_a_place_where_nothing_can_be_made(trained, pictures):
    seen = vidi("predict", trained.folder, pictures, "--out", "/proc/p.csv")
    assert seen.code == 2 and "/proc/p.csv cannot be written" in seen.err


def test_a_full_disk(trained, pictures, tmp_path, monkeypatch):
    """The system says so when the file's bytes are to reach the disk; other reasons are in tests/core."""

    def takes_nothing(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", takes_nothing)
    predicted = refused("predict", trained.folder, pictures / "red", "--out", tmp_path / "p.csv")
    assert "p.csv cannot be written: the disk is full" in predicted
    run = vidi("train", pictures, *QUICK, "--out", tmp_path / "runs")
    assert run.code == 2 and "cannot be written: the disk is full" in run.err
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_full_disk_in_the_middle_of_training(pictures, tmp_path, monkeypatch):
    """Where no file of ours is at fault, the edge still says it in one sentence."""

    def takes_nothing(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "history.jsonl")

    monkeypatch.setattr("vidi.verbs.check.check", takes_nothing)
    assert refused("check", pictures).startswith("history.jsonl cannot be written: the disk is full")
