"""A run whose answers lie on the image, on images that were spoiled: its headline under corruptions and dials."""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vidi import catalog
from vidi.audits import degradation
from vidi.audits.degradation import SEVERITIES, Degradation
from vidi.audits.robustness import corruption
from vidi.core.errors import UsageError, check_option
from vidi.core.measured import Measured
from vidi.core.progress import Say
from vidi.core.requirement import Requirement, known
from vidi.core.scores import Draws
from vidi.data.found import Found
from vidi.data.moved_truth import hidden, moved
from vidi.evaluation.dense_model import DenseModel
from vidi.ops.black_box import chosen
from vidi.ops.detected import Detected
from vidi.ops.grouped_maps import overlap_drawn
from vidi.ops.grouped_objects import precision_drawn
from vidi.ops.placing import Placing, placing
from vidi.verbs.dense_answers import Held
from vidi.verbs.open import open_model
from vidi.verbs.spoiled import Asked, expanded, names_of

REPLICATES = 200  # for each corruption and severity
Asking = Callable[[np.ndarray], Iterator[Any]]
LOST = "lost"  # in a dial's card: nobody can say where what is drawn on the image went


@dataclass(frozen=True)
class Exam:
    """A model, and the images it is asked about, by content: of `whole` that there are those at `places` of `held`."""

    model: DenseModel
    held: Held
    places: NDArray[np.int64]
    images: UInt8[np.ndarray, "n s s 3"]
    placings: tuple[Placing, ...]

    @property
    def truth(self) -> list[Found]:
        return [self.held.truth[place] for place in self.places]

    @property
    def group(self) -> NDArray[np.int64] | None:
        return None if self.held.group is None else self.held.group[self.places]

    @property
    def units(self) -> int:
        """How many images, or groups of them, are drawn as wholes."""
        return len(self.places) if self.group is None else len(np.unique(self.group))

    @property
    def note(self) -> str:
        """At which size, and of how many, in words."""
        few = (
            ""
            if len(self.places) == len(self.held)
            else f"; {len(self.places):,} of {len(self.held):,} images"
        )
        return f"images spoiled at {self.model.preprocessing.size_px} px{few and few + ', drawn by content'}"

    def asking(self, say: Say, what: str, times: int) -> Asking:
        """The model's answers to images in the place of these, in pixels of its square; each is asked about so many
        `times`, and it is said how far that is."""
        done = 0

        def answers(images: UInt8[np.ndarray, "n s s 3"]) -> Iterator[Any]:
            nonlocal done
            for answer in self.model.answers(images):
                done += 1
                say.track(what, done, max(done, times * len(self.images)))
                yield answer

        return answers


def checked(asked: Asked, demands: Sequence[Requirement], headline: str) -> tuple[Asked, list[Requirement]]:
    """With every name spelled out, and of the demands those under a corruption; UsageError for names that are not
    there, and for dials that no drawing can follow, before any image is opened."""
    possible = {name for name, card in catalog.cards("dials").items() if card.facts.get("truth") != LOST}
    dials = expanded("dials", asked.dials)
    if "all" in asked.dials:
        dials = [name for name in dials if name in possible]
    under = [
        known(demand, metrics=[headline], corruptions=[*names_of("corruptions"), *names_of("dials")])
        for demand in demands
        if demand.function == "under"
    ]
    for name in [*dials, *(name for demand in under for name in demand.arguments)]:
        if name in names_of("dials") and name not in possible:
            raise UsageError(
                f"{name} moves what is in the picture, and what is drawn on it can't follow; of the dials there are "
                f"{', '.join(sorted(possible))}"
            )
    return replace(asked, corruptions=expanded("corruptions", asked.corruptions), dials=dials), under


def exam(held: Held, *, most: int, seed: int) -> Exam:
    """The run's model and at most `most` of the images, chosen and put in order by content."""
    check_option("most", most, holds=most >= 1, wanted="1 or more images")
    model = open_model(held.home)
    assert isinstance(model, DenseModel)
    hashes = held.loaded.dataset.column("hash")[held.rows]
    digest = np.array([int(str(text)[:16], 16) for text in hashes], np.uint64)
    places = chosen(digest, most, seed=seed)
    places = places[np.argsort(digest[places], kind="stable")]
    size, fit = model.preprocessing.size_px, model.preprocessing.fit
    return Exam(
        model,
        held,
        places,
        np.asarray(held.loaded.pixels(held.rows[places], size_px=size, fit=fit)),
        tuple(placing(held.truth[place].image_hw, size_px=size, fit=fit) for place in places),
    )


def degraded(given: Exam, names: Sequence[str], *, seed: int, say: Say) -> Degradation:
    """The headline under each of these corruptions or dials."""
    say(f"finding on {len(given.images):,} images under {', '.join(names)}")
    return degradation.audit(
        scoring(given, given.asking(say, "spoiled images", 1 + len(names) * len(SEVERITIES)), seed=seed),
        given.images,
        metric=given.held.task.headline,
        corruptions={name: corruption(name) for name in names},
        scores=Draws(REPLICATES, group=given.group),
        units=given.units,
        seed=seed,
    )


def scoring(given: Exam, answers: Asking, *, seed: int) -> Callable[..., tuple[float, NDArray[np.float64]]]:
    """From spoiled images to the headline and its replicates, with what is drawn there hidden or moved along."""
    task, labels = given.held.task, given.held.labels

    def score(
        images: UInt8[np.ndarray, "n s s 3"], name: str, severity: int
    ) -> tuple[float, NDArray[np.float64]]:
        found = [
            task.found(answer, placed, true.image_hw)
            for answer, placed, true in zip(answers(images), given.placings, given.truth, strict=True)
        ]
        truth = followed(given, images, name, severity)
        judgement = task.judge(found, truth, labels, seed=seed, group=given.group)
        judgement = replace(judgement, replicates=REPLICATES)
        drawn = precision_drawn(judgement) if isinstance(judgement, Detected) else overlap_drawn(judgement)
        return float(drawn[0]), drawn[1:]

    return score


def followed(given: Exam, images: UInt8[np.ndarray, "n s s 3"], name: str, severity: int) -> list[Found]:
    """What is drawn on the images, as it is to be found on the spoiled ones."""
    card = catalog.cards("dials").get(name)
    what = "stays" if card is None else card.facts["truth"]
    if what == "hidden":
        covered = (images != given.images).any(axis=3)
        return [hidden(t, c, p) for t, c, p in zip(given.truth, covered, given.placings, strict=True)]
    if what == "placed":
        new = importlib.import_module(f"vidi.audits.dials.{name}").placed(
            *images.shape[1:3], severity=severity
        )
        return [moved(t, new, p) for t, p in zip(given.truth, given.placings, strict=True)]
    return given.truth


def record(found: Degradation, given: Exam) -> dict[str, Any]:
    """`robustness` or `dials` for audit.json."""
    return {
        "clean": found.clean.record(),
        "measured": [number.record() for number in found.measured],
        "by_corruption": [number.record() for number in found.by_corruption],
        "mean": found.mean.record(),
        "kept": found.kept.record(),
        "lost": [number.record() for number in found.lost],
        "size_px": given.model.preprocessing.size_px,
        "n": len(given.images),
        "of_images": len(given.held),
        "note": given.note,
    }


def demanded(demand: Requirement, results: Mapping[str, Degradation], given: Exam) -> Measured:
    """The number that a demand speaks of, by the demand's own name."""
    (name,) = demand.arguments
    of = name if demand.severity is None else f"{name}, severity {demand.severity}"
    numbers = [number for found in results.values() for number in (*found.by_corruption, *found.measured)]
    number = next(number for number in numbers if number.of == of)
    return replace(number, name=demand.subject, of="all", note=given.note)
