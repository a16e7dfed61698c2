"""Features are computed once for each content, are those of the network, and belong to its exact weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from drawn_job import drawn_dataset
from vidi import catalog
from vidi.core.device import seeded
from vidi.core.network import Normalise
from vidi.core.progress import Quiet
from vidi.data.store import Cache
from vidi.evaluation.features import FeaturePass, weights_key


def network(seed: int = 0):
    return catalog.network("mlp", classes=3, widths=[16, 84], generator=seeded(seed)).eval()


@pytest.fixture
def counted(tmp_path):
    """A feature pass whose pixels say which rows were asked for."""
    dataset, image = drawn_dataset(4, size_px=32, multilabel=False)
    asked: list[list[int]] = []

    def pixels(rows, *, size_px, fit="squash"):
        asked.append(rows.tolist())
        return image[rows]

    return FeaturePass(dataset, pixels, Cache(tmp_path).store, Quiet()), asked, image


def test_they_are_what_the_head_sees(counted):
    features, _, image = counted
    model = network()
    with torch.inference_mode():
        wanted = model.features(torch.from_numpy(image).permute(0, 3, 1, 2)).numpy()
    found = features(model, weights_key(model), np.arange(12))
    assert found.shape == (12, 84) and found.dtype == np.float32
    assert np.abs(found - wanted).max() < 0.05 * np.abs(wanted).max()  # in bf16


def test_only_what_is_missing_is_computed(counted):
    features, asked, _ = counted
    model = network()
    key = weights_key(model)
    first = features(model, key, np.array([3, 1]))
    whole = features(model, key, np.arange(6))
    again = features(model, key, np.array([5, 3, 1, 3]))
    assert asked == [[3, 1], [0, 2, 4, 5]]
    assert np.array_equal(first, whole[[3, 1]]) and np.array_equal(again, whole[[5, 3, 1, 3]])


def test_other_weights_and_sizes_have_features_of_their_own(counted):
    features, asked, _ = counted
    one, two = network(0), network(1)
    assert not np.array_equal(*(features(m, weights_key(m), np.arange(4)) for m in (one, two)))
    assert len(asked) == 2


def test_no_rows_no_features(counted):
    features, asked, _ = counted
    model = network()
    features(model, weights_key(model), np.arange(3))
    assert len(features(model, weights_key(model), np.arange(0))) == 0 and len(asked) == 1


def test_equal_contents_share_features(counted):
    features, _, _ = counted
    hashes = features.dataset.table.column("hash").to_pylist()
    table = features.dataset.table
    place = table.schema.get_field_index("hash")
    import pyarrow as pa

    twin = replace(
        features.dataset, table=table.set_column(place, "hash", pa.array([hashes[0]] * 2 + hashes[2:]))
    )
    found = replace(features, dataset=twin)(network(), "twins", np.arange(4))
    assert np.array_equal(found[0], found[1]) and not np.array_equal(found[0], found[2])


def test_a_key_names_weights_and_normalisation_and_not_the_head():
    one, same, other = network(0), network(0), network(1)
    assert weights_key(one) == weights_key(same) != weights_key(other)
    same.head = torch.nn.Linear(84, 9)
    assert weights_key(one) == weights_key(same)
    with torch.no_grad():
        same.stages[2][0].linear.bias[0] += 1e-7
    assert weights_key(one) != weights_key(same)
    shifted = network(0)
    shifted.preprocessing = replace(shifted.preprocessing, mean=(100.0, 100.0, 100.0))
    shifted.normalise = Normalise(shifted.preprocessing)
    assert weights_key(one) != weights_key(shifted)


def test_weights_in_half_precision_have_a_key_too():
    assert weights_key(network().bfloat16()) != weights_key(network())
