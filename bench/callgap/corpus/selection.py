"""A part of a corpus: some of its groups, some utterances of each speaker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from callgap.audio import utterance_seed
from callgap.errors import InputError, one_of

_SEED = 0
"""The same utterances are drawn in every run, whatever its seed: runs on a part of a corpus can be compared."""


def kept(utterances: pa.Table, only: Mapping[str, Sequence[str]]) -> pa.Table:
    """Keep the utterances of some groups.

    Args:
        utterances: table `utterances`.
        only: by column, the values that are kept.

    Returns:
        The rows that have one of them in every column, in their order.

    Raises:
        InputError: there is no such column, or nobody has such a value.
    """
    for column, values in only.items():
        if column not in utterances.column_names:
            raise InputError(f"corpus.only: there is no column {column!r}; {one_of(column, utterances.column_names)}")
        found = pc.cast(utterances[column], pa.string())
        for value in values:
            there = [name for name in found.unique().to_pylist() if name is not None]
            if value not in there:
                raise InputError(f"corpus.only.{column}: found {value!r}; {one_of(value, sorted(there))}")
        utterances = utterances.filter(pc.is_in(found, pa.array(values, pa.string())))
    if only and not len(utterances):
        raise InputError(f"corpus.only: no utterance has all of {dict(only)}; accepted: values that occur together")
    return utterances


def drawn(utterances: pa.Table, most: int | None) -> pa.Table:
    """Keep some utterances of each speaker.

    Args:
        utterances: table `utterances`.
        most: of each; None keeps all.

    Returns:
        The rows, in their order: which are kept depends on the ids of the speaker's own utterances alone.
    """
    if most is None:
        return utterances
    places: dict[str | None, list[tuple[int, int]]] = defaultdict(list)
    ids, speakers = utterances["utterance_id"].to_pylist(), utterances["speaker_id"].to_pylist()
    for place, (utterance, speaker) in enumerate(zip(ids, speakers, strict=True)):
        places[speaker].append((utterance_seed(_SEED, "part", utterance), place))
    return utterances.take(sorted(place for own in places.values() for _, place in sorted(own)[:most]))
