"""The generated pages: in step after writing, out of step after any change, and errors in one sentence."""

import json
from pathlib import Path

import pytest

from vidi.documents import docs

RESULT = {
    "metric": "accuracy",
    "source": {
        "machine": {"cpu": "a|b", "processors": 2},
        "versions": {"torch": "2.13"},
        "command": "python benchmarks/x.py",
        "n": 1000,
        "seeds": [0, 1, 2],
    },
    "table": {
        "columns": ["recipe", "accuracy", "images/s"],
        "rows": [["probe | 1", 0.77, 12345], ["tail", 0.815, None]],
    },
}


def repository(root: Path) -> Path:
    kind = root / "src" / "vidi" / "augment"
    kind.mkdir(parents=True)
    (kind / "__init__.py").write_text('"""One file per augmentation."""', encoding="utf-8")
    (kind / "mixup.py").write_text(
        'CARD = Card(title="Mixup", idea="Blend.", weights=8470)', encoding="utf-8"
    )
    (root / "results").mkdir()
    (root / "docs").mkdir()
    (root / "results" / "speed.json").write_text(json.dumps(RESULT), encoding="utf-8")
    page = "# vidi\n\n<!-- results:speed -->\nold\n<!-- /results -->\n\nend\n"
    (root / "README.md").write_text(page, encoding="utf-8")
    return root


def run(root: Path, *arguments: str) -> int:
    return docs.main([*arguments, "--root", str(root)])


def test_by_hand(tmp_path):
    root = repository(tmp_path)
    assert run(root) == 0
    assert (root / "README.md").read_text(encoding="utf-8") == (
        "# vidi\n\n<!-- results:speed -->\n\n"
        "| recipe | accuracy | images/s |\n| --- | ---: | ---: |\n"
        "| probe \\| 1 | 0.77 | 12,345 |\n| tail | 0.815 |  |\n\n"
        "Accuracy, measured by `python benchmarks/x.py` on cpu: a\\|b, processors: 2; torch 2.13; n = 1,000; "
        "seeds 0, 1, 2; all of it: results/speed.json.\n\n"
        "<!-- /results -->\n\nend\n"
    )
    gallery = (root / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert "1 member of 1 kind" in gallery and "| `mixup` | Mixup | Blend. |  | 8,470 |  |" in gallery


def test_check_writes_nothing_and_notices_every_change(tmp_path, capsys):
    root = repository(tmp_path)
    before = (root / "README.md").read_text(encoding="utf-8")
    assert run(root, "--check") == 1 and (root / "README.md").read_text(encoding="utf-8") == before
    assert "README.md is out of step" in capsys.readouterr().err
    assert run(root) == 0 and run(root, "--check") == 0
    card = root / "src" / "vidi" / "augment" / "mixup.py"
    card.write_text(card.read_text(encoding="utf-8").replace("Blend", "Mix"), encoding="utf-8")
    assert run(root, "--check") == 1 and "gallery.md" in capsys.readouterr().err
    assert run(root) == 0
    changed = json.dumps(RESULT).replace("0.77", "0.78")
    (root / "results" / "speed.json").write_text(changed, encoding="utf-8")
    assert run(root, "--check") == 1


@pytest.mark.parametrize("key", ["metric", "machine", "versions", "command"])
def test_a_result_that_does_not_say_where_it_comes_from(tmp_path, capsys, key):
    root = repository(tmp_path)
    poor = {name: value for name, value in RESULT.items() if name != key}
    poor["source"] = {name: value for name, value in RESULT["source"].items() if name != key}
    (root / "results" / "speed.json").write_text(json.dumps(poor), encoding="utf-8")
    assert run(root, "--check") == 2
    assert f"does not say its {key}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("<!-- results:other -->\n<!-- /results -->\n", "wants results/other.json, which does not exist"),
        ("<!-- results:speed -->\n| a |\n", "not closed"),
    ],
)
def test_a_marker_that_cannot_be_filled(tmp_path, capsys, page, sentence):
    root = repository(tmp_path)
    (root / "README.md").write_text(page, encoding="utf-8")
    assert run(root) == 2 and sentence in capsys.readouterr().err


def test_a_crooked_table_and_a_wrong_folder(tmp_path, capsys):
    root = repository(tmp_path)
    crooked = RESULT | {"table": {"columns": ["a", "b"], "rows": [["x"]]}}
    (root / "results" / "speed.json").write_text(json.dumps(crooked), encoding="utf-8")
    assert run(root) == 2 and "row 1 should have 2 cells" in capsys.readouterr().err
    assert run(tmp_path / "nowhere") == 2 and "has no src/vidi" in capsys.readouterr().err
