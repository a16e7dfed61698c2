"""An attack through the verb: what survives, which images, how sizes are said, and what can't be attacked."""

import numpy as np
import pytest

import known_networks as networks
import vidi
from vidi import catalog
from vidi.core.errors import UsageError
from vidi.core.network import NetworkSpec
from vidi.evaluation.model import Model
from vidi.verbs.subjects import epsilons

LABELS = ("ant", "bee", "cat")


@pytest.fixture(scope="module")
def model():
    network = networks.balanced(networks.convolutional(), networks.images(8))
    return Model(network, NetworkSpec("known"), LABELS, catalog.load("tasks", "classification").TASK)


@pytest.fixture(scope="module")
def pictures():
    return networks.images(6).permute(0, 2, 3, 1).numpy()


def test_nothing_changes_nothing_and_more_fools_more(model, pictures):
    found = vidi.attack(model, pictures, attack="fgsm", epsilon="0,4/255,64/255")
    assert found.clean.value == found.robust[0].value == 1  # the model's own answers are taken as labels
    values = [one.value for one in found.robust]
    assert values == sorted(values, reverse=True) and values[-1] < 1
    assert {one.name for one in found.robust} == {"answers that stay"} and not found.truth
    assert found.clean.n == 6 and found.robust[-1].low <= values[-1] <= found.robust[-1].high


@pytest.mark.slow
def test_pictures_stay_within_epsilon_and_those_that_fell_come_first(model, pictures):
    found = vidi.attack(model, pictures, attack="fgsm", epsilon=16 / 255)
    for one in found.changed:
        change = np.abs(one.attacked.astype(int) - one.original)
        assert change.max() <= 16 and one.before[0] == one.label
    fell = [one.fooled for one in found.changed]
    assert fell == sorted(fell, reverse=True)
    assert sum(fell) == sum(~found.fooled.survives[-1])


@pytest.mark.slow
def test_a_target_is_what_the_attack_wants_to_hear(model, pictures):
    found = vidi.attack(model, pictures, attack="pgd", epsilon="64/255", target="cat")
    assert all(one.label != "cat" for one in found.changed) and found.target == "cat"
    fell = [one for one in found.changed if one.fooled]
    assert fell and all(one.after[0] == "cat" for one in fell if one.after[0] != one.label)
    assert found.robust[-1].name == "still not called cat"
    assert found.robust[-1].value == pytest.approx(
        1 - sum(one.after[0] == "cat" for one in found.changed) / found.clean.n
    )


@pytest.mark.parametrize(
    ("text", "grey"),
    [
        ("2/255", (1, 2)),
        ("0.2", (25.5, 51)),
        (0.2, (25.5, 51)),
        ("4/255,1/255", (1, 4)),
        ("0", (0,)),
        ([0, 1], (0, 255)),
    ],
)
def test_sizes_are_shares_of_black_to_white(text, grey):
    assert epsilons(text, "linf") == pytest.approx(grey)


@pytest.mark.parametrize("text", ["two", "2/0", "-1/255", "nan", "inf", "", "1/255,"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(UsageError, match="--epsilon is the size of a change"):
        epsilons(text, "linf")


def test_what_can_not_be_attacked_says_so(model, pictures):
    def refused(**options):
        with pytest.raises(UsageError) as found:
            vidi.attack(options.pop("model", model), options.pop("images", pictures), **options)
        return str(found.value)

    assert "did you mean pgd" in refused(attack="pdg")
    assert "square bounds changes by linf" in refused(attack="square", norm="l2")
    assert "is 2/255 meant?" in refused(epsilon="2")
    assert "did you mean bee" in refused(target="beee")
    assert "1 or more" in refused(most=0)
    assert "none was found" in refused(images=())
    assert "no run folder" in refused(images=None)
    several = Model(model.network, model.spec, LABELS, catalog.load("tasks", "multilabel").TASK)
    assert "this model's task is multilabel" in refused(model=several)
    said = vidi.attack(model, pictures[:1], attack="fgsm", epsilon=0).changed[0].before[0]
    assert f"every image is {said} already" in refused(images=pictures[:1], target=said)
