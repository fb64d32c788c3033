"""What alterations changed, among the runs of one publication: its tables, and what its page tells of them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from callgap.comparing import compare_runs
from callgap.effect_levels import has_voices
from callgap.effect_losses import losses
from callgap.effect_pairs import BASELINE, pairs
from callgap.effect_records import EFFECTS, IDENTITIES, LATENCIES, VALIDATIONS
from callgap.effects import effect_rows
from callgap.errors import InputError
from callgap.fairness.ranking import FIRST, GROUP, OPEN, OVERALL, SECOND
from callgap.finished import Finished
from callgap.identities import ALL, Altered, identity_rows, latency_rows, validation, validation_rows
from callgap.records import schema, table
from callgap.report import Alterations

Row = Mapping[str, Any]

_TEXT, _REAL, _COUNT = pa.string(), pa.float64(), pa.int64()

INSTEAD = schema(
    attribute=_TEXT,
    group=_TEXT,
    condition=_TEXT,
    measure=_TEXT,
    before=_TEXT,
    after=_TEXT,
    system=_TEXT,
    other_system=_TEXT,
    altered_value=_REAL,
    other_value=_REAL,
    difference=_REAL,
    difference_lower=_REAL,
    difference_upper=_REAL,
    finding=_TEXT,
    speakers=_COUNT,
    utterances=_COUNT,
)
"""One row per altered run, other recognizer and group (and everyone, attribute and group `all`): the rate of the
recognizer after the alteration, and of the other one without it, of the same utterances. `difference` is the other's
less the altered one's; `finding` is `lower`, `higher` or `cannot tell` of the other. Limits hold together over the
groups of an attribute; of groups with fewer than 10 speakers there is no row."""

_MEASURE = "wer"
# The other recognizer stands first in the comparison.
_OF_OTHER = {FIRST: "lower", SECOND: "higher", OPEN: OPEN}


@dataclass(frozen=True)
class Effects:
    """What a publication says of alterations; rows of the tables of the same names.

    Attributes:
        effects: of `EFFECTS`.
        identities: of `IDENTITIES`.
        validations: of `VALIDATIONS`.
        latencies: of `LATENCIES`.
        instead: of `INSTEAD`.
        reason: why there are no rows; None where there are.
        losses: of which groups nothing is left to compare, in sentences.
    """

    effects: Sequence[Row] = ()
    identities: Sequence[Row] = ()
    validations: Sequence[Row] = ()
    latencies: Sequence[Row] = ()
    instead: Sequence[Row] = ()
    reason: str | None = None
    losses: Sequence[str] = ()

    def told(self) -> Alterations:
        """The same for a page."""
        validations = [{**row, "line": found.line, "deltas_only": found.deltas_only} for row, found in self._read()]
        return Alterations(
            self.effects, self.identities, validations, self.latencies, self.instead, self.reason, self.losses
        )

    def _read(self) -> Iterator[tuple[Row, Any]]:
        return ((row, validation(row)) for row in self.validations)


_TABLES: Mapping[str, pa.Schema] = {
    "effects": EFFECTS,
    "identities": IDENTITIES,
    "validations": VALIDATIONS,
    "latencies": LATENCIES,
    "instead": INSTEAD,
}


def effects_of(runs: Sequence[Finished]) -> Effects | None:
    """Find out what alterations changed.

    Args:
        runs: finished.

    Returns:
        The tables, or the reason why there are none; None where nothing was altered, or everything.

    Raises:
        InputError: a run is damaged.
    """
    names = {run.report["provenance"]["choices"]["alteration"] for run in runs}
    if BASELINE not in names or len(names) < 2:
        return None
    try:
        paired = pairs(runs)
    except InputError as error:
        return Effects(reason=str(error).removeprefix("effects: "))
    heard = [pair for pair in paired if has_voices(pair)]
    rows, lost = effect_rows(runs), losses(runs)
    if not rows:
        return Effects(reason="; ".join(lost) or "no utterance has a text both before and after")
    return Effects(
        rows,
        identity_rows(heard),
        validation_rows(heard),
        latency_rows(paired),
        instead_rows(paired),
        losses=lost,
    )


def write_effects(found: Effects | None, target: Path) -> None:
    """Write the tables of a publication; those that have no rows are removed.

    Args:
        found: None removes them all.
        target: folder of the publication.
    """
    for name, content in _TABLES.items():
        rows = getattr(found, name) if found else ()
        path = target / f"{name}.csv"
        if rows:
            written = io.BytesIO()
            pa.csv.write_csv(table(rows, content), written, pa.csv.WriteOptions(quoting_style="needed"))
            path.write_bytes(written.getvalue())
        else:
            path.unlink(missing_ok=True)


def instead_rows(pairs: Sequence[Altered]) -> list[Row]:
    """Compare each recognizer after an alteration with the others without it.

    Args:
        pairs: of runs.

    Returns:
        Rows of `INSTEAD`; none of runs that cannot be compared.
    """
    found = [row for pair in pairs for other in _others(pair, pairs) for row in _instead(pair, other)]
    # Everyone is in every attribute.
    return list({tuple(row[name] for name in INSTEAD.names[:8]): row for row in found}.values())


def _others(pair: Altered, pairs: Sequence[Altered]) -> list[Finished]:
    """One run of each other recognizer on the same line and corpus, before the alteration."""
    found: dict[str, Finished] = {}
    for other in pairs:
        alike = (other.before_name, other.condition) == (pair.before_name, pair.condition)
        if alike and other.before.system != pair.after.system and _corpus(other.before) == _corpus(pair.after):
            found.setdefault(other.before.system, other.before)
    return list(found.values())


def _corpus(run: Finished) -> tuple[object, ...]:
    corpus = run.report["provenance"]["corpus"]
    return corpus.get("fingerprint"), corpus["name"]


def _instead(pair: Altered, other: Finished) -> Iterator[Row]:
    run = pair.after
    for attribute in run.attributes:
        try:
            compared = compare_runs([other, run], attribute, _MEASURE)
        except InputError:
            # Runs of other groups or normalizers, or with no utterance in common: nothing is said.
            continue
        for place, told in enumerate(compared.systems.pairs):
            if told.estimand in (OVERALL, GROUP):
                yield {
                    "attribute": attribute if told.estimand == GROUP else ALL,
                    "group": told.group or ALL,
                    "condition": pair.condition,
                    "measure": _MEASURE,
                    "before": pair.before_name,
                    "after": pair.after_name,
                    "system": run.system,
                    "other_system": other.system,
                    "altered_value": told.second_value,
                    "other_value": told.first_value,
                    "difference": told.difference.value,
                    "difference_lower": told.difference.lower,
                    "difference_upper": told.difference.upper,
                    "finding": _OF_OTHER[compared.finding(place)],
                    "speakers": compared.systems.speakers,
                    "utterances": compared.utterances,
                }
