"""Keeps what is computed once: arrays that are a pure function of a key, in a format that cannot run code."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
import pooch
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.generic]]


def default_cache() -> Path:
    """The folder of the user's cache in which routers keep what they have computed."""
    return Path(pooch.os_cache("callgap")) / "routers"


def key_of(content: Mapping[str, object]) -> str:
    """SHA-256 of everything that a result depends on, in hexadecimal."""
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def kept(folder: Path, key: str, make: Callable[[], Arrays]) -> Arrays:
    """Arrays from the cache, computed where it lacks them.

    Args:
        folder: of the cache; a folder that cannot be written costs time and nothing else.
        key: of everything that they depend on.
        make: computes them.

    Returns:
        The arrays by name.
    """
    path = folder / f"{key}.npz"
    found = _read(path)
    if found is not None:
        return found
    made = make()
    with contextlib.suppress(OSError):
        _write(path, made)
    return made


def _read(path: Path) -> Arrays | None:
    try:
        # Without pickle a file can hold numbers and texts, whoever has written it.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except (OSError, ValueError, TypeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        # Not there, or damaged: it is made again.
        return None


def _write(path: Path, arrays: Arrays) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed: another process never reads half a file.
    handle, aside = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
