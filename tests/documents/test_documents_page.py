"""The page's own parts: what stands behind a cell, groups as small multiples, curves, papers as safe HTML."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from fabricated_page import CORRUPTIONS, LABELS, check, fabricate_page, predictions, robustness
from fabricated_run import HOSTILE, fabricate, hostile, results_of, thumbnail
from test_documents_papers import Page

from vidi.core.measured import Measured, Verdict
from vidi.core.run_folder import RunFolder
from vidi.documents import audit_page, check_page, confusion, papers, plots, prose, report, verdicts
from vidi.documents.evidence import audits_of, gather
from vidi.documents.group_matrix import bounds_of, matrix
from vidi.documents.pictures import Album, picture
from vidi.documents.predicted import behind


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return fabricate_page(tmp_path_factory.mktemp("page") / "run")


def tabs(run):
    return {papers.TITLES[name]: content for name, content in papers.texts(gather(run)).items()}


@pytest.fixture(scope="module")
def source(run):
    return report.render(gather(run), thumbnail=thumbnail, papers=tabs(run))


def test_every_section_and_tab_is_there_and_led_to(source):
    page = Page(source)
    assert page.open == []
    named = {given["id"] for _, given in page.tags if "id" in given}
    wanted = {
        "result",
        "numbers",
        "labels",
        "confusions",
        "probabilities",
        "silence",
        "groups",
        "corruptions",
    }
    wanted |= {"audits", "images", "made", "report", "data", "suspects", "shortcuts", "outliers"}
    assert wanted <= named
    led = [str(given["href"])[1:] for tag, given in page.tags if tag == "a" and str(given["href"])[:1] == "#"]
    assert set(led) <= named and {"model-card", "datasheet"} <= set(led)
    assert len(named) == len([given for _, given in page.tags if "id" in given])  # each id once


def test_only_its_own_script_may_run(source):
    (script,) = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    assert "script-src 'sha256-" in source and source.count("<script") == 1 and len(script) > 500
    assert "unsafe-inline" not in re.search(r"script-src[^;]*", source)[0] and "default-src 'none'" in source


def test_the_images_behind_a_cell_are_all_of_it_or_its_surest(tmp_path):
    folder = fabricate(tmp_path)
    assert behind(tmp_path) == {}
    predictions(folder, LABELS)
    counts = gather(folder).results["confusion"]
    found = behind(tmp_path, most=4)
    for (truth, said), images in found.items():
        assert images.n == counts[int(truth)][int(said)] and len(images.images) == min(4, images.n)
        sure = [image.probability for image in images.images]
        assert sure == sorted(sure, reverse=truth != said) and min(sure) >= 0.5
    shown = confusion.shares_of_room(counts, LABELS, found)
    assert sum(map(len, shown.values())) <= confusion.MOST_IMAGES
    assert all((row, column) in shown for row, column, *_ in confusion.confused_pairs(counts, most=None))


def test_the_album_is_never_fuller_than_said():
    album = Album(thumbnail, left=3 * len(picture(thumbnail("a"))) + 10)
    shown = [album(name) for name in "abcde"]
    assert sum(map(len, shown)) <= 3 * len(shown[0]) + 10 and album.refused == shown.count("") >= 1


def test_a_column_of_groups_has_one_scale_that_holds_every_interval(run):
    found = matrix(audits_of(run.path)[0])
    for column in found.columns:
        low, high = column.bounds
        entries = [
            row.numbers[column.name] for _, rows in found.blocks for row in rows if column.name in row.numbers
        ]
        assert all(low <= entry.low and entry.high <= high for entry in entries if entry.low == entry.low)
        ends = [
            float(end[:-1])
            for entry in entries
            for end in re.findall(r'x[12]="([\d.]+%)"', column.drawn(entry))
        ]
        assert min(ends) >= 0 and max(ends) <= 100
    assert found.blocks[0][1][0].label == "all" and len(found.blocks) == 2


@pytest.mark.parametrize(
    ("ends", "wanted"),
    [
        ((0.83, 0.97), (0.8, 1.0)),
        ((0.4, 0.45), (0.4, 0.6)),
        ((0.96, 1.0), (0.8, 1.0)),
        ((0.0, 0.02), (0.0, 0.2)),
    ],
)
def test_a_scale_by_hand(ends, wanted):
    low, high = ends
    assert bounds_of([Measured("accuracy", low, low, high, 9, "Wilson")]) == pytest.approx(wanted)
    assert bounds_of([]) == (0.0, 1.0)


def test_curves_are_told_in_words_and_nothing_is_drawn_of_nothing():
    found = plots.corruption_curves(robustness())
    assert {curve.name for curve in found} == {name.replace("_", " ") for name in CORRUPTIONS}
    for curve in found:
        label = ElementTree.fromstring(curve.drawn).attrib["aria-label"]
        assert all(f"severity {step}: " in label for step in range(1, 6)) and len(curve.points) == 5
    assert plots.corruption_curves({}) == [] and plots.risk_coverage([]) == ""
    fallen = re.findall(r'cy="([\d.]+)"', found[0].drawn)
    assert list(map(float, fallen)) == sorted(map(float, fallen))  # the accuracy falls, so the dots sink


def test_what_fails_is_said_first_and_every_verdict_has_a_word(run):
    lines = verdicts.of_run(gather(run))
    assert lines[0].verdict == Verdict.FAILS and lines[0].demanded and lines[0].bound == 0.05
    assert {line.sign for line in lines} <= set("✓✗?") and all(line.said for line in lines)
    assert any("sets of labels" in line.said for line in lines)


def test_a_paper_is_safe_and_keeps_its_form():
    body = prose.html(
        "---\nlicense: x\n---\n# Title\n\n<script>alert(1)</script> **b** [a](javascript:alert(1)) [b](https://x.org/) "
        "[c](results.json) [d](//evil.org) ![e](http://x.org/e.png)\n\n| a | b |\n| --- | --- |\n| 1 | <b>2</b> |\n"
    )
    tags = Page(body).tags
    assert [tag for tag, _ in tags if tag in ("script", "img", "b")] == [] and "<h2>Title</h2>" in body
    assert [given["href"] for tag, given in tags if tag == "a"] == ["https://x.org/", "results.json"]
    assert "<td>1</td>" in body and "license" not in body and "<strong>b</strong>" in body


def test_hostile_names_stay_text_in_every_part(tmp_path):
    folder = hostile(tmp_path)
    predictions(folder, tuple(gather(folder).labels))
    page = Page(report.render(gather(folder), thumbnail=thumbnail, papers=tabs(folder)))
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not any(name.startswith("on") for _, given in page.tags for name in given)
    assert any(HOSTILE in words for words in page.words)


def test_an_audit_has_a_page_of_its_own(run):
    (audited,) = audits_of(run.path)
    folder = run.path / "audits" / audited.name
    written = audit_page.write(folder, audited.content)
    page = Page(written.read_text(encoding="utf-8"))
    assert page.open == [] and written == folder / "audit.html"
    named = {given["id"] for _, given in page.tags if "id" in given}
    assert {"demands", "words", "groups", "slices", "corruptions", "overall", "small"} <= named
    words = " ".join(page.words)
    assert words.index("What was demanded") < words.index("Group by group") and "sex=other" in words


def test_an_audit_of_a_table_with_next_to_nothing_has_one_too(tmp_path):
    audit_page.write(tmp_path, {"of": HOSTILE, "n": 3, "claims": [], "measured": [], "groups": []})
    page = Page((tmp_path / "audit.html").read_text(encoding="utf-8"))
    assert page.open == [] and [tag for tag, _ in page.tags].count("script") == 1


def test_a_check_without_a_model_has_a_page_too(tmp_path):
    content = results_of(LABELS)["data"] | check() | {"task": "classification"}
    RunFolder(tmp_path).write("results.json", "check", content)
    written = check_page.render(gather(RunFolder(tmp_path)), thumbnail=thumbnail, papers={"Datasheet": "# d"})
    page = Page(written)
    named = {given["id"] for _, given in page.tags if "id" in given}
    assert page.open == [] and {"data", "counts", "suspects", "shortcuts", "outliers", "datasheet"} <= named
    words = " ".join(page.words)
    assert (
        "0 exact copies and 1 near copy, 1 label to look at again, 1 shortcut and 3 unreadable files."
        in words
    )
    assert len([tag for tag, _ in page.tags if tag == "img"]) == 4


@pytest.mark.slow
def test_a_thousand_images_fit_into_five_megabytes(tmp_path):
    noise = np.random.default_rng(0)

    def large(name: str) -> bytes:
        return b"\xff\xd8" + noise.bytes(6_000)

    labels = tuple(f"label {number}" for number in range(25))
    folder = fabricate(tmp_path, labels=labels)
    predictions(folder, labels)
    assert len(pq_ids(folder.path)) >= 1_000
    page = report.render(gather(folder), thumbnail=large, papers=tabs(folder))
    assert len(page.encode()) < 5_000_000


def pq_ids(folder):
    import pyarrow.parquet as pq

    return pq.read_table(folder / "predictions.parquet", columns=["id"])
