"""Runs of detection and segmentation side by side: better, or luck, and on which images."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import vidi
from drawn_objects import SIDE, detected, maps
from vidi.cli.main import app
from vidi.core.errors import UsageError
from vidi.core.run_folder import RunFolder
from vidi.data.found import COLUMN, FoundMap, FoundObjects, objects_of
from vidi.documents.found import image_quality

IMAGES = 24
HW = (SIDE, SIDE)


def written(path, task, labels, truth, found, quality, hw):
    """A run folder with these answers."""
    path.mkdir()
    ids = [f"image {n}" for n in range(len(truth))]
    same = {"id": ids, "path": [f"{each}.png" for each in ids], "split": ["test"] * len(ids)}
    columns = {"height": [hw[0]] * len(ids), "width": [hw[1]] * len(ids), "quality": quality}
    columns |= {
        name: pa.array([each.rows(labels) for each in rows], COLUMN)
        for name, rows in (("truth", truth), ("found", found))
    }
    pq.write_table(pa.table(same | columns), path / "predictions.parquet")
    pq.write_table(pa.table({**same, "hash": ids}), path / "splits.parquet")
    folder = RunFolder(path)
    folder.write("results.json", "results", {"task": task, "labels": list(labels), "data": {"group": None}})
    folder.write("recipe.json", "recipe", {})
    folder.seal()
    return path


def of_objects(path, drawn):
    def per_image(objects, scores):
        places = [np.flatnonzero(objects.image == n) for n in range(drawn.images)]
        return [
            FoundObjects(
                objects.box[rows],
                objects.label[rows],
                objects.score[rows] if scores else None,
                None,
                HW,
                None if scores else objects.is_crowd[rows],
            )
            for rows in places
        ]

    truth, found = per_image(drawn.truth, scores=False), per_image(drawn.found, scores=True)
    return written(path, "detection", drawn.labels, truth, found, image_quality(drawn), HW)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run, and one that finds a quarter as much on the first half of the images."""
    root, good = tmp_path_factory.mktemp("runs"), detected(images=IMAGES, seed=5, sharp=3.0)
    keep = (np.arange(len(good.found)) % 4 == 0) | (good.found.image >= IMAGES // 2)
    poor = replace(good, found=good.found.take(keep))
    return of_objects(root / "good", good), of_objects(root / "poor", poor), good, poor


def test_what_finds_less_is_told_with_the_images_it_lost(runs):
    good, poor, *_ = runs
    (pair,) = vidi.compare([good, poor]).pairs
    ap = pair.difference("AP")
    assert ap.difference < 0 and ap.high < 0 and pair.sentence.startswith(f"{good} is better than {poor}")
    assert pair.counts["the same"] >= IMAGES // 2 and pair.counts["worse"] > pair.counts["better"]
    lost = [int(each["path"].split()[1].removesuffix(".png")) for each in pair.worse]
    assert lost and max(lost) < IMAGES // 2 and pair.worse[0]["second"] < pair.worse[0]["first"]
    assert json.loads(json.dumps(pair.record(), allow_nan=False))["n"] == IMAGES


def test_crowds_count_for_nothing_here_either(runs):
    """The value is that of the metric, which leaves crowds out of what is to be found."""
    from vidi.metrics.detection import average_precision

    good, poor, *drawn = runs
    values = [average_precision.measure(each)[0].value for each in drawn]
    assert any(each.truth.is_crowd.any() for each in drawn)
    assert vidi.compare([good, poor]).pairs[0].difference("AP").difference == pytest.approx(
        values[1] - values[0]
    )


def test_rows_of_a_table_keep_what_does_not_count():
    crowd = FoundObjects(np.array([[1.0, 2, 3, 4]]), np.array([0]), None, None, (9, 9), np.array([True]))
    (row,) = pa.array([crowd.rows(("a",))], COLUMN).to_pylist()
    assert objects_of(row, ("a",), (9, 9)).uncounted.tolist() == [True]


def test_the_command_says_it_and_its_exit_code_too(runs):
    good, poor, *_ = runs
    told = CliRunner().invoke(app, ["compare", str(good), str(poor)])
    assert told.exit_code == 0 and "AP50: -" in told.output and "worse: image" in told.output
    assert CliRunner().invoke(app, ["compare", str(good), str(good)]).exit_code == 3


def test_maps_are_compared_and_other_tasks_are_not(runs, tmp_path):
    labels, pairs = ("road", "sky"), maps(images=12, classes=2)
    truth = [FoundMap(np.where(true > 1, 255, true).astype(np.uint8)) for true, _ in pairs]
    guess = [FoundMap(each.astype(np.uint8)) for _, each in pairs]
    right = [FoundMap(np.where(each.classes == 255, 0, each.classes)) for each in truth]
    quality = [0.5] * 12
    one = written(tmp_path / "one", "segmentation", labels, truth, guess, quality, (24, 24))
    two = written(tmp_path / "two", "segmentation", labels, truth, right, [1.0] * 12, (24, 24))
    (pair,) = vidi.compare([one, two]).pairs
    assert pair.difference("mIoU").low > 0 and pair.sentence.startswith(f"{two} is better")
    assert dict(pair.counts) == {"better": 12, "worse": 0, "the same": 0}
    with pytest.raises(UsageError, match=r"of the task segmentation, .* of detection"):
        vidi.compare([runs[0], one])
