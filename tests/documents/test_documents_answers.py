"""What an author says: kept as text, refused by name, marked where it could be taken for a measurement."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from vidi.core.errors import UsageError
from vidi.documents import answers
from vidi.documents.questions import every, questions

KNOWN = every()


def parsed(content: str) -> dict[str, str]:
    return answers.parse(content, KNOWN, where="answers.yaml")


def test_every_question_has_a_key_of_its_own_and_says_why():
    asked = [q for paper in ("card", "data", "machine") for part in questions(paper).values() for q in part]
    assert len({question.key for question in asked}) == len(asked) == len(KNOWN)
    assert all(question.ask.endswith("?") or question.key.startswith("rai.") for question in asked)
    assert all(question.why for question in asked if not question.optional)
    assert (
        len(every("data")) - sum(q.optional for q in every("data").values()) == 50
    )  # Gebru et al., section 3


def test_by_hand():
    content = 'owner: "Ada, 2026"\ndata.purpose: |\n  To count\n  hands.\nlicence:\nprimary_uses: 1.0\n'
    assert parsed(content) == {
        "owner": "Ada, 2026",
        "data.purpose": "To count\nhands.",
        "licence": "",
        "primary_uses": "1.0",
    }
    assert parsed("") == {} and parsed("# nothing\n") == {}


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(sorted(KNOWN)), st.text(max_size=200)))
def test_what_is_written_is_read_again(given_):
    kept = {key: answers.checked(key, answer, KNOWN) for key, answer in given_.items()}
    merged = answers.merged({}, kept)
    assert parsed(yaml.safe_dump(merged, allow_unicode=True)) == merged
    assert parsed(answers.template("x", merged)) == {key: merged.get(key, "") for key in KNOWN}


def test_an_empty_answer_opens_the_question_again_and_others_stay():
    before = {"owner": "Ada", "licence": "mit"}
    assert answers.merged(before, {"owner": ""}) == {"licence": "mit"}
    assert answers.merged(before, {}) == {"owner": "Ada", "licence": "mit"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("ownr: Ada", "no question has the key 'ownr'.*did you mean owner"),
        ("owner: [a, b]", "the answer to owner should be text"),
        ("owner: {a: b}", "the answer to owner should be text"),
        ("owner: Ada\nowner: Eve", "answers owner twice"),
        ("- owner", "should hold lines of key: text"),
        ("owner: 'Ada", r"is not YAML \(line \d+\)"),
        ("owner: !!python/object/apply:os.system [ls]", "should be text"),
        ("owner: &a [*a]", "should be text"),
        ("owner: " + 10_001 * "x", "10,001 signs"),
        ("[" * 1_500, "is not YAML"),
    ],
)
def test_what_is_refused(content, said):
    with pytest.raises(UsageError, match=said):
        parsed(content)


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        answers.read(tmp_path / "no.yaml", KNOWN)
    with pytest.raises(UsageError, match="is a folder"):
        answers.read(tmp_path, KNOWN)
    (tmp_path / "latin").write_bytes(b"owner: \xe9\n")
    with pytest.raises(UsageError, match="not UTF-8"):
        answers.read(tmp_path / "latin", KNOWN)
    (tmp_path / "large").write_bytes(b"# " + b"x" * answers.LARGEST_BYTES)
    with pytest.raises(UsageError, match="larger than 1 MiB"):
        answers.read(tmp_path / "large", KNOWN)


@pytest.mark.parametrize(
    ("answer", "numbered"),
    [
        ("Ada Lovelace", False),
        ("It is right 97 times of a hundred", True),
        ("nearly all", False),
        ("right on ninety-nine percent", True),
        ("half of them", True),
        ("٩٧", True),
        ("½", True),
        ("behalf of the third party", True),
    ],
)
def test_a_number_is_marked_as_stated(answer, numbered):
    assert answers.has_number(answer) == numbered
    assert (answers.STATED in answers.stated(answer)) == numbered
    assert (answers.STATED in answers.plainly(answer)) == numbered


@given(st.text(alphabet="ab<>*_[](){}|#`!&\n- ~1", max_size=80))
def test_no_answer_becomes_markup(answer):
    shown = answers.stated(answer).removesuffix(f" *{answers.STATED}*")
    assert "<" not in shown and "|" not in shown.replace("\\|", "")
    assert not any(line.startswith(("#", ">", "```")) for line in shown.splitlines())


def test_paragraphs_and_lists_stay():
    assert answers.stated("One\nline.\n\n- a\n- *b*\n") == "One line.\n\n- a\n- \\*b\\*"
