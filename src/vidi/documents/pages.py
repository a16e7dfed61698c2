"""Templates: what comes from outside is escaped by default, in HTML and in Markdown."""

from functools import cache
from pathlib import Path

import jinja2

from vidi.documents import text

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment(*, html: bool) -> jinja2.Environment:
    """Templates that refuse unknown names; Markdown is escaped through `finalize`, HTML by jinja itself.

    Kept, because compiling a page's template takes longer than filling it in.
    """
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=html,  # noqa: S701  (Markdown has its own escaping below)
        finalize=None if html else text.markdown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(
        code=text.code,
        counted=text.counted,
        listed=text.listed,
        percent=text.percent,
        shortened=text.shortened,
        tied=text.tied,
        visible=text.visible,
    )
    return made
