"""Predictions from a table: what is found, what is left out and counted, what is refused with a sentence."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vidi.core.errors import UsageError
from vidi.data.predictions import read_predictions

HEADER = "id,y_true,y_pred,sex,age\n"


def written(tmp_path, text, name="predictions.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_by_hand(tmp_path):
    path = written(tmp_path, HEADER + "a,cat,cat,f,30\nb,dog,cat,,31\nc,dog,dog,m,\n")
    answers, remarks = read_predictions(path)
    assert answers.labels == ("cat", "dog") and answers.truth.tolist() == [0, 1, 1]
    assert answers.prediction.tolist() == [0, 0, 1] and answers.correct.tolist() == [True, False, True]
    assert answers.ids == ("a", "b", "c") and answers.probability is None and answers.group is None
    assert list(answers.attributes["sex"]) == ["f", None, "m"] and not remarks
    codes, levels = answers.codes(["sex", "age"])
    assert levels == (("f", "m"), ("30", "31"))
    assert codes.tolist() == [[0, 0], [-1, 1], [1, -1]]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_the_same_from_every_format(tmp_path, kind):
    rows = [{"label": "1", "pred": "0", "site": "x"}, {"label": "0", "pred": "0", "site": "y"}]
    path = tmp_path / f"p.{kind}"
    if kind == "csv":
        path.write_text("label,pred,site\n1,0,x\n0,0,y\n", encoding="utf-8")
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    answers, _ = read_predictions(path)
    assert answers.truth.tolist() == [1, 0] and answers.prediction.tolist() == [0, 0]
    assert list(answers.attributes["site"]) == ["x", "y"]


def test_whole_numbers_are_labels_without_a_fraction(tmp_path):
    answers, _ = read_predictions(written(tmp_path, "y,yhat\n1,1.0\n0,1.0\n"))
    assert answers.labels == ("0", "1") and answers.prediction.tolist() == [1, 1]


def test_rows_without_an_answer_are_left_out_and_counted(tmp_path):
    path = written(tmp_path, HEADER + "a,cat,cat,f,1\nb,,cat,m,1\nc,dog,nan,m,1\n")
    answers, remarks = read_predictions(path)
    assert answers.ids == ("a",)
    assert any("2 rows have no truth or no prediction" in remark.what for remark in remarks)


def test_probabilities_are_kept_for_every_label(tmp_path):
    path = written(tmp_path, "truth,prediction,p(cat),p(dog)\ncat,dog,0.25,0.75\ncat,cat,1,0\n")
    answers, _ = read_predictions(path)
    np.testing.assert_allclose(answers.probability, [[0.25, 0.75], [1, 0]])
    assert not answers.attributes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("truth,prediction,p(a),p(b)\na,b,0.5,nan\n", "a probability between 0 and 1 was wanted in p(b)"),
        ("truth,prediction,p(a),p(b)\na,b,0.5,1.5\n", "got '1.5'"),
        ("truth,prediction,p(a),p(b)\na,b,0.5,0.2\n", "they add up to 0.7"),
        ("truth,prediction,p(a)\na,b,1\n", "no column p(b) for that label"),
        ("one,two\na,b\n", "no column that is clearly the true labels; name it with --truth"),
        ("truth,two\na,b\n", "name it with --predicted: there are truth, two"),
        ("truth,prediction\n,b\na,\n", "no row with both a truth (truth) and a prediction (prediction)"),
        ("truth,prediction\n", "has no rows"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path, text, sentence):
    with pytest.raises(UsageError) as caught:
        read_predictions(written(tmp_path, text))
    assert sentence in str(caught.value)


def test_asked_columns_and_groups(tmp_path):
    path = written(tmp_path, "a,b,who\n1,0,x\n1,1,y\n0,0,x\n")
    answers, _ = read_predictions(path, truth="a", predicted="b", group="who")
    assert answers.group.tolist() == [0, 1, 0]
    with pytest.raises(UsageError, match="'c' is none of a, b, who"):
        read_predictions(path, truth="c", predicted="b")


def test_unknown_attributes_are_refused(tmp_path):
    answers, _ = read_predictions(written(tmp_path, "truth,prediction,weight\n1,1,2\n"))
    with pytest.raises(UsageError, match="did you mean weight"):
        answers.codes(["wieght"])
