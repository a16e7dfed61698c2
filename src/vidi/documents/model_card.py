"""README.md: the model card in the hub's format.

The sections are those of Mitchell et al. 2019, "Model Cards for Model Reporting", arXiv:1810.03993, section 4; the
header is the Hugging Face hub's. What only the author can know is asked, not guessed.
"""

import re
from typing import Any

from markupsafe import Markup

from vidi.core.measured import Measured
from vidi.documents import sentences, text
from vidi.documents.evidence import Evidence
from vidi.documents.facts import facts_of_data, per_label
from vidi.documents.pages import environment

PIPELINES = {"classification": "image-classification", "multilabel": "image-classification"}
HUB_NAMES = {
    "balanced accuracy": "balanced_accuracy",
    "AUROC": "roc_auc",
    "F1": "f1",
    "Brier score": "brier_score",
}


def render(evidence: Evidence) -> str:
    """The whole card: YAML header and nine sections."""
    template = environment(html=False).get_template("model_card.md")
    return template.render(
        header=header(evidence),
        evidence=evidence,
        headline=sentences.headline(evidence),
        made_by=sentences.made_by(evidence),
        verdicts=_verdicts(evidence),
        cautions=sentences.cautions(evidence),
        weakest=sentences.weakest(evidence),
        calibration=sentences.calibration(evidence),
        inference=sentences.inference(evidence),
        split=text.capital(sentences.split(evidence)),
        whole=[entry for entry in evidence.measured if not entry.of],
        per_label=per_label(evidence),
        meaning=text.meaning,
        facts=facts_of_data(evidence),
        ask=ask,
        sentence=text.sentence,
        shown=shown,
        preprocessing=_preprocessing(evidence),
    )


def ask(question: str) -> Markup:
    """A question that nobody has answered yet, so that it is seen."""
    return Markup(f"> **To be answered by the author:** {text.markdown(question)}")  # noqa: S704


def shown(measured: Measured) -> Markup:
    """A number with its interval and n, as it stands; made of digits and brackets only."""
    return Markup(text.markdown(text.measured_text(measured)))  # noqa: S704


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
        "license": str(evidence.recipe.get("license") or "unknown"),
        "library_name": "vidi",
        "pipeline_tag": PIPELINES.get(str(evidence.results.get("task")), "image-classification"),
        "tags": ["vidi", str(evidence.results.get("task") or "classification")],
        "model-index": [{"name": text.visible(evidence.folder.name), "results": _results(evidence)}],
    }
    return Markup(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000))  # noqa: S704  (YAML)


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
