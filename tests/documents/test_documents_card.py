"""The model card: Mitchell's nine sections, no number without its measurement, nothing silently blank."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import yaml
from fabricated_run import fabricate, fabricate_audit, hostile, results_of

from vidi.documents import answers, model_card
from vidi.documents.evidence import gather
from vidi.documents.questions import every

MITCHELL = [
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
]
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def card_of(run, **said: str) -> str:
    if said:
        answers.write(run.path, said)
    return model_card.render(gather(run))


def sections(card: str) -> dict[str, str]:
    parts = re.split(r"^## (.*)$", card.split("\n---\n", 1)[1], flags=re.MULTILINE)
    return dict(zip(["top", *parts[1::2]], parts[::2], strict=True))


def leaves(content: Any) -> Iterator[float]:
    """Every number that the files hold, those in their texts too, and how many entries their lists have."""
    if isinstance(content, bool) or content is None:
        return
    if isinstance(content, int | float):
        yield float(content)
    elif isinstance(content, str):
        yield from (float(found.replace(",", "")) for found in NUMBER.findall(content))
    else:
        yield float(len(content))
        for each in content.values() if isinstance(content, dict) else content:
            yield from leaves(each)
        yield from (n for key in content if isinstance(content, dict) for n in leaves(key))


def unfounded(card: str, run) -> list[str]:
    """The numbers of the card's measured parts that nothing in the run's files rounds to."""
    files = [run.path / "results.json", run.path / "model.json", *run.path.glob("audits/*/results.json")]
    known = [number for file in files for number in leaves(json.loads(file.read_text("utf-8")))]
    counts = json.loads((run.path / "results.json").read_text("utf-8"))["data"]["counts"].values()
    known += [float(sum(row[split] for row in counts)) for split in ("train", "validation", "test")]
    known += [100 * number for number in known]  # percent
    known = np.array(known)
    body = sections(card)
    parts = [
        body[name] for name in ("top", "Metrics", "Evaluation data", "Training data", "Quantitative analyses")
    ]
    said = "\n".join(line for part in parts for line in part.splitlines() if not line.startswith("> "))
    said = re.sub(r"`[^`]*`|\*\*Not stated: .*\*\*", "", said).replace("\u202f", " ")
    return [token for token in NUMBER.findall(said) if not rounds(token, known)]


def rounds(token: str, numbers: np.ndarray) -> bool:
    digits = len(token.partition(".")[2])
    return bool((np.abs(numbers - float(token.replace(",", ""))) <= 0.5000001 * 10**-digits).any())


def test_the_nine_sections_in_order(tmp_path):
    assert list(sections(card_of(fabricate(tmp_path))))[1:] == MITCHELL


def test_every_question_is_asked_or_answered_and_the_open_ones_are_counted(tmp_path):
    run = fabricate(tmp_path)
    card = card_of(run)
    assert "**Not stated: 20 of 20 questions" in card and card.count("> **Not stated:**") == 20
    card = card_of(run, owner="Ada", out_of_scope="Anything with people in it.")
    assert "**Not stated: 18 of 20 questions" in card and card.count("> **Not stated:**") == 18
    assert "**Who made this model?** Ada" in card
    everything = card_of(run, **dict.fromkeys(every("card"), "Said."))
    assert "**Not stated: 0 of 20 questions" in everything and "> **Not stated:**" not in everything


def test_out_of_scope_is_never_silently_blank(tmp_path):
    run = fabricate(tmp_path)
    assert "is no permission" in sections(card_of(run))["Intended use"]
    part = sections(card_of(run, out_of_scope="Medicine."))["Intended use"]
    assert "**What must it not be used for?** Medicine." in part and "is no permission" not in part


def test_every_number_has_a_measurement_behind_it(tmp_path):
    run = fabricate(tmp_path)
    fabricate_audit(run)
    card = card_of(run, metric_choice="Accuracy of 0.99123 is what counts.")
    assert unfounded(model_card.render(replace(gather(run), answers={})), run) == []
    assert len(NUMBER.findall(sections(card)["Quantitative analyses"])) > 200
    assert unfounded(card, run) == ["0.99123"]  # the test itself finds one that nothing stands behind
    assert f"0.99123 is what counts. *{answers.STATED}*" in card


def test_an_answer_does_not_touch_what_was_measured(tmp_path):
    run = fabricate(tmp_path)
    fabricate_audit(run)
    before, after = (sections(card_of(run, **said)) for said in ({}, {"metric_choice": "It is 100 % right."}))
    assert before["Quantitative analyses"] == after["Quantitative analyses"]
    assert before["top"].splitlines()[:5] == after["top"].splitlines()[:5]


def test_groups_and_intersections_are_told(tmp_path):
    run = fabricate(tmp_path)
    assert "Not measured." in sections(card_of(run))["Quantitative analyses"]
    fabricate_audit(run)
    card = sections(card_of(run))
    part = card["Quantitative analyses"]
    unitary, crossed = part.split("Intersectional:")
    assert "| sex=female |" in unitary and "| sex=female, skin=darker |" not in unitary
    assert "| sex=female, skin=darker |" in crossed and "| gap(accuracy, sex, skin) |" in crossed
    assert "| gap(accuracy, sex, skin) &lt;= 0.05 | fails |" in part
    assert "Groups differ in accuracy by sex and skin: gap 0." in card["top"]
    assert "told by sex and skin" in card["Factors"] and "student and camera" in card["Factors"]


def test_of_two_audits_that_ask_the_same_the_last_counts(tmp_path):
    run = fabricate(tmp_path)
    first, second = fabricate_audit(run), fabricate_audit(run, seed=1)
    card = card_of(run)
    assert f"audits/{second.name}" in card and f"audits/{first.name}." not in card
    fabricate_audit(run, by=("skin", "sex"))
    assert len(gather(run).audits) == 2


def test_an_audit_without_a_difference_says_luck(tmp_path):
    run = fabricate(tmp_path)
    folder = fabricate_audit(run)
    content = json.loads((folder / "results.json").read_text("utf-8"))
    for entry in content["groups"]:
        if entry["name"].startswith("gap("):
            entry["low"] = 0.0
    (folder / "manifest.json").unlink()
    (folder / "results.json").write_text(json.dumps(content), encoding="utf-8")
    assert "No difference in accuracy between groups can be told from luck" in card_of(run)


def test_the_hub_reads_the_header(tmp_path):
    from huggingface_hub import EvalResult, ModelCard

    run = fabricate(tmp_path)
    (tmp_path / "README.md").write_text(card_of(run, licence="Apache-2.0"), encoding="utf-8")
    data = ModelCard.load(tmp_path / "README.md").data
    assert (data.license, data.library_name, data.pipeline_tag) == (
        "apache-2.0",
        "vidi",
        "image-classification",
    )
    assert all(isinstance(entry, EvalResult) for entry in data.eval_results)
    accuracy = next(entry for entry in data.eval_results if entry.metric_type == "accuracy")
    assert accuracy.metric_value == pytest.approx(0.921951) and accuracy.dataset_split == "test"
    stated = {m["name"]: m["value"] for m in results_of("0123456789")["measured"] if not m["of"]}
    assert {entry.metric_name.split(", n = ")[0] for entry in data.eval_results} == set(stated)


def test_a_licence_that_the_hub_does_not_know(tmp_path):
    run = fabricate(tmp_path)
    assert model_card.licence(gather(run)) == {"license": "unknown"}
    card_of(run, licence="House rules")
    assert model_card.licence(gather(run)) == {"license": "other", "license_name": "House rules"}


def test_hostile_names_stay_values_in_the_header(tmp_path):
    content = yaml.safe_load(str(model_card.header(gather(hostile(tmp_path)))))
    assert "evil" not in content and content["license_name"].startswith("x\\x0aevil:")
