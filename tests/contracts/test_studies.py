"""What every study keeps: found by being in the folder."""

import importlib
import inspect
from pathlib import Path

import numpy as np
import pytest

import vidi.studies
from vidi.core.card import read_cards
from vidi.core.measured import Verdict
from vidi.core.progress import Quiet
from vidi.core.study import Studied

FOLDER = Path(str(vidi.studies.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
CARDS = read_cards(FOLDER)
FRESH = 1000  # the claims' bounds were chosen on the seeds from 0 on; they are judged on others


def function(name: str):
    return importlib.import_module(f"vidi.studies.{name}").study


@pytest.mark.parametrize("name", NAMES)
def test_one_signature_and_a_card_that_says_how_long_it_takes(name):
    parameters = inspect.signature(function(name)).parameters
    assert list(parameters)[:2] == ["seed", "say"] and parameters["seed"].default == 0
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())
    card = CARDS[name]
    assert card.title and card.idea and card.paper and 0 < card.facts["seconds"] <= 60


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_claim_stands_and_every_picture_shows_something(untyped, name):
    found = function(name)(seed=FRESH, say=Quiet())
    assert isinstance(found, Studied) and found.stated and found.pictures
    for one in found.stated:
        assert one.verdict is Verdict.STANDS, one.record()
        assert one.sentence.endswith(".") and one.measured.unit and one.measured.seeds
    for picture in found.pictures.values():
        assert picture.dtype == np.uint8 and picture.shape[2] == 3 and picture.std() > 5


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_finds_the_same_numbers(untyped, name):
    one, two = (function(name)(seed=FRESH + 100, say=Quiet()) for _ in range(2))
    assert [s.measured for s in one.stated] == [s.measured for s in two.stated]
