"""The one exception of callgap that a user is meant to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """A fault of the input: one sentence that names the item, what was found and what is accepted.

    The commands print it without a traceback and exit with status 2.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))

    def __reduce__(self) -> tuple[type[InputError], tuple[str]]:
        return type(self), (str(self),)


def one_of(found: str, accepted: Iterable[str]) -> str:
    """Say what is accepted instead of `found`, the nearest valid value first.

    Args:
        found: what the user wrote.
        accepted: the valid values.

    Returns:
        A clause for the end of an error's sentence.
    """
    valid = sorted(accepted)
    near = difflib.get_close_matches(found, valid, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}accepted: {', '.join(valid) or 'nothing'}"


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its type where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
