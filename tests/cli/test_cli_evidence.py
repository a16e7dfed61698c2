"""audit, verify and compare as a person types them: what is said, what is written, the exit code."""

import json
import shutil

import numpy as np
import pytest
from command import refused, vidi


@pytest.fixture
def table(tmp_path):
    """400 answers, wrong for one in ten of m and three in ten of f."""
    path, lines = tmp_path / "predictions.csv", ["y,yhat,sex"]
    for number in range(400):
        sex, truth = "fm"[number % 2], number // 2 % 2
        wrong = number // 4 % 10 < (3 if sex == "f" else 1)
        lines.append(f"{truth},{1 - truth if wrong else truth},{sex}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("demands", "code", "verdict"),
    [
        (["accuracy >= 0.5"], 0, "stands"),
        (["gap(accuracy, sex) <= 0.05"], 1, "fails"),
        (["accuracy >= 0.8"], 3, "cannot tell"),
        (["accuracy >= 0.5", "accuracy >= 0.8", "gap(accuracy, sex) <= 0.01"], 1, "fails"),
        ([], 0, ""),
    ],
)
def test_the_exit_code_is_the_verdict(table, demands, code, verdict):
    words = [word for demand in demands for word in ("--require", demand)]
    seen = vidi("audit", table, "--by", "sex", *words)
    assert seen.code == code and verdict in seen.out, seen
    assert "sex=f  0.700" in seen.out and "gap(accuracy, sex)" in seen.out


def test_a_demand_names_its_attribute_itself(table):
    content = json.loads(vidi("audit", table, "--require", "worst(recall, class) >= 0.5", "--json").out)
    assert content["claims"][0]["measured"]["value"] == pytest.approx(0.8)
    content = json.loads(vidi("audit", table, "--require", "ratio(tpr, sex) >= 0.9", "--json").out)
    (claim,) = content["claims"]
    assert claim["requirement"] == "ratio(true positive rate, sex) >= 0.9" and claim["verdict"] == "fails"


def test_an_audit_is_written_where_asked(table, tmp_path):
    seen = vidi("audit", table, "--by", "sex", "--out", tmp_path / "audits")
    (folder,) = (tmp_path / "audits").iterdir()
    assert str(folder) in seen.out
    content = json.loads((folder / "audit.json").read_text())
    assert content["schema"] == "vidi/audit/1" and content["n"] == 400 and (folder / "manifest.json").exists()


def test_a_run_is_audited_on_what_it_held_out(trained, tmp_path):
    run = shutil.copytree(trained.folder, tmp_path / "run")
    seen = vidi("audit", run, "--require", "accuracy >= 0.1", "--require", "ece <= 0.9", "--json")
    content = json.loads(seen.out)
    assert seen.code == 0, seen
    accuracy = next(m.value for m in trained.measured if m.name == "accuracy")
    assert content["claims"][0]["measured"]["value"] == pytest.approx(accuracy)
    assert list((run / "audits").iterdir())


def test_demands_under_corruptions_are_measured_on_the_images(trained, pictures, tmp_path):
    run = shutil.copytree(trained.folder, tmp_path / "run")
    demands = ["under(accuracy, brightness, 1) >= 0.0", "under(accuracy, gaussian_noise) <= 1.0"]
    for data in ([], [pictures]):
        words = [word for demand in demands for word in ("--require", demand)]
        seen = vidi("audit", run, *data, *words, "--json")
        assert seen.code == 0, seen
        one, mean = (claim["measured"] for claim in json.loads(seen.out)["claims"])
        assert one["n"] == trained.results["n"] and mean["note"].startswith("images corrupted at ")
        assert 0 <= mean["value"] <= 1
    assert "there is no corruption 'fogg'" in refused("audit", run, "--require", "under(accuracy, fogg) >= 0")
    assert "there is no metric 'ece'" in refused("audit", run, "--require", "under(ece, fog) <= 1")


def test_nothing_depends_on_the_order_of_rows(table, tmp_path):
    first, *rows = table.read_text().splitlines()
    turned = tmp_path / "turned" / "predictions.csv"
    turned.parent.mkdir()
    turned.write_text("\n".join([first, *np.random.default_rng(0).permutation(rows).tolist()]) + "\n")
    one, other = (json.loads(vidi("audit", path, "--by", "sex", "--json").out) for path in (table, turned))
    assert one["groups"] == other["groups"] and one["measured"] == other["measured"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--by", "age"), "has no attribute 'age'"),
        (("--require", "accuracy > 0.5"), "a bound is written with >= or <="),
        (("--require", "acuracy >= 0.5"), "there is no metric 'acuracy'; did you mean accuracy?"),
        (("--require", "gap(accuracy, age) <= 1"), "has no attribute 'age'"),
        (
            ("--require", "under(accuracy, fog) >= 0.5"),
            "wants images to corrupt, and predictions.csv is a table",
        ),
        (("--by", "sex", "--positive", "7"), "'7' is none of 0, 1"),
        (("--truth", "z"), "'z' is none of y, yhat, sex"),
    ],
)
def test_wrong_use_is_one_sentence(table, words, sentence):
    assert sentence in refused("audit", table, *words)


def test_what_is_not_there_is_refused(tmp_path, trained):
    assert "does not exist; give a run folder, or a table" in refused("audit", tmp_path / "no")
    assert "name columns of a table" in refused("audit", trained.folder, "--truth", "x")


def test_verify_and_compare_say_their_verdict(trained, tmp_path, pictures):
    seen = vidi("verify", trained.folder, pictures)
    assert seen.code == 0 and f"{trained.folder}: stands" in seen.out
    run = shutil.copytree(trained.folder, tmp_path / "run")
    (run / "report.html").write_text("better")
    seen = vidi("verify", run, "--json")
    assert seen.code == 1 and json.loads(seen.out)["checks"][0]["what"] == "report.html"
    if len(trained.results["confusion"]) and trained.results["n"] >= 10:
        assert vidi("compare", trained.folder, trained.folder).code == 3
    else:
        assert "the fewest to compare on" in refused("compare", trained.folder, trained.folder)
