"""The datasheet and Croissant: every question, measured or stated or open, and a standard's own validator agrees."""

import json
import re
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fabricated_run import fabricate, results_of, thumbnail

from vidi.core.dataset import Dataset
from vidi.core.errors import UsageError
from vidi.core.files import sha256
from vidi.core.run_folder import RunFolder
from vidi.documents import answers, croissant, datasheet, papers
from vidi.documents.evidence import gather
from vidi.documents.questions import every

GEBRU = [
    "Motivation",
    "Composition",
    "Collection process",
    "Preprocessing, cleaning, labelling",
    "Uses",
    "Distribution",
    "Maintenance",
]
LEDGER = {
    "licences": {"CC-BY-4.0": 1900, "not stated": 65},
    "consent": {"yes": 1965},
    "sources": {},
    "withdrawn": 2,
}


def fabricated(folder, *, ledger=None):
    data = results_of("0123456789")["data"] | ({"ledger": ledger} if ledger else {})
    return fabricate(folder, change={"data": data})


def sheet_of(run, **said: str) -> str:
    answers.write(run.path, said)
    return datasheet.render(gather(run))


def test_all_questions_in_seven_parts_and_the_open_ones_are_counted(tmp_path):
    sheet = sheet_of(fabricated(tmp_path))
    assert re.findall("^## (.*)$", sheet, re.MULTILINE) == GEBRU
    questions = re.findall(r"^\*\*(.*\?)\*\*$", sheet, re.MULTILINE)
    assert sorted(questions) == sorted(question.ask for question in every("data").values())
    asked, still_open = (
        int(n) for n in re.search(r"Of (\d+) .*\*\*(\d+) are not", sheet, re.DOTALL).groups()
    )
    assert asked == 50 and still_open == sheet.lower().count("not stated.")
    assert "1,965 images with 10 labels" in sheet


def test_an_answer_closes_a_question_and_stands_beside_what_was_measured(tmp_path):
    run = fabricated(tmp_path)
    before = len(datasheet.still_open(gather(run)))
    sheet = sheet_of(
        run, **{"data.purpose": "To teach.", "data.count": "There are 7.", "data.uses_more": "No."}
    )
    assert (
        len(datasheet.still_open(gather(run))) == before - 1
    )  # counting was measured: nothing was open there
    assert "1,965 images with 10 labels" in sheet
    assert f"The author: There are 7. *{answers.STATED}*" in sheet
    everything = sheet_of(run, **dict.fromkeys(every("data"), "Said."))
    assert "**0 are not stated**" in everything and "not stated.*" not in everything.lower()


def test_the_ledger_is_told_and_what_it_means_is_asked(tmp_path):
    sheet = sheet_of(fabricated(tmp_path, ledger=LEDGER))
    assert (
        "- CC-BY-4.0: 1,900" in sheet and "- not stated: 65" in sheet and "2 images were withdrawn" in sheet
    )
    assert {"data.licence", "data.consent", "data.acquired"} <= set(
        datasheet.still_open(gather(RunFolder(tmp_path)))
    )


def with_splits(folder):
    table = pa.table(
        {"hash": ["0" * 64], "id": ["0" * 16], "path": ["a.jpg"], "target": ["0"], "split": ["test"]}
    )
    pq.write_table(table.append_column("licence", pa.array(["CC-BY-4.0"])), folder / "splits.parquet")


def test_croissant_says_what_is_known_and_invents_nothing(tmp_path):
    run = fabricated(tmp_path)
    with_splits(tmp_path)
    papers.write(run, thumbnail=thumbnail)
    content = json.loads((tmp_path / "croissant.json").read_text(encoding="utf-8"))
    assert "http://mlcommons.org/croissant/1.1" in content["conformsTo"]
    assert {"license", "creator", "url", "datePublished", "citeAs"}.isdisjoint(content)
    (file,) = content["distribution"]
    assert file["sha256"] == sha256(tmp_path / "splits.parquet")
    columns = [field["source"]["extract"]["column"] for field in content["recordSet"][0]["field"]]
    assert columns == ["hash", "id", "path", "target", "split", "licence"]
    rai = {key for key in content if key.startswith("rai:")}
    assert "rai:dataCollectionType" not in rai and "rai:dataAnnotationProtocol" in rai
    assert content["rai:personalSensitiveInformation"] == ["Columns whose names speak of people: student."]


SAID = {
    "data.licence": "CC-BY-4.0",
    "data.creators": "Ada",
    "data.distribution": "At https://example.org/hands (DOI to come).",
    "data.release_date": "2026-12-01",
    "data.timeframe": "From 2024-03-01 to 2025-04-30, in spring.",
    "data.sensitive": "Hands of 218 students.",
    "rai.collection_type": "Direct measurement, Experiments",
    "rai.annotations_per_item": "1",
    "rai.citation": "@misc{hands, author={Ada}}",
}


@pytest.mark.parametrize("said", [{}, SAID, dict.fromkeys(every(), 'A "quoted" <b>\n\nline, 3 %')])
def test_the_validator_of_the_standard_finds_no_error(tmp_path, said):
    mlcroissant = pytest.importorskip("mlcroissant")
    run = fabricated(tmp_path, ledger=LEDGER)
    with_splits(tmp_path)
    answers.write(tmp_path, said)
    papers.write(run, thumbnail=thumbnail)
    read = mlcroissant.Dataset(jsonld=tmp_path / "croissant.json")
    assert not read.metadata.ctx.issues.errors
    assert read.metadata.license[-1] == "CC-BY-4.0"
    if said == SAID:
        assert not read.metadata.ctx.issues.warnings and read.metadata.url == "https://example.org/hands"
        assert read.metadata.data_collection_type == ["Direct measurement", "Experiments"]
        content = json.loads(
            (tmp_path / "croissant.json").read_text("utf-8")
        )  # the validator spells it TimeFrame
        assert content["rai:dataCollectionTimeframe"] == ["2024-03-01", "2025-04-30"]
        assert f"Hands of 218 students. {answers.STATED}" in read.metadata.personal_sensitive_information
    (record,) = read.records("images")
    assert record["images/path"] == b"a.jpg" and record["images/licence"] == b"CC-BY-4.0"


def checked_folder(parent):
    hashes = [f"{number:064x}" for number in range(4)]
    own = {
        "id": [h[-16:] for h in hashes],
        "hash": hashes,
        "target": list("abab"),
        "rights": [True, None, True, False],
    }
    table = pa.table(own | {"path": list("wxyz"), "split": ["train", "train", "validation", "test"]})
    data = Dataset("shapes", parent, "folder", table, ("a", "b"), columns={"licence": "rights"})
    folder = RunFolder.create(parent, "shapes", today=date(2026, 11, 23))
    content = {key: value for key, value in results_of("ab")["data"].items() if key != "group"}
    content |= {
        "label_errors": {"sentence": "An estimated 2.7% of labels are wrong."},
        "shortcuts": [{"sentence": "The border alone tells the label.", "flagged": True}],
        "ledger": LEDGER,
        "imbalance": {
            "attributes": [
                {
                    "name": "camera",
                    "levels": [{"level": "new", "n": 1900}, {"level": "old", "n": 63}],
                    "missing": 2,
                }
            ],
            "associations": [
                {"attribute": "camera", "flagged": True, "sentence": "camera goes together with the label."},
                {"attribute": "student", "flagged": False, "sentence": "student does not."},
            ],
        },
    }
    folder.write("results.json", "check", content)
    return folder, data


def test_a_data_set_without_a_run_has_its_papers_too(tmp_path):
    folder, data = checked_folder(tmp_path)
    written = papers.write_for_data(folder, data)
    assert [path.name for path in written] == [
        "splits.parquet",
        "datasheet.md",
        "croissant.json",
        "report.html",
    ]
    sheet = (folder.path / "datasheet.md").read_text("utf-8")
    assert "An estimated 2.7% of labels are wrong." in sheet and "The border alone tells the label." in sheet
    assert "It trained" not in sheet and "recipe.json" not in sheet
    assert "- camera: missing 2, new 1,900 and old 63" in sheet and "student does not" not in sheet
    content = json.loads((folder.path / "croissant.json").read_text("utf-8"))
    assert "camera goes together with the label." in content["rai:dataBiases"]
    assert content["rai:dataAnnotationAnalysis"] == ["An estimated 2.7% of labels are wrong."]
    assert content["license"] == ["CC-BY-4.0"]
    kept = pq.read_table(folder.path / "splits.parquet")
    assert kept.column("licence").to_pylist() == ["true", None, "true", "false"]
    assert np.array_equal(kept.column("target").to_pylist(), list("abab"))


def test_results_that_are_no_checks_are_one_sentence(tmp_path):
    folder, data = checked_folder(tmp_path)
    folder.write("results.json", "check", {"counts": 3})
    with pytest.raises(UsageError, match="is not as vidi check writes it"):
        papers.write_for_data(folder, data)


def test_only_addresses_and_dates_are_taken_for_them(tmp_path):
    run = fabricated(tmp_path)
    answers.write(
        tmp_path, {"data.distribution": "by post", "data.release_date": "soon", "data.timeframe": "2024"}
    )
    content = croissant.describe(gather(run))
    assert {"url", "datePublished", "rai:dataCollectionTimeframe"}.isdisjoint(content)
