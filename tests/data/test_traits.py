import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import vidi
from vidi.data.traits import name_parts, told, traits


def jpeg(quality=80, make=""):
    noise = np.random.default_rng(0).integers(256, size=(24, 24, 3), dtype=np.uint8)
    exif = Image.Exif()
    if make:
        exif[0x010F] = make
    content = io.BytesIO()
    Image.fromarray(noise).save(content, "JPEG", quality=quality, exif=exif)
    return content.getvalue()


def test_size_format_compression_camera_and_name():
    fine, coarse = told("a/IMG_12.jpg", 900, jpeg(95, "Canon")), told("a/b.jpg", 10, jpeg(30))
    assert (fine.bytes, fine.format, fine.camera, fine.prefix) == (900, "JPEG", "Canon", "img_")
    assert 1 <= fine.quality < coarse.quality and coarse.camera == ""


@pytest.mark.parametrize("head", [b"", b"nothing", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", jpeg()[:100]])
def test_half_a_file_is_no_error(head):
    found = told("x.jpg", 5, head)
    assert found.bytes == 5 and found.quality == 0 and found.camera == ""


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("photos/cat.0012.jpg", ("cat.", (12, -1, -1, -1))),
        ("18_0_3_2017.jpg", ("___", (18, 0, 3, 2017))),
        ("folder7/Plain.png", ("plain", (-1, -1, -1, -1))),
        ("9" * 40, ("", (999999999999999, -1, -1, -1))),
    ],
)
def test_names_come_apart_without_their_folder(path, parts):
    assert name_parts(path) == parts


def test_of_files_and_of_rows_in_parquet(pictures):
    loaded = vidi.load(pictures)
    found = traits(loaded.dataset, np.arange(5))
    sizes = [(pictures / path).stat().st_size for path in loaded.dataset.column("path")[:5]]
    assert [each.bytes for each in found] == sizes and {each.format for each in found} == {"PNG"}


def test_of_rows_in_parquet(tmp_path):
    """Asked in any order, each row gets its own."""
    images = [jpeg(quality) for quality in (20, 40, 60, 80, 90, 95)]
    pq.write_table(pa.table({"image": images, "label": ["ant", "bee"] * 3}), tmp_path / "insects.parquet")
    loaded = vidi.load(tmp_path / "insects.parquet")
    found = traits(loaded.dataset, np.array([4, 0, 2]))
    assert [each.bytes for each in found] == [len(images[row]) for row in (4, 0, 2)]
    assert {each.format for each in found} == {"JPEG"} and found[0].quality < found[2].quality < found[
        1
    ].quality


def test_a_file_that_has_gone_is_its_name(pictures, tmp_path):
    import shutil

    root = tmp_path / "photos"
    shutil.copytree(pictures, root)
    loaded = vidi.load(root)
    (root / str(loaded.dataset.column("path")[0])).unlink()
    assert traits(loaded.dataset, np.array([0]))[0].bytes == 0
