"""Numbers and names as people read them."""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from vidi.core.measured import Measured

Number = float | int  # JSON writes 1.0 as 1, and the tests' checker tells the two apart
THIN = "\u202f"  # a narrow space that does not break: 91.3 %
NONE = "–"

MEANINGS: Mapping[str, str] = {
    "accuracy": "share of images whose most probable label is the true one",
    "balanced accuracy": "mean over the labels of the share of their images that were found",
    "top-5 accuracy": "share of images whose true label is among the five most probable",
    "precision": "share of the images called by a label that have it",
    "recall": "share of a label's images, or of objects, that were found",
    "F1": "harmonic mean of precision and recall",
    "AUROC": "chance that an image with the label gets a higher score than one without",
    "average precision": "area under the curve of precision against recall",
    "mean average precision": "average precision, mean over the labels",
    "log loss": "mean of −ln of the probability given to the truth; lower is better",
    "Brier score": "mean squared distance of the probabilities from the truth; lower is better",
    "calibration error": "mean gap between stated probability and share of right answers; lower is better",
    "class-wise calibration error": "the same for each label's probability, mean over the labels; lower is better",
    "AP": "average precision of found objects, mean over the labels and over overlaps of 0.5 to 0.95 (COCO)",
    "AP50": "the same at an overlap of 0.5",
    "mIoU": "overlap of predicted and true pixels (intersection over union), mean over the classes",
    "pixel accuracy": "share of pixels with the right class",
    "exact match": "share of images with every label right and none too many",
}


def meaning(name: str) -> str:
    """A measure in a few words; nothing for one that is not known. What follows a comma only says which kind."""
    return MEANINGS.get(name) or MEANINGS.get(name.split(",")[0], "")


def percent(share: Number, *, digits: int = 1) -> str:
    """`91.3 %`; a share that is not quite 0 or 1 never reads as 0 or 100 %."""
    if not math.isfinite(share):
        return NONE
    step = 10.0**-digits
    if 0 < share * 100 < step / 2:
        return f"<{THIN}{step:.{digits}f}{THIN}%"
    if 100 - step / 2 <= share * 100 < 100:
        return f">{THIN}{100 - step:.{digits}f}{THIN}%"
    return f"{share * 100:.{digits}f}{THIN}%"


def percent_interval(measured: Measured, *, digits: int = 1) -> str:
    """`[88.2, 93.7]` in percent, or nothing where there is no interval."""
    if not has_interval(measured):
        return ""
    return f"[{measured.low * 100:.{digits}f}, {measured.high * 100:.{digits}f}]"


def percent_measured(measured: Measured) -> str:
    """`91.3 % [88.2, 93.7]`."""
    return " ".join(filter(None, [percent(measured.value), percent_interval(measured)]))


def number(value: Number, *, digits: int = 3) -> str:
    """`0.913`; larger numbers with fewer decimals; a dash for what is not a number."""
    if not math.isfinite(value):
        return NONE
    return f"{value:.{digits}f}" if abs(value) < 100 else f"{value:,.0f}"


def p_value(p: Number) -> str:
    """`0.044`; below a thousandth `<0.001`, since nobody tells smaller ones apart."""
    return f"<{THIN}0.001" if p < 0.001 else number(p)


def interval(measured: Measured) -> str:
    """`[0.882, 0.937]`, or nothing where there is no interval."""
    return f"[{number(measured.low)}, {number(measured.high)}]" if has_interval(measured) else ""


def measured_text(measured: Measured) -> str:
    """`0.913 [0.882, 0.937], n = 412`; without an interval, the reason for that is said."""
    words = " ".join(filter(None, [number(measured.value), interval(measured)])) + f", n = {measured.n:,}"
    return words if has_interval(measured) or not measured.note else f"{words} ({measured.note})"


def has_interval(measured: Measured) -> bool:
    return math.isfinite(measured.low) and math.isfinite(measured.high)


def is_share(measured: Measured) -> bool:
    """True where the number lies in [0, 1] and can be drawn on that scale."""
    ends = (measured.value, measured.low, measured.high) if has_interval(measured) else (measured.value,)
    return measured.unit == "share" and all(0 <= end <= 1 for end in ends)


def counted(count: int, one: str, many: str = "") -> str:
    """`1 image`, `412 images`, `2,062 images`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def duration(seconds: Number) -> str:
    """`0.8 s`, `42 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f}{THIN}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{THIN}s"
    if whole < 3600:
        return f"{whole // 60}{THIN}min" + (f" {whole % 60}{THIN}s" if whole % 60 else "")
    minutes = round(seconds / 60)
    return f"{minutes // 60}{THIN}h" + (f" {minutes % 60}{THIN}min" if minutes % 60 else "")


def listed(names: Sequence[str], *, most: int = 8) -> str:
    """`a, b and c`; with more than `most`, `a, b and 7 more`."""
    names = [visible(name) for name in names]
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def capital(sentence: str) -> str:
    """The sentence with its first letter large, the rest as it was; a word that is written as mIoU is stays so."""
    if sentence[1:2].isupper():
        return sentence
    return sentence[:1].upper() + sentence[1:]


def tied(words: str) -> str:
    """The words with intervals and `n = 412` held together on one line."""
    held = re.sub(r"(\[-?[\d.,]+,) (-?[\d.,]+\])", "\\1\u00a0\\2", words)
    return held.replace("n = ", "n\u00a0=\u00a0")


def sentence(words: str) -> str:
    """The words with a large first letter and a full stop."""
    words = capital(words.strip())
    return words if not words or words[-1] in ".!?:" else f"{words}."


def visible(text: object) -> str:
    """The text on one line, with control and direction-changing characters shown as `\\x..` instead of obeyed."""
    return "".join(
        f"\\x{ord(sign):02x}" if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") else sign
        for sign in str(text)
    )


def shortened(text: object, *, most: int = 16) -> str:
    """At most `most` signs, the middle left out: a file's end says as much as its beginning."""
    words = visible(text)
    if len(words) <= most:
        return words
    head = (most - 1) // 2
    return f"{words[:head]}…{words[len(words) - (most - 1 - head) :]}"


# What would start formatting: links only end in `](`, `][` or `]:`, and an underscore inside a word is just one.
_MARKDOWN = re.compile(r"[\\`*|~$]|\](?=[(\[:])|(?<!\w)_|_(?!\w)|^[-+#=]")


def markdown(value: object) -> str:
    """The value as text that Markdown shows as it is; what is Markup already is left alone."""
    if isinstance(value, Markup):
        return str(value)
    escaped = _MARKDOWN.sub(r"\\\g<0>", visible(value))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(value: object) -> Markup:
    """The value as a Markdown code span, whatever backticks are in it."""
    text = visible(value).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if "`" in text else ""
    return Markup(f"{fence}{pad}{text}{pad}{fence}")  # noqa: S704  (Markdown, not HTML: a code span shows signs as they are)
