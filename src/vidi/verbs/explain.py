"""Where a model looks, by the methods that pass their checks on it, and why it says this label and not that one."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi import catalog
from vidi.core.errors import UsageError
from vidi.core.measured import Verdict
from vidi.core.progress import Quiet, Say
from vidi.evaluation.dense_model import DenseModel
from vidi.evaluation.inputs import expand
from vidi.evaluation.model import Model
from vidi.explanations.believing import Method, known_method
from vidi.verbs.believed import Belief, Believing, key
from vidi.verbs.looking import Explanation, explanations, given_sample
from vidi.verbs.open import open_model
from vidi.verbs.pictured import PAGE, Pictured, checked_folder
from vidi.verbs.posed import asked
from vidi.verbs.written import said

ALL = "all"
CHEAP, FEW = 32, 8  # passes for one map that any number of images may have; fewer images may have more


@dataclass(frozen=True)
class Explained:
    """Every image with its maps, and what the checks say of each method on this model.

    `methods` are those whose maps were made, `contrasting` those that also say why not another label. Maps are left
    out of `images` where they were written to `folder`.
    """

    images: tuple[Explanation, ...]
    beliefs: tuple[Belief, ...]
    methods: tuple[str, ...]
    contrasting: tuple[str, ...] = ()
    folder: Path | None = None

    def record(self) -> dict[str, Any]:
        return {
            "methods": list(self.methods),
            "verdicts": [one.record() for one in self.beliefs],
            "images": [one.record() for one in self.images],
        }


def explain(
    run: str | Path | Model | DenseModel,
    images: Any,
    *,
    method: str | Sequence[str] | None = None,
    label: str | None = None,
    against: str | None = None,
    box: int | None = None,
    layer: str | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    say: Say | None = None,
) -> Explained:
    """Maps for each image (a path, folder, glob, picture or array; a list of these) of a run or a model.

    `method`: names of maps; by default those that pass their checks on this model, `all` for every one. The score of
    `label` is explained (default: what the model says), and held against that of `against` (default: the next
    likely). Of a model that finds things it is the score of one found box (`box`: which, the surest of `label` is 1),
    or of the pixels that are called `label` (default: what most are called). `layer` names where Grad-CAM and
    HiResCAM look. With `out`, pictures and a page are written there.

    Verdicts are computed once for a model and kept in its run folder. Raises UsageError with a sentence for an
    unknown method, label or layer, for a method that can't explain this network, and where no image can be opened.
    """
    say = say or Quiet()
    model = run if isinstance(run, Model | DenseModel) else open_model(run)
    wanted = asked(model, label, against, box)
    names, named = asked_methods(method, layer)
    methods = [known_method(name, **_options(name, layer)) for name in names]
    believing = Believing(model, say, seed, lambda: given_sample(model, images))
    beliefs = believing.of(methods, named=named)
    _refuse_impossible(beliefs, named=named)
    few = are_few(images)
    shown = shown_methods(methods, beliefs, named=named, few=few, struck=few and out is not None)
    contrasting = contrasting_methods(shown, beliefs)
    folder = None if out is None else checked_folder(Path(out), PAGE)
    page = None if folder is None else Pictured(folder, shown, {one.method: one for one in beliefs})
    source = explanations(model, images, shown, contrasting, wanted, seed=seed, say=say)
    found = tuple(source if page is None else map(page.add, source))
    if not found:
        raise UsageError(f"no image was found in {said(images)}; give image files, a folder or a glob")
    if all(one.error for one in found):
        raise UsageError(
            f"none of the {len(found):,} images could be explained (the first, {found[0].name}: {found[0].error})"
        )
    explained = Explained(found, tuple(beliefs), tuple(shown), tuple(contrasting), folder)
    if page is not None:
        titles = {key(m): m.title for m in methods}
        page.finish(explained.record(), titles, model.folder.name if model.folder else "A model")
    return explained


def asked_methods(method: str | Sequence[str] | None, layer: str | None) -> tuple[list[str], bool]:
    """The methods' names, and whether somebody named them; raises UsageError for an unknown one."""
    cards = catalog.cards("maps")
    given = [method] if isinstance(method, str) else list(method or ())
    names = [part.strip() for one in given for part in one.split(",") if part.strip()]
    with_layer = [name for name, card in cards.items() if card.facts.get("layer")]
    if not names or names == [ALL]:
        every = list(cards) if layer is None else with_layer
        return sorted(every, key=lambda name: _urgency(cards[name].facts)), bool(names)
    names = [catalog.load_name("maps", name) for name in names]
    if layer is not None and not set(names) & set(with_layer):
        raise UsageError(
            f"--layer is for {' and '.join(with_layer)}; {', '.join(names)} looks at no single layer"
        )
    return list(dict.fromkeys(names)), True


def _urgency(facts: Mapping[str, Any]) -> tuple[int, bool]:
    """Cheap methods first, and of those the ones that look at a late layer: they are checked first."""
    return int(facts.get("passes", 1)), not facts.get("layer")


def _options(name: str, layer: str | None) -> Mapping[str, Any]:
    return {"layer": layer} if layer is not None and catalog.cards("maps")[name].facts.get("layer") else {}


def _refuse_impossible(beliefs: Sequence[Belief], *, named: bool) -> None:
    """Raises UsageError with the method's own sentence where nothing that was asked for can be made."""
    impossible = [one for one in beliefs if one.impossible]
    if named and len(impossible) == len(beliefs):
        raise UsageError(impossible[0].reason)


def shown_methods(
    methods: Sequence[Method], beliefs: Sequence[Belief], *, named: bool, few: bool, struck: bool
) -> dict[str, Method]:
    """The methods whose maps are made: those that were named; else those that pass, or those that may.

    Dear ones are made for `few` images only. With `struck`, what fails is made too, to be shown struck out.
    """
    possible = [(m, b) for m, b in zip(methods, beliefs, strict=True) if not b.impossible]
    if named:
        return {key(m): m for m, _ in possible}
    cheap = [pair for pair in possible if few or pair[0].facts.get("passes", 1) <= CHEAP]
    passing = [m for m, b in cheap if b.verdict is Verdict.STANDS]
    may = [m for m, b in cheap if not b.fails and b.checked]
    untold = [m for m, b in cheap if not b.checked and m.facts.get("passes", 1) <= CHEAP]
    failing = [m for m, b in cheap if b.fails]
    chosen = passing or may or untold or failing
    return {key(m): m for m in (*chosen, *(failing if struck else ()))}


def contrasting_methods(shown: Mapping[str, Method], beliefs: Sequence[Belief]) -> list[str]:
    """Those that also say why not another label: a class's own, signed, and not known to fail."""
    failing = {one.method for one in beliefs if one.fails}
    signed = [name for name, method in shown.items() if method.of_a_class and method.facts.get("signed")]
    return [name for name in signed if name not in failing] or signed


def are_few(images: Any) -> bool:
    """Whether so few images are meant that each may cost some seconds; an iterator's are not looked at."""
    if isinstance(images, Iterator):
        return False
    return len(list(itertools.islice(expand(images), FEW + 1))) <= FEW
