"""Who is still known after an alteration, and told apart from others: by group, from the voices of finished runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from callgap.effect_records import IDENTITIES
from callgap.errors import InputError
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.finished import Finished
from callgap.ivr import without_repetitions
from callgap.voice import (
    EqualErrorRate,
    Validated,
    Voiceprints,
    calibration,
    distance_to_group,
    distinguishability,
    linkability,
    similarity,
    validated,
    voiceprints,
)

Row = dict[str, object]

VOICES = "voices.parquet"
"""Of a run directory: what was measured of each utterance as the alteration left it."""

ALL = "all"
"""Attribute and group of everyone."""

_WHOLE = "whole utterance"
_LEAST_SPEAKERS = 2


class Altered(Protocol):
    """Two runs that differ in nothing but the alteration."""

    @property
    def before(self) -> Finished:
        """The run that the other is compared with."""

    @property
    def after(self) -> Finished:
        """The run with the alteration."""

    @property
    def before_name(self) -> str:
        """Of the first one's alteration."""

    @property
    def after_name(self) -> str:
        """Of the second one's."""

    @property
    def condition(self) -> str:
        """What lies between speaker and recognizer beside the alteration."""


def once_each(pairs: Iterable[Altered]) -> list[Altered]:
    """The first pair of each alteration and corpus whose voices were measured, whatever recognizer and line."""
    found: dict[tuple[object, ...], Altered] = {}
    for pair in pairs:
        if all((run.directory.path / VOICES).is_file() for run in (pair.before, pair.after)):
            found.setdefault((*_corpus(pair.after), pair.before_name, pair.after_name), pair)
    return list(found.values())


def identity_rows(pairs: Sequence[Altered]) -> list[Row]:
    """Say of each alteration and group who is still known, once whatever recognizer and line.

    Args:
        pairs: of runs; those without the table of voices are passed over.

    Returns:
        Rows of `IDENTITIES`. A figure for which there are too few voices is None.

    Raises:
        InputError: a table of voices is damaged, or has an utterance that the corpus has not.
    """
    return [row for pair in once_each(pairs) for row in _Voices.of(pair).rows()]


def validation_rows(pairs: Sequence[Altered]) -> list[Row]:
    """Say whether the measures of voices treat the groups alike before anything is altered.

    Args:
        pairs: as in `identity_rows`.

    Returns:
        Rows of `VALIDATIONS`, for each attribute that has a reference group.

    Raises:
        InputError: a table of voices is damaged, or has an utterance that the corpus has not.
    """
    unaltered = {(*_corpus(pair.before), pair.before_name): pair.before for pair in once_each(pairs)}
    return [row for run in unaltered.values() for row in _validated(run)]


def validation(row: Mapping[str, object]) -> Validated:
    """Read a row of `VALIDATIONS` back, for its sentence."""
    names = Validated.__dataclass_fields__
    return Validated(**{name: row[name] for name in names})  # type: ignore[arg-type]


def latency_rows(pairs: Sequence[Altered]) -> list[Row]:
    """Say how far each alteration looks ahead, and what it costs to compute.

    Args:
        pairs: of runs; those that noted nothing of it are passed over.

    Returns:
        Rows of `LATENCIES`, of the first run of each alteration.
    """
    named = [(name, run) for p in pairs for name, run in ((p.before_name, p.before), (p.after_name, p.after))]
    found: dict[str, Row] = {}
    for name, run in named:
        notes = run.directory.provenance().get("alteration")
        if isinstance(notes, Mapping):
            found.setdefault(name, _latency(name, notes))
    return list(found.values())


def _latency(name: str, notes: Mapping[str, object]) -> Row:
    ahead = notes.get("look_ahead_s")
    return {
        "alteration": name,
        "look_ahead_s": math.inf if ahead == _WHOLE else ahead,
        "compute_s_per_s": notes.get("compute_s_per_s"),
        "device": notes.get("device"),
    }


def _corpus(run: Finished) -> tuple[object, ...]:
    corpus = run.report["provenance"]["corpus"]
    return corpus.get("fingerprint"), corpus["name"]


def _validated(run: Finished) -> Iterator[Row]:
    voices = _measured(run)
    for attribute, reference in run.attributes.items():
        groups = _known(run.groups(attribute))
        if reference in groups.values():
            for found in validated(voices, run.speakers, groups, str(reference), run.said):
                yield {"attribute": attribute, **vars(found)}


def _measured(run: Finished) -> pa.Table:
    return without_repetitions(run.directory.read_table(VOICES))


def _known(groups: Mapping[str, str]) -> dict[str, str]:
    return {speaker: group for speaker, group in groups.items() if group not in (UNKNOWN, CONTRADICTORY)}


@dataclass(frozen=True, eq=False)
class _Voices:
    """The voices of one alteration.

    Attributes:
        pair: whose.
        before: everything that has an embedding.
        early: of it what has one afterwards too.
        late: the same afterwards.
        calibrated: on all of `before`; None where nobody can be told apart.
        measured: utterances by speaker, with and without an embedding.
    """

    pair: Altered
    before: Voiceprints
    early: Voiceprints
    late: Voiceprints
    calibrated: EqualErrorRate | None
    measured: Mapping[str, int]

    @classmethod
    def of(cls, pair: Altered) -> _Voices:
        tables = [_measured(run) for run in (pair.before, pair.after)]
        speakers = pair.before.speakers
        before, after = (voiceprints(table, speakers, pair.before.said) for table in tables)
        both = set(before.utterance_ids) & set(after.utterance_ids)
        early, late = (one.kept(np.array([u in both for u in one.utterance_ids], bool)) for one in (before, after))
        return cls(pair, before, early, late, _calibrated(before), _counted(tables, speakers))

    def rows(self) -> Iterator[Row]:
        """One row for everyone, and one per attribute and group of two speakers or more."""
        yield self._row(ALL, ALL, None, frozenset(self.measured), frozenset())
        for attribute, reference in self.pair.before.attributes.items():
            groups = _known(self.pair.before.groups(attribute))
            for group in sorted(set(groups.values())):
                members = frozenset(speaker for speaker, own in groups.items() if own == group)
                if len(members) >= _LEAST_SPEAKERS:
                    yield self._row(attribute, group, reference, members, _compared_with(groups, reference, group))

    def _row(
        self, attribute: str, group: str, reference: str | None, members: frozenset[str], others: frozenset[str]
    ) -> Row:
        early, late = self.early.of_speakers(members), self.late.of_speakers(members)
        row: Row = dict.fromkeys(IDENTITIES.names) | {
            "attribute": attribute,
            "group": group,
            "reference": reference,
            "before": self.pair.before_name,
            "after": self.pair.after_name,
            "speakers": len(set(early.speakers)),
            "utterances": len(early.utterance_ids),
            "left_out": sum(self.measured.get(speaker, 0) for speaker in members) - len(early.utterance_ids),
        }
        if not early.speakers:
            return row
        return row | self._alike(early, late) | self._known_as(early, late) | self._distances(early, late, others)

    def _alike(self, early: Voiceprints, late: Voiceprints) -> Row:
        alike, apart = similarity(early, late), distinguishability(early, late)
        return {
            "similarity": float(alike.utterance_cosine.mean()),
            "similarity_to_others": alike.between_before,
            "error_rate_before": apart.before,
            "error_rate_after": apart.after,
            "distance_ratio": apart.distance_ratio,
        }

    def _known_as(self, early: Voiceprints, late: Voiceprints) -> Row:
        if self.calibrated is None:
            return {}
        # Everyone is enrolled: a voice may be taken for somebody of another group.
        linked = [linkability(self.before, tested, self.calibrated) for tested in (early, late)]
        return {
            "threshold": self.calibrated.threshold,
            "still_themselves_before": linked[0].still_themselves,
            "still_themselves": linked[1].still_themselves,
            "taken_for_another_before": linked[0].taken_for_another,
            "taken_for_another": linked[1].taken_for_another,
        }

    def _distances(self, early: Voiceprints, late: Voiceprints, others: frozenset[str]) -> Row:
        heard = others & set(self.before.speakers)
        if not heard:
            return {}
        far = [distance_to_group(voices, self.before, heard).distance for voices in (early, late)]
        means = [float(np.nanmean(one)) if not np.isnan(one).all() else None for one in far]
        return {"distance_to_reference_before": means[0], "distance_to_reference_after": means[1]}


def _compared_with(groups: Mapping[str, str], reference: str | None, group: str) -> frozenset[str]:
    if reference == EVERYONE_ELSE:
        return frozenset(speaker for speaker, own in groups.items() if own != group)
    return frozenset(speaker for speaker, own in groups.items() if own == reference)


def _calibrated(voices: Voiceprints) -> EqualErrorRate | None:
    try:
        return calibration(voices) if voices.speakers else None
    except InputError:
        # One speaker, or one utterance of each: there is nobody to tell apart.
        return None


def _counted(tables: Iterable[pa.Table], speakers: Mapping[str, str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for utterance in {name for table in tables for name in table["utterance_id"].to_pylist()}:
        counts[speakers[utterance]] = counts.get(speakers[utterance], 0) + 1
    return counts
