"""What the numbers say, in words: used by the report and the model card alike."""

from vidi.core.measured import Claim, Measured, Verdict
from vidi.documents.evidence import Baseline, Evidence
from vidi.documents.text import (
    capital,
    counted,
    has_interval,
    interval,
    listed,
    measured_text,
    number,
    percent,
    percent_interval,
    percent_measured,
    sentence,
)

FEW = 30  # fewer images than this leave an interval of about ±15 points or more


def headline(evidence: Evidence) -> str:
    """The result in one sentence, with its interval, its n and what guessing would reach."""
    main = evidence.headline
    if main is None:
        return "Nothing was measured: the data has no test images."
    images = f"{_unseen(evidence)}image{'' if main.n == 1 else 's'}{_of_split(evidence)}"
    if main.name == "accuracy":
        said = f"Right on {percent(main.value)} of {main.n:,} {images} {percent_interval(main)}".rstrip()
    else:
        where = f" on {main.n:,} {images}"
        said = f"{capital(main.name)} {number(main.value)}{where} {interval(main)}".rstrip()
    return f"{said}{_guessing(evidence, main)}."


def _unseen(evidence: Evidence) -> str:
    return "unseen " if evidence.results.get("split", "test") == "test" else ""


def _of_split(evidence: Evidence) -> str:
    split = evidence.results.get("split", "test")
    return "" if split == "test" else f" of the {split} split"


def _guessing(evidence: Evidence, main: Measured) -> str:
    for baseline in evidence.baselines:
        reached = baseline.find(main.name)
        if reached is None:
            continue
        if main.name == "accuracy" and baseline.name.startswith("majority"):
            return f"; always guessing the most frequent class would be right on {percent(reached.value)}"
        return f"; {baseline.name} reaches {percent(reached.value)}"
    return ""


def verdict(main: Measured, baseline: Baseline) -> tuple[Verdict, str]:
    """Whether the model is better than a baseline, and the sentence that says so.

    With the difference measured on the same images, its interval decides; else the two intervals must not touch.
    """
    reached = baseline.find(main.name)
    if reached is None:
        return Verdict.CANNOT_TELL, f"{capital(baseline.name)} was not measured in {main.name}."
    named = f"the baseline {baseline.name} ({percent_measured(reached)})"
    if baseline.difference is not None:
        difference = baseline.difference
        found = Claim(difference.name, at_least=True, bound=0.0).verdict(difference)
        points = f"{difference.value * 100:+.1f} points {percent_interval(difference)} on the same images"
        return found, f"{_BETTER[found]} {named}: {points}."
    found = _apart(main, reached)
    why = {
        Verdict.STANDS: "the two intervals do not touch",
        Verdict.FAILS: "the two intervals do not touch",
        Verdict.CANNOT_TELL: "the two intervals overlap"
        if has_interval(main) and has_interval(reached)
        else "an interval is missing",
    }[found]
    return found, f"{_BETTER[found]} {named}: {why}."


_BETTER = {
    Verdict.STANDS: "Better than",
    Verdict.FAILS: "Worse than",
    Verdict.CANNOT_TELL: "Cannot be told apart from",
}


def _apart(main: Measured, other: Measured) -> Verdict:
    if not (has_interval(main) and has_interval(other)):
        return Verdict.CANNOT_TELL
    if main.low > other.high:
        return Verdict.STANDS
    return Verdict.FAILS if main.high < other.low else Verdict.CANNOT_TELL


def calibration(evidence: Evidence) -> str:
    """How the probabilities were made to mean what they say."""
    found = evidence.results.get("calibration")
    if not found or not found.get("n"):
        return "The probabilities are the network's own; they were not calibrated."
    change = ""
    if found.get("log_loss_before") is not None and found.get("log_loss_after") is not None:
        before, after = number(found["log_loss_before"]), number(found["log_loss_after"])
        change = f"; there the log loss went from {before} to {after}"
    return (
        f"The network's scores are divided by a temperature of {number(found['temperature'], digits=2)}, fitted on "
        f"{counted(int(found['n']), 'image')} of the {found.get('split', 'validation')} split{change}."
    )


def inference(evidence: Evidence) -> str:
    """What computed the predictions, and what that changed."""
    found = evidence.results.get("inference")
    if not found:
        return ""
    engine = {"openvino": "OpenVINO", "torch": "PyTorch"}.get(found["engine"], found["engine"])
    said = [f"The predictions were computed by {engine} in {found['precision']}"]
    if found.get("images_per_second"):
        said.append(f", {found['images_per_second']:,.0f} images a second")
    if found["precision"] != "fp32" and found.get("compared"):
        same, compared = found["same_answer_as_fp32"], found["compared"]
        said.append(f"; the answer is the same as in fp32 for {same:,} of {counted(compared, 'image')}")
        if found.get("largest_difference") is not None:
            said.append(f", the largest difference of a probability {number(found['largest_difference'])}")
    return "".join(said) + "."


def made_by(evidence: Evidence) -> str:
    """The recipe that made the model, and the one that chose it."""
    asked, taken = evidence.recipe["recipe"], evidence.results["recipe"]
    if asked and taken and asked != taken:
        return f"{taken}, chosen by {asked}"
    return str(taken or asked or "not recorded")


def split(evidence: Evidence) -> str:
    """How many images are in which split, and what kept together."""
    sizes = [
        f"{counted(evidence.total(name), 'image')} {what}"
        for name, what in _SPLITS.items()
        if evidence.total(name)
    ]
    group = evidence.data.get("group")
    kept = f"; all images of one {group} are in the same split" if group else ""
    return f"{listed(sizes)}{kept}." if sizes else ""


_SPLITS = {
    "train": "for training",
    "validation": "for choosing and calibrating",
    "test": "for the test",
}


def cautions(evidence: Evidence) -> list[str]:
    """What a reader must keep in mind, each from a number of this run; may be empty."""
    found = [*small(evidence), *unequal(evidence), *_remarked(evidence)]
    chosen = evidence.results.get("split", "test")
    if chosen != "test":
        found.insert(0, f"The numbers come from the {chosen} split, not from images kept apart for a test.")
    return found


def small(evidence: Evidence) -> list[str]:
    split_name = evidence.results.get("split", "test")
    few = [label for label, row in evidence.counts.items() if row.get(split_name, 0) < FEW]
    if not few:
        return []
    all_of_them = len(few) == len(evidence.counts) > 1
    which = "Every label has" if all_of_them else f"{listed(few)} {'has' if len(few) == 1 else 'have'}"
    return [f"{which} fewer than {FEW} {split_name} images: what is said of single labels is uncertain."]


def unequal(evidence: Evidence) -> list[str]:
    totals = {label: row.get("train", 0) for label, row in evidence.counts.items()}
    if len(totals) < 2:
        return []
    rare, common = min(totals, key=totals.__getitem__), max(totals, key=totals.__getitem__)
    if totals[common] < 5 * max(totals[rare], 1):
        return []
    sizes = f"{listed([common])} has {counted(totals[common], 'training image')}, {listed([rare])} {totals[rare]:,}"
    return [f"The labels are unequal: {sizes}. Look at balanced accuracy and at each label."]


def _remarked(evidence: Evidence) -> list[str]:
    counts = evidence.data.get("remark_counts") or {}
    if not counts:
        return []
    single = {
        remark["kind"]: remark
        for remark in evidence.data.get("remarks") or ()
        if counts.get(remark["kind"]) == 1
    }
    said = [sentence(f"{kind}: {remark['what']}") for kind, remark in single.items()]
    many = [f"{kind} ({count:,})" for kind, count in counts.items() if kind not in single]
    return [*said, *([f"Noticed while the data was read: {listed(many, most=12)}."] if many else [])]


def weakest(evidence: Evidence, *, most: int = 3) -> str:
    """The labels that go wrong most often, with their numbers; empty with two labels or fewer."""
    scored = [
        entry for entry in evidence.measured if entry.name == "F1" and entry.of and entry.value == entry.value
    ]
    if len(scored) <= 2:
        return ""
    worst = sorted(scored, key=lambda entry: entry.value)[:most]
    return (
        "Lowest F1: "
        + "; ".join(f"“{listed([entry.of])}” with {measured_text(entry)}" for entry in worst)
        + "."
    )
