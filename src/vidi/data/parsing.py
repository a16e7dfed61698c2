"""JSON, XML and YAML from anybody: bounded in size, without entities or aliases, every failure one sentence."""

import json
from pathlib import Path
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import yaml

from vidi.core.errors import UsageError

LARGEST_JSON = 1 << 30
LARGEST_XML = 16 << 20
LARGEST_YAML = 1 << 20
MOST_ELEMENTS = 1_000_000
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Malformed(ValueError):  # noqa: N818  (a finding about a file, reported by name; not a failure of the program)
    """This file is not what it should be; the message is the reason, a few words."""


def content(path: Path, most: int) -> bytes:
    """The bytes of a regular file of at most `most`; raises Malformed with a reason."""
    try:
        if not path.is_file():
            raise Malformed("not a file: a folder, a pipe or nothing has this name")
        if path.stat().st_size > most:
            raise Malformed(
                f"too large: {path.stat().st_size >> 20} MiB, where at most {most >> 20} MiB are read"
            )
        return path.read_bytes()
    except OSError as error:
        raise Malformed(f"cannot be opened: {error.strerror or error}") from error


def read_json(path: Path) -> Any:
    """The content of a JSON file; raises Malformed. NaN and Infinity come through: who reads numbers looks at them."""
    try:
        return json.loads(content(path, LARGEST_JSON).decode("utf-8-sig"))
    except RecursionError:
        raise Malformed("its JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise Malformed("its text is not UTF-8") from None
    except json.JSONDecodeError as error:
        ends = error.pos >= len(error.doc.rstrip()) - 1
        what = "the file ends before its JSON does (truncated?)" if ends else f"not JSON: {error.msg}"
        raise Malformed(f"{what}, line {error.lineno}") from None
    except ValueError as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed(f"not JSON: {error}"[:200]) from None  # a number of 5,000 digits, …


def read_xml(path: Path) -> Element:
    """The root element of an XML file; raises Malformed.

    A document that declares entities or refers to anything outside of itself is refused, so that none can grow, and
    none can name a file of this machine.
    """
    return parsed_xml(content(path, LARGEST_XML))


def parsed_xml(text: bytes) -> Element:
    """The same of a document's bytes."""
    builder, parser, count = TreeBuilder(), expat.ParserCreate(), 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS:
            raise Malformed(f"more than {MOST_ELEMENTS:,} elements")
        builder.start(name, attributes)

    def refused(*_: Any) -> NoReturn:
        raise Malformed("it declares entities, which can name files or grow without end; write them out")

    parser.StartElementHandler, parser.EndElementHandler = start, builder.end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = refused
    parser.ExternalEntityRefHandler = refused
    try:
        parser.Parse(text, True)
        return builder.close()
    except expat.ExpatError as error:
        said = expat.ErrorString(error.code)
        ends = said in ("no element found", "unclosed token", "unclosed CDATA section")
        what = "the file ends before its XML does (truncated?)" if ends else f"not XML: {said}"
        raise Malformed(f"{what}, line {error.lineno}") from None
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        if isinstance(error, Malformed):
            raise
        raise Malformed(f"not XML: {error}"[:200]) from None


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; raises Malformed. Aliases are refused: a few lines of them stand for gigabytes."""
    try:
        text = content(path, LARGEST_YAML).decode("utf-8-sig")
        for event in yaml.parse(text, Loader=LOADER):
            if isinstance(event, yaml.AliasEvent):
                raise Malformed("it uses aliases (*name), which can grow without end; write them out")
        return yaml.load(text, Loader=LOADER)  # noqa: S506  (both are safe loaders)
    except UnicodeDecodeError:
        raise Malformed("its text is not UTF-8") from None
    except RecursionError:
        raise Malformed("its YAML is nested too deeply") from None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        raise Malformed("not YAML" + ("" if line is None else f", line {line + 1}")) from None


def refuse(path: Path, error: Malformed, wanted: str) -> NoReturn:
    """Where the whole data set hangs on one file: the sentence."""
    raise UsageError(f"{wanted}; {path} cannot be read: {error}") from error
