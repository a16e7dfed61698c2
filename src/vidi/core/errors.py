"""The one error that is the caller's to mend."""


class UsageError(ValueError):
    """The input or the request cannot be honoured; the message is one sentence.

    It says what was wanted, what came and what to do. The command line prints it and exits with 2.
    """


def nearest_names(name: str, known: list[str], *, most: int = 3) -> str:
    """`; did you mean a, b?` for the known names that look like `name`, or nothing."""
    import difflib

    close = difflib.get_close_matches(name, known, n=most, cutoff=0.5)
    return f"; did you mean {', '.join(close)}?" if close else ""
