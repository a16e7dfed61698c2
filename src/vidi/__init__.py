"""vidi: from a folder of images to a vision model you can stand behind.

The public verbs, loaded on first use: `load`, `check`, `train`, `predict`, `evaluate`, `audit`, `explain`, `attack`,
`look`, `dream`, `style`, `study`, `compare`, `convert`, `verify`, `edit_card`, `withdraw`, `open_model`, `resume`.
"""

from typing import TYPE_CHECKING, Any

from vidi.version import VERSION

if TYPE_CHECKING:
    from vidi.verbs.attack import attack
    from vidi.verbs.audit import audit
    from vidi.verbs.card import edit_card
    from vidi.verbs.check import check
    from vidi.verbs.compare import compare
    from vidi.verbs.convert import convert
    from vidi.verbs.evaluate import evaluate
    from vidi.verbs.explain import explain
    from vidi.verbs.ledger import withdraw
    from vidi.verbs.load import load
    from vidi.verbs.look import look
    from vidi.verbs.open import open_model
    from vidi.verbs.predict import predict
    from vidi.verbs.repaint import dream, style
    from vidi.verbs.resume import resume
    from vidi.verbs.study import study
    from vidi.verbs.train import train
    from vidi.verbs.verify import verify

__version__ = VERSION
__all__ = [
    "__version__",
    "attack",
    "audit",
    "check",
    "compare",
    "convert",
    "dream",
    "edit_card",
    "evaluate",
    "explain",
    "load",
    "look",
    "open_model",
    "predict",
    "resume",
    "study",
    "style",
    "train",
    "verify",
    "withdraw",
]

_HOME = {
    "dream": "repaint",
    "edit_card": "card",
    "open_model": "open",
    "style": "repaint",
    "withdraw": "ledger",
}


def __getattr__(name: str) -> Any:
    """Import a verb when it is asked for: `import vidi` itself imports nothing heavy."""
    if name not in __all__ or name == "__version__":
        raise AttributeError(f"vidi has no {name!r}; its verbs are {', '.join(__all__[1:])}")
    import importlib

    verb = getattr(importlib.import_module(f"vidi.verbs.{_HOME.get(name, name)}"), name)
    globals()[name] = verb
    return verb
