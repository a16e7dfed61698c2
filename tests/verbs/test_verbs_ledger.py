"""An example that was withdrawn is never learned from again, and every model that saw it is named."""

import shutil

import pyarrow.parquet as pq
import pytest

import vidi
from vidi.core.errors import UsageError
from vidi.core.measured import Verdict
from vidi.data.listing import LEDGER_FILE
from vidi.verbs.ledger import inspect, withdraw


@pytest.fixture
def photos(pictures, tmp_path):
    return shutil.copytree(pictures, tmp_path / "photos")


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained.folder, tmp_path / "runs" / "first")


def in_split(run, split):
    table = pq.read_table(run / "splits.parquet").to_pylist()
    return next(row for row in table if row["split"] == split)


@pytest.mark.parametrize("by", ["hash", "id", "path", "on disk"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_it_is_set_aside_by_name_and_the_run_that_saw_it_is_named(photos, run, by, split):
    row = in_split(run, split)
    name = str(photos / row["path"]) if by == "on disk" else row[by]
    done = withdraw([name], photos, runs=run.parent, reason="asked to")
    assert [(entry.hash, entry.path, entry.reason) for entry in done.new] == [
        (row["hash"], row["path"], "asked to")
    ]
    assert [(seen.run, dict(seen.splits)) for seen in done.runs] == [(run, {split: (row["path"],)})]
    data = vidi.load(photos)
    assert len(data) == 29 and row["hash"] not in data.dataset.column("hash")
    assert [r.where for r in data.dataset.remarks if r.kind == "withdrawn"] == [row["path"]]


@pytest.mark.slow
def test_it_stays_out_when_it_is_renamed_copied_or_edited(photos, run):
    path = in_split(run, "train")["path"]
    withdraw([path], photos, runs=run.parent)
    shutil.copy(photos / path, photos / "green" / "copy.png")
    assert len(vidi.load(photos)) == 29
    (photos / path).rename(photos / "blue" / "other.png")
    assert len(vidi.load(photos)) == 29
    other = next(file for file in sorted((photos / "red").glob("0*.png")) if file != photos / path)
    shutil.copy(other, photos / path)  # what lies there now is other content
    assert path not in vidi.load(photos).dataset.column("path")


def test_it_is_found_in_a_run_when_its_file_is_gone(photos, run):
    row = in_split(run, "train")
    (photos / row["path"]).unlink()
    done = withdraw([row["path"]], photos, runs=run.parent)
    assert done.new[0].hash == row["hash"] and len(done.runs) == 1


def test_again_changes_nothing_and_an_unknown_one_writes_nothing(photos, run):
    with pytest.raises(UsageError, match=r"no example of .* and none of a run"):
        withdraw([in_split(run, "train")["path"], "red/no.png"], photos, runs=run.parent)
    assert not (photos / LEDGER_FILE).exists()
    path = in_split(run, "train")["path"]
    first = withdraw([path, path], photos, runs=run.parent)
    content = first.file.read_bytes()
    again = withdraw([path], photos, runs=run.parent)
    assert len(first.new) == 1 and not again.new and again.already == first.new
    assert first.file.read_bytes() == content and len(again.runs) == 1


def test_near_copies_are_named_and_stay(photos, run):
    from PIL import Image

    path = in_split(run, "train")["path"]
    Image.open(photos / path).convert("RGB").save(photos / "again.jpg", quality=95)
    shutil.move(photos / "again.jpg", (photos / path).parent / "again.jpg")
    done = withdraw([path], photos, runs=run.parent)
    assert done.near == (f"{path.split('/')[0]}/again.jpg",)


def test_a_ledger_of_ones_own_place(photos, run, tmp_path, monkeypatch):
    kept = tmp_path / "legal" / "withdrawn.json"
    withdraw([in_split(run, "train")["id"]], photos, runs=run.parent, file=kept)
    assert kept.exists() and not (photos / LEDGER_FILE).exists()
    assert len(vidi.load(photos)) == 30
    monkeypatch.setenv("VIDI_LEDGER", str(kept))
    assert len(vidi.load(photos)) == 29


def test_all_withdrawn_and_a_damaged_run(photos, run):
    (run / "splits.parquet").write_bytes(b"PAR1")
    every = [str(path) for path in photos.rglob("0*.png")]
    done = withdraw(every, photos, runs=run.parent)
    assert done.unread == (str(run / "splits.parquet"),) and len(done.new) == 30
    with pytest.raises(UsageError, match=r"all 30 images in .* were withdrawn"):
        vidi.load(photos)


def test_a_run_on_withdrawn_images_cannot_be_verified_and_the_papers_say_how_many(photos, run):
    withdraw([in_split(run, "test")["path"]], photos, runs=run.parent)
    assert vidi.verify(run, photos).verdict == Verdict.CANNOT_TELL
    assert inspect(photos)["ledger"]["withdrawn"] == 1


@pytest.mark.slow
def test_rights_come_with_the_table_and_stay_with_the_run(pictures, tmp_path):
    photos = shutil.copytree(pictures, tmp_path / "photos")
    lines = ["file,colour,License,who,agreed"]
    for place, path in enumerate(sorted(photos.rglob("0*.png"))):
        lines.append(
            f"{path.relative_to(photos)},{path.parent.name},CC-BY-4.0,Ada,{'no' if place == 3 else 'yes'}"
        )
    (photos / "labels.csv").write_text("\n".join(lines))
    data = vidi.load(photos, target="colour", source="who", consent="agreed")
    assert [remark.kind for remark in data.dataset.remarks if remark.kind == "consent"] == ["consent"]
    run = vidi.train(data, recipe="knn", out=tmp_path / "runs")
    kept = pq.read_table(run.folder / "splits.parquet")
    assert set(kept.column("licence").to_pylist()) == {"CC-BY-4.0"} and set(
        kept.column("source").to_pylist()
    ) == {"Ada"}
    assert run.results["data"]["ledger"] == {
        "licences": {"CC-BY-4.0": 30},
        "sources": {"Ada": 30},
        "consent": {"yes": 29, "no": 1},
        "withdrawn": 0,
    }
    sheet = (run.folder / "datasheet.md").read_text("utf-8")
    assert "- CC-BY-4.0: 30" in sheet and "- no: 1" in sheet
    assert vidi.verify(run.folder).verdict == Verdict.STANDS
