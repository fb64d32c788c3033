"""Reads a grammar file by its ending."""

from __future__ import annotations

from pathlib import Path

from callgap.errors import InputError
from callgap.ivr.grammars.jsgf import read_jsgf
from callgap.ivr.grammars.srgs import read_srgs
from callgap.ivr.grammars.tree import Tree

MAX_BYTES = 100_000
"""Of a file: some thousand phrases, which are read in less than a second."""

_READERS = {".grxml": read_srgs, ".xml": read_srgs, ".jsgf": read_jsgf, ".gram": read_jsgf}


def read_grammar(path: str | Path, rule: str | None = None) -> Tree:
    """Read a grammar.

    Args:
        path: a file in the XML form of the W3C Speech Recognition Grammar Specification 1.0 (`.grxml`, `.xml`), or in
            the JSpeech Grammar Format 1.0 (`.jsgf`, `.gram`).
        rule: name of the public rule that a phrase is said by; without one the root that the file declares, or its
            only public rule.

    Returns:
        The grammar, checked.

    Raises:
        InputError: the file cannot be read, is too large or of another kind, or holds a fault; names the file, and
            where there are any the line and the rule.
    """
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: ending: found {path.suffix or 'none'!r}, accepted: {', '.join(_READERS)}")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; accepted: a grammar that can be read") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{path}: the file is larger than the accepted {MAX_BYTES:,} bytes")
    if not data.strip():
        raise InputError(f"{path}: the file is empty; accepted: a grammar in SRGS XML or in JSGF")
    return reader(str(path), data, rule)
