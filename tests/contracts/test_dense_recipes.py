"""What every recipe keeps whose answers lie on the image: found by the tasks that its card serves."""

import numpy as np
import pytest
import torch

from dense_job import TASKS, dense_job, without_validation
from drawn_job import history
from vidi import catalog
from vidi.core.errors import UsageError
from vidi.core.job import Budget, Fitted, Job
from vidi.core.network import NetworkSpec
from vidi.core.progress import Quiet
from vidi.data.targets import Targets
from vidi.evaluation.dense_model import DenseModel
from vidi.training.checkpoint import same

SERVING = [
    (name, task)
    for name, card in catalog.cards("recipes").items()
    for task in card.serves
    if task in TASKS and name != "auto"
]
SMALL = {"size_px": 64, "batch": 4, "epochs": 1.0, "views": 2}


def fit(name: str, job: Job, **options) -> Fitted:
    return catalog.recipe(name)(job, **(SMALL | options))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """Each recipe's result on the drawn job, trained once."""
    made: dict[tuple[str, str], tuple[Fitted, Job]] = {}

    def get(name: str, task: str) -> tuple[Fitted, Job]:
        if (name, task) not in made:
            job = dense_job(tmp_path_factory.mktemp(name), task)
            made[name, task] = fit(name, job), job
        return made[name, task]

    return get


def test_every_task_has_recipes_and_a_usual_one():
    assert {task for _, task in SERVING} == set(TASKS)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "task"), SERVING)
def test_its_spec_builds_the_same_network_again(fitted, name, task):
    result, job = fitted(name, task)
    again = catalog.network(result.spec.name, **result.spec.options)
    again.load_state_dict(result.network.state_dict())
    assert again.preprocessing == result.network.preprocessing
    assert not result.network.training and result.recipe == name and result.reasons
    images = job.pixels(np.arange(2), size_px=64, fit="squash")
    models = [DenseModel(each, result.spec, job.dataset.labels, job.task) for each in (result.network, again)]
    one, other = ([each.rows(job.dataset.labels) for each in m.find(images, [(64, 64)] * 2)] for m in models)
    assert one == other


@pytest.mark.slow
@pytest.mark.parametrize(("name", "task"), SERVING)
def test_same_seed_same_weights(fitted, tmp_path, name, task):
    result, _ = fitted(name, task)
    again = fit(name, dense_job(tmp_path, task))
    assert same(dict(result.network.state_dict()), dict(again.network.state_dict()))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "task"), SERVING)
def test_a_budget_overrules_the_epochs_and_no_validation_split_is_needed(tmp_path, name, task):
    job = without_validation(dense_job(tmp_path, task, budget=Budget(seconds=0.0)))
    fit(name, job, epochs=1000.0)
    assert max(line["step"] for line in history(job.folder.path)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("name", "task"), SERVING)
def test_it_learns_to_find_coloured_squares(tmp_path, name, task):
    """A quarter of the pixels, or a box by chance, would score near 0."""
    job = dense_job(tmp_path, task, count=60)
    result = fit(name, job, epochs=30.0, frozen=0, backbone_rate=0.3)
    rows = job.dataset.where("test")
    model = DenseModel(result.network, result.spec, job.dataset.labels, job.task)
    images = job.pixels(rows, size_px=64, fit="squash")
    truth = [job.task.truth(Targets(job.dataset), int(row)) for row in rows]
    judgement = job.task.judge(model.find(images, [(64, 64)] * len(rows), Quiet()), truth, model.labels)
    numbers = [number for metric in catalog.metrics(task) for number in metric.measure(judgement)]
    reached = next(n for n in numbers if (n.name, n.of) == (job.task.headline, ""))
    assert reached.value > 0.4


@pytest.mark.parametrize("name", sorted({name for name, _ in SERVING}))
@pytest.mark.parametrize(
    "wrong",
    [
        {"size_px": -1},
        {"frozen": -1},
        {"epochs": -0.5},
        {"lr": -0.5},
        {"backbone_rate": -0.5},
        {"flip": 2.0},
        {"scale": 0.0},
        {"brightness": -0.5},
        {"backbone": "lite1"},
        {"backbone": "lenet"},
    ],
    ids=str,
)
def test_a_wrong_word_is_refused_with_a_sentence(tmp_path, name, wrong):
    task = next(task for other, task in SERVING if other == name)
    job = dense_job(tmp_path, task, count=5)
    with pytest.raises(UsageError) as caught:
        fit(name, job, **wrong)
    assert "\n" not in str(caught.value) and not (job.folder.path / "history.jsonl").exists()


@pytest.mark.parametrize("name", sorted({name for name, _ in SERVING}))
def test_a_task_it_does_not_serve_is_refused(tmp_path, name):
    from drawn_job import drawn_job

    with pytest.raises(UsageError, match="classification: use"):
        fit(name, drawn_job(tmp_path))


def test_labels_recipes_refuse_tasks_whose_answers_lie_on_the_image(tmp_path):
    with pytest.raises(UsageError, match="the task is detection"):
        catalog.recipe("linear")(dense_job(tmp_path, "detection", count=5))


def test_auto_takes_the_usual_one(tmp_path):
    from dataclasses import replace

    job = dense_job(tmp_path, "segmentation", count=5)
    taken = []
    job = replace(
        job, recipes={"lraspp": lambda j: taken.append(j) or Fitted(torch.nn.Identity(), NetworkSpec("x"))}
    )
    assert "lraspp" in catalog.recipe("auto")(job).reasons[0] and taken == [job]
