"""Maps of a model through the verb: what is asked for, what a network can't do, and images of all kinds."""

import numpy as np
import pytest
import torch
from PIL import Image

import known_networks as networks
import vidi
from vidi import catalog
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.measured import Verdict
from vidi.core.network import NetworkSpec
from vidi.core.task import Task
from vidi.evaluation.model import Model
from vidi.explanations.believing import known_method
from vidi.verbs.believed import Belief, Believing
from vidi.verbs.explain import contrasting_methods, shown_methods

LABELS = ("ant", "bee", "cat")
CHEAP = ["gradient", "hires_cam"]


def model_of(network, task: str = "classification") -> Model:
    record: Task = catalog.load("tasks", task).TASK
    return Model(network, NetworkSpec("known"), LABELS, record, precision="fp32")


@pytest.fixture(scope="module")
def model():
    return model_of(networks.balanced(networks.convolutional(), networks.images(8)))


@pytest.fixture(scope="module")
def pictures():
    return list(networks.images(2).permute(0, 2, 3, 1).numpy())


def refused(*arguments, **options) -> str:
    with pytest.raises(UsageError) as found:
        vidi.explain(*arguments, **options)
    return str(found.value)


def test_the_map_lies_over_the_photo_and_is_of_what_the_model_says(model, pictures):
    found = vidi.explain(model, pictures, method=CHEAP)
    for one, picture in zip(found.images, pictures, strict=True):
        with torch.no_grad():
            logits = model.network(torch.from_numpy(picture).permute(2, 0, 1)[None])[0]
        assert one.prediction == one.label == LABELS[int(logits.argmax())]
        assert one.against == LABELS[int(logits.argsort()[-2])]
        assert set(one.maps) == set(CHEAP) and set(one.contrasts) == {"hires_cam"}
        assert all(values.shape == one.photo.shape[:2] == (420, 420) for values in one.maps.values())
        assert sum(one.probabilities.values()) == pytest.approx(1)


def test_why_this_and_not_that_is_the_difference_and_turns_with_the_question(model, pictures):
    def of(**asked):
        return vidi.explain(model, pictures[0], method="hires_cam", **asked).images[0]

    ant, bee = of(label="ant", against="bee"), of(label="bee", against="ant")
    difference = ant.maps["hires_cam"] - bee.maps["hires_cam"]
    np.testing.assert_allclose(ant.contrasts["hires_cam"], difference, atol=1e-4)
    np.testing.assert_allclose(bee.contrasts["hires_cam"], -difference, atol=1e-4)
    said = of().label
    other = of(against=said)  # why another label and not the one that is said?
    assert other.label != said and other.against == said


def test_unknown_words_are_answered_with_the_nearest(model, pictures):
    assert "did you mean ant" in refused(model, pictures, label="antt", method="gradient")
    assert "--against" in refused(model, pictures, against="dog", method="gradient")
    assert "two labels" in refused(model, pictures, label="ant", against="ant")
    assert "did you mean grad_cam" in refused(model, pictures, method="gradcam")
    assert "did you mean stages.0.2, stages.0.1" in refused(
        model, pictures, method="grad_cam", layer="stages.0.l"
    )
    assert "whose output has positions" in refused(model, pictures, method="grad_cam", layer="head")
    assert "looks at no single layer" in refused(model, pictures, method="gradient", layer="stages.0")
    assert "could be explained" in refused(model, ["nowhere.png"], method="gradient")
    assert "no image was found" in refused(model, [], method="gradient")


def test_a_layer_that_is_named_is_looked_at_and_has_verdicts_of_its_own(model, pictures):
    found = vidi.explain(model, pictures[0], layer="stages.0.0")
    assert set(found.methods) == {"grad_cam(layer=stages.0.0)", "hires_cam(layer=stages.0.0)"}
    elsewhere = vidi.explain(model, pictures[0], method="grad_cam").images[0].maps["grad_cam"]
    assert not np.allclose(found.images[0].maps["grad_cam(layer=stages.0.0)"], elsewhere)


def test_a_network_without_positions_says_so_and_has_other_maps(pictures):
    flat = model_of(catalog.network("mlp", classes=3, size_px=16, generator=seeded(0)))
    for method in ("grad_cam", "hires_cam"):
        assert "a layer with positions was wanted" in refused(flat, pictures, method=method)
    assert "attention was wanted" in refused(flat, pictures, method="attention_rollout")
    found = vidi.explain(flat, pictures)
    assert {"gradient", "gradient_x_input"} <= set(found.methods) and "grad_cam" not in found.methods
    impossible = {one.method for one in found.beliefs if one.impossible}
    assert {"grad_cam", "hires_cam", "attention_rollout"} <= impossible


@pytest.mark.slow
def test_a_transformer_is_explained_too():
    seen = model_of(networks.transformer())
    one = vidi.explain(seen, networks.images(1, 32), method=["grad_cam", "attention_rollout"]).images[0]
    assert all(np.isfinite(values).all() and values.any() for values in one.maps.values())


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (200, 9)])
@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_grey_tiny_and_thin_pictures(model, size, mode):
    one = vidi.explain(model, Image.new(mode, size, 1), method=CHEAP).images[0]
    assert all(np.isfinite(values).all() for values in one.maps.values())
    assert max(one.photo.shape[:2]) == 420


def test_of_several_labels_the_most_probable_is_explained(pictures):
    several = model_of(networks.balanced(networks.convolutional(), networks.images(8)), "multilabel")
    one = vidi.explain(several, pictures[0], method="hires_cam").images[0]
    assert one.label == max(one.probabilities, key=one.probabilities.get) and one.maps


def test_a_model_of_labels_has_no_boxes(model, pictures):
    assert "gives a label to the whole image" in refused(model, pictures, method="gradient", box=1)


def test_what_can_not_be_opened_is_told_beside_the_rest(model, pictures, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    Image.fromarray(pictures[0]).save(tmp_path / "good.png")
    broken, good = vidi.explain(model, tmp_path, method="gradient").images
    assert broken.error and not broken.maps and good.maps and not good.error


def believed(**verdicts):
    words = {"passes": Verdict.STANDS, "fails": Verdict.FAILS, "may": Verdict.CANNOT_TELL}
    return [
        Belief(name, words.get(verdict, Verdict.CANNOT_TELL), "", 6, checked=verdict in words)
        for name, verdict in verdicts.items()
    ]


@pytest.mark.parametrize(
    ("verdicts", "shown"),
    [
        ({"gradient": "passes", "grad_cam": "fails", "smoothgrad": "may"}, ["gradient"]),
        ({"gradient": "fails", "grad_cam": "fails", "smoothgrad": "may"}, ["smoothgrad"]),
        ({"gradient": "fails", "smoothgrad": "unchecked", "rise": "unchecked"}, ["smoothgrad"]),
        ({"gradient": "fails", "rise": "fails"}, ["gradient", "rise"]),
        ({"gradient": "passes", "rise": "passes"}, ["gradient", "rise"]),
    ],
)
def test_what_passes_is_shown_else_what_may(verdicts, shown):
    methods, beliefs = [known_method(name) for name in verdicts], believed(**verdicts)
    found = shown_methods(methods, beliefs, named=False, few=True, struck=False)
    assert list(found) == shown
    struck = shown_methods(methods, beliefs, named=False, few=True, struck=True)
    assert set(struck) == {*shown, *(name for name, verdict in verdicts.items() if verdict == "fails")}
    many = shown_methods(methods, beliefs, named=False, few=False, struck=False)
    assert "rise" not in many
    named = shown_methods(methods, beliefs, named=True, few=False, struck=False)
    assert list(named) == list(verdicts)  # whoever names a method gets it


def test_what_fails_does_not_say_why_not_another():
    methods = {name: known_method(name) for name in ("gradient", "hires_cam", "occlusion")}
    beliefs = believed(gradient="passes", hires_cam="fails", occlusion="passes")
    assert contrasting_methods(methods, beliefs) == ["occlusion"]


def test_guesses_at_what_was_taken_away_are_in_the_time_that_checks_may_take(model, monkeypatch):
    images = list(networks.images(12).permute(0, 2, 3, 1).numpy())
    monkeypatch.setattr("vidi.verbs.believed.SECONDS_IF_NAMED", 100.0)
    many = vidi.explain(model, images, method="gradient").beliefs[0]
    monkeypatch.setattr(Believing, "_seconds_for_a_guess", lambda self, images: 1.6)
    few = vidi.explain(model, images, method="gradient").beliefs[0]
    assert (many.images, few.images) == (12, 7)  # 8 guesses of 1.6 s for each image, and 100 s
