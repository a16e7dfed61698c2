"""What is drawn on images, as values, as a column, as arrays."""

from dataclasses import replace

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from vidi.core.annotations import Annotation, Instance, as_arrays, from_arrow, to_arrow

number = st.floats(-1000, 1000, width=32)
text = st.text(st.characters(codec="utf-8"), max_size=5)
instances = st.builds(
    dict,
    label=st.sampled_from(["a", "b", "ü|"]),
    box=st.tuples(number, number, number, number),
    crowd=st.booleans(),
    difficult=st.booleans(),
    polygons=st.lists(st.lists(st.floats(-9, 9), min_size=6, max_size=6).map(tuple), max_size=2).map(tuple),
    rle=st.none() | text,
    file=st.none() | text,
    value=st.none() | st.integers(0, 70000),
    keypoints=st.lists(number, max_size=3).map(tuple),
    more=st.dictionaries(text, st.integers() | text, max_size=2),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.lists(instances, max_size=2), st.none() | text), max_size=3))
def test_nothing_is_lost_in_the_column(told):
    rows = [Annotation(tuple(Instance(**each) for each in objects), mask) for objects, mask in told]
    column = to_arrow(rows)
    assert [from_arrow(each) for each in column] == rows


def test_arrays_are_those_of_each_image_in_turn():
    rows = [
        Annotation((Instance("b", (1, 2, 3, 4)), Instance("a", (5, 6, 7, 8), crowd=True))),
        Annotation(),
        Annotation((Instance("z", (0, 0, 1, 1), difficult=True),)),
    ]
    column = pa.chunked_array([to_arrow(rows[:1]), to_arrow(rows[1:])])
    found = as_arrays(column.take([2, 1, 0]), ("a", "b"))
    assert found.start.tolist() == [0, 1, 1, 3] and found.image.tolist() == [0, 2, 2]
    assert found.boxes.tolist() == [[0, 0, 1, 1], [1, 2, 3, 4], [5, 6, 7, 8]]
    assert found.label.tolist() == [-1, 1, 0]  # a label that is none of the set's
    assert found.crowd.tolist() == [False, False, True] and found.difficult.tolist() == [True, False, False]
    assert found.boxes[found.of(1)].shape == (0, 4)
    none = as_arrays(pa.chunked_array([to_arrow([])]), ("a",))
    assert none.boxes.shape == (0, 4) and none.start.tolist() == [0]


def test_a_digest_tells_drawings_apart():
    one = Annotation((Instance("a", (1, 2, 3, 4)),))
    others = [
        Annotation(),
        replace(one, mask="m.png"),
        replace(one, content="0"),
        Annotation((Instance("b", (1, 2, 3, 4)),)),
        Annotation((Instance("a", (1, 2, 3, 5)),)),
        Annotation((Instance("a", (1, 2, 3, 4), crowd=True),)),
    ]
    assert len({each.digest for each in [one, *others]}) == 7
    assert replace(one, size=(3, 4)).digest == one.digest
