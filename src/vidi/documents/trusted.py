"""What a run says of silence, sets of labels and unfamiliar images, arranged for the page."""

from collections.abc import Iterator, Mapping
from typing import Any

from vidi.core.measured import Measured
from vidi.documents import plots, text
from vidi.documents.evidence import Evidence
from vidi.documents.pictures import Album

MOST_FLAGGED = 12


def trusted(evidence: Evidence, album: Album) -> dict[str, Any]:
    """The page's entries `trust` (empty where the run measured none of it), `brier` and `scaling` (sentences)."""
    results = evidence.results
    found = {key: results.get(key) or {} for key in ("selective", "conformal", "familiarity")}
    compared = (results.get("calibration") or {}).get("compared") or {}
    said = {"brier": brier(results.get("brier") or {}), "scaling": compared.get("sentence") or ""}
    if not any(found.values()):
        return {"trust": {}, **said}
    numbers = [m for content in found.values() for m in measured(content)]
    sizes = sorted((int(size), int(count)) for size, count in (found["conformal"].get("sizes") or {}).items())
    flagged = (found["familiarity"].get("flagged") or ())[:MOST_FLAGGED]
    trust = {
        "curve": plots.risk_coverage(found["selective"].get("curve") or ()),
        "said": [*sentences(found), *(dependent(evidence) if found["conformal"] else ())],
        "numbers": numbers,
        "sizes": sizes,
        "largest": max((count for _, count in sizes), default=0),
        "flagged": [dict(entry) | {"source": album(str(entry["id"]))} for entry in flagged],
    }
    return {"trust": trust, **said}


def measured(content: Mapping[str, Any]) -> list[Measured]:
    return [Measured.from_record(dict(entry)) for entry in content.get("measured") or ()]


def sentences(found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """How often it would be wrong if it may stay silent; what its sets hold; whether strange images go wrong more."""
    chosen = {m.name: m for m in measured(found["selective"])}
    for risk in ("0.01", "0.05", "0.1"):
        held, wrong = (chosen.get(f"{what} at promised risk {risk}") for what in ("answered", "errors"))
        if held and wrong:
            yield (
                f"With vidi predict --risk {risk} it answers {text.percent(held.value)} of the images and is wrong on "
                f"{text.percent_measured(wrong)} of these."
            )
        elif held:
            yield f"No answer is sure enough to promise a risk of {text.percent(float(risk), digits=0)}."
    if found["conformal"].get("sentence"):
        stated = 1 - float(found["conformal"]["alpha"])
        calibration = text.counted(int(found["conformal"]["n_calibration"]), "validation image")
        yield (
            f"With vidi predict --sets it names every label that could be true, aiming at {stated:.0%} (threshold from "
            f"{calibration}). {found['conformal']['sentence']}"
        )
    strange = {m.name: m for m in measured(found["familiarity"])}
    flagged = strange.get("flagged as unfamiliar")
    if flagged:
        yield f"{text.percent_measured(flagged)} of the images are unlike those it was trained on{_worse(strange)}."


def dependent(evidence: Evidence) -> Iterator[str]:
    """What a promise is worth where the images that it stands on are not independent."""
    group = evidence.data.get("group")
    if group:
        one = text.visible(group)
        yield (
            f"Images of one {one} are alike. Sets, and what counts as unfamiliar, are set for a new {one}: each of the "
            "validation split counts once, and so few leave much to luck. Risks count every validation image by "
            f"itself, so they promise less for a new {one} than they say."
        )


def _worse(strange: Mapping[str, Measured]) -> str:
    one, other = strange.get("accuracy on the flagged"), strange.get("accuracy on the rest")
    if one is None or other is None:
        return ""
    return f"; it is right on {text.percent_measured(one)} of these and on {text.percent_measured(other)} of the rest"


def brier(content: Mapping[str, Any]) -> str:
    """The Brier score's parts in a sentence."""
    parts = {m.name.removeprefix("Brier "): m for m in measured(content)}
    if not parts:
        return ""
    told = {
        "uncertainty": "the labels alone leave",
        "resolution": "telling images apart takes off",
        "reliability": "probabilities that are not what they say add",
    }
    said = [
        f"{words} {text.number(parts[name].value)} {text.interval(parts[name])}"
        for name, words in told.items()
        if name in parts
    ]
    return f"Of the Brier score of {text.number(float(content['score']))}, {'; '.join(said)}."
