"""What is in the data, and what is wrong with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vidi.audits import label_errors
from vidi.core.dataset import Remark
from vidi.core.progress import Quiet, Say
from vidi.evaluation.features import weights_key
from vidi.verbs.assess import described
from vidi.verbs.load import Loaded, default_backbone, load

FEWEST = 20  # examples without which nobody can say which label is wrong
MOST_SUSPECTS = 100


@dataclass(frozen=True)
class Checked:
    """The loaded data and its description: counts, sizes, copies, likely label errors, remarks."""

    loaded: Loaded
    content: dict[str, Any]


def check(
    path: str | Path, *, similar: bool = True, seed: int = 0, say: Say | None = None, **read: Any
) -> Checked:
    """Open every image, look for copies and for trouble with labels and splits; nothing is changed or written.

    `similar` also passes every image through the embedded network: near copies are found by its features too, and
    labels that they contradict. Raises UsageError if nothing can be used.
    """
    say = say or Quiet()
    loaded = load(path, similar=similar, seed=seed, say=say, **read)
    suspected = suspects(loaded, seed=seed, say=say) if similar else None
    if suspected is not None and suspected.suspects:
        count = len(suspected.suspects)
        named = [Remark("label", each.id, in_words(each)) for each in suspected.suspects[:MOST_SUSPECTS]]
        more = [Remark("label", "", f"and {count - MOST_SUSPECTS:,} more")] if count > MOST_SUSPECTS else []
        loaded = loaded.remarked([*named, *more])
    content = described(loaded.dataset, exact=loaded.duplicates.exact, near=loaded.duplicates.near)
    if suspected is not None:
        content["label_errors"] = {
            "suspects": [vars(each) for each in suspected.suspects[:MOST_SUSPECTS]],
            "count": len(suspected.suspects),
            "share": suspected.share.record(),
            "unjudged": list(suspected.unjudged),
            "sentence": suspected.sentence,
        }
    return Checked(loaded, content)


def suspects(loaded: Loaded, *, seed: int, say: Say) -> label_errors.LabelErrors | None:
    """Labels that a probe on the embedded network's features contradicts; None where that can't be judged."""
    dataset = loaded.dataset
    if dataset.task != "classification" or len(dataset) < FEWEST:
        return None
    say(f"looking for wrong labels among {len(dataset):,}")
    backbone = default_backbone()
    features = loaded.features(backbone, weights_key(backbone), np.arange(len(dataset)))
    number = {label: place for place, label in enumerate(dataset.labels)}
    return label_errors.audit(
        np.array(features),
        np.asarray([number[str(text)] for text in dataset.column("target")], np.int64),
        labels=dataset.labels,
        ids=dataset.column("path").astype(str),
        group=together(loaded),
        seed=seed,
    )


def together(loaded: Loaded) -> np.ndarray:
    """A name for each example that those share which must not be on both sides: a group, or copies of one picture."""
    if loaded.dataset.group is not None:
        return loaded.dataset.column(loaded.dataset.group).astype(str)
    return np.asarray(loaded.duplicates.cluster).astype(str)


def in_words(suspect: label_errors.Suspect) -> str:
    return f"labelled {suspect.given}, looks like {suspect.suggested} (its label has probability {suspect.score:.2g})"
