"""The images behind a run's answers, and a model that is to be asked about them as they are or spoiled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from jaxtyping import Int, UInt8
from numpy.typing import NDArray

from vidi.core.answers import Answers
from vidi.core.errors import UsageError, check_option
from vidi.core.progress import Say
from vidi.core.run_folder import RunFolder
from vidi.evaluation.model import Model
from vidi.ops.black_box import Predict, chosen
from vidi.verbs.answered import Found
from vidi.verbs.held_out import all_held_out
from vidi.verbs.load import Loaded
from vidi.verbs.open import open_labelled

MOST = 500  # images that are asked about again and again, unless told otherwise


@dataclass(frozen=True)
class Pictures:
    """The images behind a run's answers: loaded data and the rows, in the order of the answers."""

    loaded: Loaded
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Exam:
    """A model, and the images it is asked about: of `whole` that there are those at `places` among the answers."""

    model: Model
    pictures: Pictures
    places: NDArray[np.int64]
    images: UInt8[np.ndarray, "n s s 3"]
    truth: Int[np.ndarray, " n"]
    group: Int[np.ndarray, " n"] | None
    whole: int

    @property
    def size_px(self) -> int:
        return self.model.preprocessing.size_px

    @property
    def note(self) -> str:
        """At which size, and of how many, in words."""
        few = (
            ""
            if len(self.images) == self.whole
            else f"; {len(self.images):,} of {self.whole:,} images, drawn by content"
        )
        return f"images corrupted at {self.size_px} px{few}"

    def asking(self, say: Say, what: str, times: int) -> Predict:
        """The model as a function of images that says how far it is; each image is asked about so many `times`."""
        done = 0

        def predict(block: np.ndarray) -> np.ndarray:
            nonlocal done
            done += len(block)
            say.track(what, done, max(done, times * len(self.images)))
            return self.model.probability(self.model.logits(block))

        return predict


def pictures(found: Found, say: Say) -> Pictures:
    """The images that a run's answers speak of; UsageError if they are not where the run found them."""
    assert found.home is not None and found.table is not None
    if found.loaded is not None:
        place = {key: row for row, key in enumerate(found.loaded.dataset.column("id").tolist())}
        ids = pq.read_table(found.table, columns=["id"]).column("id").to_pylist()
        return Pictures(found.loaded, np.asarray([place[key] for key in ids], np.int64))
    loaded, held = all_held_out(RunFolder.open(found.home), say)
    return Pictures(loaded, held.rows)


def exam(run: Path, behind: Pictures, answers: Answers, *, most: int, seed: int) -> Exam:
    """The run's model and at most `most` of the images, chosen by content: the same ones in whatever order."""
    check_option("most", most, holds=most >= 1, wanted="1 or more images")
    model = open_labelled(run)
    if model.task.name != "classification":
        raise UsageError(f"images are spoiled where each has one label; {run} is for {model.task.name}")
    digest = np.array(
        [int(str(text)[:16], 16) for text in behind.loaded.dataset.column("hash")[behind.rows]], np.uint64
    )
    places = chosen(digest, most, seed=seed)
    size = model.preprocessing
    return Exam(
        model=model,
        pictures=behind,
        places=places,
        images=np.asarray(behind.loaded.pixels(behind.rows[places], size_px=size.size_px, fit=size.fit)),
        truth=numbered(answers, model.labels, run)[places],
        group=None if answers.group is None else answers.group[places],
        whole=len(behind.rows),
    )


def sat_by(other: Path, given: Exam, answers: Answers) -> Exam:
    """The same images put to another run's model, at that model's size; UsageError unless it has the same labels."""
    model = open_labelled(other)
    if set(model.labels) != set(given.model.labels):
        raise UsageError(
            f"a baseline knows the same labels; {other} knows {', '.join(model.labels[:8])}, "
            f"this run {', '.join(given.model.labels[:8])}"
        )
    size = model.preprocessing
    rows = given.pictures.rows[given.places]
    return replace(
        given,
        model=model,
        images=np.asarray(given.pictures.loaded.pixels(rows, size_px=size.size_px, fit=size.fit)),
        truth=numbered(answers, model.labels, other)[given.places],
    )


def numbered(answers: Answers, labels: Sequence[str], run: Path) -> Int[np.ndarray, " n"]:
    """Each true label as the model numbers it."""
    number = {label: place for place, label in enumerate(labels)}
    unknown = sorted({answers.labels[label] for label in answers.truth} - set(labels))
    if unknown:
        raise UsageError(f"{run} knows no label {unknown[0]!r}; it knows {', '.join(labels[:8])}")
    return np.asarray([number[answers.labels[label]] for label in answers.truth], np.int64)
