"""Markdown as HTML for a page: what was markup in it stays text, and nothing is loaded."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
SAFE = re.compile(r"https?://|#|[\w.-]*\Z", re.IGNORECASE)


def tabs(papers: Mapping[str, str]) -> list[dict[str, object]]:
    """Markdown documents by title, each as a tab's id, title and body."""
    return [
        {"id": title.lower().replace(" ", "-"), "title": title, "body": html(content)}
        for title, content in papers.items()
    ]


def html(markdown: str, *, deeper: int = 1) -> Markup:
    """The document without its YAML header; headings stand `deeper` levels below what they say.

    CommonMark with tables. HTML in it is shown as it is written, pictures become their text, and links lead to files
    beside the page or to web addresses, nowhere else.
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["html_block", "html_inline"])
    setattr(reader, "validateLink", _leads_somewhere_safe)  # noqa: B010  (a method, which mypy would guard)
    reader.add_render_rule("image", _in_words)
    tokens = reader.parse(FRONT_MATTER.sub("", markdown))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + deeper)}"
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("rel", "noreferrer")
    written = str(reader.renderer.render(tokens, reader.options, {}))
    written = written.replace(
        "<table>", '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>'
    )
    return Markup(written.replace("</table>", "</table></div>"))  # noqa: S704  (made above, HTML off)


def _leads_somewhere_safe(address: str) -> bool:
    return SAFE.match(address) is not None


def _in_words(_: Any, tokens: Sequence[Any], place: int, *options: Any) -> str:
    return str(escape(tokens[place].content))
