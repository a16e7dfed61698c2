"""What every detector keeps: found by being in the folder."""

import ast
import functools
import importlib
import inspect
from pathlib import Path

import pytest
import torch

import vidi.models.detectors
from dense_networks import SIDE, backbone, images, targets
from vidi.core.card import Card
from vidi.core.dense import Detector, Target
from vidi.core.device import seeded

FOLDER = Path(str(vidi.models.detectors.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def member(name):
    return importlib.import_module(f"vidi.models.detectors.{name}")


def built(name, seed=0):
    network = member(name).build(classes=3, backbone=backbone(seed=seed), width=64, generator=seeded(seed))
    if hasattr(network, "net") and hasattr(network.net, "rpn"):
        network.net.rpn._post_nms_top_n = {"training": 50, "testing": 12}  # as many regions as take no time
    return network


@functools.cache
def kept(name):
    """One network for the tests that don't change it."""
    return built(name).eval()


def masked(name):
    return "instances" in member(name).CARD.serves


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_literals(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    card = next(
        n.value for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "CARD"
    )
    written = Card(**{word.arg: ast.literal_eval(word.value) for word in card.keywords})
    assert written == member(name).CARD
    assert written.title and written.idea and written.paper and written.at
    assert written.serves and set(written.serves) <= {"detection", "instances"}


@pytest.mark.parametrize("name", NAMES)
def test_options_are_keywords(name):
    parameters = inspect.signature(member(name).build).parameters
    assert {"classes", "backbone", "generator"} <= parameters.keys()
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())
    assert isinstance(kept(name), Detector) and kept(name).classes == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_is_right_and_sure_decodes_to_the_truth(name):
    network, wanted = kept(name), targets(masks=masked(name))
    with torch.no_grad():
        answers = network.decode(network.ideal(wanted, (SIDE, SIDE)))
    assert len(answers) == len(wanted)
    for answer, target in zip(answers, wanted, strict=True):
        assert len(answer.boxes) == len(target.boxes) and (answer.scores > 0.99).all()
        order = [int((answer.boxes - box).abs().sum(dim=1).argmin()) for box in target.boxes]
        torch.testing.assert_close(answer.boxes[order], target.boxes, atol=1e-3, rtol=0)
        assert torch.equal(answer.labels[order], target.labels)
        if masked(name) and len(order):
            both = (answer.masks[order] & target.masks).flatten(1).sum(dim=1)
            assert (both / (answer.masks[order] | target.masks).flatten(1).sum(dim=1) > 0.9).all()


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_in_form_surest_first_and_not_below_what_is_asked(name):
    network = kept(name)
    with torch.no_grad():
        outputs = network(images(2))
        for answer in network.decode(outputs, least=0.0):
            assert answer.boxes.shape == (len(answer.scores), 4) and answer.labels.dtype == torch.int64
            assert (answer.scores[:-1] >= answer.scores[1:]).all() and (answer.scores <= 1).all()
            assert ((answer.labels >= 0) & (answer.labels < 3)).all()
            assert (answer.masks is not None) == masked(name)
            assert answer.masks is None or answer.masks.shape == (len(answer.scores), SIDE, SIDE)
        assert all((answer.scores >= 0.4).all() for answer in network.decode(outputs, least=0.4))
        assert all(len(answer.scores) == 0 for answer in network.decode(outputs, least=1.0))


@pytest.mark.parametrize("name", NAMES)
def test_an_image_alone_is_as_in_a_batch_and_bytes_are_as_floats(name):
    network, image = kept(name), images(2)
    with torch.no_grad():
        together = network.decode(network(image), least=0.0)
        alone = [network.decode(network(one[None].float()), least=0.0)[0] for one in image]
    for one, other in zip(alone, together, strict=True):
        torch.testing.assert_close(one.scores[:20], other.scores[:20], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_reaches_every_weight(name):
    network = built(name).train()
    torch.manual_seed(0)  # torchvision draws which regions it learns from
    wanted = targets(masks=masked(name))
    losses = network.loss(network(images(3)), wanted)
    assert all(value.ndim == 0 and value.isfinite() for value in losses.values())
    sum(losses.values()).backward()
    missing = [key for key, weight in network.named_parameters() if weight.grad is None]
    assert not missing and all(weight.grad.isfinite().all() for weight in network.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_images_without_objects_and_objects_without_area_are_learned_from_too(name):
    network = built(name).train()
    masks = torch.zeros(1, SIDE, SIDE, dtype=torch.bool) if masked(name) else None
    flat = Target(torch.tensor([[5.0, 5.0, 5.0, 20.0]]), torch.tensor([1]), masks)
    empty = torch.zeros(0, SIDE, SIDE, dtype=torch.bool) if masked(name) else None
    none = Target(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), empty)
    losses = network.loss(network(images(2)), [flat, none])
    assert all(value.isfinite() for value in losses.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bits_and_touches_no_other_randomness(name):
    before = torch.get_rng_state()
    first, again = (built(name).state_dict() for _ in range(2))
    other = built(name, seed=1).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first if "backbone" not in key)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_learns_two_images_by_heart(name):
    network = built(name).train()
    torch.manual_seed(0)
    wanted = [targets(masks=masked(name))[number] for number in (0, 2)]
    descent = torch.optim.AdamW(network.parameters(), lr=2e-3)
    image = images(2)
    for _ in range(300):
        descent.zero_grad()
        sum(network.loss(network(image), wanted).values()).backward()
        descent.step()
    network.eval()
    with torch.no_grad():
        for answer, target in zip(network.decode(network(image), least=0.3), wanted, strict=True):
            overlap = torch.tensor(
                [
                    max(
                        (
                            _iou(box, b)
                            for b, k in zip(answer.boxes, answer.labels, strict=True)
                            if k == label
                        ),
                        default=0,
                    )
                    for box, label in zip(target.boxes, target.labels, strict=True)
                ]
            )
            assert (overlap > 0.6).float().mean() >= 0.8


def _iou(a, b):
    from vidi.ops.boxes import iou

    return float(iou(a[None], b[None]))
