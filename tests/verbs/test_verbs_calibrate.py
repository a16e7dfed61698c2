"""A temperature and limits from the validation split: what they are depends on the examples, not on their order."""

from dataclasses import replace

import numpy as np

from drawn_job import drawn_job
from vidi import catalog
from vidi.core.device import seeded
from vidi.core.job import Fitted, Job
from vidi.core.network import NetworkSpec
from vidi.core.progress import Quiet
from vidi.data.store import Cache
from vidi.evaluation.features import FeaturePass
from vidi.verbs.calibrate import calibrated


def turned(job: Job, order: np.ndarray) -> Job:
    """The same examples in another order."""
    dataset = job.dataset.take(order)

    def pixels(rows, **size):
        return job.pixels(order[rows], **size)

    return replace(
        job, dataset=dataset, pixels=pixels, features=FeaturePass(dataset, pixels, Cache().store, Quiet())
    )


def test_the_order_of_rows_changes_neither_temperature_nor_limits_nor_intervals(tmp_path):
    job = drawn_job(tmp_path, per_class=50)
    options = {"classes": 3, "size_px": 32, "widths": [4]}
    network = catalog.network("mlp", **options, generator=seeded(0)).eval()
    fitted = Fitted(network=network, spec=NetworkSpec("mlp", options), recipe="mlp")
    order = np.random.default_rng(0).permutation(len(job.dataset))
    one, other = (calibrated(each, fitted) for each in (job, turned(job, order)))
    assert repr(one[1]) == repr(other[1]) and "bootstrap" in repr(one[1])
    here, there = (each[0].limits for each in (one, other))
    assert here.familiar.threshold == there.familiar.threshold
    assert replace(here, familiar=None) == replace(there, familiar=None)
