"""What every recipe keeps: found by being in the folder."""

import inspect
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest
import torch

import vidi.recipes
from drawn_job import drawn_job, history
from vidi import catalog
from vidi.core.errors import UsageError
from vidi.core.job import Budget, Fitted, Job
from vidi.evaluation.model import Model
from vidi.evaluation.score import truth_of
from vidi.training.checkpoint import same

FOLDER = Path(str(vidi.recipes.__file__)).parent
ALL = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
DENSE = {"detection", "instances", "segmentation"}  # whose recipes have a contract of their own
NAMES = [name for name in ALL if set(catalog.cards("recipes")[name].serves) - DENSE]
TYPES = {"int", "float", "str", "bool"}
# What makes each of them small: a contract is about what holds, not about how good it gets.
SMALL: dict[str, dict] = {
    "auto": {"size_px": 64},
    "finetune": {"size_px": 64, "epochs": 1.0, "batch": 12},
    "knn": {"size_px": 64},
    "linear": {"size_px": 16, "epochs": 20.0, "batch": 12},
    "mlp": {"size_px": 16, "widths": "16", "epochs": 20.0, "batch": 12},
    "probe": {"size_px": 64},
    "scratch": {"network": "lenet", "size_px": 32, "epochs": 12.0, "batch": 12},
    "tail": {"size_px": 64, "epochs": 2.0, "batch": 12, "views": 1},
}
SLOW = {"auto", "finetune", "tail"}


def member(name: str) -> ModuleType:
    return catalog.load("recipes", name)


def fit(name: str, job: Job, **options) -> Fitted:
    return member(name).recipe(job, **(SMALL.get(name, {}) | options))


def marked(names) -> list:
    return [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in names]


def serving(task: str) -> list[str]:
    return [name for name in NAMES if not member(name).CARD.serves or task in member(name).CARD.serves]


def right(fitted: Fitted, job: Job) -> tuple[np.ndarray, np.ndarray]:
    """Which answers of the network on validation and on test are right (several labels: all of them)."""
    model = Model(fitted.network, fitted.spec, job.dataset.labels, job.task)
    rows = np.concatenate([job.dataset.where("validation"), job.dataset.where("test")])
    images = job.pixels(rows, size_px=model.preprocessing.size_px, fit=model.preprocessing.fit)
    with torch.inference_mode():
        probability = model.probability(model.network(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy())
    truth = truth_of(job.dataset, rows, model)
    hit = (
        probability.argmax(axis=1) == truth
        if truth.ndim == 1
        else ((probability >= 0.5) == truth).all(axis=1)
    )
    return hit[: len(hit) // 2], hit[len(hit) // 2 :]


@pytest.mark.parametrize("name", ALL)
def test_the_card_says_what_it_is_and_which_tasks_it_serves(name):
    card = catalog.cards("recipes")[name]
    assert card.title and card.idea.endswith(".")
    assert set(card.serves) <= set(catalog.cards("tasks")) and card.serves


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_a_flag_with_type_default_and_help(name):
    signature = inspect.signature(inspect.unwrap(member(name).recipe))
    job, *rest = signature.parameters.values()
    assert job.annotation is Job and signature.return_annotation is Fitted
    assert all(parameter.kind == parameter.KEYWORD_ONLY for parameter in rest)
    for option in catalog.options("recipes", name, "recipe"):
        kind, _, optional = option.annotation.partition(" | ")
        assert kind in TYPES and optional in ("", "None"), option
        assert len(option.help) > 8 and not option.help.endswith("."), option
        assert signature.parameters[option.name].default is not inspect.Parameter.empty, option
        wanted = {"int": int, "float": float, "str": str, "bool": bool}[kind]
        assert type(option.default) is wanted or (optional and option.default is None), option


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """Each recipe's result on the drawn job, trained once."""
    made: dict[tuple[str, bool], tuple[Fitted, Job]] = {}

    def get(name: str, multilabel: bool = False) -> tuple[Fitted, Job]:
        if (name, multilabel) not in made:
            job = drawn_job(tmp_path_factory.mktemp(name), multilabel=multilabel)
            made[name, multilabel] = fit(name, job), job
        return made[name, multilabel]

    return get


@pytest.mark.parametrize("name", marked(serving("classification")))
def test_it_learns_three_easy_classes(fitted, name):
    """Chance is 1/3 on 12 + 12 images; 0.6 of 24 by luck has a probability under 1 %."""
    result, job = fitted(name)
    validation, test = right(result, job)
    assert np.concatenate([validation, test]).mean() > 0.6
    assert result.validation == pytest.approx(validation.mean(), abs=0.1)  # features may be in bf16


@pytest.mark.parametrize("name", marked(serving("multilabel")))
def test_it_learns_several_labels(fitted, name):
    """All labels of an image right: always answering with the commonest set is right for 1/3."""
    result, job = fitted(name, multilabel=True)
    assert np.concatenate(right(result, job)).mean() > 0.55


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(serving("multilabel"))))
def test_a_task_it_does_not_serve_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match=r"multilabel: use"):
        fit(name, drawn_job(tmp_path, multilabel=True))


@pytest.mark.parametrize("name", marked(NAMES))
def test_its_spec_builds_the_same_network_again(fitted, name):
    """A model is loaded from its spec and weights alone, with no download."""
    result, job = fitted(name)
    again = catalog.network(result.spec.name, **result.spec.options)
    again.load_state_dict(result.network.state_dict())
    image = torch.from_numpy(job.pixels(np.arange(2), size_px=result.network.preprocessing.size_px))
    image = image.permute(0, 3, 1, 2)
    assert again.preprocessing == result.network.preprocessing
    with torch.inference_mode():
        torch.testing.assert_close(again.eval()(image), result.network.eval()(image), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", marked(NAMES))
def test_it_says_what_it_decided(fitted, name):
    result, _ = fitted(name)
    assert result.recipe in NAMES and (name == "auto" or result.recipe == name)
    assert result.reasons and all(isinstance(reason, str) and reason for reason in result.reasons)
    assert result.validation is not None and 0 <= result.validation <= 1
    assert not result.network.training
    assert not any(weight.requires_grad for weight in result.network.parameters())


@pytest.mark.parametrize("name", marked(NAMES))
def test_same_seed_same_weights(fitted, tmp_path, name):
    result, _ = fitted(name)
    again = fit(name, drawn_job(tmp_path))
    assert same(dict(result.network.state_dict()), dict(again.network.state_dict()))
    assert result.decisions == again.decisions and result.validation == again.validation


GRADIENT = [
    name for name in NAMES if "epochs" in {o.name for o in catalog.options("recipes", name, "recipe")}
]


@pytest.mark.parametrize("name", marked(GRADIENT))
def test_a_budget_overrules_the_epochs(tmp_path, name):
    job = drawn_job(tmp_path, budget=Budget(seconds=0.0))
    fit(name, job, epochs=1000.0)
    assert max(line["step"] for line in history(tmp_path)) == 1


@pytest.mark.parametrize("name", marked(NAMES))
def test_without_a_validation_split_it_still_trains(tmp_path, name):
    job = drawn_job(tmp_path)
    split = ["train" if text == "validation" else text for text in job.dataset.column("split")]
    job = replace(job, dataset=job.dataset.with_column("split", pa.array(split)))
    options = {"epochs": 1.0} if name in GRADIENT else {}
    result = fit(name, job, **options)
    assert result.validation is None


NUMBERS = [
    (name, option)
    for name in NAMES
    for option in catalog.options("recipes", name, "recipe")
    if option.annotation.partition(" | ")[0] in ("int", "float")
]


@pytest.mark.parametrize(("name", "option"), NUMBERS, ids=lambda value: getattr(value, "name", value))
def test_a_negative_number_is_refused_with_a_sentence(tmp_path, name, option):
    """Before anything is trained: no option of any recipe means something below zero."""
    wrong = {option.name: -1 if option.annotation.startswith("int") else -0.5}
    with pytest.raises(UsageError) as caught:
        fit(name, drawn_job(tmp_path), **wrong)
    assert "\n" not in str(caught.value) and not (tmp_path / "history.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "wrong", "sentence"),
    [
        ("knn", {"on": "sounds"}, "--on is features or pixels"),
        ("linear", {"loss": "square"}, "--loss is softmax or hinge"),
        ("mlp", {"widths": "12,b"}, "--widths is numbers joined by commas"),
        ("mlp", {"widths": "0"}, "at least one layer"),
        ("scratch", {"network": "resnet8"}, "did you mean"),
        ("scratch", {"optimizer": "Sgd"}, "did you mean SGD"),
        ("mlp", {"schedule": "one_cicle"}, "did you mean one_cycle"),
        ("probe", {"network": "lenet"}, "lenet has no pretrained weights"),
        ("probe", {"folds": 1}, "--folds is 2 or more"),
        ("knn", {"k": 1000}, "--k is 0 .the best. to 36"),
    ],
)
def test_a_wrong_word_is_refused_with_a_sentence(tmp_path, name, wrong, sentence):
    with pytest.raises(UsageError, match=sentence):
        fit(name, drawn_job(tmp_path), **wrong)
