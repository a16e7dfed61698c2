"""croissant.json: the data set for machines, MLCommons Croissant 1.0 (https://docs.mlcommons.org/croissant)."""

from pathlib import Path
from typing import Any

from vidi.core.files import sha256
from vidi.documents import sentences, text
from vidi.documents.evidence import Evidence

CROISSANT = "http://mlcommons.org/croissant/"
TERMS = (
    "citeAs column extract field fileObject fileProperty fileSet format includes isLiveDataset jsonPath key md5 "
    "parentField path recordSet references regex repeated replace separator source subField transform"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": CROISSANT,
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in TERMS.split()},
}
FIELDS = {
    "path": ("sc:Text", "path", "Where the image lies, seen from the data's folder."),
    "hash": ("sc:Text", "hash", "SHA-256 of the image file's bytes."),
    "label": ("sc:Text", "target", "The image's label; several are joined by |."),
    "split": ("sc:Text", "split", "train, validation or test."),
}


def describe(evidence: Evidence) -> dict[str, Any]:
    """The JSON-LD of the data set; a licence, an author and an address are left out, because they are not known."""
    name = text.visible(evidence.name)
    labels = text.counted(len(evidence.labels), "label")
    content: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": f"{CROISSANT}1.0",
        "name": name,
        "description": f"Images with {labels}. {sentences.split(evidence)}".strip(),
        "version": _version(evidence),
        "distribution": [],
        "recordSet": [],
    }
    if (evidence.folder / "splits.parquet").exists():
        content["distribution"].append(_table(evidence))
        content["recordSet"].append(_records(evidence.folder / "splits.parquet"))
    return {key: value for key, value in content.items() if value}


def _version(evidence: Evidence) -> str:
    """The fingerprint as build metadata of a semantic version: the data's version is its content."""
    fingerprint = str(evidence.data.get("fingerprint") or "")
    return f"1.0.0+{fingerprint[:16]}" if fingerprint else "1.0.0"


def _table(evidence: Evidence) -> dict[str, Any]:
    file = evidence.folder / "splits.parquet"
    return {
        "@type": "cr:FileObject",
        "@id": "splits.parquet",
        "name": "splits.parquet",
        "description": "One row for each image: path, content hash, label, split.",
        "contentUrl": "splits.parquet",
        "encodingFormat": "application/x-parquet",
        "sha256": sha256(file),
    }


def _records(table: Path) -> dict[str, Any]:
    import pyarrow.parquet

    present = set(pyarrow.parquet.read_schema(table).names)
    return {
        "@type": "cr:RecordSet",
        "@id": "images",
        "name": "images",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"images/{name}",
                "name": name,
                "description": what,
                "dataType": kind,
                "source": {"fileObject": {"@id": "splits.parquet"}, "extract": {"column": column}},
            }
            for name, (kind, column, what) in FIELDS.items()
            if column in present
        ],
    }
