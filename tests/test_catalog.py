"""Names lead to things; everything that is listed is read from source and can be loaded."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from vidi import catalog
from vidi.core.errors import UsageError
from vidi.core.network import Classifier

MEMBERS = [(kind, name) for kind in catalog.KINDS for name in catalog.cards(kind)]
FUNCTIONS = {"recipes": "recipe", "networks": "build", "augmentations": "augment", "parts": "layer"}


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_every_file_of_a_kind_is_a_member(kind):
    files = {path.stem for path in (catalog.HERE / catalog.kind(kind)).glob("*.py")} - {"__init__"}
    assert set(catalog.cards(kind)) == files and files


@pytest.mark.parametrize(("kind", "name"), MEMBERS)
def test_every_member_loads_and_its_card_is_the_one_in_the_source(kind, name):
    assert catalog.cards(kind)[name] == catalog.load(kind, name).CARD


@pytest.mark.parametrize(("kind", "name"), [m for m in MEMBERS if m[0] in FUNCTIONS])
def test_options_read_from_source_are_those_of_the_signature(kind, name):
    function = inspect.unwrap(getattr(catalog.load(kind, name), FUNCTIONS[kind]))
    signature = {
        p.name: p for p in inspect.signature(function).parameters.values() if p.kind == p.KEYWORD_ONLY
    }
    found = {option.name: option for option in catalog.options(kind, name, FUNCTIONS[kind])}
    assert list(found) == list(signature)
    for option, parameter in signature.items():
        assert found[option].default == (None if parameter.default is parameter.empty else parameter.default)


def test_a_default_may_be_a_name_of_its_own_file(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    source = "SIZE = 32\ndef build(*, size_px: int = SIZE, share: float = -0.5):\n    'share: how much'"
    (tmp_path / "models" / "thing.py").write_text(source)
    monkeypatch.setattr(catalog, "HERE", tmp_path)
    size, share = catalog.options("networks", "thing", "build")
    assert size == catalog.Option("size_px", "int", 32, "")
    assert share == catalog.Option("share", "float", -0.5, "how much")


def test_a_function_that_is_not_there_has_no_options():
    assert catalog.options("tasks", "classification", "build") == []


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: catalog.kind("network"), "did you mean networks"),
        (lambda: catalog.cards("recipe"), "did you mean recipes"),
        (lambda: catalog.load("recipes", "finetun"), "did you mean finetune"),
        (lambda: catalog.load("recipes", "../core/card"), "none of the recipes is named"),
        (lambda: catalog.recipe("probes"), "did you mean probe"),
        (
            lambda: catalog.network("resnet8", classes=2),
            "no network is named 'resnet8'.*did you mean .*resnet18",
        ),
        (lambda: catalog.network("lenett", classes=2), "did you mean lenet"),
        (lambda: catalog.network("lenet", classes=2, widths=[3]), "the network lenet takes .* got widths"),
        (lambda: catalog.network("mlp", classes=2, pretrained=True), "mlp has no pretrained weights"),
    ],
)
def test_a_wrong_name_gets_the_nearest(ask, sentence):
    with pytest.raises(UsageError, match=sentence):
        ask()


def test_lite0_is_the_embedded_network_with_its_weights():
    network = catalog.network("lite0", classes=3, size_px=64, pretrained=True)
    assert isinstance(network, Classifier) and network.width == 1280 and network.head.out_features == 3
    assert network.preprocessing.mean != (127.5, 127.5, 127.5)  # its own, not ImageNet's usual one
    again = catalog.network("lite0", classes=3, size_px=64, pretrained=True)
    for name, weight in network.stages.state_dict().items():
        assert weight.equal(again.stages.state_dict()[name])


@pytest.mark.parametrize("name", ["linear", "mlp", "lenet", "fast_residual", "airbench"])
def test_own_networks_by_the_name_of_their_file(name):
    network = catalog.network(name, classes=3, size_px=32, pretrained=False)
    assert isinstance(network, Classifier)


def test_a_network_of_a_library_by_its_own_name():
    network = catalog.network("resnet18", classes=3, size_px=32, pretrained=False)
    assert isinstance(network, Classifier) and network.head.out_features == 3


def test_a_record_as_backbone_is_built():
    record = {"name": "lite0", "options": {"classes": 3, "size_px": 64, "pretrained": False}}
    network = catalog.network("nearest", classes=3, size_px=64, examples=5, k=1, backbone=record)
    assert isinstance(network, Classifier)


@pytest.mark.parametrize("task", catalog.cards("tasks"))
def test_metrics_of_a_task_serve_it(task):
    members = catalog.metrics(task)
    assert members and all(not m.CARD.serves or task in m.CARD.serves for m in members)


def test_readers_are_all_of_them():
    assert {Path(str(reader.__file__)).stem for reader in catalog.readers()} == set(catalog.cards("readers"))


def test_listing_imports_nothing_heavy():
    code = (
        "import sys; from vidi import catalog; [catalog.cards(k) for k in catalog.KINDS]; "
        "catalog.options('recipes', 'tail', 'recipe'); "
        "print([m for m in ('torch', 'numpy', 'timm', 'sklearn', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_default_may_be_a_name_of_another_file_or_one_of_several_on_a_line():
    found = {option.name: option.default for option in catalog.options("audits", "elephant", "audit")}
    assert found["places"] == (0.0, 0.5, 1.0)
    found = {option.name: option.default for option in catalog.options("audits", "objects", "audit")}
    assert found["smallest"] == 10
