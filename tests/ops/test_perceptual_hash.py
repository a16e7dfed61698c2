"""The perceptual hash: agreement with SciPy's DCT, and what does not change it."""

import numpy as np
import scipy.fft

from vidi.ops.perceptual_hash import cosines, low_frequencies, luma, perceptual_hash, thumbnail


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """Smooth random pictures, as photographs are: 1/f amplitudes."""
    generator = np.random.default_rng(seed)
    u = np.hypot(*np.meshgrid(np.arange(32), np.arange(32))) + 1
    spectrum = generator.standard_normal((count, 32, 32)) / u
    made = scipy.fft.idctn(spectrum, axes=(1, 2))
    low, high = made.min(axis=(1, 2), keepdims=True), made.max(axis=(1, 2), keepdims=True)
    return (40 + 170 * (made - low) / (high - low)).astype(np.uint8)


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.bitwise_count(a ^ b)


def test_luma_by_hand():
    colours = np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]], dtype=np.uint8)
    assert luma(colours).tolist() == [255, 0, 76, 150, 29]


def test_rows_are_orthonormal():
    np.testing.assert_allclose(cosines() @ cosines().T, np.eye(8), atol=1e-6)


def test_low_frequencies_are_scipys():
    images = pictures(5)
    theirs = scipy.fft.dctn(images.astype(np.float64), axes=(1, 2), norm="ortho")[:, :8, :8]
    np.testing.assert_allclose(low_frequencies(images), theirs, atol=0.01)


def test_a_flat_picture_sets_only_its_mean():
    assert perceptual_hash(np.full((1, 32, 32), 200, dtype=np.uint8)).tolist() == [1 << 63]


def test_no_more_than_half_of_the_bits_are_set():
    assert np.bitwise_count(perceptual_hash(pictures(50))).max() <= 32


def test_brighter_is_the_same_and_noise_nearly():
    images, generator = pictures(50), np.random.default_rng(1)
    hashes = perceptual_hash(images)
    assert distance(hashes, perceptual_hash(images + np.uint8(30))).max() <= 2
    noisy = np.clip(images + generator.normal(0, 4, images.shape), 0, 255).astype(np.uint8)
    assert np.median(distance(hashes, perceptual_hash(noisy))) <= 4


def test_other_pictures_differ_in_about_half():
    hashes = perceptual_hash(pictures(60))
    apart = distance(hashes[:, None], hashes[None, :])[np.triu_indices(60, 1)]
    assert 28 <= apart.mean() <= 34
    assert apart.min() > 8


def test_one_by_one_is_in_batch():
    images = pictures(9)
    alone = np.concatenate([perceptual_hash(images[i : i + 1]) for i in range(9)])
    assert (alone == perceptual_hash(images)).all()
    assert perceptual_hash(images[:0]).shape == (0,)


def test_an_enlarged_picture_has_nearly_the_same_hash():
    small = pictures(1)
    large = np.repeat(np.kron(small[0], np.ones((4, 4), dtype=np.uint8))[..., None], 3, axis=2)
    assert distance(perceptual_hash(thumbnail(large)[None]), perceptual_hash(small)).max() <= 4
