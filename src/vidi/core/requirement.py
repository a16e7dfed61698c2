"""What somebody demands of a model, in the small language of `--require`.

    accuracy >= 0.9                          a metric
    gap(accuracy, sex) <= 0.05               largest minus smallest over an attribute's groups
    gap(accuracy, sex, skin) <= 0.1          over the intersections of several attributes
    ratio(selection rate, race) >= 0.8       smallest divided by largest
    worst(recall, class) >= 0.5              the metric where it is worst
    under(accuracy, gaussian_noise) >= 0.6   with the images so corrupted, mean over severities 1 to 5
    under(accuracy, gaussian_noise, 3) >= 0.6    at one severity

    requirement = metric | function "(" metric "," name { "," name } ")" , (">=" | "<=") , number [ "%" ]

In a metric's name a space and an underscore are the same. What holds other signs is written in quotes: gap(accuracy,
"skin (type)"). A number may be a percentage: 90 % is 0.9.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from vidi.core.errors import UsageError, nearest_names
from vidi.core.measured import Claim

LONGEST = 200
SEVERITIES = range(1, 6)
FUNCTIONS = {
    "gap": "the attribute whose groups are compared",
    "ratio": "the attribute whose groups are compared",
    "worst": "the attribute, or class, whose worst group counts",
    "under": "the corruption",
}
TOKEN = re.compile(
    r"(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))"
    r"|(?P<name>[^\W\d][\w-]*(?: +[\w-]+)*)"
    r'|"(?P<quoted>[^"]*)"'
    r"|(?P<sign>>=|<=|≥|≤|[(),%])"
)
PLAIN = re.compile(r"[^\W\d][\w-]*(?: [\w-]+)*")


@dataclass(frozen=True)
class Token:
    """A word of the language and where it begins, counted from 1."""

    kind: str
    text: str
    position: int


@dataclass(frozen=True)
class Requirement:
    """A demand: `function(metric, *arguments)`, or where `function` is "" the metric alone, and its bound.

    `arguments` are attributes, or for `under` the corruption; `severity` is None for all. `text` is what was written.
    """

    function: str
    metric: str
    arguments: tuple[str, ...]
    at_least: bool
    bound: float
    severity: int | None = None
    text: str = field(default="", compare=False)

    @property
    def subject(self) -> str:
        """What is demanded of, as the language writes it: `gap(accuracy, sex)`."""
        metric = written(self.metric) if self.metric == spaced(self.metric) else f'"{self.metric}"'
        words = [metric, *(written(word) for word in self.arguments)]
        words += [] if self.severity is None else [str(self.severity)]
        return f"{self.function}({', '.join(words)})" if self.function else words[0]

    def __str__(self) -> str:
        return f"{self.subject} {'>=' if self.at_least else '<='} {self.bound!r}"

    def claim(self) -> Claim:
        return Claim(self.subject, self.at_least, self.bound)


def parse(text: str) -> Requirement:
    """The demand that `text` states; UsageError, which names the position, if it states none."""
    if len(text) > LONGEST:
        raise UsageError(f"a requirement has {LONGEST} characters at most; got {len(text):,}")
    return Parser(text).requirement()


def known(
    requirement: Requirement,
    *,
    metrics: Sequence[str],
    attributes: Sequence[str] = (),
    corruptions: Sequence[str] = (),
) -> Requirement:
    """The demand with every name as it is spelled here; UsageError with the nearest names if one isn't known."""
    what, names = (
        ("corruption", corruptions) if requirement.function == "under" else ("attribute", attributes)
    )
    return replace(
        requirement,
        metric=spelled(requirement.metric, metrics, "metric", requirement),
        arguments=tuple(spelled(each, names, what, requirement) for each in requirement.arguments),
    )


def spelled(name: str, names: Sequence[str], what: str, requirement: Requirement) -> str:
    """The one of `names` that is `name`; capitals, spaces, hyphens and underscores don't matter if that is clear."""
    if name in names:
        return name
    alike = [other for other in names if plain(other) == plain(name)]
    if len(alike) == 1:
        return alike[0]
    near = nearest_names(name, list(names)) or f"; known: {', '.join(names) or 'none'}"
    raise UsageError(f"requirement '{requirement.text or requirement}': there is no {what} {name!r}{near}")


def plain(name: str) -> str:
    return re.sub(r"[ _-]+", " ", name).strip().lower()


def written(word: str) -> str:
    """As the language writes a name: in quotes if it must be."""
    return word if PLAIN.fullmatch(word) else f'"{word}"'


def tokens(text: str) -> list[Token]:
    """The words of `text`, the end last."""
    found, place = [], 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        match = TOKEN.match(text, place)
        if match is None:
            raise UsageError(f"requirement '{text}': position {place + 1} holds {hint(text[place:])}")
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind], place + 1))
        place = match.end()
    return [*found, Token("end", "", len(text) + 1)]


def hint(rest: str) -> str:
    """What is wrong with the sign that `rest` begins with."""
    if rest[0] in "<>=!":
        return f"{rest[0]!r}, but a bound is written with >= or <="
    if rest[0] == '"':
        return "a quote that is not closed"
    if rest[0].isdigit():
        return (
            f"{rest.split()[0]!r}, which is no number; a name that begins with a digit is written in quotes"
        )
    return f"{rest[0]!r}, which is no sign of the language; names with other signs are written in quotes"


class Parser:
    """Reads the tokens one after the other; each method reads one rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.place = text, tokens(text), 0

    def requirement(self) -> Requirement:
        function, metric, arguments, severity = self.subject()
        sign = self.take("sign", wanted=">= or <= and a bound", among=(">=", "<=", "≥", "≤"))
        bound = self.bound()
        self.take("end", wanted="the end")
        return Requirement(function, metric, arguments, sign.text in (">=", "≥"), bound, severity, self.text)

    def subject(self) -> tuple[str, str, tuple[str, ...], int | None]:
        first = self.name("a metric or a function")
        if self.tokens[self.place].text != "(" or self.tokens[self.place].kind != "sign":
            return "", metric_name(first), (), None
        function = first.text.lower()
        if function not in FUNCTIONS:
            near = nearest_names(function, list(FUNCTIONS)) or f"; known: {', '.join(FUNCTIONS)}"
            raise UsageError(
                f"requirement '{self.text}': there is no function {first.text!r} (position {first.position}){near}"
            )
        self.take("sign", wanted="(", among=("(",))
        metric = metric_name(self.name("a metric"))
        arguments, severity = self.arguments(function)
        self.take("sign", wanted=", or )", among=(")",))
        return function, metric, arguments, severity

    def arguments(self, function: str) -> tuple[tuple[str, ...], int | None]:
        """The names after the metric: one corruption, perhaps with its severity, or one or more attributes."""
        self.take("sign", wanted=f", and {FUNCTIONS[function]}", among=(",",))
        names, severity = [self.name(FUNCTIONS[function]).text], None
        while self.tokens[self.place].text == "," and self.tokens[self.place].kind == "sign":
            self.take("sign", wanted=",")
            if function == "under":
                severity = self.severity()
                break
            names.append(self.name("another attribute").text)
        return tuple(names), severity

    def severity(self) -> int:
        token = self.take("number", wanted="a severity from 1 to 5")
        if not token.text.isdigit() or int(token.text) not in SEVERITIES:
            raise self.refusal("a severity, a whole number from 1 to 5", token)
        return int(token.text)

    def bound(self) -> float:
        token = self.take("number", wanted="a number")
        value = float(token.text)
        if not math.isfinite(value):
            raise self.refusal("a finite number", token)
        following = self.tokens[self.place]
        if following.kind == "sign" and following.text == "%":
            self.place += 1
            return float(f"{token.text.rstrip('.')}e-2") if "e" not in token.text.lower() else value / 100
        return value

    def name(self, wanted: str) -> Token:
        token = self.tokens[self.place]
        if token.kind not in ("name", "quoted") or not token.text.strip():
            raise self.refusal(wanted, token)
        self.place += 1
        return token

    def take(self, kind: str, *, wanted: str, among: tuple[str, ...] = ()) -> Token:
        token = self.tokens[self.place]
        if token.kind != kind or (among and token.text not in among):
            raise self.refusal(wanted, token)
        self.place += 1
        return token

    def refusal(self, wanted: str, token: Token) -> UsageError:
        came = "the end" if token.kind == "end" else repr(token.text)
        return UsageError(
            f"requirement '{self.text}': wanted {wanted} at position {token.position}; got {came}"
        )


def metric_name(token: Token) -> str:
    """What stands in quotes stays as it is."""
    return token.text if token.kind == "quoted" else spaced(token.text)


def spaced(name: str) -> str:
    """Spaces for underscores, one at a time."""
    return re.sub(r"[ _]+", " ", name).strip() or name
