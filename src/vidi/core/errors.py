"""The one error that is the caller's to mend."""


class UsageError(ValueError):
    """The input or the request cannot be honoured; the message is one sentence.

    It says what was wanted, what came and what to do. The command line prints it and exits with 2.
    """


def check_option(name: str, value: object, *, holds: bool, wanted: str) -> None:
    """Raises UsageError with a sentence about an option unless it `holds`."""
    if not holds:
        raise UsageError(f"--{name.replace('_', '-')} is {wanted}; got {value}")


def nearest_names(name: str, known: list[str], *, most: int = 3) -> str:
    """`; did you mean a, b?` for the known names that look like `name`, small or capital, or nothing."""
    import difflib

    lower = {other.lower(): other for other in known}
    close = [lower[other] for other in difflib.get_close_matches(name.lower(), lower, n=most, cutoff=0.5)]
    return f"; did you mean {', '.join(close)}?" if close else ""
