"""Shortcuts: what gives the label away is named, what knows nothing of it is not; groups stay together."""

import numpy as np
import pytest

from vidi.audits.shortcuts import BOUND, View, audit, views_of
from vidi.data.drawn.examples import dataset
from vidi.data.drawn.labels import label_numbers
from vidi.data.drawn.pictures import shortcut

LABELS = ("ant", "bee", "cat", "dog")


def asked(columns, label, *, kind="pixels", **options):
    view = [View("one", "one number", tuple(np.atleast_2d(columns)), kind)]
    options = {"ids": np.array([f"{row:05}" for row in range(len(label))]), "permutations": 99} | options
    return audit(lambda rows: [View(v.name, v.what, tuple(c[rows] for c in v.columns), v.kind) for v in view],
                 label, labels=LABELS, **options)  # fmt: skip


def noise(n=200, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(4, size=n), rng


@pytest.mark.parametrize("cue", ["corner", "border", "background", "brightness"])
def test_a_planted_cue_is_named_by_its_view(cue):
    drawn = shortcut(dataset(200, size_px=32, seed=5), rate=0.8, cue=cue, seed=5).drawn
    label, ids = label_numbers(drawn.dataset), drawn.dataset.column("id").astype(str)
    found = audit(lambda rows: views_of(drawn.images[rows]), label, labels=drawn.dataset.labels, ids=ids,
                  permutations=99)  # fmt: skip
    view = {"corner": "corners", "brightness": "light"}.get(cue, cue)
    told = next(each for each in found.found if each.name == view)
    assert told.flagged and told.level == "much" and told.adjusted <= 0.05
    assert told.measured.low <= 0.8 + 0.2 / 4 and told.measured.value > 0.7
    assert f"{told.measured.value:.2f}" in told.sentence and "instead of at the object" in told.sentence


def test_what_knows_nothing_is_as_good_as_chance_and_p_is_uniform():
    """Over many tries, p <= 0.1 in a tenth of them."""
    p = []
    for seed in range(60):
        label, rng = noise(60, seed)
        p.append(asked(rng.normal(size=60), label, seed=seed).found[0].p)
    assert 0.02 <= np.mean(np.array(p) <= 0.1) <= 0.2 and 0.35 < np.mean(p) < 0.65


def test_a_little_is_not_much():
    label, rng = noise(1000)
    weak = np.where(rng.random(1000) < 0.2, label, rng.integers(4, size=1000)) + rng.normal(0, 0.1, 1000)
    (told,) = asked(weak, label).found
    assert told.level == "little" and not told.flagged and "honest data" in told.sentence
    assert told.measured.low < told.chance + BOUND * (1 - told.chance)


def test_names_are_told_and_never_flagged():
    label, _ = noise()
    (told,) = asked(label.astype(float), label, kind="name").found
    assert told.level == "much" and not told.flagged and "no model sees names" in told.sentence
    (told,) = asked(np.array(LABELS)[label], label, kind="file").found
    assert told.flagged and "sources" in told.sentence and told.measured.value == 1


def test_a_name_that_only_its_group_has_tells_nothing():
    """Every group has its own name and its own label: with the group held out, the name is worth nothing."""
    rng = np.random.default_rng(0)
    group = np.arange(200) // 10
    label, name = rng.integers(4, size=20)[group], np.array([f"camera {number}" for number in group])
    alone, together = (asked(name, label, group=kept).found[0] for kept in (None, group))
    assert alone.level == "much" and together.level == "none" and together.p > 0.05


def test_the_order_of_rows_does_not_matter():
    label, rng = noise()
    ids, group = np.array([f"{row:05}" for row in range(200)]), np.arange(200) // 2
    value = label + rng.normal(size=200)
    order = rng.permutation(200)
    one = asked(value, label, ids=ids, group=group, most=150)
    other = asked(value[order], label[order], ids=ids[order], group=group[order], most=150)
    assert one == other and "150 of 200 images" in one.sentences[0]


def test_labels_with_one_example_and_constant_views_are_named():
    label, rng = noise(50)
    label[label == 3] = 0
    label[7] = 3
    found = asked(rng.normal(size=50), label)
    assert found.found[0].chance == pytest.approx(1 / 3) and "for want of examples: dog" in found.sentences[0]
    found = asked(np.ones(50), label)
    assert found.found == () and "one number" in found.sentences[-1]


@pytest.mark.parametrize(
    "label", [np.zeros(30, dtype=np.int64), np.array([0, 1]), np.zeros(0, dtype=np.int64)]
)
def test_without_two_labels_nothing_is_asked(label):
    found = asked(np.arange(len(label), dtype=float), label)
    assert found.found == () and "want two labels" in found.sentences[0]
