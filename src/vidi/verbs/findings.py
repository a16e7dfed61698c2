"""What the audits of data say of a loaded data set, as results.json keeps it."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int
from numpy.typing import NDArray

from vidi.audits import drawings, duplicates, imbalance, label_errors, outliers, shortcuts
from vidi.core.progress import Say
from vidi.data.traits import Traits, traits
from vidi.ops.views import VIEWS
from vidi.verbs.load import SIZE_PX, Loaded

FEWEST = 20  # examples without which nobody can say which label is wrong, or what gives it away
MOST_SUSPECTS, MOST_OUTLIERS = 200, 100
BLOCK = 256  # images held at once


def cheap(loaded: Loaded, *, seed: int) -> dict[str, Any]:
    """What costs next to nothing once the data is loaded: copies, and who is rare."""
    return {
        "duplicates": duplicates.record(duplicates.audit(loaded.dataset, loaded.duplicates), loaded.dataset),
        "imbalance": balance(loaded, seed=seed),
        **drawn(loaded),
    }


def drawn(loaded: Loaded) -> dict[str, Any]:
    """What is drawn on the images, if objects are."""
    dataset = loaded.dataset
    if dataset.scheme is None or dataset.scheme.mask is not None:
        return {}
    found = drawings.audit(dataset.annotations(), labels=dataset.labels)
    return {"drawings": found.record(dataset.column("path").tolist())}


def thorough(
    loaded: Loaded, features: Float32[np.ndarray, "n d"] | None, *, seed: int, say: Say
) -> dict[str, Any]:
    """What costs seconds: shortcuts, and with `features` wrong labels and outliers. A key for each that was asked."""
    found: dict[str, Any] = {}
    answerable = not unanswerable(loaded)
    if answerable:
        say("looking for shortcuts")
        found |= giveaways(loaded, seed=seed)
    if features is not None and answerable:
        say(f"looking for wrong labels among {len(loaded):,}")
        found["label_errors"] = suspects(loaded, features, seed=seed)
    if features is not None:
        found |= strangers(loaded, features, seed=seed)
    return found


def unanswerable(loaded: Loaded) -> str:
    """Why nobody can say which labels are wrong or what gives them away; empty if one can."""
    dataset = loaded.dataset
    if dataset.task != "classification":
        return f"Wrong labels and shortcuts are looked for with one label an image, not for {dataset.task}."
    if len(dataset.labels) < 2:
        return "Wrong labels and shortcuts are looked for where there are two labels or more; there is one."
    if len(loaded) < FEWEST:
        return f"Wrong labels and shortcuts want {FEWEST} images or more; there are {len(loaded):,}."
    if len(np.unique(together(loaded))) < 2:
        return "Wrong labels and shortcuts want two pictures (or groups) or more; these are all one."
    return ""


def not_asked(loaded: Loaded, *, similar: bool, against: bool = False) -> list[str]:
    """What was not looked for, and why."""
    if loaded.dataset.scheme is not None and loaded.dataset.task != "multilabel" and not against:
        drawn = "regions" if loaded.dataset.scheme.mask is not None else "objects"
        runs = f"Wrong and missing {drawn} are looked for with --against RUN, a run that did not learn from all images."
    else:
        runs = ""
    features = "Wrong labels and outliers were not looked for: --no-similar leaves the features out."
    return [said for said in (unanswerable(loaded), runs, "" if similar else features) if said]


def together(loaded: Loaded) -> np.ndarray:
    """A name for each example that those share which must not be on both sides: a group, or copies of one picture."""
    if loaded.dataset.group is not None:
        return loaded.dataset.column(loaded.dataset.group).astype(str)
    return np.asarray(loaded.duplicates.cluster).astype(str)


def numbered(loaded: Loaded) -> Int[np.ndarray, " n"]:
    """Each example's label as its number."""
    number = {label: place for place, label in enumerate(loaded.dataset.labels)}
    return np.asarray([number[str(text)] for text in loaded.dataset.column("target")], np.int64)


def suspects(loaded: Loaded, features: Float[np.ndarray, "n d"], *, seed: int) -> dict[str, Any]:
    """Labels that a probe on the features contradicts."""
    dataset = loaded.dataset
    ids = dataset.column("id").astype(str)
    found = label_errors.audit(
        np.array(features),
        numbered(loaded),
        labels=dataset.labels,
        ids=ids,
        group=together(loaded),
        seed=seed,
    )
    path, split = (dict(zip(ids, dataset.column(name), strict=True)) for name in ("path", "split"))
    return {
        "share": found.share.record(),
        "agreement": found.agreement,
        "count": len(found.suspects),
        "suspects": [
            {"id": each.id, "path": path[each.id], "split": split[each.id]}
            | {"given": each.given, "suggested": each.suggested, "score": each.score, "margin": each.margin}
            for each in found.suspects[:MOST_SUSPECTS]
        ],
        "unjudged": list(found.unjudged),
        "sentence": found.sentence,
    }


def strangers(loaded: Loaded, features: Float[np.ndarray, "n d"], *, seed: int) -> dict[str, Any]:
    """Images unlike the rest."""
    ids = loaded.dataset.column("id").astype(str)
    found = outliers.audit(features, ids=ids, group=np.asarray(loaded.duplicates.cluster), seed=seed)
    paths = dict(zip(ids, loaded.dataset.column("path").astype(str), strict=True))
    return {
        "outliers": [
            {"id": each.id, "path": paths[each.id], "score": each.score, "reason": each.reason(paths)}
            for each in found.found[:MOST_OUTLIERS]
        ],
        "outliers_sentence": found.sentence,
    }


def balance(loaded: Loaded, *, seed: int) -> dict[str, Any]:
    """Labels and attributes counted, and which of these go together; the column that groups are made of is left out."""
    dataset = loaded.dataset
    label: np.ndarray = (
        numbered(loaded)
        if dataset.task == "classification"
        else np.array(
            [[one in str(text).split("|") for one in dataset.labels] for text in dataset.column("target")]
        )
    )
    columns = {name: dataset.column(name) for name in dataset.attributes if name != dataset.group}
    ids = dataset.column("id").astype(str)
    return imbalance.audit(
        label, columns, labels=dataset.labels, ids=ids, group=together(loaded), seed=seed
    ).record()


def giveaways(loaded: Loaded, *, seed: int) -> dict[str, Any]:
    """What gives the label away without the object."""
    found = shortcuts.audit(
        lambda rows: views(loaded, rows),
        numbered(loaded),
        labels=loaded.dataset.labels,
        ids=loaded.dataset.column("id").astype(str),
        group=together(loaded),
        seed=seed,
    )
    return {
        "shortcuts": [each.record() for each in found.found],
        "shortcuts_sentences": list(found.sentences),
    }


def views(loaded: Loaded, rows: NDArray[np.int64]) -> Iterator[shortcuts.View]:
    """The pixels' views, then size, file and name."""
    parts = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
    seen = [
        {name: view(images) for name, (_, view) in VIEWS.items()}
        for images in (np.asarray(loaded.pixels(part, size_px=SIZE_PX)) for part in parts)
    ]
    for name, (what, _) in VIEWS.items():
        yield shortcuts.View(name, what, tuple(np.concatenate([part[name] for part in seen]).T))
    width, height = (loaded.dataset.column(side)[rows].astype(np.float64) for side in ("width", "height"))
    yield shortcuts.View("size", "the image's width and height", (width, height, width / height))
    told = traits(loaded.dataset, rows)
    size = numbers(told, lambda each: each.bytes)
    yield shortcuts.View(
        "file",
        "the file (bytes, format, compression, camera)",
        (
            size,
            size / (width * height),
            numbers(told, lambda each: each.quality),
            np.array([each.format for each in told]),
            np.array([each.camera for each in told]),
        ),
        kind="file",
    )
    digits = np.array([each.numbers for each in told], dtype=np.float64)
    yield shortcuts.View(
        "name", "the file's name", (np.array([each.prefix for each in told]), *digits.T), kind="name"
    )


def numbers(told: list[Traits], one: Callable[[Traits], float]) -> Float[np.ndarray, " n"]:
    return np.array([one(each) for each in told], dtype=np.float64)
