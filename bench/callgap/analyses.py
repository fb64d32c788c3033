"""What a run finds out beside its rates and contrasts: faults, lost words, conditions, and what moves with a gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from callgap.call_records import CALIBRATION, CALLS, ODDS, SHARES, WATERFALL, WHAT_IF
from callgap.corpus import Attribute
from callgap.fairness.attribution import attributed, covariates_of
from callgap.fairness.conditions import conditions
from callgap.fairness.confusions import WordFates, confusions
from callgap.fairness.contrasts import Row
from callgap.fairness.endpoints import ENDPOINTS
from callgap.fairness.evidence import Evidence
from callgap.fairness.gaps import Resampling
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.fairness.standing import JUDGED
from callgap.group_records import ATTRIBUTIONS, CONDITIONS, CONFUSIONS, FAULTS, OMNIBUS
from callgap.records import table
from callgap.reference_error import ReferenceErrorRate

SCHEMAS = {
    "faults": FAULTS,
    "omnibus": OMNIBUS,
    "conditions": CONDITIONS,
    "confusions": CONFUSIONS,
    "attributions": ATTRIBUTIONS,
}
"""Tables beside groups and contrasts, each written as CSV into a run directory."""

OF_CALLS = {
    "waterfall": WATERFALL,
    "calls": CALLS,
    "odds": ODDS,
    "shares": SHARES,
    "calibration": CALIBRATION,
    "what_if": WHAT_IF,
}
"""Tables that are written beside them where they have rows: of calls that were logged or walked to their end."""


def tables(rows: Mapping[str, Sequence[Row]]) -> dict[str, pa.Table]:
    """Make Arrow tables of rows.

    Args:
        rows: by name of the table.

    Returns:
        Every table of `SCHEMAS`, empty where there is no row; of `OF_CALLS` those that have rows.
    """
    schemas = SCHEMAS | {name: schema for name, schema in OF_CALLS.items() if rows.get(name)}
    return {name: table(list(rows.get(name, ())), schema) for name, schema in schemas.items()}


def compared_within(evidence: Evidence, attributes: Mapping[str, Attribute], comparison: Any) -> list[Row]:
    """Rows of `conditions` for every attribute that is none of persons."""
    plan = Resampling(comparison.alpha, comparison.resamples, comparison.seed)
    found = []
    for name, attribute in attributes.items():
        if not attribute.of_person:
            found += conditions(evidence, name, attribute.reference, comparison.endpoints, plan)
    return found


def lost_words(evidence: Evidence, references: Mapping[str, str | None], normalize: Any) -> list[Row]:
    """Rows of `confusions` for every group that may be judged; none where only error rates were published."""
    if evidence.utterances["text"].null_count:
        return []
    fates = WordFates.of(evidence, normalize)
    return [
        row
        for attribute, reference in references.items()
        if reference is not None
        for row in confusions(
            evidence, normalize, attribute, _large(evidence, attribute, reference), reference, fates=fates
        )
    ]


def explained(evidence: Evidence, contrasts: Sequence[Row]) -> list[Row]:
    """Add the column `attribution` to the contrasts that have simultaneous limits.

    Args:
        evidence: of one run.
        contrasts: rows under the primary normalizer; changed in place.

    Returns:
        Rows of `attributions`.
    """
    covariates = covariates_of(evidence)
    rows = []
    for row in contrasts:
        if row.get("limits") == "simultaneous" and row["normalizer"] in (None, evidence.normalizer):
            rows.append(_attribution(evidence, row, covariates))
    return rows


def with_reference_errors(
    contrasts: Sequence[Row], measured: Mapping[tuple[str, str, str | None, str], ReferenceErrorRate]
) -> None:
    """Add the column `reference_error` where transcriptions measured it; rows are changed in place."""
    for row in contrasts:
        attribute, group, reference, normalizer = (
            str(row[name]) for name in ("attribute", "group", "reference", "normalizer")
        )
        if row["endpoint"] == "wer" and (found := measured.get((attribute, group, reference, normalizer))):
            row["reference_error"] = found.bar


def with_reasons(contrasts: Sequence[Row], unjudged: Mapping[tuple[str | None, str | None], str]) -> None:
    """Add the column `not_judged` where a fault of the data forbids a verdict; rows are changed in place."""
    for row in contrasts:
        attribute = str(row["attribute"])
        places = ((None, None), (attribute, None), (attribute, str(row["group"])), (attribute, str(row["reference"])))
        reason = next((unjudged[place] for place in places if place in unjudged), None)
        row["not_judged"] = row.get("not_judged") or reason


def _large(evidence: Evidence, attribute: str, reference: str) -> list[str]:
    groups = pd.Series(evidence.membership[attribute]).value_counts()
    left_out = {reference, UNKNOWN, CONTRADICTORY}
    return sorted(str(group) for group, speakers in groups.items() if speakers >= JUDGED and group not in left_out)


def _attribution(evidence: Evidence, row: Row, covariates: pd.DataFrame) -> Row:
    attribute, endpoint = str(row["attribute"]), str(row["endpoint"])
    group = evidence.members(attribute, str(row["group"]))
    found = attributed(
        evidence.observations[endpoint],
        covariates,
        group,
        _reference(evidence, attribute, row, group),
        pooled=ENDPOINTS[endpoint].pooled,
    )
    row["attribution"] = found.line
    keys = ("attribute", "group", "reference", "system", "condition", "endpoint", "normalizer")
    sizes = ("group_speakers", "reference_speakers")
    return {name: row[name] for name in (*keys, *sizes)} | found.row()


def _reference(evidence: Evidence, attribute: str, row: Row, group: set[str]) -> set[str]:
    if row["reference"] != EVERYONE_ELSE:
        return evidence.members(attribute, str(row["reference"]))
    groups = evidence.membership[attribute]
    return {speaker for speaker, of in groups.items() if of not in (UNKNOWN, CONTRADICTORY)} - group
