"""README.md: the model card in the hub's format.

The sections are those of Mitchell et al. 2019, "Model Cards for Model Reporting", arXiv:1810.03993, section 4; the
header is the Hugging Face hub's. What only the author can know is asked, not guessed.
"""

import re
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from vidi.core.measured import Measured
from vidi.documents import answers, quantitative, sentences, text
from vidi.documents.evidence import Audited, Evidence
from vidi.documents.facts import LabelRow, facts_of_data, groupings, per_label
from vidi.documents.pages import environment
from vidi.documents.questions import every, questions

PIPELINES = {"classification": "image-classification", "multilabel": "image-classification"}
LICENCES = frozenset((  # the hub's identifiers that models use most
    "afl-3.0", "agpl-3.0", "apache-2.0", "artistic-2.0", "bsd", "bsd-2-clause", "bsd-3-clause", "bsl-1.0", "cc",
    "cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-nd-4.0",
    "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0",
    "cdla-permissive-2.0", "ecl-2.0", "epl-2.0", "eupl-1.2", "gpl", "gpl-2.0", "gpl-3.0", "isc", "lgpl", "lgpl-2.1",
    "lgpl-3.0", "mit", "mpl-2.0", "ms-pl", "odbl", "openrail", "osl-3.0", "pddl", "unlicense", "wtfpl", "zlib",
))  # fmt: skip
HUB_NAMES = {
    "balanced accuracy": "balanced_accuracy",
    "AUROC": "roc_auc",
    "F1": "f1",
    "Brier score": "brier_score",
}


def render(evidence: Evidence) -> str:
    """The whole card: YAML header and nine sections. What nobody stated is printed as not stated, and counted."""
    template = environment(html=False).get_template("model_card.md")
    audited_by = list(dict.fromkeys(name for audited in evidence.audits for name in audited.by))
    body = template.render(
        evidence=evidence,
        headline=sentences.headline(evidence),
        made_by=sentences.made_by(evidence),
        verdicts=_verdicts(evidence),
        gaps=[said for audited in evidence.audits if (said := quantitative.worst(audited))],
        missing=[text.sentence(what) for what in quantitative.not_measured(evidence)],
        open=len(still_open(evidence)),
        asked=len(every("card")),
        author=lambda section: author(evidence, section),
        audited_by=audited_by,
        unaudited=[name for name in groupings(evidence) if name not in audited_by],
        audits=[_audit(audited) for audited in evidence.audits],
        cautions=sentences.cautions(evidence),
        weakest=sentences.weakest(evidence),
        calibration=sentences.calibration(evidence),
        inference=sentences.inference(evidence),
        split=text.capital(sentences.split(evidence)),
        whole=[entry for entry in evidence.measured if not entry.of],
        per_label=per_label(evidence),
        meaning=text.meaning,
        facts=facts_of_data(evidence),
        sentence=text.sentence,
        shown=shown,
        shown_record=lambda entry: shown(Measured.from_record(dict(entry))),
        in_group=in_group,
        preprocessing=_preprocessing(evidence),
    )
    return f"---\n{header(evidence)}---\n\n" + re.sub(r"\n{3,}", "\n\n", body)


def still_open(evidence: Evidence) -> list[str]:
    """The keys of the card's questions that nobody answered."""
    return [key for key in every("card") if key not in evidence.answers]


def author(evidence: Evidence, section: str) -> Markup:
    """A section's questions, each with its answer, or quoted and said to be not stated."""
    lines = []
    for question in questions("card")[section]:
        answer = evidence.answers.get(question.key)
        if answer:
            said = answers.stated(answer)
            between = "\n\n" if said.startswith("- ") else " "
            lines.append(f"**{text.markdown(question.ask)}**{between}{said}")
        else:
            lines.append(f"> **Not stated:** {text.markdown(question.ask)} ({text.code(question.key)})")
    return Markup("\n\n".join(lines))  # noqa: S704  (escaped for Markdown)


def _audit(audited: Audited) -> dict[str, Any]:
    """What the card tells of one audit."""
    by = f" by {text.listed(audited.by, most=12)}" if audited.by else ""
    small = [f"{of} ({n:,})" for of, n in audited.content.get("small") or ()]
    return {
        "title": f"Within groups{by}" if by else f"Audit {audited.name}",
        "about": f"{int(audited.content.get('n', 0)):,} answers of {audited.content.get('of', 'not recorded')}"
        f"{', positive label ' + str(audited.content['positive']) if audited.content.get('positive') else ''}; ",
        "file": f"audits/{audited.name}",
        "sentences": quantitative.sentences(audited),
        "claims": quantitative.claims(audited),
        "tables": quantitative.tables(audited),
        "chief": quantitative.chief(audited),
        "apart": quantitative.apart(audited),
        "slices": quantitative.slices(audited),
        "lists": list(quantitative.lists(audited)),
        "small": f"Too small to tell: {text.listed(small, most=12)}." if small else "",
    }


def in_group(row: LabelRow, name: str) -> Markup:
    """A group's number; its n where that is not the group's own (a rate stands on a part of it)."""
    entry = row.numbers.get(name)
    if entry is None or entry.value != entry.value:
        return Markup("–")
    words = " ".join(filter(None, [text.number(entry.value), text.interval(entry)]))
    return Markup(words if entry.n == row.n else f"{words}, n = {entry.n:,}")  # noqa: S704  (digits and brackets)


def shown(measured: Measured) -> Markup:
    """A number with its interval and n, as it stands; without an interval, the reason for that is said."""
    digits, note = text.measured_text(replace(measured, note="")), measured.note
    why = f" ({text.markdown(note)})" if note and not text.has_interval(measured) else ""
    return Markup(digits + why)  # noqa: S704  (digits and brackets, and an escaped note)


def _verdicts(evidence: Evidence) -> list[str]:
    main = evidence.headline
    if main is None:
        return []
    return [
        sentences.verdict(main, baseline)[1] for baseline in evidence.baselines if baseline.find(main.name)
    ]


def _preprocessing(evidence: Evidence) -> str:
    """How an image becomes the network's input, or nothing if model.json does not say."""
    found = evidence.model.get("preprocessing") or {}
    if not found.get("size_px"):
        return ""
    ways = {
        "squash": "squeezed to",
        "crop": "cut to the centre square of",
        "pad": "padded to",
    }
    size = found["size_px"]
    return f"Images are {ways.get(str(found.get('fit')), 'brought to')} {size} x {size} pixels, inside the model."


def header(evidence: Evidence) -> Markup:
    """The YAML that the hub reads; what is not known is left out, and an unknown licence is called unknown."""
    import yaml

    content: dict[str, Any] = {
        **licence(evidence),
        "library_name": "vidi",
        "pipeline_tag": PIPELINES.get(str(evidence.results.get("task")), "image-classification"),
        "tags": ["vidi", str(evidence.results.get("task") or "classification")],
        "model-index": [{"name": _name(evidence), "results": _results(evidence)}],
    }
    return Markup(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000))  # noqa: S704  (YAML)


def _name(evidence: Evidence) -> str:
    """The data and the recipe; not the folder, so that a run that was moved still says the same."""
    made = "-".join(filter(None, [evidence.name, str(evidence.results.get("recipe") or "")]))
    return text.visible(made)


def licence(evidence: Evidence) -> dict[str, str]:
    """The licence as the hub wants it: one of its identifiers, or `other` with a name; unknown if not stated."""
    said = str(evidence.answers.get("licence") or evidence.recipe.get("license") or "").strip()
    if not said:
        return {"license": "unknown"}
    if said.lower() in LICENCES:
        return {"license": said.lower()}
    return {"license": "other", "license_name": text.visible(said)[:200]}


def _results(evidence: Evidence) -> list[dict[str, Any]]:
    metrics = [
        {
            "type": HUB_NAMES.get(entry.name) or re.sub(r"\W+", "_", entry.name.lower()),
            "value": round(entry.value, 6),
            "name": f"{entry.name}, n = {entry.n:,}"
            + (
                f", {entry.confidence:.0%} interval {text.interval(entry)}"
                if text.has_interval(entry)
                else ""
            ),
        }
        for entry in evidence.measured
        if not entry.of and entry.value == entry.value
    ]
    name = text.visible(evidence.name)
    task = PIPELINES.get(str(evidence.results.get("task")), "image-classification")
    dataset = {"name": name, "type": name, "split": str(evidence.results.get("split", "test"))}
    return [{"task": {"type": task}, "dataset": dataset, "metrics": metrics}] if metrics else []
