"""How a fault of a grammar is said: the file, the line, the rule, what was found and what is accepted."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from callgap.errors import InputError

_SHOWN = 60
"""Characters of the user's text that an error quotes."""


def fault(source: str, line: int | None, rule: str | None, sentence: str) -> InputError:
    """The error for one place of a grammar.

    Args:
        source: name of the file.
        line: of the file, where known.
        rule: name of the rule, where one is concerned.
        sentence: what was found, and what is accepted.

    Returns:
        The error, to be raised.
    """
    place = [source, *([f"line {line}"] if line else []), *([f"rule {rule!r}"] if rule else [])]
    return InputError(f"{', '.join(place)}: {sentence}")


def quoted(text: str) -> str:
    """The user's text as an error shows it, cut where it is long."""
    text = " ".join(text.split())
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def near(found: str, names: Iterable[str]) -> str:
    """The end of a sentence about a name that does not exist: the nearest one, and the first of those that do."""
    valid = sorted(names)
    # The nearest of very many names takes longer to find than a grammar may take to be refused.
    close = difflib.get_close_matches(found, valid[:500], n=1, cutoff=0.6)
    hint = f"did you mean {close[0]!r}? " if close else ""
    more = f" and {len(valid) - 10} more" if len(valid) > 10 else ""
    return f"{hint}defined: {', '.join(valid[:10]) or 'none'}{more}"
