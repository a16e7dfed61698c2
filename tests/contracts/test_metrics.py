"""What every metric keeps: found by being in the folder."""

import ast
import importlib
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vidi.metrics
from vidi.core.measured import Measured
from vidi.core.scores import Scores

FOLDER = Path(str(vidi.metrics.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
TASKS = ("classification", "multilabel")


def module(name):
    return importlib.import_module(f"vidi.metrics.{name}")


SERVED = [(name, task) for name in NAMES for task in module(name).CARD.serves]


def drawn(task, n=120, classes=6, seed=0, sharp=1.5):
    """A model that is often right."""
    rng = np.random.default_rng(seed)
    labels = tuple(f"label {number}" for number in range(classes))
    noise = rng.normal(size=(n, classes))
    if task == "multilabel":
        truth = rng.random((n, classes)) < 0.4
        return Scores(truth, 1 / (1 + np.exp(-noise - 2 * sharp * truth + sharp)), labels, replicates=200)
    truth = rng.integers(classes, size=n)
    probability = np.exp(noise + sharp * np.eye(classes)[truth])
    return Scores(truth, probability / probability.sum(axis=1, keepdims=True), labels, replicates=200)


def perfect(task, n=60, classes=6):
    scores = drawn(task, n, classes)
    truth = scores.truth if task == "multilabel" else np.eye(classes)[scores.truth]
    return replace(scores, probability=truth.astype(np.float64))


def same(a: Measured, b: Measured, tolerance=0.0):
    for one, other in ((a.value, b.value), (a.low, b.low), (a.high, b.high)):
        assert one == pytest.approx(other, abs=tolerance, nan_ok=True)
    assert (a.name, a.of, a.n, a.method, a.note) == (b.name, b.of, b.n, b.method, b.note)


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_literals_and_names_its_tasks(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    card = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CARD"
    )
    written = {word.arg: ast.literal_eval(word.value) for word in card.keywords}
    assert written["title"] and written["idea"] and written["paper"]
    assert written["serves"] and set(written["serves"]) <= set(TASKS)


@pytest.mark.parametrize(("name", "task"), SERVED)
@pytest.mark.parametrize("grouped", [False, True])
def test_every_number_stands_on_something(name, task, grouped):
    scores = drawn(task)
    scores = replace(scores, group=np.arange(120) // 6) if grouped else scores
    found = module(name).measure(scores)
    assert found and len({(entry.name, entry.of) for entry in found}) == len(found)
    for entry in found:
        assert math.isfinite(entry.value) and 0 < entry.n <= 120
        assert entry.low <= entry.value <= entry.high and entry.low < entry.high
        assert entry.method and entry.confidence == 0.95 and (not entry.of or entry.of in scores.labels)
        assert Measured.from_record(entry.record()) == entry
        assert not grouped or "group" in entry.method or name == "average_precision"


@pytest.mark.parametrize(("name", "task"), SERVED)
def test_same_input_same_numbers_and_nothing_is_modified(name, task):
    scores = drawn(task)
    truth, probability = scores.truth.copy(), scores.probability.copy()
    for one, other in zip(module(name).measure(scores), module(name).measure(scores), strict=True):
        same(one, other)
    assert (scores.truth == truth).all() and (scores.probability == probability).all()


@pytest.mark.parametrize(("name", "task"), SERVED)
def test_values_do_not_depend_on_the_order_of_rows(name, task):
    scores = drawn(task)
    scores = replace(scores, probability=np.round(scores.probability, 1))  # with ties
    order = np.random.default_rng(9).permutation(len(scores.truth))
    mixed = replace(scores, truth=scores.truth[order], probability=scores.probability[order])
    for one, other in zip(module(name).measure(scores), module(name).measure(mixed), strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-12, nan_ok=True) and one.n == other.n
        assert one.low == pytest.approx(other.low, abs=0.05, nan_ok=True)


@pytest.mark.parametrize(("name", "task"), SERVED)
def test_labels_may_be_numbered_otherwise(name, task):
    scores = drawn(task)
    order = np.random.default_rng(9).permutation(6)
    truth = scores.truth[:, order] if task == "multilabel" else np.argsort(order)[scores.truth]
    other = replace(
        scores,
        truth=truth,
        probability=scores.probability[:, order],
        labels=tuple(scores.labels[number] for number in order),
    )
    renumbered = {(entry.name, entry.of): entry for entry in module(name).measure(other)}
    for entry in module(name).measure(scores):
        assert renumbered[entry.name, entry.of].value == pytest.approx(entry.value, abs=1e-12)


@pytest.mark.parametrize(("name", "task"), SERVED)
def test_a_perfect_model_is_perfect_but_not_known_to_be_so_for_sure(name, task):
    for entry in module(name).measure(perfect(task)):
        error = entry.unit != "share" or "error" in entry.name
        assert entry.value == pytest.approx(0.0 if error else 1.0, abs=1e-12)
        assert math.isnan(entry.low) or entry.low < entry.high
        assert not math.isnan(entry.low) or entry.note


@pytest.mark.parametrize(("name", "task"), SERVED)
def test_a_better_model_scores_better(name, task):
    worse, better = (module(name).measure(drawn(task, n=600, sharp=sharp))[0] for sharp in (0.5, 2.0))
    if "calibration" in worse.name:
        pytest.skip("says nothing of how often a model is right")
    assert better.value < worse.value if worse.unit != "share" else better.value > worse.value


@pytest.mark.parametrize(("name", "task"), SERVED)
@pytest.mark.parametrize("n", [0, 1, 2])
def test_with_hardly_any_examples_there_are_sentences_not_numbers(name, task, n):
    for entry in module(name).measure(drawn(task, n=n)):
        assert entry.n <= n
        for number in (entry.value, entry.low):
            assert not math.isnan(number) or entry.note or n == 0
        assert n > 0 or math.isnan(entry.value)


@pytest.mark.parametrize(("name", "task"), SERVED)
def test_a_label_without_examples_is_undefined_not_zero(name, task):
    scores = drawn(task)
    truth = scores.truth.copy()
    if task == "multilabel":
        truth[:, 2] = False
    else:
        truth[truth == 2] = 3
    found = module(name).measure(replace(scores, truth=truth))
    for entry in found:
        if entry.of == "label 2" and entry.name != "precision":
            assert math.isnan(entry.value) and "no example has this label" in entry.note
        else:
            assert math.isfinite(entry.value)


@pytest.mark.parametrize(("name", "task"), SERVED)
def test_zeros_and_ones_and_equal_probabilities_are_probabilities_too(name, task):
    scores = drawn(task)
    for probability in (np.round(scores.probability), np.full_like(scores.probability, 1 / 6)):
        for entry in module(name).measure(replace(scores, probability=probability)):
            assert math.isfinite(entry.value) or entry.note
            assert not math.isinf(entry.low) and not math.isinf(entry.high)


@pytest.mark.parametrize(("name", "task"), SERVED)
def test_single_precision_gives_the_same(name, task):
    scores = drawn(task)
    half = replace(scores, probability=scores.probability.astype(np.float32))
    for one, other in zip(module(name).measure(scores), module(name).measure(half), strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-5)
