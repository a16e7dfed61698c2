"""answers.yaml: what an author says to the questions that nothing could measure.

An answer stands beside what was measured and never in its place. One with a number in it is marked as stated.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from vidi.core.errors import UsageError, nearest_names
from vidi.core.files import atomic
from vidi.documents import text
from vidi.documents.questions import PAPERS, Question, every, questions

FILE = "answers.yaml"
LARGEST_BYTES = 1 << 20
LONGEST = 10_000  # signs of one answer
STATED = "(stated by the author, not measured)"
_NUMBER = re.compile(
    r"%|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion|half|third"
    r"|quarter|percent|per cent|twice)s?\b",
    re.IGNORECASE,
)


def read(path: Path, known: Mapping[str, Question]) -> dict[str, str]:
    """The answers in a file, by key; an empty one says that a question is open again.

    Raises UsageError for what is not a mapping of known keys to texts, and for what is too large.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(
                f"{path} is larger than {LARGEST_BYTES >> 20} MiB; answers are words, keep them short"
            )
        return parse(path.read_text(encoding="utf-8"), known, where=str(path))
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; `vidi card questions` writes one to fill in") from None
    except IsADirectoryError:
        raise UsageError(f"a YAML file of answers was wanted; {path} is a folder") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text ({error.reason}); save it as that") from None


def parse(content: str, known: Mapping[str, Question], *, where: str) -> dict[str, str]:
    """The answers in a YAML text: every value as the text that stands there, nothing is constructed."""
    import yaml

    try:
        top = yaml.compose(content, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        problem = getattr(error, "problem", None) or "it can't be read"
        raise UsageError(
            f'{where} is not YAML{line}: {problem}; write key: "text", or key: | and the text below it, indented'
        ) from None
    if top is None:
        return {}
    if not isinstance(top, yaml.MappingNode):
        raise UsageError(f"{where} should hold lines of key: text; `vidi card questions` writes the keys")
    found: dict[str, str] = {}
    for key, value in top.value:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
        if not isinstance(value, yaml.ScalarNode):
            raise UsageError(
                f"{where}: the answer to {name} should be text; write {name}: | and it below, indented"
            )
        if name in found:
            raise UsageError(f"{where} answers {name} twice; keep one of them")
        empty = value.style is None and value.value in ("~", "null")
        found[name] = "" if empty else value.value
    return {name: checked(name, answer, known) for name, answer in found.items()}


def checked(key: str, answer: str, known: Mapping[str, Question]) -> str:
    """The answer with plain line ends and no blanks around it; UsageError for an unknown key or too long an answer."""
    if key not in known:
        raise UsageError(
            f"no question has the key {text.shortened(key, most=60)!r} (`vidi card questions` lists them)"
            f"{nearest_names(key, list(known))}"
        )
    if len(answer) > LONGEST:
        raise UsageError(
            f"the answer to {key} has {len(answer):,} signs; up to {LONGEST:,} are kept: put the rest in a file of "
            "its own and name it"
        )
    lines = answer.encode("utf-8", "backslashreplace").decode().splitlines()
    return "\n".join(lines).strip()


def merged(before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The answers after some were given: an empty one is taken back. In the order of the questions."""
    both = {**before, **given}
    return {key: both[key] for key in every() if both.get(key)}


def write(folder: Path, answers: Mapping[str, str]) -> Path:
    """answers.yaml, atomic."""
    import yaml

    body = yaml.safe_dump(dict(answers), sort_keys=False, allow_unicode=True, width=100) if answers else ""
    with atomic(folder / FILE, "w") as stream:
        stream.write(
            "# What the author said. vidi card edit RUN changes it and writes the papers anew.\n" + body
        )
    return folder / FILE


def template(name: str, answers: Mapping[str, str], papers: Sequence[str] = tuple(PAPERS)) -> str:
    """A file to fill in: every question with its key and why it is asked, and what was answered already."""
    lines = [
        f"# What only you can know about {text.visible(name)}.",
        '# Write the answer after its key: "in quotes", or after a | on the lines below, indented. What stays empty',
        "# is printed as not stated. Then: vidi card edit FOLDER --answers THIS_FILE",
        "# What was measured stands in the papers already; an answer stands beside it and does not replace it.",
        "",
    ]
    for paper in papers:
        for section, asked in questions(paper).items():
            lines += [f"# ---- {PAPERS[paper]}: {section}", ""]
            for question in asked:
                lines += _asked(question, answers.get(question.key, ""))
    return "\n".join(lines)


def _asked(question: Question, answer: str) -> Iterator[str]:
    import yaml

    yield f"# {question.ask}"
    if question.why:
        yield f"#   ({question.why})"
    if answer:
        yield yaml.safe_dump({question.key: answer}, allow_unicode=True, width=100).rstrip("\n")
    else:
        yield f"{question.key}:"
    yield ""


def has_number(answer: str) -> bool:
    """True where somebody could take it for a measurement."""
    return any(sign.isnumeric() for sign in answer) or bool(_NUMBER.search(answer))


def stated(answer: str) -> Markup:
    """An answer as Markdown: paragraphs and lists stay, all else is text; marked if there is a number in it."""
    blocks = [_block(block) for block in re.split(r"\n\s*\n", answer.strip())]
    mark = f" *{STATED}*" if has_number(answer) else ""
    return Markup("\n\n".join(blocks) + mark)  # noqa: S704  (escaped for Markdown)


def _block(block: str) -> str:
    """One paragraph on one line, or a list with a line for each item."""
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    items = [re.match(r"[-*+] +(.*)", line) for line in lines]
    if all(items):
        return "\n".join(f"- {text.markdown(item[1])}" for item in items if item)
    return text.markdown(" ".join(lines))


def plainly(answer: str) -> str:
    """An answer on one line for machines; marked if there is a number in it."""
    words = text.visible(" ".join(answer.split()))
    return f"{words} {STATED}" if has_number(answer) else words


def of_folder(folder: Path) -> dict[str, Any]:
    """The answers that a folder keeps; empty where it keeps none."""
    path = folder / FILE
    return dict(read(path, every())) if path.exists() else {}
