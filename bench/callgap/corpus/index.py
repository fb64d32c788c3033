"""Keeps the table `utterances` of a large corpus in the user's cache: it opens in a moment the next time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pooch
import pyarrow as pa
import pyarrow.ipc

LEAST_ROWS = 50_000
"""A corpus with fewer utterances is read anew each time: that takes a second."""


def indexed(files: Sequence[Path], stated: Mapping[str, object], make: Callable[[], pa.Table]) -> pa.Table:
    """A table that is made once for the same files and the same configuration.

    It is kept as an Arrow IPC file below the user's cache and mapped into memory, so that opening it costs the same for
    any size. Anything in that folder may be deleted at any time.

    Args:
        files: all that the table is read from; none of them keeps nothing.
        stated: what else it depends on, as JSON can hold it.
        make: reads the files.

    Returns:
        The table. A file of the same size, times, place and number on the disk counts as the same.
    """
    key = _key(files, stated) if files else None
    if key is None:
        return make()
    place = folder() / f"{key}.arrow"
    with contextlib.suppress(OSError, pa.ArrowException):
        return pa.ipc.open_file(pa.memory_map(str(place))).read_all()
    made = make()
    # A file that changed while it was read is not what was read.
    if len(made) >= LEAST_ROWS and _key(files, stated) == key:
        # A disk that is full or read-only costs the next opening time, and nothing else.
        with contextlib.suppress(OSError):
            _keep(made, place)
    return made


def folder() -> Path:
    """Where indexes are kept."""
    return Path(pooch.os_cache("callgap")) / "index"


def _keep(made: pa.Table, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=place.parent, prefix=f"{place.stem}-", suffix=".partial")
    os.close(handle)
    try:
        with pa.OSFile(aside, "wb") as file, pa.ipc.new_file(file, made.schema) as writer:
            writer.write_table(made)
        Path(aside).replace(place)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _key(files: Sequence[Path], stated: Mapping[str, object]) -> str | None:
    try:
        found = [(str(path.resolve()), *_state(path)) for path in files]
    except OSError:
        return None
    content = json.dumps([found, stated, _reader()], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _state(path: Path) -> tuple[int, ...]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino


@cache
def _reader() -> str:
    """SHA-256 of the code that reads corpora: what another version has read is never taken for this one's."""
    digest = hashlib.sha256()
    for path in [*sorted(Path(__file__).parent.rglob("*.py")), Path(__file__).parents[1] / "tables.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()
