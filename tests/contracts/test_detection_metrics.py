"""What every metric of found objects keeps: found by being in the folder."""

import ast
import importlib
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vidi.metrics.detection
from drawn_objects import detected, right_and_sure
from vidi.core.measured import Measured

FOLDER = Path(str(vidi.metrics.detection.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
TASKS = {"detection", "instances"}


def measure(name, drawn):
    return importlib.import_module(f"vidi.metrics.detection.{name}").measure(drawn)


@pytest.fixture(scope="module")
def drawn():
    return detected()


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_literals_and_names_its_tasks(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    card = next(
        n.value for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "CARD"
    )
    written = {word.arg: ast.literal_eval(word.value) for word in card.keywords}
    assert written["title"] and written["idea"] and written["paper"]
    assert written["serves"] and set(written["serves"]) <= TASKS


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("grouped", [False, True])
def test_every_number_stands_on_something(name, grouped, drawn):
    drawn = replace(drawn, group=np.arange(30) // 3) if grouped else drawn
    found = measure(name, drawn)
    assert found and len({(entry.name, entry.of) for entry in found}) == len(found)
    for entry in found:
        assert math.isfinite(entry.value) and 0 < entry.n <= 30 and entry.method
        assert entry.low - 1e-6 <= entry.high and entry.low < entry.high
        assert entry.low - 0.1 < entry.value < entry.high + 0.1
        assert not grouped or "group" in entry.method
        assert Measured.from_record(entry.record()) == entry


@pytest.mark.parametrize("name", NAMES)
def test_same_input_same_numbers(name, drawn):
    assert measure(name, drawn) == measure(name, replace(drawn))


@pytest.mark.parametrize("name", NAMES)
def test_values_do_not_depend_on_the_order_of_rows(name, drawn):
    rng = np.random.default_rng(9)
    mixed = replace(
        drawn,
        truth=drawn.truth.take(rng.permutation(len(drawn.truth))),
        found=drawn.found.take(rng.permutation(len(drawn.found))),
    )
    for one, other in zip(measure(name, drawn), measure(name, mixed), strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-9) and one.low == pytest.approx(
            other.low, abs=1e-6
        )


@pytest.mark.parametrize("name", NAMES)
def test_labels_may_be_numbered_otherwise(name, drawn):
    order = np.array([2, 0, 1])
    sides = {
        side: replace(getattr(drawn, side), label=np.argsort(order)[getattr(drawn, side).label])
        for side in ("truth", "found")
    }
    other = replace(drawn, labels=tuple(drawn.labels[number] for number in order), **sides)
    renumbered = {(entry.name, entry.of): entry.value for entry in measure(name, other)}
    assert renumbered == pytest.approx({(e.name, e.of): e.value for e in measure(name, drawn)}, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_is_right_and_sure_is_perfect_but_not_known_to_be_so(name, drawn):
    for entry in measure(name, right_and_sure(drawn)):
        error = "error" in entry.name or "lost" in entry.name
        if entry.name in ("AR1", "AR10"):  # there may be more objects than these
            continue
        assert entry.value == pytest.approx(0.0 if error else 1.0, abs=1e-9)
        assert entry.low < entry.high


@pytest.mark.parametrize("name", NAMES)
def test_boxes_and_images_may_be_scaled_together_where_size_does_not_matter(name, drawn):
    if name == "by_size":
        assert {entry.of for entry in measure(name, drawn)} == {"small", "medium", "large"}
        return
    sides = {
        side: replace(getattr(drawn, side), box=getattr(drawn, side).box * 2.0) for side in ("truth", "found")
    }
    for one, other in zip(measure(name, drawn), measure(name, replace(drawn, **sides)), strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_there_and_nothing_found_are_sentences_or_zeros(name, drawn):
    none = np.zeros(0, dtype=int)
    nothing = replace(drawn, truth=drawn.truth.take(none), found=drawn.found.take(none))
    for entry in measure(name, nothing):
        assert math.isnan(entry.value) and entry.note
    for entry in measure(name, replace(drawn, found=drawn.found.take(none))):
        assert entry.value == 0 or entry.note
    for entry in measure(name, replace(drawn, truth=drawn.truth.take(none))):
        assert math.isnan(entry.value) or "calibration" in entry.name


@pytest.mark.parametrize("name", NAMES)
def test_a_single_image_has_no_interval_and_says_so(name):
    one = detected(images=1, seed=3)
    for entry in measure(name, one):
        assert entry.n <= 1 and (entry.note or entry.low < entry.high)
