"""croissant.json: the data set for machines, MLCommons Croissant 1.1 with the responsible-AI fields of RAI 1.0.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and croissant-rai-spec.html. What was measured is
filled in; what the author answered too, marked where there is a number in it; the rest is left out, not invented.
"""

import re
from pathlib import Path
from typing import Any

from vidi.core.files import sha256
from vidi.documents import responsible, sentences, text
from vidi.documents.evidence import Evidence

CROISSANT = "http://mlcommons.org/croissant/"
TERMS = (
    "arrayShape citeAs column containedIn equivalentProperty extract field fileProperty fileObject fileSet format "
    "includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace "
    "samplingRate separator source subField transform"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": CROISSANT,
    "dct": "http://purl.org/dc/terms/",
    "rai": responsible.RAI,
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in TERMS.split()},
}
FIELDS = {
    "hash": "SHA-256 of the image file's bytes.",
    "id": "The first sixteen digits of the hash; -2, -3, ... for copies.",
    "path": "Where the image lies, seen from the data's folder.",
    "target": "The image's label; several are joined by |.",
    "split": "train, validation or test.",
    "licence": "The licence of this image, as its metadata say.",
    "source": "Where this image came from, as its metadata say.",
    "consent": "The consent to this image's use, as its metadata say.",
}
_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;)]")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def describe(evidence: Evidence) -> dict[str, Any]:
    """The JSON-LD of the data set; a licence, a creator, an address and a date only where they are known."""
    content: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [f"{CROISSANT}1.1", f"{responsible.RAI}1.0"],
        "name": text.visible(evidence.name),
        "description": _description(evidence),
        "version": _version(evidence),
        **_stated(evidence),
        **responsible.fields(evidence),
        "distribution": [],
        "recordSet": [],
    }
    if (evidence.folder / "splits.parquet").exists():
        content["distribution"].append(_table(evidence))
        content["recordSet"].append(_records(evidence.folder / "splits.parquet"))
    return {key: value for key, value in content.items() if value}


def _description(evidence: Evidence) -> str:
    labels = text.counted(len(evidence.labels), "label")
    return f"Images with {labels}. {text.capital(sentences.split(evidence))}".strip()


def _version(evidence: Evidence) -> str:
    """The fingerprint as build metadata of a semantic version: the data's version is its content."""
    fingerprint = str(evidence.data.get("fingerprint") or "")
    return f"1.0.0+{fingerprint[:16]}" if fingerprint else "1.0.0"


def _stated(evidence: Evidence) -> dict[str, Any]:
    """What the standard requires and nobody can measure: from the author, and the licences from the images too."""
    answers = evidence.answers
    creator = answers.get("data.creators")
    address = _ADDRESS.search(answers.get("data.distribution", ""))
    published = _DATE.search(answers.get("data.release_date", ""))
    cited = answers.get("rai.citation")
    stated = {
        "license": licences(evidence),
        "creator": {"@type": "sc:Organization", "name": text.visible(creator)} if creator else None,
        "url": address[0] if address else None,
        "datePublished": published[0] if published else None,
        "citeAs": " ".join(text.visible(cited).split()) if cited else None,
    }
    return {key: value for key, value in stated.items() if value}


def licences(evidence: Evidence, *, most: int = 20) -> list[str]:
    """What the author said, and every licence that the images' own metadata name."""
    said = evidence.answers.get("data.licence")
    counted = [str(name) for name in evidence.ledger.get("licences") or () if name != responsible.UNSTATED]
    return list(dict.fromkeys([*([text.visible(said)] if said else []), *map(text.visible, counted[:most])]))


def _table(evidence: Evidence) -> dict[str, Any]:
    file = evidence.folder / "splits.parquet"
    return {
        "@type": "cr:FileObject",
        "@id": "splits.parquet",
        "name": "splits.parquet",
        "description": "One row for each image.",
        "contentUrl": "splits.parquet",
        "encodingFormat": "application/x-parquet",
        "sha256": sha256(file),
    }


def _records(table: Path) -> dict[str, Any]:
    import pyarrow.parquet

    present = set(pyarrow.parquet.read_schema(table).names)
    key = "id" if "id" in present else "path"
    return {
        "@type": "cr:RecordSet",
        "@id": "images",
        "name": "images",
        "description": "Which image is where. The images lie in the folder that the paths are seen from.",
        "key": {"@id": f"images/{key}"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"images/{name}",
                "name": name,
                "description": what,
                "dataType": "sc:Text",
                "source": {"fileObject": {"@id": "splits.parquet"}, "extract": {"column": name}},
            }
            for name, what in FIELDS.items()
            if name in present
        ],
    }
