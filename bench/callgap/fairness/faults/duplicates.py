"""The same recording twice, under two names or as two rows."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from callgap.fairness.faults.material import Consequence, Fault, Material

FEWEST_ROWS = 5
"""Rows with the same speaker, words, text and length: fewer happen."""

UNEXPECTED = 10.0
"""Times as many as chance gives: takes of one sentence by one speaker are nearer in length than any two recordings."""

_HEAD = 1 << 14
_WINDOW = ["audio", "audio_channel", "audio_begin_s", "audio_end_s"]


def duplicate_audio(material: Material) -> Iterator[Fault]:
    """Utterances with the same place in the same file, and files with the same content.

    Only local files are compared: those of equal size by their first 16 KiB, and those that agree by SHA-256.
    """
    rows = material.frame[material.frame["audio"].notna()]
    windows = rows[_WINDOW].astype(object).where(rows[_WINDOW].notna(), None).apply(tuple, axis=1) if len(rows) else []
    yield from _twice(rows, pd.Series(windows, index=rows.index), "duplicate_audio", "are the same stretch of a file")
    whole = rows[rows[_WINDOW[2:]].isna().all(axis=1) & rows["audio_channel"].isna()].drop_duplicates("audio")
    content = _contents(whole["audio"].tolist())
    yield from _twice(whole, whole["audio"].map(content), "duplicate_audio", "hold the same sound in several files")


def _twice(rows: pd.DataFrame, key: pd.Series, fault: str, what: str) -> Iterator[Fault]:
    """One row for all utterances whose key, where there is one, another has too."""
    key = key.dropna()
    same = rows.loc[key.index[key.duplicated(keep=False)]]
    if same.empty:
        return
    speakers = same["speaker_id"].groupby(key.loc[same.index]).nunique()
    across = int((speakers > 1).sum())
    between = f"; {across:,} of these recordings stand under several speakers" if across else ""
    yield Fault(
        fault,
        Consequence.SHOWN,
        f"{len(same):,} utterances {what}, {len(speakers):,} recordings in all{between}: each is counted as often as "
        "it stands.",
        int(same["speaker_id"].nunique()),
        len(same),
        len(same) / len(rows),
    )


def _contents(paths: Iterable[str]) -> dict[str, str]:
    """By path of a local file that shares its content with another, the SHA-256 of the content."""
    alike = [[Path(path) for path in paths if Path(path).is_file()]]
    for key in (_size, _head, _digest):
        alike = [group for files in alike for group in _split(files, key)]
    return {str(path): _digest(path) for files in alike for path in files}


def _split(files: list[Path], key: Callable[[Path], Hashable]) -> list[list[Path]]:
    groups = defaultdict(list)
    for path in files:
        groups[key(path)].append(path)
    return [group for group in groups.values() if len(group) > 1]


def _size(path: Path) -> int:
    return path.stat().st_size


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def duplicate_rows(material: Material) -> Iterator[Fault]:
    """Rows of one speaker that agree in words, text and length far more often than any two recordings do."""
    rows = material.frame[material.frame["duration_s"].notna() & material.frame["heard"].notna()]
    same = rows[rows.duplicated(["speaker_id", "text", "heard", "duration_s"], keep=False)]
    if len(same) < FEWEST_ROWS:
        return
    takes = _pairs(rows.groupby(["speaker_id", "text"]).size())
    by_chance = takes * _pairs(rows["duration_s"].value_counts()) / _pairs(pd.Series([len(rows)]))
    found = _pairs(same.groupby(["speaker_id", "text", "heard", "duration_s"]).size())
    if found > UNEXPECTED * by_chance:
        yield Fault(
            "duplicate_rows",
            Consequence.SHOWN,
            f"{len(same):,} rows agree with another of the same speaker in reference, text and length ({by_chance:.1f} "
            f"pairs are expected by chance, {found:,.0f} were found): they may be the same recording twice.",
            int(same["speaker_id"].nunique()),
            len(same),
            len(same) / len(rows),
        )


def _pairs(sizes: pd.Series) -> float:
    counts = sizes.to_numpy(dtype=np.float64)
    return float((counts * (counts - 1) / 2).sum())
