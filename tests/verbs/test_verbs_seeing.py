"""The verbs that look into a network, paint and study, from files to files."""

import json

import numpy as np
import pytest
from PIL import Image

import known_networks as networks
import vidi
from vidi.core.errors import UsageError
from vidi.core.measured import Verdict
from vidi.verbs import look as looking
from vidi.verbs import repaint as repainting


@pytest.fixture
def small(monkeypatch):
    """Named networks are a small one here."""
    made = lambda what, size_px=None: (networks.paintable(), ("red fish, goldfish", "daisy", "jay"))  # noqa: E731
    monkeypatch.setattr(looking, "network_of", made)
    monkeypatch.setattr(repainting, "network_of", made)


@pytest.fixture
def photo(tmp_path):
    draw = np.random.default_rng(0)
    path = tmp_path / "photo.png"
    Image.fromarray(draw.integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(path)
    return path


def test_look_writes_pictures_a_page_and_what_they_show(small, tmp_path):
    found = vidi.look("any", views=["filters,neighbours"], out=tmp_path / "out")
    assert [one.name for one in found.sights] == ["filters"]
    assert found.left_out[0][0] == "neighbours" and "12 images or more" in found.left_out[0][1]
    record = json.loads((tmp_path / "out" / "pictures.json").read_text())
    assert [Image.open(tmp_path / "out" / p["file"]).mode for p in record["pictures"]] == ["RGB"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "data:image/webp;base64," in page and "First-layer filters" in page and "neighbours" in page


def test_look_shows_the_images_of_any_data(small, pictures, tmp_path):
    found = vidi.look("any", pictures, views=["neighbours"], out=tmp_path, queries=2)
    assert " images by features" in found.sights[0].caption
    with pytest.raises(UsageError, match="of the network's own classes"):  # the data's labels are colours
        vidi.look("any", pictures, views=["decision_plane"], out=tmp_path)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"views": ["filter"]}, "did you mean filters"),
        ({"views": ["classes"], "classes": ["dayzy"]}, r"no class 'dayzy'.*did you mean daisy"),
        ({"views": ["neighbours"]}, "12 images or more"),
        ({"steps": 3}, "options belong to one view"),
    ],
)
def test_look_refuses_with_a_sentence(small, asked, sentence, tmp_path):
    with pytest.raises(UsageError, match=sentence):
        vidi.look("any", out=tmp_path, **asked)


def test_a_class_goes_by_any_of_its_names(small, tmp_path):
    found = vidi.look("any", views=["classes"], classes=["Goldfish", "jay"], out=tmp_path, steps=2)
    assert "red fish" in found.sights[0].caption and "jay" in found.sights[0].caption


def test_dream_and_style_write_pictures_of_the_asked_size(small, photo, tmp_path):
    dreamt = vidi.dream(photo, out=tmp_path / "dream.png", size_px=64, steps=1, octaves=1)
    styled = vidi.style(
        photo, photo, out=tmp_path / "style.jpg", size_px=32, steps=1, content_layer="stages.0"
    )
    assert Image.open(dreamt).size == (64, 48) and Image.open(styled).size == (32, 32)  # at least 32 high


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"out": "dream.gif"}, "ending in .jpg"),
        ({"size_px": 8}, "32 to 4096"),
        ({"steps": 1, "loud": 2}, "no option 'loud'"),
        ({"steps": 1, "layer": "stages.9"}, "no layer 'stages.9'"),
        ({"guide": "gone.png"}, r"gone\.png does not exist"),
    ],
)
def test_dream_refuses_with_a_sentence(small, photo, options, sentence):
    with pytest.raises(UsageError, match=sentence):
        vidi.dream(photo, **({"size_px": 64} | options))


def test_what_is_no_picture_is_told(small, tmp_path):
    (tmp_path / "note.png").write_text("no picture")
    with pytest.raises(UsageError, match="cannot be opened"):
        vidi.dream(tmp_path / "note.png")


def test_study_writes_claims_with_verdicts_and_pictures(untyped, tmp_path):
    found = vidi.study("computational_graph", out=tmp_path, network="mlp")
    assert found.verdict is Verdict.STANDS
    record = json.loads((tmp_path / "study.json").read_text())
    assert {claim["verdict"] for claim in record["claims"]} == {"stands"} and record["versions"]["torch"]
    assert Image.open(tmp_path / "graph-mlp.png").size[0] > 100
    with pytest.raises(UsageError, match="no option 'depth'"):
        vidi.study("computational_graph", out=tmp_path, depth=3)
    with pytest.raises(UsageError, match="did you mean optimiser_paths"):
        vidi.study("optimizer_paths", out=tmp_path)
