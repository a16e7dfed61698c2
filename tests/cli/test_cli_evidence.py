"""audit, verify and compare as a person types them: what is said, what is written, the exit code."""

import json
import re
import shutil

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


@pytest.mark.slow
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


def test_who_gets_the_good_outcome_is_told_at_each_threshold(table, tmp_path):
    first, *rows = table.read_text().splitlines()
    scored = tmp_path / "scored.csv"
    scored.write_text("\n".join([f"{first},risk", *(f"{row},{n % 10}" for n, row in enumerate(rows))]) + "\n")
    asked = ("--by", "sex", "--good", "0", "--score", "risk", "--threshold", "5", "--threshold", "8")
    content = json.loads(vidi("audit", scored, *asked, "--json", "--out", tmp_path / "out").out)["outcomes"]
    assert content["good"] == "0" and [each["threshold"] for each in content["thresholds"]] == [5, 8]
    shares = [each["groups"][0]["selection_rate"]["value"] for each in content["thresholds"]]
    assert shares == [0.5, 0.8]  # called 1 from the threshold up: the good outcome goes to those below
    seen = vidi("audit", scored, *asked)
    assert "who gets 0:" in seen.out and "Of those who deserve '0', denied it" in seen.out
    (page,) = (tmp_path / "out").glob("*/audit.html")
    assert "Who gets the good outcome" in page.read_text(encoding="utf-8")
    plain = vidi("audit", table, "--by", "sex", "--good", "1")
    assert "as it stands" in plain.out and "by the answers as they stand" in plain.out


def test_slices_of_a_table_are_found_and_how_much_could_be_told_is_said(table, tmp_path):
    first, *rows = table.read_text().splitlines()
    wide = tmp_path / "wide.csv"
    wide.write_text("\n".join([f"{first},age", *(f"{row},{n}" for n, row in enumerate(rows))]) + "\n")
    content = json.loads(vidi("audit", wide, "--slices", "--json").out)
    assert [each["name"] for each in content["slices"] if each["flagged"]] == ["sex=f"]
    assert {each["attribute"] for each in content["slices"]} == {"sex", "age"} and content["power"] == []
    seen = vidi("audit", wide, "--by", "sex", "--slices")
    assert "to tell a gap of 5 points between two groups of sex here you need n = 1,09" in seen.out
    assert "6 slices" not in seen.out and "5 slices of 400 examples were looked at; in none" in seen.out


def test_a_published_table_is_added_up_again_and_its_groups_can_be_demanded_of(tmp_path):
    path = tmp_path / "published.csv"
    path.write_text(
        "skin,gender,n,error\nall,all,1270,10.0\nall,female,,21.3\nall,male,,0.7\ndarker,all,,16.5\n"
        "lighter,all,,4.7\ndarker,female,271,34.5\ndarker,male,318,0.7\nlighter,female,296,6.0|9.8\n"
        "lighter,male,385,0.8\n"
    )
    asked = ("--counts", "n", "--error", "error", "--by", "skin,gender")
    seen = vidi("audit", path, *asked, "--require", "gap(accuracy, gender) <= 0.1")
    assert seen.code == 1 and "of the values for lighter, female, 9.8 agrees with the totals" in seen.out
    assert re.search("skin=darker, gender=female +0.657", seen.out) and "true positive" not in seen.out
    assert "wants both --counts and --error" in refused("audit", path, "--counts", "n", "--by", "skin,gender")
    assert "'m' is none of skin, gender, n, error" in refused(
        "audit", path, *asked[:2], "--error", "m", "--by", "skin"
    )
    assert "leave out --truth, --good" in refused("audit", path, *asked, "--truth", "n", "--good", "x")
    path.write_text("skin,n,error\ndarker,10,half\n")
    assert "got 'half'" in refused("audit", path, *asked[:4], "--by", "skin")
    path.write_text("skin,n,error\ndarker,1.5,50\n")
    assert "a count of examples was wanted in n" in refused("audit", path, *asked[:4], "--by", "skin")


@pytest.mark.slow
def test_a_run_is_asked_about_spoiled_images_and_its_page_and_card_tell(trained, tmp_path):
    run = shutil.copytree(trained.folder, tmp_path / "run")
    asked = ["--corruptions", "fog", "--dials", "occlusion", "--elephant", "drawn", "--steadiness"]
    asked += ["--most", "2"]
    seen = vidi("audit", run, "--slices", *asked, "--require", "under(accuracy, fog) >= 0", "--json")
    assert seen.code == 0, seen
    content = json.loads(seen.out)
    for key, name in (("robustness", "fog"), ("dials", "occlusion")):
        assert [each["of"] for each in content[key]["accuracy"]] == [
            f"{name}, severity {n}" for n in range(1, 6)
        ]
        assert content[key]["n"] == 2 and "2 of " in content[key]["note"]
    assert content["claims"][0]["measured"]["value"] == pytest.approx(
        1 - content["robustness"]["corruption_error"][0]["value"]
    )
    assert content["steadiness"]["again"]["n"] == 2 and content["slices_said"]
    assert {each["of"].split(":")[0] for each in content["elephant"]} == {"drawn star", "drawn cross"}
    (folder,) = (run / "audits").iterdir()
    page = (folder / "audit.html").read_text(encoding="utf-8")
    for title in ("Under corruptions", "When it gets difficult", "An object transplanted", "other batches"):
        assert title in page, title
    assert "Under corruptions" in (run / "README.md").read_text(encoding="utf-8")
    again = vidi("audit", run, "--corruptions", "fog", "--most", "2", "--baseline", trained.folder)
    assert again.code in (0, 2)  # divided by its own errors, unless it makes none
    assert "makes no error under" in again.err or "mean of 1  1.000" in again.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--corruptions", "fogg"), "got 'fogg'; did you mean fog"),
        (("--dials", "standard"), "--dials wants all, or some of clutter"),
        (("--elephant", "no.png"), "no.png does not exist"),
        (("--most", "0", "--steadiness"), "1 or more images"),
        (("--baseline", "x"), "name some, and demand nothing under them"),
    ],
)
def test_what_cannot_be_asked_of_images_is_refused(trained, words, sentence):
    assert sentence in refused("audit", trained.folder, *words)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--by", "age"), "has no attribute 'age'"),
        (("--require", "accuracy > 0.5"), "a bound is written with >= or <="),
        (("--require", "acuracy >= 0.5"), "there is no metric 'acuracy'; did you mean accuracy?"),
        (("--require", "gap(accuracy, age) <= 1"), "has no attribute 'age'"),
        (
            ("--require", "under(accuracy, fog) >= 0.5"),
            "wants images to spoil, and predictions.csv is a table",
        ),
        (("--by", "sex", "--positive", "7"), "'7' is none of 0, 1"),
        (("--truth", "z"), "'z' is none of y, yhat, sex"),
        (("--steadiness",), "what is asked of images wants images to spoil"),
        (("--good", "1"), "name the groups with --by"),
        (("--by", "sex", "--good", "7"), "--good wants a label; '7' is none of 0, 1"),
        (("--by", "sex", "--threshold", "0.5"), "--threshold wants scores to cut"),
        (("--by", "sex", "--score", "sex", "--threshold", "1"), "--score wants a column of numbers"),
        (("--by", "sex", "--score", "yhat"), "wants a --threshold"),
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
