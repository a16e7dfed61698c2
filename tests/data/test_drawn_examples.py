"""Random scenes keep to their world; data sets of them are balanced, repeatable and survive the disk."""

from dataclasses import replace

import numpy as np
import pytest

import vidi
from vidi.core.dataset import SPLITS
from vidi.data.drawn.copies import duplicates
from vidi.data.drawn.draw import draw
from vidi.data.drawn.examples import TARGETS, Drawn, dataset, hashes, scenes, scenes_of
from vidi.data.drawn.folder import write_folder
from vidi.data.drawn.labels import wrong_labels
from vidi.data.drawn.shapes import SHAPES
from vidi.data.drawn.truth import truth
from vidi.data.drawn.world import WORLD, World, random_scene

FEW = World(count=(1, 4), size=(0.1, 0.2), clutter=0.6)
CROWD = World(shapes=SHAPES, count=(2, 7), size=(0.1, 0.25), overlap=0.6, inside=False)


def world_of(target: str) -> World:
    return FEW if target in ("count", "shapes") else WORLD


def test_scenes_keep_to_their_world():
    world = World(
        shapes=("ring", "star"), colours=("pink",), textures=("dots",), backgrounds=("noise",), count=(2, 5),
        size=(0.05, 0.15), dark=0.0,
    )  # fmt: skip
    counts = set()
    for scene in scenes(60, world=world, target="count"):
        counts.add(len(scene.shapes))
        assert {shape.kind for shape in scene.shapes} <= {"ring", "star"}
        assert {(shape.colour, shape.texture) for shape in scene.shapes} == {("pink", "dots")}
        assert scene.background.kind == "noise" and scene.background.colour != scene.background.other
        assert scene.light >= 0.85
        known = truth(scene, 64)
        assert known.whole_boxes.min() >= 0 and known.whole_boxes.max() <= 64
        assert known.whole.sum(axis=0).max() <= 1
    assert counts == {2, 3, 4, 5}


def test_with_overlap_all_shapes_are_still_seen():
    overlapping = 0
    for scene in scenes(60, world=CROWD, target="count", seed=2):
        known = truth(scene, 64)
        overlapping += int(known.whole.sum(axis=0).max() > 1)
        assert sum(known.shape_counts.values()) == len(scene.shapes)
    assert overlapping > 30


def test_dark_scenes_are_as_many_as_asked():
    light = np.array([scene.light for scene in scenes(400, world=replace(WORLD, dark=0.25))])
    assert abs((light < 0.7).mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 400)


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_seed_gives_the_same_bytes(target):
    one, again, other = (dataset(12, world=world_of(target), target=target, seed=seed) for seed in (1, 1, 2))
    assert (one.images == again.images).all() and one.dataset.table.equals(again.dataset.table)
    assert (one.images != other.images).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("target", TARGETS)
def test_more_rows_add_to_fewer(target):
    few, many = (dataset(n, world=world_of(target), target=target) for n in (7, 15))
    assert (many.images[:7] == few.images).all()
    assert many.dataset.take(np.arange(7)).table.equals(few.dataset.table)


@pytest.mark.parametrize("target", ["shape", "colour", "texture", "count"])
def test_labels_take_turns_in_every_split(target):
    data = dataset(40, world=world_of(target), target=target, size_px=16).dataset
    for split, share in zip(SPLITS, (24, 8, 8), strict=True):
        labels, counts = np.unique(data.column("target")[data.where(split)], return_counts=True)
        assert tuple(labels) == data.labels and set(counts) == {share // 4}
    assert target not in data.attributes


@pytest.mark.parametrize("target", TARGETS)
def test_rows_say_what_the_scenes_hold(target):
    data, images = dataset(25, world=world_of(target), target=target)
    assert data.column("hash").tolist() == hashes(images)
    assert data.task == ("multilabel" if target == "shapes" else "classification")
    for row, scene in enumerate(scenes_of(data)):
        assert (draw(scene, 64) == images[row]).all()
        known = truth(scene, 64)
        said = {
            "shape": known.label,
            "colour": scene.shapes[-1].colour,
            "texture": scene.shapes[-1].texture,
            "count": str(int(sum(known.shape_counts.values()))),
            "shapes": "|".join(sorted(known.shape_counts)),
            "background": scene.background.kind,
            "brightness": "dark" if scene.light < 0.7 else "bright",
        }
        assert data.column("target")[row] == said[target]
        for name in set(data.attributes) - {"site", "camera"}:
            assert data.column(name)[row] == said[name]


def test_the_main_shape_stands_out():
    for scene in scenes(40, world=replace(WORLD, count=(3, 4), clutter=0.5, size=(0.2, 0.2))):
        assert all(shape.size == pytest.approx(scene.main.size / 2) for shape in scene.shapes[:-1])


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: scenes(4, world=World(count=(2, 3))), "which shape names the picture"),
        (lambda: scenes(4, target="mood"), "target is one of shape"),
        (lambda: scenes(0), "1 or more; got 0"),
        (lambda: World(shapes=("blob",)), r"World\.shapes is one of disc"),
        (lambda: World(colours=()), "at least one of red"),
        (lambda: World(count=(3, 2)), r"within 1.0 and inf; got \(3, 2\)"),
        (lambda: World(size=(0.2, 0.7)), "within 0.001 and 0.5"),
        (lambda: World(overlap=1.5), r"share in \[0, 1\]; got 1.5"),
        (lambda: World(clutter=0.0), "above 0, 1 at most"),
        (lambda: random_scene(np.random.default_rng(0), count=0), "count is 1 or more"),
        (lambda: random_scene(np.random.default_rng(0), World(size=(0.5, 0.5)), count=400), "find no room"),
        (
            lambda: random_scene(
                np.random.default_rng(0), World(overlap=1.0, seen=1.0, size=(0.3, 0.5)), count=9
            ),
            "hide one another",
        ),
    ],
)
def test_what_is_no_world_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def loaded(root):
    return vidi.load(root, similar=False)


def test_round_trip_over_the_disk(tmp_path):
    drawn = dataset(40, size_px=32)
    read = loaded(write_folder(tmp_path / "drawn", drawn))
    data = read.dataset
    order = np.argsort([path.rpartition("/")[2] for path in data.column("path")])
    images = read.pixels(order, size_px=32)
    assert (images == drawn.images).all()
    assert data.labels == drawn.dataset.labels and data.attributes == drawn.dataset.attributes
    for name in ("target", "split", *data.attributes):
        assert data.column(name)[order].tolist() == drawn.dataset.column(name).tolist()
    assert not {remark.kind for remark in data.remarks} & {"skipped", "unlisted", "no target", "table"}


def test_faults_survive_the_disk(tmp_path):
    drawn = dataset(40, size_px=32)
    wrong = wrong_labels(drawn, rate=0.2)
    copied = duplicates(wrong.drawn, rate=0.1)
    read = loaded(write_folder(tmp_path / "drawn", copied.drawn))
    assert read.duplicates.exact == 4 and len(read) == 44
    said = {
        path.rpartition("/")[2]: label
        for path, label in zip(*map(read.dataset.column, ("path", "target")), strict=True)
    }
    for row, truly in zip(wrong.rows, wrong.what, strict=True):
        assert said[f"{row:05}.png"] == wrong.dataset.column("target")[row] != truly


def test_several_labels_over_the_disk(tmp_path):
    drawn = dataset(20, world=FEW, target="shapes", size_px=32)
    data = loaded(write_folder(tmp_path, drawn)).dataset
    assert data.task == "multilabel" and set(data.column("target")) == set(drawn.dataset.column("target"))


def test_two_rows_with_one_name_are_refused(tmp_path):
    data, images = dataset(4, size_px=8)
    twice = Drawn(data.take(np.array([0, 0])), images[[0, 0]])
    with pytest.raises(ValueError, match="a file of its own"):
        write_folder(tmp_path, twice)
