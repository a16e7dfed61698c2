"""Thresholds that promise something: they hold on new examples, survive a round trip, and say where they cannot."""

import json

import numpy as np
import pytest

from vidi.core.errors import UsageError
from vidi.core.scores import Scores
from vidi.evaluation import trust
from vidi.evaluation.limits import (
    FILE,
    RISKS,
    chosen_known,
    fit_familiar,
    fit_limits,
    read_limits,
)
from vidi.evaluation.scalings import compared_scalings
from vidi.ops.reliability import brier_parts, equal_mass


def drawn(n, seed=0, classes=4, sharp=2.5):
    """A model whose probabilities are honest."""
    rng = np.random.default_rng(seed)
    logits = sharp * rng.normal(size=(n, classes))
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (rng.random((n, 1)) > probability.cumsum(axis=1)).sum(axis=1).clip(max=classes - 1)
    labels = tuple("abcdefghij"[:classes])
    return logits.astype(np.float32), Scores(truth, probability, labels, replicates=200)


def measured(content):
    return {entry["name"]: entry for entry in content["measured"]}


@pytest.mark.slow
def test_promises_hold_on_new_examples():
    _, validation = drawn(600, seed=1)
    _, test = drawn(4000, seed=2)
    limits = fit_limits(validation.probability, validation.truth)
    sets = measured(trust.conformal(test, limits))["set coverage"]
    assert sets["value"] == pytest.approx(0.9, abs=0.03) and sets["n"] == 4000
    found = measured(trust.selective(test, limits))
    assert 0 < found["answered at promised risk 0.1"]["value"] < 1
    assert found["errors at promised risk 0.1"]["value"] <= 0.1
    assert found["errors at promised risk 0.1"]["n"] == round(
        4000 * found["answered at promised risk 0.1"]["value"]
    )


def test_a_smaller_risk_never_answers_more_and_between_two_the_smaller_holds():
    _, validation = drawn(600, seed=1)
    limits = fit_limits(validation.probability, validation.truth)
    least = [limits.least_confidence(risk) for risk in RISKS]
    assert least == sorted(least, reverse=True)
    assert limits.least_confidence(0.15) == limits.least_confidence(0.1)
    for risk in (0.0, 0.0001, 1.0, float("nan")):
        with pytest.raises(UsageError, match="--risk wants a share"):
            limits.least_confidence(risk)


def test_too_few_images_promise_nothing():
    _, few = drawn(19)
    assert fit_limits(few.probability, few.truth) is None
    assert fit_familiar(np.ones((19, 4)), np.ones((40, 4))) is None
    _, enough = drawn(20)
    limits = fit_limits(enough.probability, enough.truth)
    assert limits.least_confidence(0.005) == float("inf")  # twenty images cannot show so little


def test_a_plainly_other_image_is_unfamiliar_and_alike_ones_are_not():
    rng = np.random.default_rng(0)
    centre = rng.normal(size=32)
    known, held, alike = (centre + 0.3 * rng.normal(size=(200, 32)) for _ in range(3))
    familiar = fit_familiar(known, held)
    strange = familiar.distance(rng.normal(size=(50, 32)).astype(np.float32)) > familiar.threshold
    usual = familiar.distance(alike.astype(np.float32)) > familiar.threshold
    assert strange.all() and usual.mean() < 0.12
    rows = alike.astype(np.float32)
    one_by_one = np.concatenate([familiar.distance(row[None]) for row in rows])
    assert (familiar.distance(rows) == one_by_one).all()


def test_groups_count_once_and_few_of_them_still_flag_the_strange():
    """Of 20 groups one is far off and has half of the images: counted by images nothing else would be unfamiliar."""
    rng = np.random.default_rng(0)
    centre = rng.normal(size=32)
    known = centre + 0.3 * rng.normal(size=(200, 32))
    group = np.concatenate([np.repeat(np.arange(40), 5), np.full(200, 40)])
    held = centre + 0.3 * rng.normal(size=(400, 32))
    held[200:] += 5.0
    by_image, by_group = fit_familiar(known, held), fit_familiar(known, held, group=group)
    assert by_group.threshold < by_image.threshold / 1.5
    few = group % 8
    assert fit_familiar(known, held, group=few).threshold == by_image.threshold
    _, validation = drawn(400, seed=1)
    one = fit_limits(validation.probability, validation.truth)
    other = fit_limits(validation.probability, validation.truth, group=np.arange(400) // 10)
    assert other.set_score > one.set_score and other.risks == one.risks
    assert fit_limits(validation.probability, validation.truth, group=few).set_score is None


def test_which_are_known_does_not_depend_on_their_order():
    hashes = [f"{number:064x}" for number in range(900)]
    forward, backward = chosen_known(hashes), chosen_known(hashes[::-1])
    assert len(forward) == 512 and {hashes[i] for i in forward} == {hashes[::-1][i] for i in backward}


def test_a_round_trip_changes_no_answer_and_a_changed_file_is_refused(tmp_path):
    rng = np.random.default_rng(0)
    _, validation = drawn(200)
    familiar = fit_familiar(rng.normal(size=(60, 8)), rng.normal(size=(60, 8)))
    limits = fit_limits(validation.probability, validation.truth, familiar=familiar)
    content = json.loads(json.dumps(limits.record(tmp_path), allow_nan=False))
    again = read_limits(content, tmp_path)
    assert again.risks == limits.risks and again.set_score == limits.set_score
    asked = rng.normal(size=(20, 8)).astype(np.float32)
    assert (again.familiar.distance(asked) == familiar.distance(asked)).all()
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:-1] + b"\x01")
    with pytest.raises(UsageError, match="has changed"):
        read_limits(content, tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(UsageError, match="is missing"):
        read_limits(content, tmp_path)
    assert read_limits(None, tmp_path) is None


def test_the_brier_parts_add_up_and_are_those_of_each_label():
    _, scores = drawn(500)
    content = trust.brier(scores)
    reliability, resolution, uncertainty = (entry["value"] for entry in content["measured"])
    assert reliability - resolution + uncertainty + content["inside_bins"] == pytest.approx(content["score"])
    each = [
        brier_parts(column, scores.truth == label, equal_mass(column))
        for label, column in enumerate(scores.probability.T)
    ]
    assert reliability == pytest.approx(sum(part.reliability for part in each))
    assert resolution == pytest.approx(sum(part.resolution for part in each))
    assert all(entry["low"] <= entry["value"] <= entry["high"] for entry in content["measured"])


def test_vector_scaling_wins_where_one_label_is_favoured_and_not_where_nothing_is_wrong():
    logits, scores = drawn(900, classes=3)
    fair = compared_scalings(logits, scores)
    assert (
        fair["difference"]["low"] <= 0 <= fair["difference"]["high"] and "cannot be told" in fair["sentence"]
    )
    skewed = compared_scalings(logits + np.array([2.0, 0.0, 0.0], np.float32), scores)
    assert skewed["difference"]["high"] < 0 and "better than one temperature" in skewed["sentence"]
    order = np.random.default_rng(3).permutation(900)
    mixed = Scores(scores.truth[order], scores.probability[order], scores.labels)
    again = compared_scalings(logits[order], mixed)
    assert again["log_loss"] == pytest.approx(fair["log_loss"], abs=1e-6)
    assert (
        compared_scalings(logits[:20], Scores(scores.truth[:20], scores.probability[:20], ("a", "b", "c")))
        is None
    )


def test_the_diagram_by_hand():
    confidence = np.array([1.0, 0.95, 0.92, 0.55])
    probability = np.stack([confidence, 1 - confidence], axis=1)
    low, high = trust.reliability(Scores(np.array([0, 0, 1, 1]), probability, ("a", "b")))["reliability"]
    assert (low["low"], low["high"], low["n"], low["accuracy"]) == (0.5, 0.6, 1, 0.0)
    assert (high["low"], high["high"], high["n"]) == (0.9, 1.0, 3)
    assert high["accuracy"] == pytest.approx(2 / 3) and high["confidence"] == pytest.approx(2.87 / 3)


def test_the_diagram_holds_every_example_and_its_share():
    _, scores = drawn(300)
    for bins in trust.reliability(scores).values():
        assert sum(entry["n"] for entry in bins) == 300
        assert sum(entry["n"] * entry["accuracy"] for entry in bins) == pytest.approx(scores.correct.sum())
        assert all(entry["accuracy_low"] <= entry["accuracy"] <= entry["accuracy_high"] for entry in bins)
