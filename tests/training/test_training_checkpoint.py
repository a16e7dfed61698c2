"""Checkpoints keep nested state to the last bit, in a file without pickle; a damaged one is refused."""

import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from vidi.core.errors import UsageError
from vidi.training.checkpoint import copied, load_state, same, save_state

SHARED = torch.arange(6.0)
STATE = {
    "model": {"weight": torch.randn(3, 4), "half": torch.randn(5).bfloat16(), "count": torch.tensor(7)},
    "optimizer": {"state": {0: {"step": torch.tensor(3.0)}, 1: {}}, "groups": [{"lr": 0.1, "on": True}]},
    "average": {},
    "nothing": None,
    "empty": [],
    "step": 12,
    "text": "a/b",
    "knots": [[0, 0.0], [5, 1 / 3]],
    "shared": [SHARED, SHARED, SHARED[2:4]],
    "channels_last": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
    "none of it": torch.zeros(0, 3),
    "bool": torch.tensor([True, False]),
}


def test_what_was_saved_comes_back_to_the_last_bit(tmp_path):
    save_state(tmp_path / "state", STATE)
    back = load_state(tmp_path / "state")
    assert same(back, STATE)
    assert back["model"]["half"].dtype == torch.bfloat16 and back["model"]["count"].dtype == torch.int64
    assert list(back["optimizer"]["state"]) == [0, 1]  # numbers stay numbers as keys


def test_numbers_that_json_has_no_word_for(tmp_path):
    save_state(tmp_path / "state", {"inf": math.inf, "nan": math.nan, "tiny": 5e-324, "third": 1 / 3})
    back = load_state(tmp_path / "state")
    assert back["inf"] == math.inf and math.isnan(back["nan"])
    assert back["tiny"] == 5e-324 and back["third"] == 1 / 3


PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
KEY = st.one_of(st.text(max_size=3), st.integers())
NESTED = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEY, inner, max_size=3)),
    max_leaves=6,
)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.text(max_size=5), NESTED, max_size=4))
def test_any_plain_state_comes_back(tmp_path_factory, state):
    path = tmp_path_factory.getbasetemp() / "plain"
    save_state(path, state)
    assert load_state(path) == state


def test_keys_with_slashes_do_not_collide(tmp_path):
    state = {"a/b": torch.zeros(1), "a": {"b": torch.ones(1)}}
    save_state(tmp_path / "state", state)
    assert same(load_state(tmp_path / "state"), state)


def test_what_is_neither_tensor_nor_plain_is_refused(tmp_path):
    with pytest.raises(TypeError, match="/model/layer is a Linear"):
        save_state(tmp_path / "state", {"model": {"layer": torch.nn.Linear(1, 1)}})
    assert not list(tmp_path.iterdir())


def test_a_failed_save_keeps_the_last_good_one(tmp_path):
    save_state(tmp_path / "state", {"step": 1})
    with pytest.raises(TypeError):
        save_state(tmp_path / "state", {"step": object()})
    assert load_state(tmp_path / "state") == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_it_is_a_safetensors_file(tmp_path):
    save_state(tmp_path / "state", {"weight": torch.ones(2)})
    with safe_open(tmp_path / "state", framework="pt") as stream:
        assert json.loads(stream.metadata()["state"]) == {"dict": [["weight", {"tensor": "0/weight"}]]}


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: b"\xff" * len(content),
        lambda content: content.replace(b'\\"tensor\\"', b'\\"tensXr\\"'),
        lambda content: content.replace(b"/weight", b"/wexght", 1),
    ],
    ids=["cut", "empty", "garbage", "skeleton", "name"],
)
def test_a_damaged_file_is_refused_with_a_sentence(tmp_path, damage):
    path = tmp_path / "state"
    save_state(path, {"weight": torch.ones(100), "step": 3})
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(
        UsageError, match=r"the checkpoint .*state is damaged .*delete it to train from the start"
    ):
        load_state(path)


def test_a_copy_does_not_change_with_the_original():
    state = {"weight": torch.zeros(2), "list": [torch.zeros(1)]}
    kept = copied(state)
    state["weight"] += 1
    state["list"][0] += 1
    assert same(kept, {"weight": torch.zeros(2), "list": [torch.zeros(1)]}) and not same(kept, state)
