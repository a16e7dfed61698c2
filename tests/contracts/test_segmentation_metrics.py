"""What every metric of maps keeps: found by being in the folder."""

import ast
import importlib
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vidi.metrics.segmentation
from drawn_objects import drawn_maps, maps
from vidi.core.measured import Measured
from vidi.ops.segmented import segmented

FOLDER = Path(str(vidi.metrics.segmentation.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def measure(name, drawn):
    return importlib.import_module(f"vidi.metrics.segmentation.{name}").measure(drawn)


@pytest.fixture(scope="module")
def drawn():
    return drawn_maps()


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_literals_and_names_its_task(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    card = next(
        n.value for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "CARD"
    )
    written = {word.arg: ast.literal_eval(word.value) for word in card.keywords}
    assert (
        written["title"] and written["idea"] and written["paper"] and written["serves"] == ("segmentation",)
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("grouped", [False, True])
def test_every_number_stands_on_something(name, grouped, drawn):
    found = measure(name, replace(drawn, group=np.arange(25) // 2) if grouped else drawn)
    assert found and len({(entry.name, entry.of) for entry in found}) == len(found)
    for entry in found:
        assert 0 < entry.value < 1 and 0 < entry.n <= 25
        assert entry.low <= entry.value <= entry.high and entry.low < entry.high
        assert ("group" in entry.method) == grouped
        assert Measured.from_record(entry.record()) == entry


@pytest.mark.parametrize("name", NAMES)
def test_same_input_same_numbers(name, drawn):
    assert measure(name, drawn) == measure(name, drawn_maps())


@pytest.mark.parametrize("name", NAMES)
def test_classes_may_be_numbered_otherwise_and_pictures_turned(name, drawn):
    order = np.array([2, 0, 3, 1])
    number = np.append(np.argsort(order), np.full(252, 255))
    turned = [(number[true].T.copy(), number[predicted].T.copy()) for true, predicted in maps()]
    other = segmented(turned, tuple(drawn.labels[n] for n in order), ignore=255)
    renumbered = {(entry.name, entry.of): entry.value for entry in measure(name, other)}
    assert renumbered == pytest.approx({(e.name, e.of): e.value for e in measure(name, drawn)}, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_is_right_is_perfect_but_not_known_to_be_so(name, drawn):
    right = segmented(
        [(true, np.where(true == 255, 0, true)) for true, _ in maps()], drawn.labels, ignore=255
    )
    for entry in measure(name, right):
        assert entry.value == 1 and entry.low < entry.high == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_better_model_scores_better(name, drawn):
    for worse, better in zip(measure(name, drawn), measure(name, drawn_maps(sharp=4.0)), strict=True):
        assert better.value > worse.value


@pytest.mark.parametrize("name", NAMES)
def test_a_class_that_is_nowhere_is_undefined_not_zero(name, drawn):
    more = segmented(maps(), (*drawn.labels, "boat"), ignore=255)
    same = {(entry.name, entry.of): entry.value for entry in measure(name, drawn)}
    for entry in measure(name, more):
        if entry.of == "boat":
            assert math.isnan(entry.value) and entry.n == 0 and entry.note
        else:
            assert entry.value == pytest.approx(same[entry.name, entry.of])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("images", [0, 1])
def test_with_hardly_any_images_there_are_sentences(name, images):
    for entry in measure(name, drawn_maps(images=images)):
        assert entry.n <= images and (math.isnan(entry.value) or entry.low < entry.high or entry.note)
