"""What a person types, verb by verb: what is said, what is written, and the exit code."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from command import vidi

from drawn_job import write_folder
from vidi import catalog
from vidi.version import VERSION

QUICK = ("--recipe", "linear", "--epochs", "1")


# Starting up


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import vidi",
        "from vidi.cli.main import app; app(['--help'], standalone_mode=False)",
        "from vidi.cli.main import app; app(['train', '--help'], standalone_mode=False)",
        "from vidi.cli.main import app; app(['list', 'networks'], standalone_mode=False)",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code):
    code = f"{code}; import sys; print('modules:', *sys.modules)"
    loaded = set(python(code).partition("modules:")[2].split())
    assert "vidi" in loaded
    assert not loaded & {"torch", "numpy", "pyarrow", "PIL", "timm", "openvino", "torchvision"}


def test_help_is_there_at_once_and_names_every_verb():
    command = [sys.executable, "-m", "vidi.cli.main", "--help"]
    spent = []
    for _ in range(3):
        began = os.times()
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        ended = os.times()
        spent.append(
            ended.children_user + ended.children_system - began.children_user - began.children_system
        )
    assert min(spent) < 0.3  # processor seconds, so that a busy machine does not matter
    for verb in ("check", "train", "demo", "predict", "evaluate", "list", "show", "cache", "version"):
        assert f"  {verb} " in done.stdout
    assert not [line for line in done.stdout.splitlines() if line.startswith("  ") and line.endswith("...")]


def test_without_a_word_it_shows_the_help():
    seen = vidi()
    assert seen.code == 2 and seen.err.startswith("Usage: vidi")


def test_the_version():
    assert vidi("version").out == f"{VERSION}\n"


# check


def test_check_says_what_is_in_the_data_and_what_is_wrong(pictures):
    seen = vidi("check", pictures)
    assert seen.code == 0
    assert f"30 images in {pictures} (folder)" in seen.out
    assert "red/broken.png: truncated" in seen.out
    assert "  blue   " in seen.out and "train  validation  test" in seen.out


def test_check_as_json(pictures):
    content = json.loads(vidi("check", pictures, "--no-similar", "--json").out)
    assert content["examples"] == 30 and content["layout"] == "folder"
    assert {label: sum(parts.values()) for label, parts in content["counts"].items()} == {
        "blue": 10,
        "green": 10,
        "red": 10,
    }
    assert content["remark_counts"] == {"unreadable": 1}


def test_nothing_wrong_is_said_too(tmp_path):
    said = vidi("check", write_folder(tmp_path, 5), "--no-similar").out
    assert "No image is there twice" in said and "no file was set aside" in said


# train


def test_train_writes_a_run_folder_and_says_where_the_report_is(pictures, tmp_path):
    seen = vidi("train", pictures, *QUICK, "--out", tmp_path, "--name", "My run/1")
    (run,) = tmp_path.iterdir()
    assert seen.code == 0 and run.name.endswith("-My-run-1")
    assert "On 9 held-out images:" in seen.out or "held-out images:" in seen.out
    assert "accuracy" in seen.out and "beside it, majority class: accuracy" in seen.out
    assert f"The report: {run / 'report.html'}" in seen.out
    wanted = {"README.md", "report.html", "datasheet.md", "croissant.json", "model.safetensors", "model.json"}
    wanted |= {"recipe.json", "splits.parquet", "predictions.parquet", "results.json", "manifest.json"}
    assert wanted <= {path.name for path in run.iterdir()}
    page = (run / "report.html").read_text(encoding="utf-8")
    assert not re.findall(
        r"(?:src|href)=\"(?:\w+:)?//[^\"]*|url\((?!data:)[^)]*", page
    )  # nothing from elsewhere
    recorded = json.loads((run / "recipe.json").read_text())
    assert recorded["options"] == {"epochs": 1.0} and recorded["recipe"] == "linear"
    assert recorded["data"]["path"] == str(pictures)


def test_a_recipes_flags_may_stand_anywhere(pictures, tmp_path):
    words = ["--lr", "1e-3", pictures, "--epochs=1", "--recipe=linear", "--option", "batch=8", "--json"]
    seen = vidi("train", *words, "--out", tmp_path)
    content = json.loads(seen.out)
    recorded = json.loads((Path(content["run"]) / "recipe.json").read_text())
    assert recorded["options"] == {"lr": 1e-3, "epochs": 1.0, "batch": 8}
    assert content["measured"][0]["name"] == "accuracy"


@pytest.mark.slow
def test_a_table_with_named_columns_keeps_groups_whole(tmp_path):
    data = write_folder(tmp_path / "data", 12)
    paths = sorted(data.rglob("*.png"))
    rows = [(path.relative_to(data), path.parent.name, f"p{n % 9}") for n, path in enumerate(paths)]
    with (data / "table.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("photo path", "species", "patient"), *rows])
    columns = ("--image", "photo path", "--target", "species", "--group", "patient")
    seen = vidi("train", data / "table.csv", *columns, *QUICK, "--out", tmp_path / "runs", "--json")
    assert seen.code == 0, seen.err
    content = json.loads(seen.out)
    assert content["data"]["group"] == "patient" and content["data"]["groups"] == 9
    patient = {str(path): who for path, _, who in rows}
    splits = pq.read_table(Path(content["run"]) / "splits.parquet").to_pylist()
    where: dict[str, set[str]] = {}
    for row in splits:
        where.setdefault(patient[row["path"]], set()).add(row["split"])
    assert all(len(each) == 1 for each in where.values()) and len(splits) == 36


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(pictures, tmp_path):
    for _ in range(2):
        assert vidi("train", pictures, *QUICK, "--out", tmp_path, "--seed", 3).code == 0
    first, second = ((run / "model.safetensors").read_bytes() for run in sorted(tmp_path.iterdir()))
    assert first == second


# predict


def rows_of(path: Path) -> list[dict]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines] if path.suffix == ".jsonl" else list(csv.DictReader(lines))


@pytest.mark.slow
def test_every_format_holds_the_same_rows(trained, pictures, tmp_path):
    tables = []
    for suffix in (".csv", ".parquet", ".jsonl"):
        seen = vidi("predict", trained.folder, pictures, "--out", tmp_path / f"p{suffix}")
        assert seen.code == 0
        assert seen.out.startswith("30 images answered, 1 could not be opened; written to ")
        assert "red/broken.png: truncated" in seen.out
        tables.append(rows_of(tmp_path / f"p{suffix}"))
    assert [len(table) for table in tables] == [31, 31, 31]
    for by_csv, by_parquet, by_jsonl in zip(*tables, strict=True):
        assert by_parquet == by_jsonl
        assert (
            by_csv["path"] == by_parquet["path"]
            and (by_csv["prediction"] or None) == by_parquet["prediction"]
        )
        if by_parquet["prediction"] is None:
            assert by_parquet["error"] and by_parquet["p(red)"] is None
            continue
        assert by_parquet["error"] is None
        shares = [by_parquet[f"p({label})"] for label in ("blue", "green", "red")]
        assert sum(shares) == pytest.approx(1) and max(shares) == by_parquet["confidence"]
        assert float(by_csv["confidence"]) == pytest.approx(by_parquet["confidence"], rel=1e-6)


def test_files_globs_and_urls(trained, pictures, tmp_path):
    what = [
        pictures / "red" / "0002.png",
        pictures / "blue" / "*.png",
        (pictures / "green" / "0001.png").as_uri(),
    ]
    seen = vidi("predict", trained.folder, *what, "--out", tmp_path / "p.csv", "--json")
    assert json.loads(seen.out)["answered"] == 12
    folders = [Path(row["path"]).parent.name for row in rows_of(tmp_path / "p.csv")]
    assert folders == ["red", *["blue"] * 10, "green"]


# evaluate


@pytest.mark.slow
def test_evaluate_leaves_out_what_was_trained_on(trained, pictures, tmp_path):
    data = tmp_path / "more"
    shutil.copytree(pictures, data)
    write_folder(data / "new", 4, seed=9)
    for path in (data / "new").rglob("*.png"):
        path.rename(data / path.parent.name / f"new {path.name}")
    shutil.rmtree(data / "new")
    seen = vidi("evaluate", trained.folder, data, "--json")
    assert seen.code == 0, seen.err
    content = json.loads(seen.out)
    splits = trained.results["data"]["splits"]
    trained_on = splits["train"] + splits["validation"]
    assert content["seen_in_training"] == trained_on and content["n"] == 42 - trained_on
    said = vidi("evaluate", trained.folder, data)
    assert f"{trained_on} examples that were in the training or validation split were left out" in said.out
    written = sorted((trained.folder / "evaluations").iterdir())
    assert {"results.json", "predictions.parquet", "manifest.json"} == {p.name for p in written[0].iterdir()}


# list and show


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_every_member_of_every_kind_is_listed_and_shown(kind):
    names = list(json.loads(vidi("list", kind, "--json").out))
    assert names == list(catalog.cards(kind)) and names
    listed = vidi("list", kind).out
    assert json.loads(vidi("list", "--json").out)[kind] == len(names)
    for name in names:
        assert f"  {name} " in listed
        seen = vidi("show", name)
        assert seen.code == 0 and f"{name} ({kind}): " in seen.out
        entry = json.loads(vidi("show", name, "--json").out)
        found = next(e for e in (entry if isinstance(entry, list) else [entry]) if e["kind"] == kind)
        assert found["title"] and found["idea"]


def test_a_name_in_two_kinds_is_shown_twice():
    seen = vidi("show", "linear").out
    assert "linear (recipes)" in seen and "linear (networks)" in seen


def test_a_recipes_options_have_type_default_and_help():
    options = {o["name"]: o for o in json.loads(vidi("show", "finetune", "--json").out)["options"]}
    assert options["lr"]["annotation"].startswith("float")
    assert all(option["help"] for option in options.values())


def test_the_default_network_goes_by_its_short_name():
    assert "efficientnet_lite (networks)" in vidi("show", "lite0").out


@pytest.mark.slow
def test_a_librarys_network_with_published_and_counted_costs():
    content = json.loads(vidi("show", "resnet50", "--json").out)
    assert content["counted"] == {"weights": 25_557_032, "multiply_adds": 4_089_184_256, "size_px": 224}
    assert content["published"]["weights"] == 25_557_032
    seen = vidi("show", "resnet50").out
    assert "published  25,557,032 weights  4.089 billion multiply-adds" in seen
    assert "He et al. 2015" in seen


# The rest


def test_the_cache_is_named_and_cleaned(monkeypatch, tmp_path, pictures):
    monkeypatch.setenv("VIDI_CACHE", str(tmp_path / "cache"))
    vidi("check", pictures, "--no-similar")
    assert f"{tmp_path / 'cache'}: " in vidi("cache").out and not vidi("cache").out.endswith(" 0.0 MiB\n")
    assert vidi("cache", "--clean").out.endswith(": 0.0 MiB\n")


def test_ctrl_c_says_how_to_go_on(monkeypatch, pictures):
    def stopped(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vidi.verbs.check.check", stopped)
    seen = vidi("check", pictures)
    assert seen.code == 130 and "go on with vidi train --resume RUN" in seen.err


def test_a_mistake_of_ours_is_not_hidden(monkeypatch, pictures):
    def wrong(*arguments: object, **options: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr("vidi.verbs.check.check", wrong)
    with pytest.raises(RuntimeError, match="ours"):
        vidi("check", pictures)


@pytest.mark.slow
def test_a_budget_that_is_over_is_still_a_whole_run(pictures, tmp_path):
    """In a process of its own, because the clock starts with the process."""
    command = [
        sys.executable,
        "-m",
        "vidi.cli.main",
        "train",
        pictures,
        "--recipe",
        "scratch",
        "--minutes",
        "0.2",
    ]
    began = time.monotonic()
    done = subprocess.run([*command, "--out", tmp_path], capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    assert "The report: " in done.stdout
    assert time.monotonic() - began < 90
