"""Which methods can be believed on a model: checked once on images it held out, and kept in its run folder."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from vidi.core.errors import UsageError
from vidi.core.measured import Verdict
from vidi.core.network import Scorer
from vidi.core.progress import Say
from vidi.core.run_folder import RunFolder
from vidi.explanations.believing import FEWEST, Judged, Method, affordable, judge, maps_for, wanted
from vidi.ops.imputation import imputed
from vidi.verbs.form import posed_of
from vidi.verbs.posed import Asked, Posed
from vidi.verbs.sample import Sample, held_out_sample
from vidi.version import VERSION

FILE = "explanations.json"
SECONDS, SECONDS_IF_NAMED, ALL_SECONDS = 30.0, 180.0, 120.0  # for one method's checks, and all of them


@dataclass(frozen=True)
class Belief:
    """One method's verdict on this model; `checked` is false where nobody looked, and the reason says why."""

    method: str
    verdict: Verdict
    reason: str
    images: int = 0
    checked: bool = True
    impossible: bool = False
    checks: tuple[Mapping[str, Any], ...] = ()

    @property
    def fails(self) -> bool:
        return self.verdict is Verdict.FAILS

    def record(self) -> dict[str, Any]:
        return vars(self) | {"verdict": str(self.verdict), "checks": [dict(one) for one in self.checks]}

    @staticmethod
    def from_record(entry: Mapping[str, Any]) -> "Belief":
        return Belief(**{**entry, "verdict": Verdict(entry["verdict"]), "checks": tuple(entry["checks"])})

    @staticmethod
    def of(judged: Judged) -> "Belief":
        record = judged.record()
        return Belief.from_record(record | {"checked": True, "impossible": not judged.checks})


@dataclass
class Believing:
    """The verdicts of one model, as they come to be known; `fallback` gives images where a model's own are gone."""

    model: Any
    say: Say
    seed: int = 0
    fallback: Callable[[], Sample | None] = lambda: None
    known: dict[str, Belief] = field(default_factory=dict)
    began: float = field(default_factory=time.process_time)
    images: Tensor = field(default_factory=lambda: torch.zeros(0))
    posed: Posed | None = None
    answer: float = 0.0
    guess: float = 0.0

    def of(self, methods: Sequence[Method], *, named: bool) -> list[Belief]:
        """A verdict for each method, computed where none is kept; more patiently where the method was named."""
        if not self.known:
            self.known = kept(self.model, self.seed)
        for number, method in enumerate(methods):
            there = self.known.get(key(method))
            if there is None or (named and not there.checked):
                self.known[key(method)] = self._checked(method, named=named)
                keep(self.model, self.seed, self.known, self.say)
            self.say.track("checking maps", number + 1, len(methods), method.title)
        return [self.known[key(method)] for method in methods]

    def _checked(self, method: Method, *, named: bool) -> Belief:
        if self.posed is None:
            self.images, self.posed = self._asked()
        images, posed = self.images, self.posed
        if not len(images):
            return unchecked(method, "the model finds nothing on the images that it would be checked on")
        try:
            each = seconds_for_one(posed.network, method, images, posed.target, self.seed)
        except UsageError as error:
            return Belief(key(method), Verdict.FAILS, str(error), impossible=True)
        if len(images) < FEWEST:
            why = f"{FEWEST} images or more are wanted, and those that the run held out are not at hand"
            return unchecked(method, why)
        spent = (time.process_time() - self.began) / torch.get_num_threads()
        left = SECONDS_IF_NAMED if named else min(SECONDS, ALL_SECONDS - spent)
        an_image = self._seconds_for_an_answer(images, posed) * wanted("answers")
        an_image += self._seconds_for_a_guess(images) * wanted("guesses")

        def takes(count: int) -> float:
            return each * maps_for(count) + an_image * count

        counts = range(affordable(method, len(images)), FEWEST - 1, -1)
        some = next((count for count in counts if takes(count) <= left), 0)
        if not some:
            why = f"that takes about {takes(FEWEST):.0f} s; --method {method.name} does it"
            return unchecked(method, why)
        found = judge(
            [method],
            posed.network,
            images[:some],
            posed.target[:some],
            probability=posed.probability,
            seed=self.seed,
        )
        return replace(Belief.of(found[0]), method=key(method))

    def _seconds_for_an_answer(self, images: UInt8[Tensor, "n 3 s s"], posed: Posed) -> float:
        """As `seconds_for_one`, of the model's answer to an image; measured once."""
        if not self.answer:
            changed = images[:4].float().flip(3)
            posed.probability(images[:1].float())  # the engine is built when it is first asked
            began = time.process_time()
            posed.probability(changed)
            self.answer = (time.process_time() - began) / torch.get_num_threads() / len(changed)
        return self.answer

    def _seconds_for_a_guess(self, images: UInt8[Tensor, "n 3 s s"]) -> float:
        """As `seconds_for_one`, of guessing half of an image; measured once, on one whole hole, the slowest."""
        if not self.guess:
            some = images[:4].float()
            missing = torch.zeros((len(some), *some.shape[2:]), dtype=torch.bool)
            missing[..., : some.shape[3] // 2] = True
            began = time.process_time()
            imputed(some, missing)
            self.guess = (time.process_time() - began) / torch.get_num_threads() / len(some)
        return self.guess

    def _asked(self) -> tuple[UInt8[Tensor, "n 3 s s"], Posed]:
        """Images of which something can be asked, and the questions: those held out, else the fallback's, else grey."""
        size = self.model.preprocessing.size_px
        grey = Sample(np.full((1, size, size, 3), 127, np.uint8), "a grey image")
        sources = (lambda: held_out_sample(self.model, self.say), self.fallback, lambda: grey)
        for sample in (found for source in sources if (found := source()) is not None):
            images = torch.from_numpy(sample.images).permute(0, 3, 1, 2)
            posed = posed_of(self.model, images, Asked())
            if posed.rows:
                break
        return images[posed.rows], posed


def key(method: Method) -> str:
    """The method's name, with the options that were changed: `grad_cam(layer=stages.3)`."""
    changed = ", ".join(f"{name}={value}" for name, value in sorted(method.options.items()))
    return f"{method.name}({changed})" if changed else method.name


def unchecked(method: Method, why: str) -> Belief:
    return Belief(key(method), Verdict.CANNOT_TELL, why, checked=False)


def seconds_for_one(
    network: Scorer, method: Method, images: UInt8[Tensor, "n 3 h w"], target: Float[Tensor, "n c"], seed: int
) -> float:
    """What one image's map takes a processor that does nothing else; raises UsageError where the method can't do it.

    Counted by the time that was worked, not by the clock: what else runs on the machine is no reason to check less.
    """
    for _ in range(2):  # the first time is spent on getting ready too
        began = time.process_time()
        method.maps(network, images[:1], target[:1], seed=seed)
    return (time.process_time() - began) / torch.get_num_threads()


def kept(model: Any, seed: int) -> dict[str, Belief]:
    """What the run folder holds of this model, by this version of vidi; nothing where that was changed."""
    folder = RunFolder(model.folder) if model.folder else None
    if folder is None or not (folder.path / FILE).exists():
        return {}
    try:
        content = folder.read(FILE, "explanations")
        if content["of"] != identity(folder, seed):
            return {}
        return {name: Belief.from_record(entry) for name, entry in content["methods"].items()}
    except (UsageError, AttributeError, KeyError, TypeError, ValueError):
        return {}  # it is computed again


def identity(folder: RunFolder, seed: int) -> dict[str, Any]:
    """What the verdicts are of: other weights, checks or draws make others."""
    return {"weights": folder.read("model.json", "model")["sha256"], "vidi": VERSION, "seed": seed}


def keep(model: Any, seed: int, known: Mapping[str, Belief], say: Say) -> None:
    """Write them to the run folder and vouch for them; where that can't be done, say so once."""
    folder = RunFolder(model.folder) if model.folder else None
    if folder is None or not (folder.path / "model.json").exists():
        return
    content = {"of": identity(folder, seed), "methods": {name: one.record() for name, one in known.items()}}
    try:
        folder.write(FILE, "explanations", content)
        if folder.sealed:
            folder.seal_also(FILE)
    except UsageError as error:
        say(f"the verdicts on maps are not kept: {error}")
