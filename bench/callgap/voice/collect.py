"""Rows of the table `voices`: several measures of one batch, and the windows of a long recording joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from callgap.audio import AudioBatch
from callgap.voice.base import REASON, Measure

Row = dict[str, object]

_TEXTS = ("utterance_id", "status", REASON)
_EMBEDDING, _DURATION, _RATE = "embedding", "duration_s", "speaking_rate"


def measured(batch: AudioBatch, measures: Mapping[str, Measure]) -> list[Row]:
    """Measure a batch.

    Args:
        batch: any sample rate.
        measures: by the name that stands before their reasons.

    Returns:
        One row of the table `voices` per item, in their order.

    Raises:
        InputError: a measure needs a package that is not installed.
        ValueError: two measures fill one column, or a measure gives not one value per item.
    """
    seconds = (batch.lengths.double() / batch.sample_rate).tolist()
    rows: list[Row] = [
        {"utterance_id": utterance, "status": status.status.value, REASON: status.reason, _DURATION: duration or None}
        for utterance, status, duration in zip(batch.utterance_ids, batch.statuses, seconds, strict=True)
    ]
    filled: dict[str, str] = {}
    for name, measure in measures.items():
        for column, values in measure.measure(batch).items():
            if column not in (REASON, _DURATION) and filled.setdefault(column, name) != name:
                raise ValueError(f"the measures {filled[column]!r} and {name!r} both fill the column {column!r}")
            for row, value in zip(rows, values, strict=True):
                _fill(row, name, column, value)
    return rows


def joined(rows: Sequence[Row]) -> list[Row]:
    """One row per utterance from those of its windows, which stand beside each other.

    An utterance of one window keeps its row. Of several, durations add up, and so do the seconds of speech in which all
    words were said; an embedding is the direction of the mean, and everything else the mean, of the windows that were
    measured, weighted by duration. The range of a pitch is thus a mean of ranges. Where a window has another status
    than ok, the utterance has it and no values.

    Args:
        rows: as `measured` gives them, each with its duration.
    """
    return [_joined(list(windows)) for _, windows in groupby(rows, key=lambda row: row["utterance_id"])]


def _fill(row: Row, name: str, column: str, value: object) -> None:
    if value is None:
        row.setdefault(column, None)
    elif column == REASON:
        row[REASON] = f"{row[REASON]}; {name}:{value}" if row[REASON] else f"{name}:{value}"
    else:
        row[column] = value


def _joined(windows: list[Row]) -> Row:
    if len(windows) == 1:
        return windows[0]
    if lost := [row for row in windows if row["status"] != "ok"]:
        return {name: lost[0][name] for name in _TEXTS}
    reasons = dict.fromkeys(str(row[REASON]) for row in windows if row[REASON])
    whole: Row = {**windows[0], REASON: "; ".join(reasons) or None}
    for column in dict.fromkeys(name for row in windows for name in row):
        if column not in _TEXTS:
            whole[column] = _mean(column, windows)
    return whole


def _mean(column: str, windows: Sequence[Row]) -> object:
    found = [row for row in windows if row.get(column) is not None]
    if not found:
        return None
    values = np.array([row[column] for row in found], dtype=np.float64)
    seconds = np.array([row[_DURATION] for row in found], dtype=np.float64)
    if column == _DURATION:
        return float(seconds.sum())
    if column == _RATE:
        # Each window was given all the words: seconds of speech add up where rates do not.
        return float(1 / np.sum(1 / values)) if values.all() else None
    mean = seconds @ values / seconds.sum()
    if column == _EMBEDDING:
        return [float(value) for value in mean / np.linalg.norm(mean)]
    return float(mean)
