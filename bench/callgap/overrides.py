"""What may be shown of an override of the command line that is wrong: not an address, which may hold a secret."""

from __future__ import annotations

import re
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from callgap.errors import InputError, first_line

_ADDRESS = "://"
_MEANT = frozenset("'\"[]{}(),$")
"""Signs of lists, mappings, functions, sweeps, references and quotes: what holds one is left as it is."""
_KEY = re.compile(r"[+~]*([\w./@-]+)=")
_ADDRESS_IN_A_TEXT = re.compile(r"\w+://\S*")


def shown(word: str) -> str:
    """A word of the command line as a message may show it.

    Args:
        word: an override, a flag, or anything else.

    Returns:
        The word; `KEY=***` or `***` where it holds an address.
    """
    if _ADDRESS not in word:
        return word
    found = _KEY.match(word)
    return f"{found[0]}***" if found else "***"


def without_addresses(text: str) -> str:
    """Somebody else's words without the addresses in them."""
    return _ADDRESS_IN_A_TEXT.sub("***", text)


def parsed(override: str) -> Override:
    """Read an override.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return OverridesParser.create().parse_override(override)
    except HydraException as error:
        raise InputError(_unreadable(override, error)) from None


def quoted(override: str) -> str:
    """An override with quotes around its value where that holds letters with accents and can be read with them alone.

    Args:
        override: as it was typed.

    Returns:
        The same where it can be read, where its value says more than a text, and where quotes do not help.
    """
    key, separator, value = override.partition("=")
    if not separator or value.isascii() or _MEANT.intersection(value) or _ADDRESS in override:
        return override
    if _can_be_read(override):
        return override
    found = f"{key}='{value}'"
    return found if _can_be_read(found) else override


def _can_be_read(override: str) -> bool:
    try:
        OverridesParser.create().parse_override(override)
    except HydraException:
        return False
    return True


def _unreadable(override: str, error: HydraException) -> str:
    if _ADDRESS not in override:
        return f"{override!r} cannot be read: {first_line(error)}; accepted: KEY=VALUE"
    place = _place_of(error.__cause__)
    found = _KEY.match(override)
    where = f" from character {place - found.end() + 1} of its value on" if found and place is not None else ""
    return (
        f"{shown(override)!r} cannot be read{where}, and is not shown since an address may hold a secret; accepted: "
        "KEY=VALUE, with quotes of its own around a VALUE that holds signs such as = or ?, as in KEY='\"VALUE\"'"
    )


def _place_of(cause: Any) -> int | None:
    """Where ANTLR stopped, counted from 0: its lexer says the start of what it read, its parser the sign itself."""
    begin = getattr(cause, "startIndex", None)
    return begin if isinstance(begin, int) else getattr(getattr(cause, "offendingToken", None), "start", None)
