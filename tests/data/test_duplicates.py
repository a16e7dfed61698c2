"""Duplicates: planted copies are found, likeness by nature is not taken for one, conflicts and leaks are named."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import scipy.fft

from vidi.core.dataset import Dataset
from vidi.data.duplicates import LARGEST_CLUSTER, find, without_chains
from vidi.ops.near_copies import Pairs, correlations, crop_matrices, near_pairs, threshold
from vidi.ops.perceptual_hash import perceptual_hash, thumbnail
from vidi.ops.resize import resize


def photographs(count: int, size: int = 80, seed: int = 0) -> np.ndarray:
    """Smooth random colour pictures: 1/f amplitudes, as photographs have."""
    generator = np.random.default_rng(seed)
    u = np.hypot(*np.meshgrid(np.arange(size), np.arange(size))) + 1
    spectrum = generator.standard_normal((count, 3, size, size)) * 0.3 / u
    spectrum += generator.standard_normal((count, 1, size, size)) / u
    made = scipy.fft.idctn(spectrum, axes=(2, 3))
    low, high = made.min(axis=(1, 2, 3), keepdims=True), made.max(axis=(1, 2, 3), keepdims=True)
    return (30 + 190 * (made - low) / (high - low)).astype(np.uint8).transpose(0, 2, 3, 1)


def thumbnails(images) -> np.ndarray:
    return np.stack([thumbnail(image) for image in images])


def dataset(hashes, targets=None, splits=None) -> Dataset:
    n = len(hashes)
    hashes = [hashlib.sha256(str(value).encode()).hexdigest() for value in hashes]
    columns = {
        "path": [f"{i}.png" for i in range(n)],
        "hash": hashes,
        "target": targets or ["a"] * n,
        "split": pa.array(splits or [None] * n, pa.string()),
    }
    return Dataset("d", Path(), "folder", pa.table(columns), ("a", "b"))


CHANGES = {
    "copied": lambda image: image,
    "mirrored": lambda image: image[:, ::-1],
    "darker": lambda image: (image * 0.7).astype(np.uint8),
    "smaller": lambda image: resize(image, size_px=56),
    "cropped": lambda image: image[2:-2, 2:-2],
    "noisy": lambda image: np.clip(image + np.random.default_rng(1).normal(0, 5, image.shape), 0, 255).astype(
        np.uint8
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_planted_copies_are_found_and_nothing_else(change):
    images = photographs(150)
    small = thumbnails([*images, *(CHANGES[change](image) for image in images[:40])])
    found = set(map(tuple, near_pairs(small).rows.tolist()))
    assert len({(i, 150 + i) for i in range(40)} & found) >= 39
    assert found <= {(i, 150 + i) for i in range(40)}


def test_clusters_and_counts():
    images = photographs(4)
    small = thumbnails([images[0], images[1], images[0], images[0][:, ::-1], images[2], images[3]])
    found = find(dataset([0, 1, 0, 3, 4, 5]), thumbnails=small)
    assert (found.exact, found.near) == (1, 1)
    assert found.cluster[0] == found.cluster[2] == found.cluster[3]
    assert len(set(found.cluster)) == 4
    assert found.pairs.tolist() == [[0, 3]]
    assert {r.kind for r in found.remarks} == {"exact duplicates", "near duplicates"}


def test_conflicts_and_leaks_are_named():
    images = photographs(3)
    small = thumbnails([images[0], images[1], images[0], images[1][:, ::-1], images[2]])
    found = find(
        dataset([0, 1, 0, 3, 4], list("aabab"), ["train", "train", "train", "test", "test"]), thumbnails=small
    )
    said = {(r.kind, r.where): r.what for r in found.remarks}
    assert said["conflict", "0.png and 2.png"] == "the same image is labelled a and b"
    assert said["leak", "1.png and 3.png"] == "nearly the same image is in train and test"
    assert sum(r.kind in ("conflict", "leak") for r in found.remarks) == 2


def test_order_of_rows_does_not_matter():
    images = photographs(60)
    small = thumbnails([*images, *(image[2:-2, 2:-2] for image in images[:20])])
    hashes, order = np.arange(80), np.random.default_rng(3).permutation(80)
    here = find(dataset(hashes), thumbnails=small).cluster
    there = find(dataset(hashes[order]), thumbnails=small[order]).cluster
    assert ((here[order][:, None] == here[order][None]) == (there[:, None] == there[None])).all()


def test_flat_images_are_not_each_others_copies():
    levels = np.arange(40, dtype=np.uint8)[:, None, None] * np.ones((1, 32, 32), dtype=np.uint8)
    found = find(dataset(range(40)), thumbnails=levels)
    assert len(set(found.cluster)) == 40 and found.near == 0


def test_drawings_alike_by_nature_are_told_apart_by_a_higher_bar():
    """Discs that differ by a pixel or two: every one has near neighbours, none is a copy."""
    y, x = np.mgrid[:32, :32]
    generator = np.random.default_rng(0)
    places = [generator.uniform((13, 13, 6), (19, 19, 10)) for _ in range(400)]
    discs = np.stack([255 * ((x - a) ** 2 + (y - b) ** 2 < r * r) for a, b, r in places]).astype(np.uint8)
    assert threshold(discs) > 0.97 > threshold(thumbnails(photographs(100)))
    distinct = np.unique(discs, axis=0)
    sizes = np.bincount(find(dataset(range(len(distinct))), thumbnails=distinct).cluster)
    assert sizes.max() <= LARGEST_CLUSTER


def test_features_find_what_the_hash_misses():
    images = photographs(120)
    cropped = [image[:-4, :-4] for image in images[:40]]  # 95 %, from one corner
    small = thumbnails([*images, *cropped])
    generator = np.random.default_rng(0)
    features = generator.standard_normal((120, 64)).astype(np.float32)
    features = np.concatenate([features, features[:40] + 0.1])
    planted = {(i, 120 + i) for i in range(40)}
    alone = set(map(tuple, near_pairs(small).rows.tolist()))
    helped = set(map(tuple, near_pairs(small, features).rows.tolist()))
    assert len(alone & planted) < len(helped & planted) >= 39
    assert helped <= planted


def test_like_features_alone_are_no_copy():
    small = thumbnails(photographs(30))
    assert not len(near_pairs(small, np.ones((30, 8), dtype=np.float32)).rows)


def test_long_chains_are_cut_and_said():
    chain = np.stack([np.arange(99), np.arange(1, 100)], axis=1)
    pairs = Pairs(chain, np.full(99, 0.96, dtype=np.float32), np.zeros(99, dtype=bool))
    kept, remarks = without_chains(100, pairs)
    assert len(kept.rows) == 0 and "100 pictures" in remarks[0].what
    sure = replace(pairs, correlation=np.full(99, 0.999, dtype=np.float32))
    assert len(without_chains(100, sure)[0].rows) == 99
    short = pairs.where(np.arange(20))
    assert without_chains(100, short) == (short, [])


def test_crop_matrices_are_averages_and_the_first_changes_nothing():
    matrices = crop_matrices()
    np.testing.assert_allclose(matrices.sum(axis=2), 1, atol=1e-5)
    np.testing.assert_allclose(matrices[0], np.eye(32), atol=1e-6)


def test_plain_correlation_is_numpys():
    small = thumbnails(photographs(6))
    pairs = np.array([[0, 1], [2, 3], [4, 4]])
    theirs = [np.corrcoef(small[i].ravel(), small[j].ravel())[0, 1] for i, j in pairs]
    np.testing.assert_allclose(correlations(small, small, pairs, aligned=False), theirs, atol=1e-5)
    assert (correlations(small, small, pairs, aligned=True) >= np.array(theirs) - 1e-5).all()


@pytest.mark.parametrize("count", [1, 2])
def test_hardly_any_images(count):
    small = thumbnails(photographs(count))
    assert find(dataset(range(count)), thumbnails=small).near == 0
    assert perceptual_hash(small).shape == (count,)
