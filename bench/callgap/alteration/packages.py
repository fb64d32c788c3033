"""Packages that are needed only where a unit that uses them is chosen."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from types import ModuleType

from callgap.errors import InputError, first_line


def require(title: str, name: str, extra: str) -> ModuleType:
    """Import a package of an extra.

    Args:
        title: of what needs it, for the message.
        name: of the package, as it is imported.
        extra: of callgap that brings it.

    Raises:
        InputError: it is not installed, or cannot be loaded.
    """
    try:
        with warnings.catch_warnings():
            # Of their own imports; nothing that a user could change here.
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(_absent(title, error.name, extra)) from None
    except ImportError as error:
        raise InputError(f"{title} needs the package {name!r}, which cannot be loaded: {first_line(error)}") from None


def found(title: str, name: str, extra: str) -> None:
    """Check that a package of an extra is installed, without importing it, which may take seconds.

    Args:
        title: of what needs it, for the message.
        name: of the package, as it is imported.
        extra: of callgap that brings it.

    Raises:
        InputError: it is not.
    """
    try:
        there = importlib.util.find_spec(name) is not None
    except ValueError:
        there = False
    if not there:
        raise InputError(_absent(title, name, extra))


def _absent(title: str, name: str | None, extra: str) -> str:
    return f"{title} needs the package {name!r}, which is not installed: pip install 'callgap[{extra}]'"
