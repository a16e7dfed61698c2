"""Kept maps of the frozen stages: what comes after them is the same network, and targets are those of the views."""

import numpy as np
import pytest
import torch

from dense_job import dense_job
from vidi import catalog
from vidi.core.job import Budget
from vidi.core.pyramid import freeze, pyramid_of
from vidi.evaluation.activations import keep_maps
from vidi.training.held import held
from vidi.training.moved import Mover, Moves

SIDE = 64


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    job = dense_job(tmp_path_factory.mktemp("held"), "detection")
    network = catalog.network("yolo", classes=len(job.dataset.labels), backbone="lite0", size_px=SIDE)
    freeze(pyramid_of(network), stride=16)
    return job, network.eval(), mover_of(job)


def mover_of(job):
    return Mover(job, job.task, job.dataset.where("train"), Moves(), size_px=SIDE, fit="squash")


def test_the_rest_on_kept_maps_is_the_network_on_the_views(made):
    job, network, mover = made
    kept = held(job, network, mover, keep_maps, stride=16, views=2)
    rows = mover.rows[:3]
    flat, targets = kept.source(rows, torch.Generator().manual_seed(1))
    views = torch.randint(2, (3,), generator=torch.Generator().manual_seed(1)).tolist()
    images = np.stack([mover.image(int(row), view) for row, view in zip(rows, views, strict=True)])
    with torch.no_grad():
        whole = network(torch.from_numpy(images).permute(0, 3, 1, 2))
        rest = kept.module(flat)
    assert kept.views == 2 and len(targets) == 3
    span = whole["logits"].max() - whole["logits"].min()
    assert (rest["logits"] - whole["logits"]).abs().max() < 0.03 * span  # kept in bf16


def test_the_target_of_a_view_is_moved_as_its_image(made):
    _, _, mover = made
    for row in mover.rows[:4].tolist():
        for view in range(3):
            torch.manual_seed(mover._number(row, view))
            _, entry = mover.move(mover._image(row), mover.kept(row))
            assert torch.equal(entry["boxes"], mover.target(row, view)["boxes"])
            assert torch.equal(entry["labels"], mover.target(row, view)["labels"])


def test_views_differ_and_stay_what_they_are(made):
    _, _, mover = made
    row = int(mover.rows[0])
    assert np.array_equal(mover.image(row, 0), mover.image(row, 0))
    assert not np.array_equal(mover.image(row, 0), mover.image(row, 1))
    assert np.array_equal(next(mover.blocks(1))[0], mover.image(row, 1))


@pytest.mark.parametrize(("stride", "views"), [(4, 8), (16, 0)])
def test_nothing_is_kept_where_nothing_is_frozen_or_no_view_is_wanted(made, stride, views):
    job, network, mover = made
    assert held(job, network, mover, keep_maps, stride=stride, views=views) is None


def test_nothing_is_kept_where_that_would_take_the_time(tmp_path, made):
    job = dense_job(tmp_path, "detection", budget=Budget(seconds=0.0))
    assert held(job, made[1], mover_of(job), keep_maps, stride=16, views=2) is None


def test_moved_source_is_a_function_of_its_generator(made):
    _, _, mover = made
    rows = mover.rows[:4]
    (one, _), (other, _) = (mover.source(rows, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, other)
