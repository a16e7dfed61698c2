"""Decoding: agreement with Pillow, EXIF, every mode, and a reason for whatever cannot be read."""

import io
import os
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from vidi.data.decode import Decoded, Unreadable, decode, jpeg_orientation, read_bytes
from vidi.data.pillow import scaled_floats, scaled_integers


def smooth(height=40, width=60):
    """A picture that JPEG keeps: gradients, a different one in each channel."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // width, y * 255 // height, 255 - x * 255 // width], axis=2).astype(np.uint8)


def encoded(image, form, **options):
    stream = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(stream, form, **options)
    return stream.getvalue()


def gap(one, other):
    return np.abs(one.astype(int) - other.astype(int)).mean()


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_formats_come_back_exactly(form):
    content = encoded(smooth(), form, **({"lossless": True} if form == "WEBP" else {}))
    decoded = decode(content)
    assert np.array_equal(decoded.image, smooth())
    assert (decoded.width, decoded.height, decoded.notes) == (60, 40, ())


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 30}])
def test_jpeg_agrees_with_pillow(options):
    content = encoded(smooth(), "JPEG", **options)
    assert gap(decode(content).image, np.array(Image.open(io.BytesIO(content)))) < 0.5


def test_a_jpeg_may_come_smaller_but_not_below_what_is_asked():
    content = encoded(smooth(400, 600), "JPEG")
    assert decode(content, at_least_px=50).image.shape == (50, 75, 3)
    assert decode(content, at_least_px=51).image.shape == (100, 150, 3)
    assert decode(content, at_least_px=1000).image.shape == (400, 600, 3)
    small = decode(content, at_least_px=50)
    assert (small.width, small.height) == (600, 400)
    assert gap(small.image, np.array(Image.fromarray(smooth(400, 600)).reduce(8))) < 3


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_as_pillow_does(form, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(smooth(), form, exif=exif)
    decoded = decode(content)
    expected = np.array(ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB"))
    assert decoded.image.shape == expected.shape
    assert gap(decoded.image, expected) < 0.5
    assert (decoded.height, decoded.width) == expected.shape[:2]
    assert decoded.image.flags.c_contiguous


def test_orientation_is_said_and_holds_for_a_smaller_jpeg():
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = decode(encoded(smooth(400, 600), "JPEG", exif=exif), at_least_px=50)
    assert decoded.image.shape == (75, 50, 3)
    assert (decoded.width, decoded.height) == (400, 600)
    assert any("EXIF" in note for note in decoded.notes)


@given(st.binary(max_size=80))
def test_any_exif_block_gives_an_orientation(block):
    length = struct.pack(">H", len(block) + 8)
    assert jpeg_orientation(b"\xff\xd8\xff\xe1" + length + b"Exif\0\0" + block) in range(1, 9)


def test_grey_palette_and_one_bit_become_rgb():
    grey = Image.fromarray(smooth()[:, :, 0])
    for image, word in ((grey, None), (grey.convert("1"), None), (grey.convert("P"), "palette")):
        decoded = decode(encoded(image, "PNG"))
        assert np.array_equal(decoded.image, np.array(image.convert("RGB")))
        assert [word in note for note in decoded.notes] == ([True] if word else [])


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_16_bits_are_scaled_by_the_full_range_and_said(form):
    values = np.array([[0, 128, 129, 257], [32896, 65535, 65406, 65407]], dtype=np.uint16)
    decoded = decode(encoded(Image.fromarray(values), form))
    assert decoded.image[:, :, 0].tolist() == np.rint(values / 257).astype(int).tolist()
    assert any("16 bits" in note for note in decoded.notes)


def png(width, height, depth, colour, rows):
    """A PNG by hand, for what Pillow does not write."""

    def chunk(name, content):
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_16_bit_colour_is_said():
    decoded = decode(png(1, 1, 16, 2, b"\0" + struct.pack(">HHH", 65535, 0, 32896)))
    assert decoded.image.tolist() == [[[255, 0, 128]]]
    assert any("16 bits" in note for note in decoded.notes)


def test_floats_are_scaled_from_the_unit_interval_or_from_their_own_range():
    unit = decode(encoded(Image.fromarray(np.array([[0, 0.5, 1]], dtype=np.float32)), "TIFF"))
    assert unit.image[:, :, 0].tolist() == [[0, 128, 255]]
    wide = decode(encoded(Image.fromarray(np.array([[-10, 0, 10, np.nan]], dtype=np.float32)), "TIFF"))
    assert wide.image[:, :, 0].tolist() == [[0, 128, 255, 0]]
    assert unit.notes != wide.notes
    assert scaled_floats(np.full((2, 2), 7.0))[0].max() == 0


def test_32_bit_integers_use_16_where_they_fit():
    assert scaled_integers(np.array([[0, 65535]]))[0].tolist() == [[0, 255]]
    assert scaled_integers(np.array([[0, 2**32 - 1]]))[0].tolist() == [[0, 255]]
    assert scaled_integers(np.array([[-(2**31), 2**31 - 1]]))[0].tolist() == [[0, 255]]


def test_alpha_is_laid_over_white_and_said():
    rgba = np.zeros((1, 3, 4), dtype=np.uint8)
    rgba[0, :, 3] = (0, 128, 255)
    decoded = decode(encoded(rgba, "PNG"))
    assert decoded.image[0, :, 0].tolist() == [255, 127, 0]
    assert any("white" in note for note in decoded.notes)
    rgba[:, :, 3] = 255
    assert decode(encoded(rgba, "PNG")).notes == ()


def test_cmyk_is_converted_and_said():
    image = Image.fromarray(smooth()).convert("CMYK")
    decoded = decode(encoded(image, "JPEG", quality=95))
    assert gap(decoded.image, smooth()) < 4
    assert any("CMYK" in note for note in decoded.notes)


def test_only_the_first_frame_of_a_gif():
    first, second = Image.new("RGB", (8, 8), (250, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 250))
    decoded = decode(encoded(first, "GIF", save_all=True, append_images=[second]))
    assert decoded.image[0, 0].tolist() == [250, 0, 0]
    assert any("first" in note for note in decoded.notes)


def test_a_wrong_suffix_is_noted_and_the_content_counts():
    decoded = decode(encoded(smooth(), "PNG"), name="photo.JPG")
    assert decoded.notes == ("named .jpg, but holds PNG",)
    assert decode(encoded(smooth(), "PNG"), name="photo.png").notes == ()
    assert decode(encoded(smooth(), "PNG"), name="photo").notes == ()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused_as_truncated(form, share):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encoded(noise, form)
    with pytest.raises(Unreadable, match="truncated"):
        decode(content[: int(share * len(content))])


@pytest.mark.parametrize(
    "content, word",
    [
        (b"", "zero bytes"),
        (b"file,label\na.jpg,cat\n", "text"),
        ("<!DOCTYPE html><html>".encode("utf-8-sig"), "web page"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\0\0\0\x20ftypheic....", "HEIF"),
        (b"\0\0\0\x20ftypmp42....", "video"),
        (bytes(range(200, 240)), "not an image"),
        (b"\xff\xd8\xff", "truncated|damaged"),
        (b"GIF89a", "truncated|damaged"),
    ],
)
def test_what_is_no_image_gets_a_reason(content, word):
    with pytest.raises(Unreadable, match=word):
        decode(content)


def bombs():
    wide = struct.pack("<I", 20_000)
    yield "PNG", png(20_000, 20_000, 1, 0, b"")
    jpeg = encoded(smooth(), "JPEG")
    at = jpeg.index(b"\xff\xc0") + 5
    yield "JPEG", jpeg[:at] + struct.pack(">HH", 60_000, 60_000) + jpeg[at + 4 :]
    yield "BMP", b"BM" + bytes(8) + struct.pack("<IIIIHHIIIIII", 54, 40, 20_000, 20_000, 1, 24, *([0] * 6))
    yield "GIF", b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + bytes(3) + b";"
    canvas = (16_383).to_bytes(3, "little") * 2
    yield "WebP", b"RIFF" + wide + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    tiff = encoded(Image.new("1", (8, 8)), "TIFF")
    yield (
        "TIFF",
        tiff.replace(struct.pack("<HHII", 256, 4, 1, 8), struct.pack("<HHII", 256, 4, 1, 1 << 20)).replace(
            struct.pack("<HHII", 257, 4, 1, 8), struct.pack("<HHII", 257, 4, 1, 1 << 20)
        ),
    )


@pytest.mark.parametrize(
    "form, content", list(bombs()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_bomb_is_refused_from_its_header_without_a_warning(form, content):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Unreadable, match=r"too large.*megapixels"):
            decode(content)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=12),
    st.floats(0, 1),
)
def test_flipped_bytes_give_an_image_or_a_reason(form, flips, share):
    content = bytearray(encoded(smooth(16, 16), form))
    for place, value in flips:
        content[int(place * len(content))] = value
    try:
        decoded = decode(bytes(content[: int(share * len(content)) + 1]))
    except Unreadable as error:
        assert 3 < len(str(error)) < 300
    else:
        assert isinstance(decoded, Decoded) and decoded.image.dtype == np.uint8


@given(st.binary(max_size=200))
def test_any_bytes_give_an_image_or_a_reason(content):
    try:
        decode(content)
    except Unreadable as error:
        assert str(error)


def test_threads_do_not_disturb_each_other():
    contents = [encoded(np.roll(smooth(), shift, axis=1), "PNG") for shift in range(40)]
    with ThreadPoolExecutor(4) as pool:
        images = [decoded.image for decoded in pool.map(decode, contents)]
    assert all(np.array_equal(image, np.roll(smooth(), shift, axis=1)) for shift, image in enumerate(images))


def test_the_bytes_of_a_file_or_of_a_part(tmp_path):
    (tmp_path / "a b\nc").write_bytes(b"0123456789")
    assert read_bytes(tmp_path, "a b\nc") == b"0123456789"
    assert read_bytes(tmp_path, "a b\nc", 3, 4) == b"3456"
    with pytest.raises(Unreadable, match="truncated"):
        read_bytes(tmp_path, "a b\nc", 8, 4)


def test_what_cannot_be_opened_gets_a_reason(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "large").write_bytes(bytes(101))
    monkeypatch.setattr("vidi.data.decode.LARGEST_BYTES", 100)
    for name, word in (
        ("pipe", "pipe"),
        ("gone", "missing"),
        ("loop", "opened"),
        ("a\0b", "opened"),
        (".", "folder"),
    ):
        with pytest.raises(Unreadable, match=word):
            read_bytes(tmp_path, name)
    with pytest.raises(Unreadable, match="too large"):
        read_bytes(tmp_path, "large")
