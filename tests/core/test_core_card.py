"""Cards are read from source, and only from literals."""

from pathlib import Path

import pytest

from vidi.core.card import Card, read_card, read_cards

MIXUP = """
import something_that_does_not_exist

CARD = Card(title="Mixup", idea="Blend " "two images.", on={"alpha": 1.0}, off={"alpha": -0.0}, weights=1_000)
"""


def member(folder: Path, name: str, source: str) -> Path:
    file = folder / f"{name}.py"
    file.write_text(source, encoding="utf-8")
    return file


def test_by_hand_without_importing(tmp_path):
    member(tmp_path, "mixup", MIXUP)
    member(tmp_path, "__init__", '"""Augmentations."""')
    member(tmp_path, "annotated", 'CARD: Card = Card(title="A", idea="b")')
    assert read_cards(tmp_path) == {
        "annotated": Card(title="A", idea="b"),
        "mixup": Card(
            title="Mixup", idea="Blend two images.", on={"alpha": 1.0}, off={"alpha": -0.0}, weights=1000
        ),
    }


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ('CARD = Card(title=name(), idea="b")', "literals only; title is name()"),
        ('CARD = make(title="A")', "written as Card"),
        ('CARD = Card("A", "b")', "by name"),
        ('CARD = Card(**{"title": "A"})', "by name"),
        ('CARD = Card(title="A")', "idea"),
        ('CARD = Card(title="A", idea="b", colour="red")', "colour"),
    ],
)
def test_what_is_not_a_card_is_refused_with_a_sentence(tmp_path, source, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_card(member(tmp_path, "wrong", source))


def test_every_card_of_the_house_is_readable():
    import vidi.core

    house = Path(vidi.core.__file__).parent.parent
    for folder in [house, *(path for path in house.rglob("*") if path.is_dir())]:
        for name, card in read_cards(folder).items():
            assert card.title and card.idea, name
