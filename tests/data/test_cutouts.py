"""Cut-outs from files: what is taken, what is cropped, what is refused."""

import numpy as np
import pytest
from PIL import Image

from vidi.core.errors import UsageError
from vidi.data.cutouts import read_cutouts
from vidi.data.drawn.cutouts import drawn_cutouts


def save(path, mode="RGBA"):
    pixels = np.zeros((8, 10, 4), dtype=np.uint8)
    pixels[2:5, 3:9] = (200, 10, 10, 255)
    Image.fromarray(pixels).convert(mode).save(path)
    return path


def test_a_file_is_cropped_to_the_thing(tmp_path):
    found, there = read_cutouts(save(tmp_path / "elephant.png"))
    assert there == 1 and list(found) == ["elephant"]
    assert found["elephant"].shape == (3, 6, 4) and (found["elephant"] == (200, 10, 10, 255)).all()


def test_of_a_folder_some_are_taken_the_same_each_time(tmp_path):
    for letter in "fedcba":
        save(tmp_path / f"{letter}.png")
    (tmp_path / "readme.txt").write_text("no picture")
    found, there = read_cutouts(tmp_path)
    assert there == 6 and list(found) == ["a", "c", "f"]


def test_what_is_no_cutout_is_refused(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        read_cutouts(tmp_path / "no")
    with pytest.raises(UsageError, match="holds no picture"):
        read_cutouts(tmp_path)
    with pytest.raises(UsageError, match="has no alpha channel"):
        read_cutouts(save(tmp_path / "opaque.png", "RGB"))
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(UsageError, match="can't be read as a picture"):
        read_cutouts(tmp_path / "bad.png")


def test_drawn_things_have_an_inside_and_an_outside():
    for pixels in drawn_cutouts(24).values():
        assert pixels.shape == (24, 24, 4) and pixels[12, 12, 3] == 255 and pixels[0, 0, 3] == 0
