"""One found box, or the pixels of a class, explained through the verb."""

import numpy as np
import pytest
import torch

import known_finders as finders
import vidi
from vidi.core.errors import UsageError

BOXES, PIXELS = finders.model("detection"), finders.model("segmentation")


def shown(*pictures) -> list[np.ndarray]:
    return [np.ascontiguousarray(each.permute(1, 2, 0).numpy()) for each in pictures]


def refused(model, pictures, **options) -> str:
    with pytest.raises(UsageError) as found:
        vidi.explain(model, pictures, method="hires_cam", **options)
    return str(found.value)


def test_the_surest_box_is_explained_or_the_one_that_is_counted():
    pictures = shown(finders.picture(), finders.picture(red=190, green=250))
    first, second = vidi.explain(BOXES, pictures, method="hires_cam").images
    assert (first.label, first.what, second.label) == ("ant", "box 1 of 2", "bee")
    assert first.probabilities["ant"] == pytest.approx(
        float(torch.sigmoid(torch.tensor(8 * (200 / 127.5 - 1))))
    )
    assert first.probabilities["bee"] == 0  # nothing of that name overlaps the box
    other = vidi.explain(BOXES, pictures, method="hires_cam", box=2).images[0]
    assert (other.label, other.what) == ("bee", "box 2 of 2")
    left, right = first.maps["hires_cam"], other.maps["hires_cam"]
    assert left[:, :200].mean() > 100 * np.abs(left[:, 320:]).max() >= 0 < right[:, 220:].mean()
    assert first.outline[:, :209].all() and not first.outline[:, 212:].any()


def test_a_label_chooses_among_the_boxes_and_another_stands_against_it():
    one = vidi.explain(
        BOXES, shown(finders.picture()), method="hires_cam", label="bee", against="ant"
    ).images[0]
    assert (one.label, one.against, one.what) == ("bee", "ant", "box 1 of 1")
    assert set(one.contrasts) == {"hires_cam"}
    assert "did you mean bee" in refused(BOXES, shown(finders.picture()), label="beee")


def test_what_is_not_there_is_said_beside_the_rest():
    pictures = shown(finders.picture(red=0), finders.picture(red=0, green=0))
    there, empty = vidi.explain(BOXES, pictures, method="hires_cam").images
    assert there.label == "bee" and "no box was found: 0 have a score of 0.3" in empty.error
    assert "box 3 was asked for, and 2 have" in refused(BOXES, shown(finders.picture()), box=3)
    assert "no box of cat was found" in refused(BOXES, shown(finders.picture()), label="cat")
    assert "the surest is 1" in refused(BOXES, shown(finders.picture()), box=0)


def test_the_pixels_of_a_class_are_explained():
    wide = shown(finders.picture(green=255, size=(16, 32)))
    found = vidi.explain(PIXELS, wide, method=["hires_cam", "gradient"], label="bee")
    one = found.images[0]
    assert (one.label, one.what, one.photo.shape) == ("bee", "50% of the pixels", (210, 420, 3))
    assert one.outline.shape == (210, 420) and one.outline[:, 212:].all() and not one.outline[:, :208].any()
    assert one.maps["gradient"][:, 240:].min() > 0 == one.maps["gradient"][:, :180].max()
    assert "no pixel is called cat" in refused(PIXELS, wide, label="cat")
    assert "--label chooses it" in refused(PIXELS, wide, box=1)


def test_pictures_and_a_page_are_written_with_the_box_in_words(tmp_path):
    vidi.explain(BOXES, shown(finders.picture()), method="hires_cam", out=tmp_path / "maps")
    page = (tmp_path / "maps" / "explanations.html").read_text()
    assert "box 1 of 2: ant (99%)" in page and len(list((tmp_path / "maps" / "pictures").iterdir())) == 1
