"""What every page shares: one file with its own style and script, and a policy that lets in nothing else."""

import base64
import hashlib
from typing import Any

from markupsafe import Markup

from vidi.documents import charts, text
from vidi.documents.pages import TEMPLATES, environment


def page(template: str, **content: Any) -> str:
    """The template as a whole HTML document; every text from outside is escaped."""
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    found = environment(html=True).get_template(template)
    return found.render(
        text=text,
        charts=charts,
        script=Markup(script),  # noqa: S704  (our own file)
        script_hash=f"sha256-{digest}",
        **content,
    )
