"""Where the recording is that a product made of an utterance: in a folder, or as a manifest says."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from callgap.alteration.items import UnusableError
from callgap.errors import InputError
from callgap.tables import read_table, row_name

_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
_COLUMNS = ("utterance_id", "file")


def in_manifest(path: Path) -> dict[str, Path]:
    """The recordings that a table names.

    Args:
        path: of a table with the columns `utterance_id` and `file`; files are named as seen from its folder.

    Returns:
        By utterance id, the file, which need not be there.

    Raises:
        InputError: the table cannot be read, lacks a column, or names two files for an utterance or one for two.
    """
    if not path.exists():
        raise InputError(f"alteration.path={path}: there is no such folder or table")
    cells = read_table(path)
    for column in _COLUMNS:
        if column not in cells.column_names:
            raise InputError(
                f"{path}: the column {column!r} is missing; found: {', '.join(cells.column_names)}; accepted: "
                "utterance_id and file"
            )
    found: dict[str, Path] = {}
    owner: dict[Path, str] = {}
    for place, (utterance, file) in enumerate(zip(*(cells[column].to_pylist() for column in _COLUMNS), strict=True)):
        if not utterance or not file:
            raise InputError(f"{row_name(path, place)}: an empty cell; accepted: an utterance's id and a file")
        if utterance in found:
            raise InputError(f"{row_name(path, place)}: a second file for the utterance {utterance!r}; accepted: one")
        recording = path.parent / file
        if recording in owner:
            raise InputError(
                f"{row_name(path, place)}: {file} is the file of the utterance {owner[recording]!r} already"
            )
        found[utterance], owner[recording] = recording, utterance
    return found


def named(recordings: Mapping[str, Path], utterance: str) -> str | None:
    """By which name the recordings have an utterance's.

    Args:
        recordings: by name, as `in_folder` or `in_manifest` gives them.
        utterance: its id. Where it is the name of a file, as a manifest without ids has it, another ending is as good.

    Returns:
        The name; None where there is none.
    """
    path = PurePosixPath(utterance)
    names = (utterance, path.with_suffix("").as_posix()) if path.suffix.lower() in _SUFFIXES else (utterance,)
    return next((name for name in names if name in recordings), None)


def in_folder(folder: Path) -> dict[str, Path]:
    """The recordings of a folder, by what their paths below it say without their endings.

    Args:
        folder: holds `<utterance id>.wav` (or .flac, .ogg, .mp3), in folders where the id has slashes; an id that is
            the name of a file stands without its ending.

    Raises:
        InputError: there is no recording in it, or two are of one utterance.
    """
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES and path.is_file():
            found[path.relative_to(folder).with_suffix("").as_posix()].append(path)
    if not found:
        raise InputError(f"alteration.path: {folder} holds no recording; accepted endings: {', '.join(_SUFFIXES)}")
    for utterance, paths in found.items():
        if len(paths) > 1:
            names = ", ".join(path.name for path in paths)
            raise InputError(f"alteration.path: {folder} holds {names}, all of the utterance {utterance!r}")
    return {utterance: paths[0] for utterance, paths in found.items()}


def content_of(path: Path) -> bytes:
    """The bytes of a recording.

    Raises:
        UnusableError: `missing` or `unreadable`.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UnusableError("missing") from None
    except OSError:
        raise UnusableError("unreadable") from None


def fingerprint(recordings: Mapping[str, Path]) -> str:
    """SHA-256 over the utterances' ids and the bytes of their recordings, in hexadecimal; files that lack count too."""
    hashed = hashlib.sha256()
    for utterance, path in sorted(recordings.items()):
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            content = "missing"
        hashed.update(f"{utterance}\0{content}\n".encode())
    return hashed.hexdigest()
