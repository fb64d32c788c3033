"""The table `calls`: what became of calls in each group and condition, shares and means alike, with limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from callgap.fairness.contrasts import Compared, Row
from callgap.fairness.endpoints import ENDPOINTS, per_speaker
from callgap.fairness.evidence import Evidence
from callgap.fairness.gaps import Method, Resampling
from callgap.fairness.groups import EVERYONE
from callgap.fairness.rare import Interval, is_rare
from callgap.fairness.ratelimits import rate_limits
from callgap.fairness.sides import Side
from callgap.fairness.standing import DESCRIBED, EXPLORATORY, Standing
from callgap.fairness.treatment import Treatment

SHOWN = (
    "not_completed", "misrouted", "not_understood", "wrong_priority",
    "human_not_reached", "human_turns", "human_seconds",
    "not_within_1", "not_within_2", "not_within_3",
    "no_match", "gave_up", "reprompts_per_call", "seconds_per_call", "contained",
    "digits_wrong_1", "digits_wrong_2", "digits_wrong_3", "wrong_number",
    "critical_missed", "confident_error",
)  # fmt: skip
"""In the order of the table."""


def call_rows(
    evidence: Evidence,
    references: Mapping[str, str | None],
    conditions: Sequence[str],
    declared: Sequence[str],
    plan: Resampling,
) -> list[Row]:
    """Describe the calls of everyone, of each group of persons and of each value of a condition.

    Differences stand beside groups of persons that have a reference, of the endpoints that are not declared (the table
    `contrasts` has those). Their limits hold for all groups and these endpoints of an attribute at once where both
    sides may be judged; no verdict is drawn from them. A speaker counts as much as another.

    Args:
        evidence: of one run.
        references: by attribute of persons, the reference group, or `everyone else`; None compares nothing.
        conditions: attributes that are none of persons.
        declared: the primary endpoints.
        plan: how limits are resampled.

    Returns:
        Rows of the table `calls`; rates from two speakers on, limits from five on.
    """
    observed = {name: frame for name in SHOWN if len(frame := evidence.observations[name])}
    calls = Told(evidence, plan, tuple(name for name in SHOWN if name not in declared), observed)
    rows = calls.of_everyone()
    for attribute, reference in references.items():
        rows += calls.of_persons(attribute, reference)
    for attribute in conditions:
        rows += calls.of_condition(attribute)
    return rows


@dataclass(frozen=True)
class Told:
    """What is told of calls.

    Attributes:
        evidence: of one run.
        plan: how limits are resampled.
        compared: endpoints whose differences are told.
        whole: by endpoint with any observation, one row per call.
    """

    evidence: Evidence
    plan: Resampling
    compared: tuple[str, ...]
    whole: Mapping[str, pd.DataFrame]

    def of_everyone(self) -> list[Row]:
        """Rows of all speakers together."""
        return list(self.described(EVERYONE, EVERYONE, set(self.evidence.speakers.values()), self._sums))

    def of_persons(self, attribute: str, reference: str | None) -> Iterator[Row]:
        """Rows of the groups of an attribute, beside its reference where it has one."""
        groups = self.evidence.membership[attribute]
        gaps = self._gaps(groups, reference) if reference is not None else {}
        for group in sorted(set(groups.values())):
            for row in self.described(attribute, group, self.evidence.members(attribute, group), self._sums):
                yield row | gaps.get((group, str(row["endpoint"])), {})

    def of_condition(self, attribute: str) -> Iterator[Row]:
        """Rows of the values of a condition."""
        values = self.evidence.column(attribute)
        calls = {call for frame in self.whole.values() for call in frame["utterance_id"]}
        found = sorted({value for u, value in values.items() if value is not None and u in calls})
        # Calls that all begin alike are in no condition: asked for all three items, a caller begins with the first.
        for value in found if len(found) > 1 else ():
            chosen = {u for u, of in values.items() if of == value}
            mine = {name: frame[frame["utterance_id"].isin(chosen)] for name, frame in self.whole.items()}
            yield from self.described(attribute, value, set(self.evidence.speakers.values()), _by_speaker(mine))

    @cached_property
    def _sums(self) -> dict[str, pd.DataFrame]:
        return _by_speaker(self.whole)

    def described(
        self, attribute: str, group: str, members: set[str], sums: Mapping[str, pd.DataFrame]
    ) -> Iterator[Row]:
        """Rows of some speakers, one per endpoint of which they have a call."""
        for endpoint, frame in sums.items():
            side = Side.of(frame, members, is_share=ENDPOINTS[endpoint].is_share)
            if not side.speakers:
                continue
            row: Row = {
                "attribute": attribute,
                "group": group,
                "system": self.evidence.system,
                "condition": self.evidence.condition,
                "endpoint": endpoint,
                "speakers": side.speakers,
                "calls": int(side.trials),
            }
            yield row | self._rate(side)

    def _rate(self, side: Side) -> Row:
        if side.speakers < DESCRIBED:
            return {}
        row: Row = {"total": side.events, "rate": side.rate}
        # Exact limits are of shares; a mean that hardly varies has none.
        if side.speakers < EXPLORATORY or (is_rare(side) and not side.is_share):
            return row
        return row | _limits("rate", rate_limits(side, self.plan))

    def _gaps(self, groups: Mapping[str, str], reference: str | None) -> dict[tuple[str, str], Row]:
        endpoints = tuple(name for name in self.compared if name in self.whole)
        if not endpoints:
            return {}
        compared = Compared(Treatment(self.whole, groups, str(reference), None, None), endpoints, self.plan)
        found: dict[tuple[str, str], Row] = {}
        for key, pair in compared.pairs.items():
            row: Row = {"reference": reference}
            if min(pair.group.speakers, pair.reference.speakers) >= DESCRIBED:
                row |= {"reference_rate": pair.reference.rate, "difference": pair.gap}
            gap = compared.gaps.get(key)
            if gap and (pair.group.is_share or gap.method is not Method.EXACT):
                judged = compared.standing(key) is Standing.JUDGED
                row |= _limits("difference", gap.difference)
                row |= {"limits": "simultaneous" if judged else "pointwise"}
            found[key] = row
        return found


def _by_speaker(observed: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: per_speaker(frame, pooled=False) for name, frame in observed.items()}


def _limits(column: str, found: Interval) -> Row:
    if not math.isfinite(found.lower + found.upper):
        return {}
    return {f"{column}_lower": found.lower, f"{column}_upper": found.upper}
