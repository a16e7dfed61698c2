"""Every fault there is, under one signature: `FAULTS[name](drawn, rate=…, seed=…)`, with defaults that show."""

from collections.abc import Mapping
from typing import Protocol

from vidi.data.drawn.copies import duplicates, leaks, near_duplicates
from vidi.data.drawn.examples import Drawn
from vidi.data.drawn.labels import imbalance, wrong_labels
from vidi.data.drawn.pictures import blurred_group, group_gap, outliers, shortcut
from vidi.data.drawn.planting import Planted

GROUP = {"site": "south"}


class Fault(Protocol):
    """From a clean data set to a faulty one. Rate 0 gives the clean one itself."""

    def __call__(self, drawn: Drawn, *, rate: float, seed: int = 0) -> Planted: ...


def _wrong_labels_in_pairs(drawn: Drawn, *, rate: float, seed: int = 0) -> Planted:
    return wrong_labels(drawn, rate=rate, seed=seed, confusion="pairs")


def _noisy_group(drawn: Drawn, *, rate: float, seed: int = 0) -> Planted:
    return wrong_labels(drawn, rate=rate, seed=seed, where=GROUP)


def _border(drawn: Drawn, *, rate: float, seed: int = 0) -> Planted:
    return shortcut(drawn, rate=rate, seed=seed, cue="border")


def _background(drawn: Drawn, *, rate: float, seed: int = 0) -> Planted:
    return shortcut(drawn, rate=rate, seed=seed, cue="background")


def _brightness(drawn: Drawn, *, rate: float, seed: int = 0) -> Planted:
    return shortcut(drawn, rate=rate, seed=seed, cue="brightness")


def _group_gap(drawn: Drawn, *, rate: float, seed: int = 0) -> Planted:
    return group_gap(drawn, rate=rate, seed=seed, where=GROUP, strength=0.8)


def _blurred_group(drawn: Drawn, *, rate: float, seed: int = 0) -> Planted:
    return blurred_group(drawn, rate=rate, seed=seed, where=GROUP, sigma_px=drawn.images.shape[1] / 20)


def _rare_label(drawn: Drawn, *, rate: float, seed: int = 0) -> Planted:
    return imbalance(drawn, rate=rate, seed=seed, where={"target": drawn.dataset.labels[0]})


def _rare_group(drawn: Drawn, *, rate: float, seed: int = 0) -> Planted:
    return imbalance(drawn, rate=rate, seed=seed, where=GROUP)


FAULTS: Mapping[str, Fault] = {
    "duplicates": duplicates,
    "near duplicates": near_duplicates,
    "leaks": leaks,
    "wrong labels": wrong_labels,
    "wrong labels in pairs": _wrong_labels_in_pairs,
    "wrong labels in a group": _noisy_group,
    "corner shortcut": shortcut,
    "border shortcut": _border,
    "background shortcut": _background,
    "brightness shortcut": _brightness,
    "group gap": _group_gap,
    "blurred group": _blurred_group,
    "rare label": _rare_label,
    "rare group": _rare_group,
    "outliers": outliers,
}
