"""Whatever a person calls images is opened alike, and what cannot be opened keeps its reason."""

import os
import tracemalloc

import numpy as np
import pytest
import torch
from PIL import Image

from drawn_job import squares
from vidi.core.errors import UsageError
from vidi.core.network import Preprocessing
from vidi.evaluation.inputs import expand, opened

PLAIN = Preprocessing(32)
IMAGE = squares(1)[0]


def write(path, array=IMAGE[0], **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)
    return path


def only(inputs, preprocessing=PLAIN):
    (one,) = opened(inputs, preprocessing)
    return one


def names(inputs) -> list[str]:
    return [name for name, _ in expand(inputs)]


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "über den wolken" / "a b%20.png")


@pytest.mark.parametrize(
    "asked",
    [
        lambda file: file,
        lambda file: str(file),
        lambda file: os.fspath(file.parent),
        lambda file: f"{file.parent}/*.png",
        lambda file: f"{file.parent.parent}/**/*b*.png",
        lambda file: file.as_uri(),
        lambda file: "file://localhost" + file.as_uri()[len("file://") :],
        lambda file: [file],
        lambda file: np.array([str(file)]),
        lambda file: (part for part in [[file]]),
        lambda file: Image.open(file),
        lambda file: IMAGE[0],
        lambda file: IMAGE[:1],
        lambda file: [IMAGE[0]],
        lambda file: IMAGE[0].astype(np.float32) / 255,
        lambda file: IMAGE[0].astype(np.float64) / 255,
        lambda file: torch.from_numpy(IMAGE[0]).permute(2, 0, 1),
        lambda file: torch.from_numpy(IMAGE[:1]).permute(0, 3, 1, 2),
        lambda file: torch.from_numpy(IMAGE[0]).permute(2, 0, 1) / 255,
        lambda file: np.dstack([IMAGE[0], np.full((32, 32), 255, np.uint8)]),
    ],
    ids=[
        "path", "text", "folder", "glob", "deep glob", "URL", "URL with host", "list", "column", "generator", "PIL",
        "uint8", "batch of one", "list of arrays", "float32", "float64", "tensor", "tensor batch", "float tensor",
        "opaque alpha",
    ],
)  # fmt: skip
def test_all_ways_to_name_an_image_open_the_same_pixels(file, asked):
    one = only(asked(file))
    assert one.error == "" and np.array_equal(one.image, IMAGE[0])
    assert one.name in (str(file), "image 0")


def test_a_half_precision_tensor_is_opened():
    image = only(torch.from_numpy(IMAGE[0]).permute(2, 0, 1).bfloat16() / 255).image
    assert np.abs(image.astype(int) - IMAGE[0]).max() <= 1


def test_grey_arrays_become_rgb():
    grey = IMAGE[0][:, :, 0]
    for asked in (grey, grey[:, :, None], torch.from_numpy(grey), grey / 255.0):
        assert np.array_equal(only(asked).image, np.repeat(grey[:, :, None], 3, axis=2))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L", "I;16"])
def test_a_pillow_image_is_read_like_the_file_it_came_from(tmp_path, mode):
    """Alpha over white, palettes looked up, 16 bits scaled: in both."""
    if mode == "I;16":
        picture = Image.fromarray(np.linspace(0, 65535, 32 * 32).reshape(32, 32).astype(np.uint16))
    elif mode == "RGBA":
        picture = Image.fromarray(np.dstack([IMAGE[0], np.arange(1024).reshape(32, 32).astype(np.uint8)]))
    else:
        picture = Image.fromarray(IMAGE[0]).convert(mode)
    path = tmp_path / "a.png"
    picture.save(path)
    wanted = only(path)
    assert wanted.error == ""
    assert np.array_equal(only(picture).image, wanted.image)
    assert np.array_equal(only(Image.open(path)).image, wanted.image)


def test_an_array_with_alpha_is_laid_over_white_like_a_file(tmp_path):
    array = np.dstack([IMAGE[0], np.arange(1024).reshape(32, 32).astype(np.uint8)])
    assert np.array_equal(only(array).image, only(write(tmp_path / "a.png", array)).image)


def test_a_turned_photo_is_upright_as_file_and_as_pillow_image(tmp_path):
    wide = np.concatenate([IMAGE[0], IMAGE[1]], axis=1)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = write(tmp_path / "a.png", wide, exif=exif)
    square = Preprocessing(32, fit="crop")
    wanted = only(np.rot90(wide, -1), square).image
    assert np.array_equal(only(path, square).image, wanted)
    assert np.array_equal(only(Image.open(path), square).image, wanted)


def test_a_folder_is_searched_to_the_bottom_in_order(tmp_path):
    for name in ("b/2.png", "b/1.PNG", "a.jpeg", "c.gif", ".hidden.png", "notes.txt"):
        write(tmp_path / name, format="PNG")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [os.path.relpath(name, tmp_path) for name in names(tmp_path)] == [
        "a.jpeg",
        "c.gif",
        "b/1.PNG",
        "b/2.png",
    ]


def test_a_name_that_looks_like_a_pattern_is_a_name_first(tmp_path):
    path = write(tmp_path / "photos [1]" / "a[1].png")
    write(tmp_path / "photos [1]" / "a1.png")
    assert names(path) == [str(path)] and len(names(path.parent)) == 2


def test_unnamed_pictures_are_numbered_by_their_place_and_files_keep_their_names(tmp_path, monkeypatch):
    write(tmp_path / "image 7.png")
    monkeypatch.chdir(tmp_path)
    asked = [IMAGE[0], IMAGE, "image 7.png", Image.fromarray(IMAGE[0]), Image.open("image 7.png")]
    assert names(asked) == [
        "image 0",
        "image 1",
        "image 2",
        "image 3",
        "image 7.png",
        "image 5",
        "image 7.png",
    ]
    assert [one.error for one in opened(asked, PLAIN)] == [""] * 7


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("https://example.org/a.png", "would need the network, and vidi does not use it"),
        ("s3://bucket/a.png", "would need the network"),
        (["http://example.org/a.png"], "would need the network"),
        (3, "images were wanted .* got a int"),
        (None, "got a NoneType"),
        (b"\x89PNG", "got a bytes"),
        ({"a": 1}, "got a dict"),
        ([[5]], "got a int"),
    ],
)
def test_what_is_no_image_at_all_is_refused_with_a_sentence(asked, sentence):
    with pytest.raises(UsageError, match=sentence):
        list(opened(asked, PLAIN))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("missing.png", "missing: there is no such file"),
        ("x" * 5000 + ".png", "name"),
        ("nul\0.png", "cannot be opened"),
        (np.zeros((4, 4, 7), np.uint8), "has shape"),
        (np.zeros((3, 32, 32), np.uint8), "has shape"),
        (np.zeros((0, 4, 3), np.uint8), "has shape"),
        (np.zeros(5), "has shape"),
        (np.full((4, 4, 3), 200.0), "float64 200 to 200"),
        (np.full((4, 4, 3), np.nan), "floats in 0..1 was wanted"),
        (np.full((4, 4, 3), -0.1), "floats in 0..1 was wanted"),
        (np.zeros((4, 4, 3), np.int64), "int64"),
        (torch.zeros(3, 4, 4, dtype=torch.int32), "int32"),
    ],
    ids=str,
)
def test_what_cannot_be_opened_keeps_its_reason(asked, why):
    one = only([asked])
    assert one.image is None and why in one.error


def test_damaged_files_are_rows_between_good_ones(tmp_path):
    good = write(tmp_path / "1.png")
    content = good.read_bytes()
    (tmp_path / "2.png").write_bytes(content[: len(content) // 2])
    (tmp_path / "3.png").write_bytes(b"")
    (tmp_path / "4.png").write_text("not an image")
    write(tmp_path / "5.png", IMAGE[1])
    cut = Image.open(tmp_path / "2.png")  # opens; fails only when its pixels are wanted
    found = list(opened([tmp_path, cut, IMAGE[2]], PLAIN))
    assert [bool(one.error) for one in found] == [False, True, True, True, False, True, False]
    assert np.array_equal(found[4].image, IMAGE[1]) and np.array_equal(found[6].image, IMAGE[2])
    assert "truncated" in found[1].error and "empty" in found[2].error and "truncated" in found[5].error


@pytest.mark.parametrize("fit", ["squash", "crop", "pad"])
def test_images_come_at_the_networks_size(fit):
    tall = np.concatenate([IMAGE[0], IMAGE[1]])
    assert only(tall, Preprocessing(20, fit=fit)).image.shape == (20, 20, 3)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_images():
    def many(count):
        for _ in range(count):
            yield IMAGE[0]

    peaks = []
    for count in (400, 1600):
        tracemalloc.start()
        assert sum(1 for _ in opened(many(count), PLAIN)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_no_more_is_read_than_a_little_ahead():
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield IMAGE[0]

    stream = opened(endless(), PLAIN, ahead=8)
    for _ in range(5):
        next(stream)
    stream.close()
    assert taken <= 5 + 8
