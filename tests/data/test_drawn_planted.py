"""Planted faults: as many as asked, where the record says, nothing else touched, and none at rate 0."""

import numpy as np
import pyarrow as pa
import pytest

from vidi.core.dataset import SPLITS
from vidi.data.drawn.copies import CHANGES, NEAR, duplicates, leaks, near_duplicates
from vidi.data.drawn.draw import draw_all, foreground
from vidi.data.drawn.examples import Drawn, dataset, hashes, scenes_of
from vidi.data.drawn.labels import imbalance, wrong_labels
from vidi.data.drawn.pictures import (
    CUES,
    LEVELS,
    blurred,
    blurred_group,
    group_gap,
    outliers,
    shortcut,
)
from vidi.data.drawn.planted import FAULTS
from vidi.data.drawn.world import World

N = 120
SOUTH = {"site": "south"}


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return dataset(N, size_px=32, seed=5)


def candidates(name: str, drawn: Drawn) -> int:
    """How many rows the fault's rate is a share of."""
    data = drawn.dataset
    if name == "leaks":
        return len(data.where("test"))
    if name == "rare label":
        return int((data.column("target") == data.labels[0]).sum())
    if "group" in name:
        return int((data.column("site") == "south").sum())
    return N


@pytest.mark.parametrize("name", FAULTS)
def test_rate_0_is_the_clean_data_set_itself(name, drawn):
    planted = FAULTS[name](drawn, rate=0.0)
    assert planted.dataset is drawn.dataset and planted.images is drawn.images
    assert len(planted.rows) == len(planted.removed) == 0 and planted.source.tolist() == list(range(N))


@pytest.mark.parametrize("rate", [0.04, 0.25, 1.0])
@pytest.mark.parametrize("name", FAULTS)
def test_there_are_as_many_as_asked(name, rate, drawn):
    planted = FAULTS[name](drawn, rate=rate)
    n, count = len(planted.images), int(rate * candidates(name, drawn) + 0.5)
    if name.startswith("rare"):
        assert len(planted.removed) == count == N - n
        assert len(planted.rows) == candidates(name, drawn) - count
    else:
        assert len(planted.rows) == count == len(np.unique(planted.rows))
        assert n == N + (count if name in ("duplicates", "near duplicates", "leaks") else 0)


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_else_is_touched(name, drawn):
    planted = FAULTS[name](drawn, rate=0.2)
    others = np.setdiff1d(np.arange(len(planted.images)), planted.rows)
    assert planted.dataset.take(others).table.equals(drawn.dataset.take(planted.source[others]).table)
    assert (planted.images[others] == drawn.images[planted.source[others]]).all()
    data = planted.dataset
    assert data.column("hash").tolist() == hashes(planted.images)
    assert len(set(data.column("id"))) == len(set(data.column("path"))) == len(data)
    assert data.table.schema.equals(drawn.dataset.table.schema) and data.labels == drawn.dataset.labels


@pytest.mark.parametrize("name", FAULTS)
def test_a_higher_rate_adds_to_a_lower_one(name, drawn):
    low, high = FAULTS[name](drawn, rate=0.2), FAULTS[name](drawn, rate=0.5)
    if name.startswith("rare"):
        assert set(low.removed) < set(high.removed)
        return
    place = {row: number for number, row in enumerate(high.source[high.rows])}
    there = [place[row] for row in low.source[low.rows]]
    assert (low.images[low.rows] == high.images[high.rows[there]]).all()
    assert low.what == tuple(high.what[number] for number in there)


@pytest.mark.parametrize("name", FAULTS)
def test_seeded(name, drawn):
    one, again, other = (FAULTS[name](drawn, rate=0.3, seed=seed) for seed in (1, 1, 2))
    assert (one.images == again.images).all() and one.dataset.table.equals(again.dataset.table)
    assert one.rows.tolist() == again.rows.tolist() and one.what == again.what
    assert not np.array_equal(one.source[one.rows], other.source[other.rows])


@pytest.mark.parametrize("name", FAULTS)
def test_only_leaks_cross_the_splits(name, drawn):
    planted = FAULTS[name](drawn, rate=0.5)
    content = [set(planted.dataset.column("hash")[planted.dataset.where(split)]) for split in SPLITS]
    assert not content[0] & content[1] and not content[1] & content[2]
    assert len(content[0] & content[2]) == (len(planted.rows) if name == "leaks" else 0)


def test_copies_and_their_originals(drawn):
    data = duplicates(drawn, rate=0.3)
    originals, copies = data.pairs.T
    for name in ("hash", "target", "split", "site", "scene"):
        assert (data.dataset.column(name)[originals] == data.dataset.column(name)[copies]).all()
    assert originals.max() < N <= copies.min() and (data.images[originals] == data.images[copies]).all()
    leaked = leaks(drawn, rate=0.5, changes=("exact", "flip"), origin="validation", into="test")
    originals, copies = leaked.pairs.T
    assert set(leaked.dataset.column("split")[originals]) == {"validation"}
    assert set(leaked.dataset.column("split")[copies]) == {"test"}
    flipped = np.array(leaked.what) == "flip"
    assert (leaked.images[copies[flipped]] == leaked.images[originals[flipped], :, ::-1]).all()


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_near_duplicates_are_near_and_no_duplicates(drawn):
    planted = near_duplicates(drawn, rate=0.5)
    assert [planted.what.count(name) for name in NEAR] == [12] * 5
    assert len(set(planted.dataset.column("hash"))) == N + 60
    close: dict[str, list[float]] = {}
    for (original, copy), name in zip(planted.pairs, planted.what, strict=True):
        again = planted.images[copy][:, ::-1] if name == "flip" else planted.images[copy]
        close.setdefault(name, []).append(correlation(planted.images[original], again))
    assert min(close["flip"]) > 0.9999 and min(close["brightness"]) > 0.97
    assert np.median(close["jpeg"]) > 0.9
    assert np.median(close["resize"]) > 0.85 and np.median(close["crop"]) > 0.6


def test_wrong_labels(drawn):
    labels = np.array(drawn.dataset.labels)
    uniform = wrong_labels(drawn, rate=1.0)
    given, true = uniform.dataset.column("target")[uniform.rows], np.array(uniform.what)
    assert (true == drawn.dataset.column("target")[uniform.rows]).all() and (given != true).all()
    assert all(set(given[true == label]) == set(labels) - {label} for label in labels)
    pairs = wrong_labels(drawn, rate=1.0, confusion="pairs")
    following = dict(zip(labels, np.roll(labels, -1), strict=True))
    assert pairs.dataset.column("target")[pairs.rows].tolist() == [following[label] for label in pairs.what]
    south = wrong_labels(drawn, rate=0.5, where=SOUTH, splits=("train",))
    assert set(drawn.dataset.column("site")[south.rows]) == {"south"}
    assert set(drawn.dataset.column("split")[south.rows]) == {"train"} and south.images is drawn.images


def test_rare_values(drawn):
    rare = imbalance(drawn, where={"target": "disc", "camera": "old"}, rate=0.9, splits=("train",))
    data, gone = rare.dataset, drawn.dataset.take(rare.removed)
    assert set(gone.column("target")) == {"disc"} and set(gone.column("camera")) == {"old"}
    assert set(gone.column("split")) == {"train"}
    left = (data.column("target") == "disc") & (data.column("camera") == "old")
    assert rare.rows.tolist() == np.flatnonzero(left & (data.column("split") == "train")).tolist()


def told_by(cue: str, drawn: Drawn) -> float:
    """The share of labels that the cue alone tells, by the nearest mean."""
    target, shown = drawn.dataset.column("target"), []
    for image, scene in zip(drawn.images.astype(float), scenes_of(drawn.dataset), strict=True):
        free = foreground(scene, 32) == 0
        shown.append(
            {
                "corner": image[:4, :4].mean(axis=(0, 1)),
                "border": image[0].mean(axis=0),
                "background": image[free].mean(axis=0) / scene.light,
                "brightness": image.mean(keepdims=True)[0, 0],
            }[cue]
        )
    means = np.array([np.mean(np.array(shown)[target == label], axis=0) for label in drawn.dataset.labels])
    nearest = np.abs(np.array(shown)[:, None] - means[None]).sum(axis=2).argmin(axis=1)
    return float((np.array(drawn.dataset.labels)[nearest] == target).mean())


@pytest.mark.parametrize("cue", CUES)
def test_a_shortcut_alone_tells_the_label_where_it_is_planted(cue, drawn):
    assert told_by(cue, drawn) < 0.5
    assert told_by(cue, shortcut(drawn, rate=1.0, cue=cue).drawn) > 0.95


def test_a_corner_mark_changes_the_corner_only(drawn):
    planted = shortcut(drawn, rate=1.0, where={"target": "star"}, splits=("train",))
    rows, images = planted.rows, planted.images
    assert set(drawn.dataset.column("target")[rows]) == {"star"} and len(rows) == 18
    assert len(np.unique(images[rows][:, :4, :4].reshape(-1, 3), axis=0)) == 1
    assert (images[rows][:, 4:] == drawn.images[rows][:, 4:]).all()
    assert (images[rows][:, :, 4:] == drawn.images[rows][:, :, 4:]).all()


def test_a_background_cue_leaves_the_shapes(drawn):
    planted = shortcut(drawn, rate=1.0, cue="background")
    for row, scene in enumerate(scenes_of(drawn.dataset)):
        shape = foreground(scene, 32) == 1
        assert shape.any() and (planted.images[row][shape] == drawn.images[row][shape]).all()


def test_a_brightness_cue_sets_the_mean(drawn):
    planted = shortcut(drawn, rate=1.0, cue="brightness")
    levels = dict(zip(drawn.dataset.labels, np.linspace(*LEVELS, 4), strict=True))
    wanted = np.array([levels[label] for label in drawn.dataset.column("target")])
    reached = planted.images.mean(axis=(1, 2, 3))
    assert (reached <= wanted + 1).all() and np.median(wanted - reached) < 2


def test_a_group_gap_grows_with_its_strength(drawn):
    left = []
    for strength in (0.2, 0.5, 0.8, 1.0):
        planted = group_gap(drawn, where=SOUTH, strength=strength)
        assert set(drawn.dataset.column("site")[planted.rows]) == {"south"}
        left.append(np.mean([correlation(planted.images[row], drawn.images[row]) for row in planted.rows]))
    assert left == sorted(left, reverse=True) and left[0] > 0.9 and left[2] < 0.75
    assert group_gap(drawn, where=SOUTH, strength=0.0).images is drawn.images


def test_blur_takes_edges_and_keeps_the_mean(drawn):
    planted = blurred_group(drawn, where=SOUTH, sigma_px=2.0)
    before, after = (images[planted.rows].astype(float) for images in (drawn.images, planted.images))

    def edges(images: np.ndarray) -> float:
        return float(np.abs(np.diff(images, axis=2)).mean())

    assert edges(after) < 0.4 * edges(before) and after.mean() == pytest.approx(before.mean(), abs=1)
    flat = np.full((1, 9, 9, 3), 77, dtype=np.float32)
    np.testing.assert_allclose(blurred(flat, 3.0), flat, rtol=1e-5)
    point = np.zeros((1, 41, 41, 3), dtype=np.float32)
    point[0, 20, 20] = 1
    spread = blurred(point, 2.0)[0, :, :, 0]
    np.testing.assert_allclose(spread, spread.T, atol=1e-7)
    assert spread.sum() == pytest.approx(1, abs=1e-5)
    assert spread[20, 22] / spread[20, 20] == pytest.approx(np.exp(-0.5), rel=1e-5)
    assert blurred_group(drawn, where=SOUTH, sigma_px=0.0).images is drawn.images


def test_outliers_are_scenes_of_their_world(drawn):
    world = World(shapes=("hexagon",), count=(9, 9), size=(0.05, 0.1))
    planted = outliers(drawn, rate=0.1, world=world)
    scenes = scenes_of(planted.dataset.take(planted.rows))
    assert {len(scene.shapes) for scene in scenes} == {9}
    assert {shape.kind for scene in scenes for shape in scene.shapes} == {"hexagon"}
    assert (draw_all(scenes, 32) == planted.images[planted.rows]).all()
    targets = planted.dataset.column("target")
    assert (targets == drawn.dataset.column("target")).all()


def test_faults_with_one_seed_choose_independently():
    many = dataset(300, size_px=8)
    marked, wrong = shortcut(many, rate=0.5, seed=1), wrong_labels(many, rate=0.5, seed=1)
    both = len(np.intersect1d(marked.rows, wrong.rows))
    assert abs(both - 75) < 25


def test_one_fault_on_another(drawn):
    marked = shortcut(drawn, rate=0.5)
    copied = duplicates(marked.drawn, rate=0.2)
    wrong = wrong_labels(copied.drawn, rate=0.1)
    assert len(wrong.images) == N + 24 and len(wrong.rows) == 14
    assert (wrong.images[:N] == marked.images).all()


def test_pictures_need_not_be_drawn(drawn):
    plain = Drawn(dataset=replace_scene(drawn), images=drawn.images)
    for name, fault in FAULTS.items():
        if name == "background shortcut":
            with pytest.raises(ValueError, match="no column `scene`"):
                fault(plain, rate=0.1)
        else:
            assert len(fault(plain, rate=0.1).rows) > 0


def replace_scene(drawn: Drawn):
    from dataclasses import replace

    return replace(drawn.dataset, table=drawn.dataset.table.drop_columns(["scene"]))


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda drawn: duplicates(drawn, rate=1.2), r"rate is a share in \[0, 1\]; got 1.2"),
        (lambda drawn: duplicates(drawn, rate=float("nan")), "got nan"),
        (lambda drawn: leaks(drawn, rate=0.1, into="test"), "got 'test' twice"),
        (lambda drawn: leaks(drawn, rate=0.1, into="dev"), "splits are some of train.*got 'dev'"),
        (lambda drawn: near_duplicates(drawn, rate=0.1, changes=("melt",)), "a change is one of exact"),
        (lambda drawn: near_duplicates(drawn, rate=0.1, changes=()), "got none"),
        (lambda drawn: wrong_labels(drawn, rate=0.1, confusion="odd"), "one of uniform, pairs"),
        (lambda drawn: wrong_labels(drawn, rate=0.1, where={"sight": "south"}), "did you mean site"),
        (
            lambda drawn: imbalance(drawn, rate=0.1, where={"site": "moon"}),
            "its values are north, south, west",
        ),
        (lambda drawn: imbalance(drawn, rate=0.1, where={}), "got nothing"),
        (lambda drawn: group_gap(drawn, strength=0.1, where={}), "got nothing"),
        (lambda drawn: group_gap(drawn, strength=2.0, where=SOUTH), r"strength is a share in \[0, 1\]"),
        (lambda drawn: blurred_group(drawn, sigma_px=-1.0, where=SOUTH), "0 or more; got -1"),
        (lambda drawn: shortcut(drawn, rate=0.1, cue="smell"), "cue is one of corner"),
    ],
)
def test_wrong_use_is_refused(make, words, drawn):
    with pytest.raises(ValueError, match=words):
        make(drawn)


def test_several_labels_are_refused():
    several = dataset(8, world=World(count=(1, 2), size=(0.1, 0.2)), target="shapes", size_px=8)
    for fault in (wrong_labels, shortcut):
        with pytest.raises(ValueError, match="drawn is for multilabel"):
            fault(several, rate=0.5)
    assert len(duplicates(several, rate=0.5).rows) == 4 and set(CHANGES) == {"exact", *NEAR}
    assert isinstance(several.dataset.table, pa.Table)
