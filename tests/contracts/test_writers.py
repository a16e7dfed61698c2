"""What every writer keeps: what was drawn comes back, or what does not is counted. Found by being in the folder."""

import ast
import importlib
import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vidi.data.writers
from drawn_sets import SCHEME, classified, digest, drawn_set, semantic_set
from vidi.core.annotations import Annotation, Instance
from vidi.core.card import Card
from vidi.core.dataset import ReadOptions
from vidi.core.errors import UsageError
from vidi.data.exporting import Lost
from vidi.data.scan import scan
from vidi.data.targets import Targets
from vidi.ops import masks
from vidi.verbs.load import list_examples

FOLDER = Path(str(vidi.data.writers.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
DRAWN = sorted(set(NAMES) - {"folder"})
BOXES = "objects' masks (only boxes are kept)"
OF_CLASSES = {"classes that are never drawn", "classes' upper categories", "names of keypoints"}
HOLD_ALL = ["coco", "parquet"]


def member(name):
    return importlib.import_module(f"vidi.data.writers.{name}")


def through(name, dataset):
    """Written, and read again as whoever finds it would."""
    folder = Path(tempfile.mkdtemp())
    try:
        lost = member(name).write(dataset, folder / "out")
        return scan(list_examples(folder / "out", ReadOptions()), name="back", fewest_labels=1), lost, folder
    except BaseException:
        shutil.rmtree(folder)
        raise


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_written_with_literals(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    card = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CARD"
    )
    written = {word.arg: ast.literal_eval(word.value) for word in card.keywords}
    assert Card(**written) == member(name).CARD and written["title"] and written["idea"]


FULL = np.zeros((10, 20), bool)
FULL[2:5, 3:9] = True
ONE = Instance("cat", (3.25, 2, 9, 5.5), polygons=((3.25, 2, 9, 2, 9, 5.5),))
RICH = [
    Annotation(
        (
            replace(ONE, keypoints=(4, 3, 2, 0, 0, 0), difficult=True, more={"pose": "Left", "score": 0.5}),
            Instance("dog", (3, 2, 9, 5), rle=masks.encode(FULL).counts, crowd=True),
            Instance("dog", (0, 0, 4, 4), polygons=((0, 0, 4, 0, 4, 4), (1, 1, 2, 1, 2, 2))),
        )
    ),
    Annotation(),
    Annotation((Instance("cat", (0, 0, 20, 10)),)),
]


@pytest.mark.parametrize("name", DRAWN)
def test_what_comes_back_and_what_is_lost(name, tmp_path):
    """By hand: every image with its split, every object's class; what else a layout does not hold is in its count."""
    dataset = drawn_set(tmp_path, RICH, splits=["train", "test", "train"])
    back, lost, folder = through(name, dataset)
    assert isinstance(lost, Lost) and all(count > 0 for count in lost.counts.values())
    assert Counter(zip(back.column("hash"), back.column("split"), strict=True)) == Counter(
        zip(dataset.column("hash"), dataset.column("split"), strict=True)
    )
    if name in HOLD_ALL:
        assert not lost.counts
    else:
        wanted = {
            "voc": {
                "crowd flags",
                "objects' keypoints",
                "objects' masks (only boxes are kept)",
                "further values of objects",
            },
            "yolo": {
                "crowds, left out",
                "difficult flags",
                "objects' masks (only boxes are kept)",
                "objects' keypoints",
            },
            "masks": {"pixels of objects under others", "objects that are told apart no longer"},
        }[name]
        assert wanted <= set(lost.counts)
    shutil.rmtree(folder)


box = st.tuples(*[st.integers(0, 9)] * 2, *[st.integers(1, 40)] * 2).map(
    lambda b: (b[0], b[1], min(b[0] + b[2] / 4, 20), min(b[1] + b[3] / 4, 10))
)
plain = st.tuples(st.sampled_from(["cat", "dog"]), box)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(plain, max_size=3), min_size=2, max_size=3).filter(any))
@pytest.mark.parametrize("name", ["coco", "parquet", "voc", "yolo"])
def test_boxes_come_back(name, tmp_path, told):
    """Exactly; from YOLO's shares to a ten thousandth of a pixel."""
    dataset = drawn_set(tmp_path, [Annotation(tuple(Instance(*each) for each in one)) for one in told])
    back, lost, folder = through(name, dataset)
    assert not set(lost.counts) - OF_CLASSES
    places = {key: row for row, key in enumerate(back.column("hash"))}
    for row, key in enumerate(dataset.column("hash")):
        mine, theirs = dataset.annotation(row).objects, back.annotation(places[key]).objects
        assert [each.label for each in mine] == [each.label for each in theirs]
        for one, other in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(one.box, other.box, atol=1e-4 if name == "yolo" else 0, rtol=0)
    shutil.rmtree(folder)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("name", ["coco", "parquet", "yolo"])
def test_outlines_come_back(name, tmp_path, seed):
    """The same pixels; COCO and Parquet the same numbers."""
    draw = np.random.default_rng(seed)
    outlines = [tuple((draw.uniform(0, 10, 8) * np.tile([2, 1], 4)).round(2).tolist()) for _ in range(3)]
    made = [
        Instance("cat", (min(o[0::2]), min(o[1::2]), max(o[0::2]), max(o[1::2])), polygons=(o,))
        for o in outlines
    ]
    dataset = drawn_set(tmp_path, [Annotation(tuple(made)), Annotation(tuple(made[:1]))])
    back, _, folder = through(name, dataset)
    for row, key in enumerate(dataset.column("hash")):
        place = back.column("hash").tolist().index(key)
        mine, theirs = dataset.annotation(row).objects, back.annotation(place).objects
        if name != "yolo":
            assert [each.polygons for each in mine] == [each.polygons for each in theirs]
        assert (Targets(dataset).masks(row) == Targets(back).masks(place)).mean() > 0.99
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", HOLD_ALL)
def test_everything_comes_back(name, tmp_path):
    """Crowds, run lengths, keypoints, difficult flags, what else is said of objects and images."""
    dataset = drawn_set(tmp_path, RICH, mood=["calm", "wild", None])
    back, lost, folder = through(name, dataset)
    assert not lost.counts and "mood" in back.attributes and back.task == dataset.task
    assert back.scheme.labels == SCHEME.labels and back.scheme.categories[0].keypoints == ("nose", "tail")
    for row, key in enumerate(dataset.column("hash")):
        place = back.column("hash").tolist().index(key)
        theirs = back.annotation(place).objects
        if name == "coco":  # it always says an area
            theirs = tuple(replace(e, more={k: v for k, v in e.more.items() if k != "area"}) for e in theirs)
        assert dataset.annotation(row).objects == theirs
        assert dataset.column("mood")[row] == back.column("mood")[place]
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["masks", "parquet"])
def test_class_maps_come_back(name, tmp_path):
    dataset = semantic_set(tmp_path)
    back, _, folder = through(name, dataset)
    assert back.task == "segmentation" and back.labels == dataset.labels
    assert sorted(back.column("target")) == sorted(dataset.column("target"))
    for row, key in enumerate(dataset.column("hash")):
        place = back.column("hash").tolist().index(key)
        assert (Targets(dataset).semantic(row) == Targets(back).semantic(place)).all()
    shutil.rmtree(folder)


def test_class_maps_as_objects(tmp_path):
    """Each class of an image becomes one object, and that is said."""
    dataset = semantic_set(tmp_path)
    back, lost, folder = through("coco", dataset)
    assert lost.counts["class maps whose classes become one object each"] == len(dataset)
    first = Targets(dataset).semantic(0)
    place = back.column("hash").tolist().index(dataset.column("hash")[0])
    for number, mask in zip(Targets(back).labels(place), Targets(back).masks(place), strict=True):
        assert (mask == (first == dataset.labels.index(back.labels[number]))).all()
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["folder", "parquet"])
@pytest.mark.parametrize("several", [False, True])
def test_labels_and_metadata_come_back(name, several, tmp_path):
    dataset = classified(tmp_path, several=several)
    back, lost, folder = through(name, dataset)
    assert not lost.counts and digest(back) == digest(dataset) and back.task == dataset.task
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", NAMES)
def test_what_it_does_not_hold_is_refused_with_a_sentence(name, tmp_path):
    if name == "parquet":
        return
    dataset = classified(tmp_path) if name != "folder" else drawn_set(tmp_path, RICH)
    with pytest.raises(UsageError, match="convert it to"):
        member(name).write(dataset, tmp_path / "out")
