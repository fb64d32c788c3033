"""Who belongs to which group."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa

UNKNOWN = "unknown"
CONTRADICTORY = "contradictory"


def membership(utterances: pa.Table, attribute: str) -> dict[str, str]:
    """The group of each speaker.

    Args:
        utterances: table `utterances` with the attribute's column.
        attribute: name of the column.

    Returns:
        By speaker id: the one value that all utterances of the speaker carry; `unknown` where none carries any;
        `contradictory` where they carry several. Both are shown and never judged.
    """
    values: dict[str, set[str]] = defaultdict(set)
    for speaker, value in zip(utterances["speaker_id"].to_pylist(), utterances[attribute].to_pylist(), strict=True):
        values[speaker] |= {value} if value else set()
    return {speaker: _only(found) for speaker, found in values.items()}


def _only(found: set[str]) -> str:
    if not found:
        return UNKNOWN
    return next(iter(found)) if len(found) == 1 else CONTRADICTORY
