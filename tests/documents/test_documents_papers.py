"""The papers: complete, self-contained, escaped, and nothing in them that was not measured."""

import itertools
import re
from html.parser import HTMLParser

import pytest
from fabricated_run import HOSTILE, fabricate, hostile, results_of, thumbnail

from vidi.core.errors import UsageError
from vidi.documents import papers, report
from vidi.documents.evidence import gather
from vidi.documents.pictures import picture

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Elements that are opened and closed in order, every attribute, every text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def page_of(run) -> Page:
    page = Page(report.render(gather(run), thumbnail=thumbnail))
    assert page.open == []
    return page


def test_writes_four_papers_and_says_so(tmp_path):
    written = papers.write(fabricate(tmp_path), thumbnail=thumbnail)
    assert [path.name for path in written] == ["README.md", "datasheet.md", "croissant.json", "report.html"]
    assert all(path.stat().st_size > 300 for path in written)


def test_same_run_same_bytes(tmp_path):
    first = [path.read_bytes() for path in papers.write(fabricate(tmp_path), thumbnail=thumbnail)]
    assert first == [path.read_bytes() for path in papers.write(fabricate(tmp_path), thumbnail=thumbnail)]


def test_damaged_results_write_nothing(tmp_path):
    run = fabricate(tmp_path)
    (tmp_path / "results.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="not readable JSON"):
        papers.write(run, thumbnail=thumbnail)
    assert not (tmp_path / "README.md").exists() and not (tmp_path / "report.html").exists()


def test_the_page_needs_nothing_but_itself(tmp_path):
    page = page_of(fabricate(tmp_path))
    assert {"link", "iframe", "object", "embed"}.isdisjoint(tag for tag, _ in page.tags)
    assert not any("src" in given for tag, given in page.tags if tag == "script")
    for tag, given in page.tags:
        assert not any(name.startswith("on") for name in given), (tag, given)
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            address = given.get(name) or ""
            assert address.startswith(("data:image/", "#")) or re.fullmatch(r"[\w.]*", address), (
                tag,
                address,
            )
    source = report.render(gather(fabricate(tmp_path)), thumbnail=thumbnail)
    assert not re.search(r"url\(|@import|https?://", source)


def test_links_lead_somewhere_and_pictures_are_told(tmp_path):
    page = page_of(fabricate(tmp_path))
    named = {given["id"] for _, given in page.tags if "id" in given}
    assert {
        str(given["href"])[1:] for tag, given in page.tags if tag == "a" and str(given["href"])[:1] == "#"
    } <= named
    pictures = [given for tag, given in page.tags if tag == "img"]
    assert len(pictures) == 35 and all(given["alt"] for given in pictures)  # 3 x 12, one has no picture
    assert "no picture" in page.words
    charts = [given for tag, given in page.tags if tag == "svg"]
    assert all(given.get("aria-label") or given.get("aria-hidden") for given in charts)
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1 and all(b - a <= 1 for a, b in itertools.pairwise(headings))


def test_every_number_is_on_the_page(tmp_path):
    words = " ".join(page_of(fabricate(tmp_path)).words).replace("\u202f", " ")
    for expected in (
        "92.2 %",
        "[89.2, 94.4]",
        "[0.248, 0.391]",
        "0.131",
        "410",
        "majority class",
        "82.9 %",
        "1.31",
    ):
        assert expected in words, expected
    assert "vidi train photos/ --group student --minutes 2" in words


def test_a_mistake_is_shown_once(tmp_path):
    few = results_of(("a", "b"))["mistakes"]["most_certain"][:4]
    change = {"mistakes": {"most_certain": few, "least_certain": few[::-1], "surest_hits": []}}
    run = fabricate(tmp_path, labels=("a", "b"), change=change)
    page = page_of(run)
    assert page.words.count("Most certain mistakes") == 1 and "Least certain mistakes" not in page.words
    assert len([tag for tag, _ in page.tags if tag == "img"]) == 3  # one of the four has no picture


def test_hostile_names_stay_text_on_the_page(tmp_path):
    page = page_of(hostile(tmp_path))
    tags = {tag for tag, _ in page.tags}
    assert [tag for tag, _ in page.tags].count("script") == 1 and "b" in tags  # the page's own
    assert not any("onerror" in given for _, given in page.tags)
    assert len([tag for tag, _ in page.tags if tag == "img"]) == 35
    assert any(HOSTILE in words for words in page.words)
    assert "49" not in " ".join(page.words).replace("49 s", "").split()


def test_hostile_names_stay_text_in_markdown(tmp_path):
    for path in papers.write(hostile(tmp_path), thumbnail=thumbnail)[:2]:
        body = path.read_text(encoding="utf-8").split("\n---\n", 1)[-1]
        outside_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", body)
        assert "<" not in outside_code.replace("&lt;", "")
        assert not re.search(r"(?<!\\)\]\(", outside_code)
        assert not re.search("^# (x|heading)", body, re.MULTILINE)


@pytest.mark.parametrize("count", [1, 2, 31, 120])
def test_any_number_of_labels(tmp_path, count):
    page = page_of(fabricate(tmp_path, labels=tuple(f"label {i}" for i in range(count)), history=False))
    matrices = [given for _, given in page.tags if str(given.get("class", "")).startswith("matrix ")]
    assert len(matrices) == (count <= 30)
    assert not any(given.get("id") == "learning" for _, given in page.tags)


def test_the_least_that_a_run_can_say(tmp_path):
    run = fabricate(tmp_path, labels=("a", "b"), history=False)
    run.write(
        "results.json", "results", {"task": "classification", "labels": ["a", "b"], "split": "test", "n": 0}
    )
    run.write("recipe.json", "recipe", {"recipe": "knn"})
    (tmp_path / "model.json").unlink()
    assert len(papers.write(run, thumbnail=lambda name: None)) == 4
    assert "Nothing was measured" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_what_is_not_a_picture_is_left_out():
    assert picture(None) == "" and picture(b"<svg onload=alert(1)>") == ""
    assert picture(b"\x89PNG\r\n").startswith("data:image/png;base64,")
