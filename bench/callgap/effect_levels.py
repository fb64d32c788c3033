"""Measures of voices before and after an alteration: levels, of which neither direction is worse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from callgap.effect_measures import Observations
from callgap.effect_pairs import Pair
from callgap.fairness.before_after import Measured
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.finished import Finished
from callgap.ivr import without_repetitions
from callgap.voice import Voiceprints, distance_to_group, voiceprints

VOICES_FILE = "voices.parquet"
SIMILARITY, DISTANCE = "similarity", "distance_to_reference"

_COLUMNS = (
    *("dnsmos_overall", "dnsmos_speech", "dnsmos_background", "f0_mean", "f0_range_semitones", "energy_dbfs"),
    *("speaking_rate", "pause_share", "pauses_per_s", "f0_correlation", "f0_scale", "energy_correlation"),
    *("pesq", "stoi"),
)
_FROM: Mapping[str, tuple[str, Callable[[pd.Series], pd.Series]]] = {
    # A voice is as much above another as their frequencies' ratio says: semitones, from 1 Hz.
    "f0_mean": ("f0_mean_hz", lambda hertz: 12 * np.log2(hertz)),
}
_LEVEL = Measured(is_rate=False, is_worse=False)


def has_voices(pair: Pair) -> bool:
    """Whether the voices of both runs were measured, and in the same way."""
    runs = pair.before, pair.after
    ways = [
        dict(run.directory.config().get("voice") or {}, least_similarity=None, accent_classifier=None) for run in runs
    ]
    return ways[0] == ways[1] and all((run.directory.path / VOICES_FILE).is_file() for run in runs)


def levels(pair: Pair) -> list[Observations]:
    """What is measured of voices in both runs.

    Args:
        pair: of runs, both with the table `voices`.

    Returns:
        Measures that both have for an utterance; the distance to a reference group for each attribute that has one.
    """
    tables = [_voices(run) for run in (pair.before, pair.after)]
    found = [*_columns(tables, pair.after.speakers), *_identity(pair, tables)]
    return [each for each in found if each.common]


def voice_reasons(pair: Pair) -> list[tuple[str, str]]:
    """Of each utterance that was not measured after the alteration: who speaks, and status and reason."""
    rows = _voices(pair.after).select(["utterance_id", "status", "reason"]).to_pylist()
    return [
        (
            pair.after.speakers[row["utterance_id"]],
            f"{row['status']}:{row['reason']}" if row["reason"] else row["status"],
        )
        for row in rows
        if row["status"] != "ok"
    ]


def _voices(run: Finished) -> pa.Table:
    return without_repetitions(run.directory.read_table(VOICES_FILE))


def _columns(tables: list[pa.Table], speakers: Mapping[str, str]) -> Iterator[Observations]:
    for name in _COLUMNS:
        column, scaled = _FROM.get(name, (name, lambda values: values))
        before, after = (_values(table, column, scaled, speakers) for table in tables)
        yield Observations(name, _LEVEL, (before, after))


def _values(
    table: pa.Table, column: str, scaled: Callable[[pd.Series], pd.Series], speakers: Mapping[str, str]
) -> pd.DataFrame:
    values = scaled(table[column].to_pandas().astype("float64")).to_numpy()
    ids = np.array(table["utterance_id"].to_pylist(), dtype=object)
    return _frame(ids[np.isfinite(values)], values[np.isfinite(values)], speakers)


def _frame(ids: np.ndarray, values: np.ndarray, speakers: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "speaker_id": pd.Series([speakers[utterance] for utterance in ids], dtype=object),
            "utterance_id": pd.Series(ids, dtype=object),
            "numerator": np.asarray(values, dtype=np.float64),
            "denominator": 1.0,
        }
    )


def _identity(pair: Pair, tables: list[pa.Table]) -> Iterator[Observations]:
    """Cosines of utterances with themselves, and distances of speakers to the reference groups."""
    if any(table["embedding"].null_count == len(table) for table in tables):
        return
    speakers = pair.after.speakers
    before, after = (voiceprints(table, speakers) for table in tables)
    place = {utterance: i for i, utterance in enumerate(after.utterance_ids)}
    common = [u for u in before.utterance_ids if u in place]
    if not common:
        return
    early, late = _kept(before, common), _kept(after, common)
    # Of vectors of norm 1, and exactly 1 where they are the same.
    cosine = 1 - np.square(early.embeddings - late.embeddings).sum(axis=1) / 2
    frames = tuple(
        _with(voices, common, values, speakers) for voices, values in ((before, np.ones(len(common))), (after, cosine))
    )
    yield Observations(SIMILARITY, _LEVEL, (frames[0], frames[1]))
    for attribute, reference in pair.after.attributes.items():
        groups = pair.after.groups(attribute)
        members = {speaker for speaker in early.speakers if groups.get(speaker) == reference}
        if reference not in (None, EVERYONE_ELSE) and members:
            sums = _distances(early, early, members), _distances(late, early, members)
            yield Observations(DISTANCE, _LEVEL, (frames[0], frames[1]), sums=sums, attribute=attribute)


def _kept(voices: Voiceprints, ids: list[str]) -> Voiceprints:
    """Some utterances, in this order."""
    place = {utterance: i for i, utterance in enumerate(voices.utterance_ids)}
    return voices.at([place[utterance] for utterance in ids])


def _with(voices: Voiceprints, common: list[str], values: np.ndarray, speakers: Mapping[str, str]) -> pd.DataFrame:
    """Values of the common utterances; the others are there to be counted as left out."""
    others = [u for u in voices.utterance_ids if u not in set(common)]
    ids = np.array([*common, *others], dtype=object)
    return _frame(ids, np.concatenate([values, np.full(len(others), np.nan)]), speakers)


def _distances(voices: Voiceprints, reference: Voiceprints, members: set[str]) -> pd.DataFrame:
    found = distance_to_group(voices, reference, members)
    known = np.isfinite(found.distance)
    names = [name for name, is_known in zip(found.speakers, known, strict=True) if is_known]
    sums = pd.DataFrame({"numerator": found.distance[known], "denominator": 1.0}, index=pd.Index(names, dtype=object))
    return sums.assign(events=sums["numerator"], trials=sums["denominator"])
