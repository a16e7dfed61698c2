"""Recipes that train longer: stopped and resumed, and their loss curves."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawn_job import drawn_job, history
from vidi import catalog
from vidi.core.job import Budget, Fitted
from vidi.core.network import NetworkSpec
from vidi.recipes.auto import candidates
from vidi.training import hooks
from vidi.training.checkpoint import same

GOLDEN = json.loads(Path(__file__).with_name("golden_curves.json").read_text())["curves"]
OPTIONS = {
    "finetune": {"size_px": 64, "epochs": 8.0, "batch": 36, "lr": 2e-4},
    "linear": {"size_px": 16, "epochs": 4.0, "batch": 12},
    "mlp": {"size_px": 16, "widths": "16", "epochs": 4.0, "batch": 12},
    "scratch": {
        "network": "fast_residual",
        "size_px": 32,
        "epochs": 4.0,
        "batch": 12,
        "scale": 0.7,
        "mix": 0.2,
    },
    "tail": {"size_px": 64, "epochs": 12.0, "batch": 36, "views": 2, "lr": 2e-4},
}


class StoppedError(Exception):
    """What a test stops training with."""


def run(name: str, folder: Path, **options):
    job = drawn_job(folder, checkpoint_seconds=0.0)
    return catalog.recipe(name)(job, **(OPTIONS[name] | options))


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIONS)
def test_stopped_in_the_middle_and_resumed_ends_in_the_same_weights(tmp_path, monkeypatch, name):
    """Also what is not in the checkpoint: kept views, features, the probe before it."""
    whole = run(name, tmp_path / "whole")
    half = max(line["step"] for line in history(tmp_path / "whole")) // 2
    original = hooks.Checkpoints.__call__

    def stopping(self, count, scores):
        original(self, count, scores)
        if count == half:
            raise StoppedError

    with monkeypatch.context() as patched:
        patched.setattr(hooks.Checkpoints, "__call__", stopping)
        with pytest.raises(StoppedError):
            run(name, tmp_path / "parted")
    again = run(name, tmp_path / "parted")
    assert same(dict(again.network.state_dict()), dict(whole.network.state_dict()))
    assert again.validation == whole.validation


def curve(name: str, folder: Path) -> list[float]:
    run(name, folder)
    losses = [line["loss"] for line in history(folder) if "loss" in line]
    return [float(np.mean(part)) for part in np.array_split(losses, 4)]


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIONS)
def test_the_loss_curve_is_the_golden_one(tmp_path, name):
    """Means over quarters of training. Processors round differently, bf16 more so: 15 % or 0.05 are allowed.

    Made again by `PYTHONPATH=tests python tests/recipes/test_recipes_runs.py`, and only where a change was meant.
    """
    np.testing.assert_allclose(curve(name, tmp_path), GOLDEN[name], rtol=0.15, atol=0.05)


def test_every_gradient_recipe_has_a_golden_curve():
    with_epochs = {
        name
        for name, card in catalog.cards("recipes").items()
        if "classification" in card.serves
        and "epochs" in {option.name for option in catalog.options("recipes", name, "recipe")}
    }
    assert set(GOLDEN) == with_epochs == set(OPTIONS)
    assert all(curve[-1] < curve[0] for curve in GOLDEN.values())


@pytest.mark.parametrize(
    ("train", "median", "left", "wanted"),
    [
        (1000, 300.0, 1e9, ["tail"]),
        (1000, 300.0, 5.0, []),
        (20, 300.0, 1e9, []),
        (50_000, 32.0, 1e9, ["scratch"]),
        (50_000, 32.0, 60.0, ["tail"]),
        (50_000, 300.0, 1e9, ["tail"]),
    ],
)
def test_what_auto_tries_by_hand(train, median, left, wanted):
    assert [name for name, _ in candidates(train, median, left)] == wanted
    assert all(why for _, why in candidates(train, median, left))


class Fake:
    """A recipe that only says how well it did."""

    def __init__(self, name: str, accuracy: float | None):
        self.name, self.accuracy, self.calls = name, accuracy, []

    def __call__(self, job, **options):
        self.calls.append(options)
        network = catalog.network("linear", classes=3, size_px=4)
        return Fitted(
            network,
            NetworkSpec("linear"),
            reasons=(f"{self.name} ran",),
            validation=self.accuracy,
            recipe=self.name,
        )


@pytest.mark.parametrize(
    ("probe", "tail", "best"), [(0.7, 0.8, "tail"), (0.8, 0.7, "probe"), (0.8, 0.8, "probe")]
)
def test_auto_keeps_what_measured_best_and_says_why(tmp_path, probe, tail, best):
    recipes = {"probe": Fake("probe", probe), "tail": Fake("tail", tail), "scratch": Fake("scratch", 1.0)}
    job = replace(drawn_job(tmp_path, per_class=40), recipes=recipes)
    fitted = catalog.recipe("auto")(job, size_px=64)
    assert fitted.recipe == best and fitted.decisions["tried"] == {"probe": probe, "tail": tail}
    assert any(f"auto chose {best}" in reason for reason in fitted.reasons)
    assert any("80.0 % on validation" in reason for reason in fitted.reasons)
    assert recipes["tail"].calls == [{"network": "lite0", "size_px": 64}] and not recipes["scratch"].calls


def test_a_resumed_auto_takes_the_same_way(tmp_path):
    """What was decided with time left is done, even if less is left now."""
    recipes = {"probe": Fake("probe", 0.5), "tail": Fake("tail", 0.6)}
    job = replace(drawn_job(tmp_path, per_class=40), recipes=recipes)
    first = catalog.recipe("auto")(job)
    late = catalog.recipe("auto")(replace(job, budget=Budget(seconds=0.0)))
    assert first.recipe == late.recipe == "tail" and len(recipes["tail"].calls) == 2


if __name__ == "__main__":
    import tempfile

    place = Path(__file__).with_name("golden_curves.json")
    with tempfile.TemporaryDirectory() as folder:
        curves = {name: [round(x, 4) for x in curve(name, Path(folder, name))] for name in OPTIONS}
    place.write_text(
        json.dumps({"made_by": "python tests/recipes/test_recipes_runs.py", "curves": curves}, indent=2)
    )
