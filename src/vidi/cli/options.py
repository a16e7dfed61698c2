"""A recipe's options as flags, made from its signature."""

from typing import Any

from vidi import catalog
from vidi.core.errors import UsageError, nearest_names


def recipe_options(recipe: str, words: list[str]) -> dict[str, Any]:
    """`--lr 1e-3 --no-nesterov` as keyword arguments of the recipe; raises UsageError for what it doesn't take."""
    catalog.load_name("recipes", recipe)
    known = {option.name: option for option in catalog.options("recipes", recipe, "recipe")}
    given: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        if not flag.startswith("--"):
            raise UsageError(f"{word!r} is not expected here; vidi train takes one path and options")
        name = flag[2:].replace("-", "_")
        if name.startswith("no_") and name[3:] in known and known[name[3:]].annotation == "bool":
            given[name[3:]] = False
            continue
        if name not in known:
            flags = ["--" + option.replace("_", "-") for option in known]
            raise UsageError(
                f"the recipe {recipe} has no option {flag}; it takes {', '.join(flags)}{nearest_names(flag, flags)}"
            )
        if known[name].annotation == "bool" and not equals:
            given[name] = True
            continue
        if not equals:
            if not rest:
                wanted = WORDS.get(known[name].annotation.partition(" | ")[0], "a value")
                raise UsageError(f"{flag} wants {wanted}; nothing came after it")
            value = rest.pop(0)
        given[name] = converted(flag, known[name].annotation, value)
    return given


WORDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a name"}


def converted(flag: str, annotation: str, text: str) -> Any:
    """Text as the option's type."""
    kind = annotation.partition(" | ")[0]
    try:
        if kind == "bool":
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                text.lower()
            ]
        return {"int": int, "float": float, "str": str}[kind](text)
    except (ValueError, KeyError):
        raise UsageError(f"{flag} wants {WORDS.get(kind, annotation)}; got {text!r}") from None
