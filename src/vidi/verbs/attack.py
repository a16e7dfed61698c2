"""How a model is fooled: changes too small to see, what they do to its answers, and whether to believe the number."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8

from vidi.core.errors import UsageError
from vidi.core.progress import Quiet, Say
from vidi.evaluation.model import Model
from vidi.explanations.fooling import Fooled, attacked, fool, known_attack
from vidi.ops.fooling import logits_of
from vidi.verbs.attack_pictures import write
from vidi.verbs.attacked import Attacked, Changed
from vidi.verbs.open import open_labelled
from vidi.verbs.posed import known_label
from vidi.verbs.subjects import Subjects, epsilons, subjects

PICTURES, FEW = 6, 8  # images that are shown; images on which the attack itself is tested


def attack(
    run: str | Path | Model,
    images: Any = None,
    *,
    attack: str = "pgd",
    epsilon: str | int | float | Sequence[int | float] = "2/255",
    norm: str | None = None,
    target: str | None = None,
    most: int = 32,
    out: str | Path | None = None,
    seed: int = 0,
    say: Say | None = None,
) -> Attacked:
    """The accuracy of a run or a model that is left when each image may be changed by `epsilon`, and the pictures.

    `epsilon` is a share of the range from black to white (`"2/255"`, 0.01, or several), by the largest change of a
    pixel (`norm` linf) or by the length of the whole change (l2). `images`: as for `explain`, or one folder or table
    with labels; None: those that the run held out. With `target` the attack wants every image called that. At most
    `most` images are attacked, their labels taking turns. With `out`, pictures and a page are written there.

    Raises UsageError with a sentence for an unknown attack, norm or label, and where no image can be attacked.
    """
    say = say or Quiet()
    model = run if isinstance(run, Model) else open_labelled(run)
    facts = known_attack(attack)[1]
    norm = norm or str(facts["norms"][0])
    if norm not in facts["norms"]:
        raise UsageError(f"{attack} bounds changes by {' or '.join(facts['norms'])}; got --norm {norm}")
    if model.task.name != "classification":
        raise UsageError(
            f"an attack wants one label an image to change; this model's task is {model.task.name}"
        )
    if most < 1:
        raise UsageError(f"--most is a number of images, 1 or more; got {most}")
    wanted, sizes = known_label(model, target, "--target"), epsilons(epsilon, norm)
    found = subjects(model, images, most=most, say=say)
    if wanted is not None:
        found = _without(found, wanted, str(target))
    pixels, label = torch.from_numpy(found.images).permute(0, 3, 1, 2), torch.from_numpy(found.label)
    label = label if wanted is None else torch.full_like(label, wanted)
    result = fool(
        model.network, pixels, label, attack=attack, epsilons=sizes, norm=norm, seed=seed, few=FEW, say=say,
        targeted=wanted is not None,
    )  # fmt: skip
    result = _renamed(result, found, target)
    changed = _pictures(model, found, result, label, targeted=wanted is not None, seed=seed)
    done = Attacked(result, target, found.what, found.truth, changed, found.errors)
    if out is None:
        return done
    return replace(done, folder=write(Path(out), done, model.folder.name if model.folder else "A model"))


def _without(found: Subjects, target: int, name: str) -> Subjects:
    """Those that are to be called what they are not; raises UsageError if none is left."""
    rows = np.flatnonzero(found.label != target)
    if not len(rows):
        raise UsageError(f"every image is {name} already; --target wants another label, or other images")
    names = tuple(found.names[row] for row in rows)
    what = (
        found.what
        if len(rows) == len(found.label)
        else f"{found.what}, {len(rows):,} of them not {name} themselves"
    )
    return replace(found, names=names, images=found.images[rows], label=found.label[rows], what=what)


def _renamed(found: Fooled, images: Subjects, target: str | None) -> Fooled:
    """Numbers by what they are: an accuracy only where the truth is known."""
    if target is not None:
        clean, robust = f"not called {target}", f"still not called {target}"
    elif images.truth:
        return found
    else:
        clean, robust = "answers without a change", "answers that stay"
    return replace(
        found,
        clean=replace(found.clean, name=clean),
        robust=tuple(replace(one, name=robust) for one in found.robust),
    )


def _pictures(
    model: Model, found: Subjects, result: Fooled, label: torch.Tensor, *, targeted: bool, seed: int
) -> tuple[Changed, ...]:
    """Some images at the largest epsilon: those that fell to it first."""
    images = torch.from_numpy(found.images).permute(0, 3, 1, 2)
    there = ~_is(model, images, label) if targeted else _is(model, images, label)
    fell = there & ~result.survives[-1]
    order = np.argsort(~fell, kind="stable")[:PICTURES]
    some = torch.from_numpy(order)
    after = attacked(
        model.network, images[some], label[some], attack=result.attack, epsilon=result.epsilons[-1],
        norm=result.norm, targeted=targeted, seed=seed,
    )  # fmt: skip
    said = [_answers(model, each) for each in (images[some], after)]
    return tuple(
        Changed(
            found.names[row],
            model.labels[found.label[row]],
            said[0][place],
            said[1][place],
            found.images[row],
            np.ascontiguousarray(after[place].permute(1, 2, 0).numpy()),
        )
        for place, row in enumerate(order)
    )


def _is(model: Model, images: torch.Tensor, label: torch.Tensor) -> np.ndarray:
    return np.asarray((logits_of(model.network, images).argmax(dim=1) == label).numpy())


def _answers(model: Model, images: UInt8[torch.Tensor, "n 3 h w"]) -> list[tuple[str, float]]:
    probability: Float[np.ndarray, "n c"] = model.probability(logits_of(model.network, images).numpy())
    best = probability.argmax(axis=1)
    return [(model.labels[place], float(row[place])) for row, place in zip(probability, best, strict=True)]
