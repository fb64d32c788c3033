"""Finds what travels beside the code: conf/ and datasets/, in a checkout or in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def conf_dir() -> Path:
    """Absolute path of the folder with the configuration groups.

    Returns:
        `callgap/conf` of an installed wheel, or `conf` of the checkout.
    """
    return _find("conf")


def datasets_dir() -> Path:
    """Absolute path of the folder with one folder per corpus (card and description).

    Returns:
        `callgap/datasets` of an installed wheel, or `datasets` of the checkout.
    """
    return _find("datasets")


def _find(name: str) -> Path:
    for base in (_PACKAGE, _PACKAGE.parents[1]):
        if (base / name).is_dir():
            return base / name
    raise FileNotFoundError(f"the folder {name} stands neither in {_PACKAGE} nor in {_PACKAGE.parents[1]}")
