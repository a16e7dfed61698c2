"""The report shows where the model looked, and keeps it when it is written again without the data."""

import json
import shutil

import numpy as np
import torch

import vidi
from vidi import catalog
from vidi.core.device import seeded
from vidi.core.network import NetworkSpec
from vidi.core.run_folder import RunFolder
from vidi.documents import papers
from vidi.documents.report import map_of
from vidi.evaluation.model import Model
from vidi.verbs.hardest_maps import grad_cam, hardest_maps


def test_surest_hits_and_mistakes_come_with_their_maps(trained, tmp_path):
    run = shutil.copytree(trained.folder, tmp_path / "run")
    page = (run / "report.html").read_text()
    mistakes = json.loads((run / "results.json").read_text())["mistakes"]
    shown = [entry["id"] for grid in ("most_certain", "surest_hits") for entry in mistakes[grid]]
    assert shown and all(f'data-example="{map_of(key)}"' in page for key in shown)
    papers.rewrite(RunFolder(run))
    assert papers.pictures_of((run / "report.html").read_text()) == papers.pictures_of(page)


def test_what_is_explained_is_the_fitted_head_and_not_any(trained):
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 3, 128, 128), dtype=np.uint8))
    before = grad_cam(trained.model, images)
    assert before.any() and before.shape == (2, 128, 128)
    head = trained.model.network.head
    kept = head.weight.detach().clone()
    try:
        with torch.no_grad():
            head.weight.copy_(kept.flip(1))
        assert not torch.allclose(grad_cam(trained.model, images), before)
    finally:
        with torch.no_grad():
            head.weight.copy_(kept)


def test_a_network_without_positions_has_a_report_without_maps(pictures):
    data = vidi.load(pictures)
    network = catalog.network("mlp", classes=3, size_px=16, generator=seeded(0))
    task = catalog.load("tasks", "classification").TASK
    model = Model(network, NetworkSpec("mlp"), data.dataset.labels, task)
    results = {"mistakes": {"surest_hits": [{"id": str(data.dataset.column("id")[0])}]}}
    assert hardest_maps(model, data, results) == {}
    assert hardest_maps(model, data, {}) == {}
