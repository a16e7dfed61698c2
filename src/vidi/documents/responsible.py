"""The responsible-AI fields of Croissant: measured, answered, or absent.

RAI 1.0, http://mlcommons.org/croissant/RAI/1.0; names as in its vocabulary, croissant_rai.ttl.
"""

import re
from typing import Any

from vidi.documents import datasheet, sentences, text
from vidi.documents.answers import plainly
from vidi.documents.evidence import Evidence
from vidi.documents.facts import associated, personal_columns

RAI = "http://mlcommons.org/croissant/RAI/"
UNSTATED = datasheet.UNSTATED
# A field, the questions whose answers go into it, and whether it may have several values.
FIELDS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("dataCollection", ("data.acquired", "data.instruments", "data.sampling", "data.collectors"), False),
    ("dataCollectionType", ("rai.collection_type",), True),
    ("dataCollectionMissingData", ("data.missing",), False),
    ("dataCollectionRawData", ("data.raw_saved",), False),
    ("dataImputationProtocol", ("rai.imputation",), False),
    ("dataManipulationProtocol", ("rai.manipulation",), False),
    ("dataPreprocessingProtocol", ("data.preprocessed",), True),
    ("dataAnnotationProtocol", ("rai.annotation_protocol",), False),
    ("dataAnnotationPlatform", ("rai.annotation_platform",), True),
    ("dataAnnotationAnalysis", ("rai.annotation_analysis",), True),
    ("annotationsPerItem", ("rai.annotations_per_item",), False),
    ("annotatorDemographics", ("rai.annotator_demographics",), True),
    ("machineAnnotationTools", ("rai.annotation_machines",), True),
    (
        "dataReleaseMaintenancePlan",
        ("data.maintainer", "data.updates", "data.old_versions", "data.erratum"),
        True,
    ),
    (
        "personalSensitiveInformation",
        ("data.sensitive", "data.identifiable", "data.subpopulations", "data.consent"),
        True,
    ),
    ("dataSocialImpact", ("data.impact_analysis", "data.future_impact"), False),
    ("dataBiases", ("data.sample",), True),
    ("dataLimitations", ("data.errors", "data.not_for"), True),
    ("dataUseCases", ("data.purpose", "data.used", "data.other_uses"), True),
)
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def fields(evidence: Evidence) -> dict[str, Any]:
    """The fields that something is known for: what was measured first, then the author's words."""
    known = measured(evidence)
    found: dict[str, Any] = {}
    for name, keys, many in FIELDS:
        said = [plainly(evidence.answers[key]) for key in keys if evidence.answers.get(key)]
        if name == "dataCollectionType":
            said = [part.strip() for words in said for part in words.split(",") if part.strip()]
        values = [*known.get(name, []), *said]
        if values:
            found[f"rai:{name}"] = values if many else " ".join(text.sentence(words) for words in values)
    dates = sorted(_DATE.findall(evidence.answers.get("data.timeframe", "")))
    return found | ({"rai:dataCollectionTimeframe": [dates[0], dates[-1]]} if dates else {})


def measured(evidence: Evidence) -> dict[str, list[str]]:
    """What vidi saw itself, by field."""
    check = evidence.check
    labels = (check.get("label_errors") or {}).get("sentence")
    found = {
        "dataCollectionMissingData": _missing(evidence),
        "dataCollectionRawData": _column(evidence, "sources", "Sources of the images, as counted"),
        "dataPreprocessingProtocol": [
            "vidi decoded and resized copies of the images; the files were not changed.",
            *_set_aside(evidence),
        ],
        "dataAnnotationProtocol": _labels(evidence),
        "dataAnnotationAnalysis": [str(labels)] if labels else [],
        "personalSensitiveInformation": [
            *_personal(evidence),
            *_column(evidence, "consent", "Consent, as counted"),
        ],
        "dataBiases": [
            *sentences.unequal(evidence),
            *associated(evidence),
            *(str(each["sentence"]) for each in check.get("shortcuts") or () if each.get("flagged")),
        ],
        "dataLimitations": [*sentences.small(evidence), *_copies(evidence)],
        "dataUseCases": [text.capital(sentences.split(evidence))] if evidence.counts else [],
    }
    return {name: list(dict.fromkeys(map(text.visible, values))) for name, values in found.items() if values}


def _missing(evidence: Evidence) -> list[str]:
    counts = evidence.data.get("remark_counts") or {}
    wanted = ("unreadable", "missing file", "no target", "truncated", "withdrawn")
    told = [f"{kind}: {counts[kind]:,}" for kind in wanted if counts.get(kind)]
    return [f"Set aside while reading: {', '.join(told)}."] if told else []


def _set_aside(evidence: Evidence) -> list[str]:
    withdrawn = int(evidence.ledger.get("withdrawn") or 0)
    return (
        [f"{text.counted(withdrawn, 'image was', 'images were')} withdrawn and left out."]
        if withdrawn
        else []
    )


def _labels(evidence: Evidence) -> list[str]:
    if not evidence.labels:
        return []
    column = (evidence.data.get("columns") or {}).get("target")
    where = f" from the column {column}" if column else ""
    return [f"{text.counted(len(evidence.labels), 'label')}{where}: {text.listed(evidence.labels, most=40)}."]


def _personal(evidence: Evidence) -> list[str]:
    people = personal_columns(evidence)
    return [f"Columns whose names speak of people: {text.listed(people, most=20)}."] if people else []


def _column(evidence: Evidence, what: str, said: str, *, most: int = 12) -> list[str]:
    counts = dict(evidence.ledger.get(what) or {})
    if not set(counts) - {UNSTATED}:
        return []
    told = [f"{value} ({number:,})" for value, number in counts.items()]
    return [f"{said}: {text.listed(told, most=most)}."]


def _copies(evidence: Evidence) -> list[str]:
    data = evidence.data
    told = [
        f"{data[f'{kind}_duplicates']:,} {kind}"
        for kind in ("exact", "near")
        if data.get(f"{kind}_duplicates")
    ]
    return [f"Copies of other images: {' and '.join(told)}."] if told else []
