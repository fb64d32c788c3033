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
from callgap.effect_records import EFFECTS, IDENTITIES, LATENCIES, VALIDATIONS
from callgap.errors import InputError
from callgap.fairness.ranking import FIRST, GROUP, OPEN, OVERALL, SECOND
from callgap.finished import Finished
from callgap.identities import ALL, UNALTERED, identity_rows, label, latency_rows, validation, validation_rows
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
    """

    effects: Sequence[Row]
    identities: Sequence[Row] = ()
    validations: Sequence[Row] = ()
    latencies: Sequence[Row] = ()
    instead: Sequence[Row] = ()

    def told(self) -> Alterations:
        """The same for a page."""
        validations = [{**row, "line": found.line, "deltas_only": found.deltas_only} for row, found in self._read()]
        return Alterations(self.effects, self.identities, validations, self.latencies, self.instead)

    def _read(self) -> Iterator[tuple[Row, Any]]:
        return ((row, validation(row)) for row in self.validations)


_TABLES: Mapping[str, pa.Schema] = {
    "effects": EFFECTS,
    "identities": IDENTITIES,
    "validations": VALIDATIONS,
    "latencies": LATENCIES,
    "instead": INSTEAD,
}


def effects_of(runs: Sequence[Finished], before: str | None = None) -> Effects | None:
    """Find out what alterations changed.

    Args:
        runs: finished.
        before: name of the alteration that the others are compared with; None takes unaltered speech.

    Returns:
        The tables; None where no two runs differ in nothing but the alteration.

    Raises:
        InputError: a run is damaged.
    """
    names = {label(run) for run in runs}
    if (before or UNALTERED) not in names or len(names) < 2:
        return None
    rows = _effect_rows(runs, before)
    if not rows:
        return None
    return Effects(
        rows, identity_rows(runs, before), validation_rows(runs, before), latency_rows(runs), instead_rows(runs, before)
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


def instead_rows(runs: Sequence[Finished], before: str | None = None) -> list[Row]:
    """Compare each recognizer after an alteration with the others without it.

    Args:
        runs: finished.
        before: as in `effects_of`.

    Returns:
        Rows of `INSTEAD`; none of runs that cannot be compared.
    """
    base = before or UNALTERED
    plain = [run for run in runs if label(run) == base]
    found = [
        row
        for run in runs
        if label(run) != base
        for other in plain
        if other.system != run.system and _line(other) == _line(run)
        for row in _instead(run, other)
    ]
    # Everyone is in every attribute.
    return list({tuple(row[name] for name in INSTEAD.names[:8]): row for row in found}.values())


def _effect_rows(runs: Sequence[Finished], before: str | None) -> Sequence[Row]:
    from callgap.effects import effect_rows

    rows: Sequence[Row] = effect_rows(runs, before)
    return rows


def _line(run: Finished) -> tuple[str, str, str]:
    choices = run.report["provenance"]["choices"]
    corpus = run.report["provenance"]["corpus"]
    return str(corpus.get("fingerprint")), str(corpus["name"]), str(choices["channel"])


def _instead(run: Finished, other: Finished) -> Iterator[Row]:
    for attribute in run.attributes:
        try:
            compared = compare_runs([other, run], attribute, _MEASURE)
        except InputError:
            # Runs of other groups or normalizers, or with no utterance in common: nothing is said.
            continue
        for place, pair in enumerate(compared.systems.pairs):
            if pair.estimand in (OVERALL, GROUP):
                finding = _OF_OTHER[compared.finding(place)]
                yield {
                    "attribute": attribute if pair.estimand == GROUP else ALL,
                    "group": pair.group or ALL,
                    "condition": _line(run)[2],
                    "measure": _MEASURE,
                    "before": label(other),
                    "after": label(run),
                    "system": run.system,
                    "other_system": other.system,
                    "altered_value": pair.second_value,
                    "other_value": pair.first_value,
                    "difference": pair.difference.value,
                    "difference_lower": pair.difference.lower,
                    "difference_upper": pair.difference.upper,
                    "finding": finding,
                    "speakers": compared.systems.speakers,
                    "utterances": compared.utterances,
                }
