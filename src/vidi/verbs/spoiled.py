"""A run's model on images that were spoiled: corruptions, dials of difficulty, a thing pasted in, other batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vidi import catalog
from vidi.audits import elephant, robustness, steadiness
from vidi.audits.robustness import Robustness
from vidi.core.answers import Answers
from vidi.core.errors import UsageError, nearest_names
from vidi.core.measured import Measured
from vidi.core.progress import Say
from vidi.core.requirement import SEVERITIES, Requirement, known
from vidi.data.cutouts import read_cutouts
from vidi.data.drawn.cutouts import drawn_cutouts
from vidi.ops.pasting import PLACES, SIZES
from vidi.verbs.answered import Found
from vidi.verbs.pictures import MOST, Exam, Pictures, exam, sat_by

MORE = (
    "gaussian_blur",
    "saturate",
    "spatter",
    "speckle_noise",
)  # ImageNet-C's four that were kept for validation
DRAWN = "drawn"


@dataclass(frozen=True)
class Asked:
    """What is asked of images: names (or `all`; of corruptions also `standard`, the fifteen), what is pasted in,
    whether answers are steady; on how many images at most, beside which other run."""

    corruptions: Sequence[str] = ()
    dials: Sequence[str] = ()
    elephant: str | None = None
    steadiness: bool = False
    most: int = MOST
    baseline: Path | None = None

    @property
    def anything(self) -> bool:
        return bool(self.corruptions or self.dials or self.elephant or self.steadiness)


@dataclass(frozen=True)
class Spoiled:
    """The keys of audit.json that came of it, the numbers that demands speak of, and sentences."""

    content: Mapping[str, Any] = field(default_factory=dict)
    demanded: tuple[Measured, ...] = ()
    sentences: tuple[str, ...] = ()


def checked(asked: Asked, demands: Sequence[Requirement], found: Found) -> tuple[Asked, list[Requirement]]:
    """With every name spelled out, and of the demands those under a corruption; UsageError for names that are not
    there, and for a table of predictions, before any image is opened."""
    known_names = [*names_of("corruptions"), *names_of("dials")]
    wanted = [demand for demand in demands if demand.function == "under"]
    if found.home is None and (wanted or asked.anything):
        what = wanted[0].subject if wanted else "what is asked of images"
        raise UsageError(f"{what} wants images to spoil, and {found.answers.where} is a table of predictions")
    if asked.baseline is not None and (wanted or not (asked.corruptions or asked.dials)):
        raise UsageError(
            "--baseline is what errors under --corruptions or --dials are divided by: name some, and demand nothing "
            "under them"
        )
    spelled = replace(
        asked, corruptions=expanded("corruptions", asked.corruptions), dials=expanded("dials", asked.dials)
    )
    return spelled, [known(demand, metrics=["accuracy"], corruptions=known_names) for demand in wanted]


def spoiled(
    found: Found, behind: Pictures, asked: Asked, wanted: Sequence[Requirement], *, seed: int, say: Say
) -> Spoiled:
    """Everything that was asked (as `checked` says it), and what the demands `wanted` speak of."""
    given = exam(found.home or Path(), behind, found.answers, most=asked.most, seed=seed)
    named = {*asked.corruptions, *asked.dials}
    rest = dict.fromkeys(name for demand in wanted for name in demand.arguments if name not in named)
    results: dict[str, Robustness] = {
        key: measured(given, names, asked.baseline, found.answers, seed=seed, say=say)
        for key, names in (
            ("robustness", asked.corruptions),
            ("dials", asked.dials),
            ("demanded", list(rest)),
        )
        if names
    }
    content: dict[str, Any] = {key: record(each, given) for key, each in results.items() if key != "demanded"}
    said: list[str] = []
    if asked.elephant:
        content["elephant"], said = transplanted(given, asked.elephant, seed=seed, say=say)
    if asked.steadiness:
        say(f"asking about {len(given.images):,} images again, in other batches")
        again = given.asking(say, "asking again", 6)
        content["steadiness"] = steadiness.audit(again, given.images, seed=seed).record()
    told = tuple(demanded(demand, list(results.values()), given) for demand in wanted)
    return Spoiled(content, told, tuple(said))


def names_of(kind: str) -> list[str]:
    return list(catalog.cards(kind))


def expanded(kind: str, asked: Sequence[str]) -> list[str]:
    """The names, `all` and `standard` spelled out; raises UsageError with the nearest names for others."""
    known_names = names_of(kind)
    groups = {"all": known_names}
    if kind == "corruptions":
        groups["standard"] = [name for name in known_names if name not in MORE]
    found: list[str] = []
    for word in asked:
        name = word.strip().replace(" ", "_").replace("-", "_")
        if name not in groups and name not in known_names:
            raise UsageError(
                f"--{kind} wants {' or '.join(groups)}, or some of {', '.join(known_names)}; got {word!r}"
                f"{nearest_names(name, known_names)}"
            )
        found += groups.get(name, [name])
    return list(dict.fromkeys(found))


def measured(
    given: Exam, names: Sequence[str], baseline: Path | None, answers: Answers, *, seed: int, say: Say
) -> Robustness:
    """Accuracy under each, and the errors divided by the baseline's where one was named."""
    divisor = None if baseline is None else errors_of(baseline, given, names, answers, seed=seed, say=say)
    say(f"predicting {len(given.images):,} images under {', '.join(names)}")
    return robustness.audit(
        given.asking(say, "spoiled images", 1 + len(names) * len(SEVERITIES)),
        given.images,
        given.truth,
        corruptions=names,
        severities=list(SEVERITIES),
        group=given.group,
        baseline=divisor,
        seed=seed,
    )


def errors_of(
    baseline: Path, given: Exam, names: Sequence[str], answers: Answers, *, seed: int, say: Say
) -> dict[str, float]:
    """Another run's error under each corruption, on the same images; UsageError where it makes none."""
    other = sat_by(baseline, given, answers)
    found = measured(other, names, None, answers, seed=seed, say=say)
    errors = {number.of: number.value for number in found.corruption_error if number.of in names}
    perfect = [name for name, value in errors.items() if not value > 0]
    if perfect:
        raise UsageError(
            f"{baseline} makes no error under {', '.join(perfect)}: nothing can be divided by that"
        )
    return errors


def record(found: Robustness, given: Exam) -> dict[str, Any]:
    """`robustness` or `dials` for audit.json."""
    return {
        "clean": found.clean.record(),
        "accuracy": [number.record() for number in found.accuracy],
        "corruption_error": [number.record() for number in found.corruption_error],
        "mean": found.mean_corruption_error.record(),
        "lost": [number.record() for number in found.lost],
        "size_px": given.size_px,
        "n": len(given.images),
        "of_images": given.whole,
        "note": given.note,
    }


def demanded(demand: Requirement, results: Sequence[Robustness], given: Exam) -> Measured:
    """The number that a demand speaks of, by the demand's own name."""
    (name,) = demand.arguments
    for found in results:
        errors = {m.of: m for m in found.lost}
        if name not in errors:
            continue
        single = {m.of: m for m in found.accuracy}
        number = (
            mean_accuracy(found, name)
            if demand.severity is None
            else single[f"{name}, severity {demand.severity}"]
        )
        return replace(number, name=demand.subject, of="all", note=given.note)
    raise AssertionError(f"{name} was not measured")


def mean_accuracy(found: Robustness, name: str) -> Measured:
    """Over all severities: one minus the error."""
    error = next(number for number in found.corruption_error if number.of == name)
    return replace(error, value=1 - error.value, low=1 - error.high, high=1 - error.low)


def transplanted(given: Exam, what: str, *, seed: int, say: Say) -> tuple[list[dict[str, Any]], list[str]]:
    """What pasting each cut-out in changes: its numbers, and a sentence for each."""
    cutouts, there = (drawn_cutouts(), 0) if what == DRAWN else read_cutouts(Path(what))
    numbers: list[dict[str, Any]] = []
    said = [f"of {there:,} cut-outs, {len(cutouts)} were pasted in"] if there > len(cutouts) else []
    times = 1 + len(SIZES) * len(PLACES) ** 2
    for name, pixels in cutouts.items():
        say(f"pasting {name} into {len(given.images):,} images")
        predict = given.asking(say, f"with {name}", times)
        found = elephant.audit(predict, given.images, pixels, group=given.group, seed=seed)
        numbers += [replace(each, of=": ".join(filter(None, (name, each.of)))).record() for each in found]
        said.append(changes(name, next(each for each in found if not each.of), times - 1))
    return numbers, said


def changes(name: str, found: Measured, places: int) -> str:
    """How many answers a thing changes, and whether that is more than hiding costs."""
    tolerated = elephant.TOLERATED
    verdict = "more than" if found.low > tolerated else "perhaps more than"
    verdict = "no more than" if found.high <= tolerated else verdict
    return (
        f"pasting {name} in, at {places} places and sizes, changes {found.value:.1%} of the answers "
        f"[{found.low:.1%}, {found.high:.1%}]: {verdict} the {tolerated:.0%} that hiding what is behind it may cost"
    )
