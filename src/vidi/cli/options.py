"""A recipe's options as flags, made from its signature."""

from collections.abc import Mapping
from typing import Any

from vidi import catalog
from vidi.core.errors import UsageError, nearest_names

WORDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a name"}


def spelled_out(words: list[str], own: Mapping[str, bool]) -> list[str]:
    """The words with `--lr 1e-3` as `--option lr=1e-3` for every flag that isn't one of `own`.

    `own` are the verb's flags; true for those that take no value. Raises UsageError for what the recipe doesn't take.
    """
    recipe, rest, done = recipe_in(words), list(words), list[str]()
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        if word == "--":
            return [*done, word, *rest]
        if not flag.startswith("--") or flag in own:
            done.append(word)
            if flag in own and not own[flag] and not equals and rest:
                done.append(rest.pop(0))
            continue
        option, fixed = known_option(recipe, flag)
        if fixed is not None and not equals:
            value = fixed
        elif not equals:
            if not rest:
                raise UsageError(f"{flag} wants {wanted(option)}; nothing came after it")
            value = rest.pop(0)
        done += ["--option", f"{option.name}={value}"]
    return done


def recipe_in(words: list[str]) -> str:
    """The recipe that the words name, or the one that is taken otherwise."""
    for place, word in enumerate(words):
        if word.startswith("--recipe="):
            return word.partition("=")[2]
        if word == "--recipe" and place + 1 < len(words):
            return words[place + 1]
    return "auto"


def known_option(recipe: str, flag: str) -> tuple[catalog.Option, str | None]:
    """The recipe's option that a flag means, and its value where the flag alone says it (`--nesterov`)."""
    catalog.load_name("recipes", recipe)
    known = {option.name: option for option in catalog.options("recipes", recipe, "recipe")}
    name = flag.removeprefix("--").replace("-", "_")
    if name in known:
        return known[name], "true" if known[name].annotation == "bool" else None
    if name.startswith("no_") and name[3:] in known and known[name[3:]].annotation == "bool":
        return known[name[3:]], "false"
    flags = ["--" + option.replace("_", "-") for option in known]
    raise UsageError(
        f"the recipe {recipe} has no option {flag}; it takes {', '.join(flags) or 'none'}{nearest_names(flag, flags)}"
    )


def recipe_options(recipe: str, given: list[str]) -> dict[str, Any]:
    """`["lr=1e-3"]` as keyword arguments of the recipe; raises UsageError for what it doesn't take."""
    catalog.load_name("recipes", recipe)
    options = {}
    for entry in given:
        name, equals, value = entry.partition("=")
        if not equals:
            raise UsageError(f"--option wants NAME=VALUE; got {entry!r}")
        option, _ = known_option(recipe, f"--{name}")
        options[option.name] = converted(option, value)
    return options


def wanted(option: catalog.Option) -> str:
    return WORDS.get(option.annotation.partition(" | ")[0], "a value")


def converted(option: catalog.Option, text: str) -> Any:
    """Text as the option's type."""
    kind = option.annotation.partition(" | ")[0]
    try:
        if kind == "bool":
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                text.lower()
            ]
        return {"int": int, "float": float, "str": str}[kind](text)
    except (ValueError, KeyError):
        flag = "--" + option.name.replace("_", "-")
        raise UsageError(f"{flag} wants {wanted(option)}; got {text!r}") from None
