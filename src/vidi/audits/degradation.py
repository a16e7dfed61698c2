"""How a model that answers on the image fares where pictures are not as they were: AP or mIoU under each corruption."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.core.scores import Draws, Resampled
from vidi.data.drawn.fallible import fallible, greys, noisy
from vidi.ops.black_box import digests
from vidi.ops.bootstrap import interval_of, ratio, replicate_counts
from vidi.ops.severity import drawing

CARD = Card(
    title="Degradation",
    idea="Spoil every image in stated ways, a little and a lot, and say what each way costs in average precision or "
    "overlap.",
    paper="Michaelis et al. 2019, arXiv:1907.07484 (mPC, rPC); Hendrycks & Dietterich 2019, arXiv:1903.12261",
    differs="Every number has an interval, from the same resampled images; they are spoiled at the network's size.",
    serves=("detection", "instances", "segmentation"),
)
TRIAL = Trial(n=400, fault="more of the answers wrong when there is noise in the images", rate=0.1)
SEVERITIES = (1, 2, 3, 4, 5)
Images = UInt8[np.ndarray, "n s s 3"]
Drawn = tuple[float, Float[np.ndarray, " r"]]
Corrupt = Callable[..., np.ndarray]
Score = Callable[[Images, str, int], Drawn]
"""From spoiled images, the corruption's name ("" for none) and its severity to a number and its replicates."""


@dataclass(frozen=True)
class Degradation:
    """A number without and with each corruption and severity, and by corruption, a mean over the severities.

    `mean` is the mean over corruptions and severities (mPC), `kept` that as a share of the clean number (rPC); `lost`
    the clean number minus that under each corruption, and then minus the mean, in the same resampled images.
    """

    clean: Measured
    measured: tuple[Measured, ...]
    by_corruption: tuple[Measured, ...]
    mean: Measured
    kept: Measured
    lost: tuple[Measured, ...]


def audit(
    score: Score,
    images: Images,
    *,
    metric: str,
    corruptions: Mapping[str, Corrupt],
    scores: Resampled,
    severities: Sequence[int] = SEVERITIES,
    units: int | None = None,
    seed: int = 0,
) -> Degradation:
    """The metric under each corruption. `score` gives replicates of the same resampled images each time, as many.

    `scores` says how these were drawn, `units` how many were (images, unless it is given). An image's corruption
    depends on its content, the name and the seed alone. Raises ValueError without an image, a corruption or a
    severity.
    """
    if not len(images) or not corruptions or not severities:
        raise ValueError("at least one image, one corruption and one severity are wanted")
    told = Telling(metric, scores, len(images), len(images) if units is None else units)
    digest = digests(images)
    clean = score(images, "", 0)
    under: dict[str, list[Drawn]] = {
        name: [
            score(spoiled(images, digest, name, corrupt, severity, seed), name, severity)
            for severity in severities
        ]
        for name, corrupt in corruptions.items()
    }
    means = {name: mean(each) for name, each in under.items()}
    all_of_them = f"mean of {len(means)}"
    overall = mean(list(means.values()))
    return Degradation(
        clean=told(clean),
        measured=tuple(
            told(each, of=f"{name}, severity {severity}")
            for name, found in under.items()
            for severity, each in zip(severities, found, strict=True)
        ),
        by_corruption=tuple(told(each, of=name) for name, each in means.items()),
        mean=told(overall, of=all_of_them),
        kept=told(share(overall, clean), name=f"{metric} kept", of=all_of_them, unit="ratio"),
        lost=tuple(
            told(less(clean, each), name=f"{metric} lost", of=name, unit="difference")
            for name, each in {**means, all_of_them: overall}.items()
        ),
    )


def spoiled(
    images: Images, digest: np.ndarray, name: str, corrupt: Corrupt, severity: int, seed: int
) -> Images:
    """Every image so corrupted."""
    return np.stack(
        [
            corrupt(image, severity=severity, generator=drawing(seed, name, number))
            for image, number in zip(images, digest.tolist(), strict=True)
        ]
    )


@dataclass(frozen=True)
class Telling:
    """Numbers with their replicates as Measured."""

    metric: str
    scores: Resampled
    n: int
    units: int

    def __call__(self, draws: Drawn, *, name: str = "", of: str = "", unit: str = "share") -> Measured:
        value, drawn = draws
        low, high, method, note = interval_of(float(value), drawn, self.scores, self.units, unit)
        return Measured(
            name or self.metric, float(value), low, high, self.n, method, of=of, unit=unit, note=note
        )


def mean(each: Sequence[Drawn]) -> Drawn:
    return float(np.mean([value for value, _ in each])), np.mean([drawn for _, drawn in each], axis=0)


def less(one: Drawn, other: Drawn) -> Drawn:
    return one[0] - other[0], one[1] - other[1]


def share(part: Drawn, whole: Drawn) -> Drawn:
    """nan where the whole is 0."""
    value = part[0] / whole[0] if whole[0] > 0 else np.nan
    return value, ratio(part[1], whole[1])


def grain(image: np.ndarray, *, severity: int, generator: np.random.Generator) -> np.ndarray:
    """The image with normal noise of 20 grey levels for each step of severity."""
    noise = generator.normal(0, 20 * severity, image.shape)
    return np.asarray((image + noise).clip(0, 255), np.uint8)


def trial(*, planted: bool, seed: int) -> bool:
    """A model that is wrong one time in ten, and where it is planted, more often when it sees noise.

    The alarm: the interval of what noise costs lies above 0.
    """
    images, truth = greys(TRIAL.n, seed=seed)
    model = fallible(0.1, more=TRIAL.rate if planted else 0.0, when=noisy)
    counts = replicate_counts(TRIAL.n, replicates=200, seed=seed)

    def right(block: Images, name: str, severity: int) -> Drawn:
        hit = (model(block).argmax(axis=1) == truth).astype(np.float64)
        return float(hit.mean()), counts @ hit / TRIAL.n

    found = audit(
        right,
        images,
        metric="accuracy",
        corruptions={"grain": grain},
        scores=Draws(200, seed),
        severities=(1,),
        seed=seed,
    )
    return found.lost[0].low > 0
