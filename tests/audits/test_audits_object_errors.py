"""Annotations that a detector contradicts: planted faults found, each for what it is."""

import json

import numpy as np
import pytest

from vidi.audits import object_errors
from vidi.data.drawn.detections import FAULTS, annotated

IMAGES = 400
KIND = {"spurious": "not found"} | {kind: kind for kind in FAULTS[:3]}


@pytest.fixture(scope="module")
def told():
    detected, faults = annotated(IMAGES, rate=0.1, seed=0)
    return object_errors.audit(detected, ids=np.arange(IMAGES).astype(str)), faults


def right(suspect, faults):
    return any(
        (str(each.image), KIND[each.kind]) == (suspect.id, suspect.kind)
        and np.abs(np.subtract(suspect.box, each.box)).max() < 30
        for each in faults
    )


@pytest.mark.parametrize("kind", FAULTS)
def test_planted_faults_are_named_for_what_they_are(told, kind):
    """A fault where the detector is surer than its average is named: about half of them. What is not found may as well
    be the detector's fault, which misses four in a hundred."""
    found, faults = told
    named = [each for each in found.suspects if each.kind == KIND[kind]]
    hit = sum(right(each, faults) for each in named)
    planted = sum(each.kind == kind for each in faults)
    assert hit / planted > 0.4
    assert hit / len(named) > (0.9 if kind != "spurious" else 0.2)


def test_images_with_faults_come_first(told):
    found, faults = told
    faulty = {str(each.image) for each in faults}
    first = [key for key, _ in found.images[:20]]
    assert sum(key in faulty for key in first) >= 18
    suspicions = [suspicion for _, suspicion in found.images]
    assert suspicions == sorted(suspicions, reverse=True) and 0 < suspicions[-1] <= suspicions[0] <= 1


def test_the_share_counts_what_is_named_but_not_what_is_not_found(told):
    found, _ = told
    strong = sum(count for kind, count in found.counts.items() if kind != "not found")
    assert found.share.value == pytest.approx(strong / found.share.n)
    assert found.share.low < found.share.value < found.share.high < 0.1
    assert f"{found.counts['missing']} missing" in found.sentences[0]
    json.dumps([each.record() for each in found.suspects], allow_nan=False)


def test_few_objects_are_not_judged_and_ids_are_counted():
    detected, _ = annotated(3, rate=0.0, seed=1)
    assert "too few" in object_errors.audit(detected, ids=np.arange(3)).sentences[0]
    with pytest.raises(ValueError, match="an id for each image was wanted; got 2 for 3 images"):
        object_errors.audit(detected, ids=np.arange(2))
