"""What would become of the same calls if the service were another: walked again, and counted by group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from callgap.corpus import Attribute
from callgap.fairness.contrasts import Row
from callgap.fairness.evidence import Evidence
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.groups import EVERYONE
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.fairness.standing import DESCRIBED
from callgap.ivr import Change, Graph, changes, walk

Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ENDPOINTS = ("not_completed", "misrouted", "wrong_number", "seconds_per_call")
"""In the order of the table; `wrong_number`, of calls in which a number was said: a wrong one was taken."""

OTHER_CALLS = "callers would make other calls"
"""Why a change is left out whose kinds of call need other recordings."""


def what_if_rows(
    evidence: Evidence,
    attributes: Mapping[str, Attribute],
    service: object,
    tables: tuple[pa.Table, pa.Table, pa.Table],
) -> list[Row]:
    """Walk the calls of a run through services that differ in one thing, with what was recognized already.

    Args:
        evidence: of the run.
        attributes: those that are examined; of those that are none of persons nothing is said.
        service: of the run; nothing is walked where it is no graph.
        tables: `utterances`, `hypotheses` and `covariates`, repetitions included.

    Returns:
        Rows of the table `what_if`. A speaker counts as much as another, and calls of which a text was owed count for
        nobody. A change of which the stored texts cannot tell has one row, with the reason.
    """
    if not isinstance(service, Graph) or not evidence.outcomes.num_rows:
        return []
    persons = {name: a.reference for name, a in attributes.items() if a.of_person and name in evidence.membership}
    callers = Callers.of(evidence, persons)
    rows: list[Row] = []
    for change in changes(service, tables[1]):
        outcomes = evidence.outcomes if change.is_base else walk(change.graph, *tables)
        left_out = change.left_out or ("" if same_calls(evidence.outcomes, outcomes) else OTHER_CALLS)
        rows += _left_out(evidence, change, left_out) if left_out else callers.rows(change, outcomes)
    return rows


def same_calls(one: pa.Table, other: pa.Table) -> bool:
    """Whether two tables `outcomes` hold the same kinds of call of the same speakers in the same order."""
    return all(one[name].equals(other[name]) for name in ("speaker_id", "goal"))


def speaker_rates(outcomes: pa.Table, speakers: Sequence[str]) -> dict[str, Reals]:
    """What each speaker's calls came to.

    Args:
        outcomes: table `outcomes` of a graph.
        speakers: ids.

    Returns:
        By endpoint, `[speaker]`: the share of the speaker's calls, or their mean; not a number where none counts.
    """
    names = ("speaker_id", "outcome", "completed", "wrong_number_accepted", "seconds")
    calls = outcomes.select(names).to_pandas()
    calls = calls[calls["outcome"] != "lost"]
    place = pd.Index(speakers).get_indexer(calls["speaker_id"].astype(object))
    values = {
        "not_completed": ~calls["completed"].astype(bool),
        "misrouted": calls["outcome"] == "misrouted",
        "wrong_number": calls["wrong_number_accepted"],
        "seconds_per_call": calls["seconds"],
    }
    return {
        name: _means(place, column.to_numpy(np.float64, na_value=np.nan), len(speakers))
        for name, column in values.items()
    }


def _means(place: npt.NDArray[np.intp], values: Reals, size: int) -> Reals:
    known = (place >= 0) & ~np.isnan(values)
    total = np.bincount(place[known], values[known], size)
    count = np.bincount(place[known], minlength=size)
    means: Reals = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
    return means


@dataclass(frozen=True)
class _Group:
    """The callers of a group, those that it is compared with, and all others whose group is known: flags by speaker."""

    attribute: str
    name: str
    reference: str | None
    own: Flags
    compared: Flags | None
    others: Flags | None


@dataclass(frozen=True)
class Callers:
    """The speakers of a run and their groups.

    Attributes:
        speakers: ids.
        membership: by attribute and speaker, the group.
        references: by attribute, the reference group or `everyone else`; None compares nothing.
        system: name of the recognizer.
        condition: name of the channel.
    """

    speakers: tuple[str, ...]
    membership: Mapping[str, Mapping[str, str]]
    references: Mapping[str, str | None]
    system: str
    condition: str

    @classmethod
    def of(cls, evidence: Evidence, references: Mapping[str, str | None]) -> Callers:
        """Those who make the calls of a run."""
        speakers = tuple(dict.fromkeys(evidence.outcomes["speaker_id"].to_pylist()))
        return cls(speakers, evidence.membership, references, evidence.system, evidence.condition)

    def rows(self, change: Change, outcomes: pa.Table) -> Iterator[Row]:
        """Count calls by group.

        Args:
            change: of the service.
            outcomes: table `outcomes` of the changed service.

        Yields:
            Rows of the table `what_if`: everyone, then each attribute's groups.
        """
        rates = speaker_rates(outcomes, self.speakers)
        base: Row = {
            "system": self.system,
            "condition": self.condition,
            "change": change.name,
            "value": change.value,
            "is_base": change.is_base,
        }
        for group in self._groups:
            for endpoint in ENDPOINTS:
                place: Row = {"attribute": group.attribute, "group": group.name, "endpoint": endpoint}
                yield place | base | _compared(group, rates[endpoint])

    @cached_property
    def _groups(self) -> tuple[_Group, ...]:
        everyone = np.ones(len(self.speakers), bool)
        found = [_Group(EVERYONE, EVERYONE, None, everyone, None, None)]
        for attribute, reference in self.references.items():
            of = np.array([self.membership[attribute].get(speaker, UNKNOWN) for speaker in self.speakers], object)
            found += [_group(attribute, str(name), reference, of) for name in sorted(set(of))]
        return tuple(found)


def _group(attribute: str, name: str, reference: str | None, of: npt.NDArray[np.object_]) -> _Group:
    own: Flags = of == name
    if reference is None or name in (reference, UNKNOWN, CONTRADICTORY):
        return _Group(attribute, name, None, own, None, None)
    others: Flags = ~np.isin(of.astype(str), [name, UNKNOWN, CONTRADICTORY])
    compared = others if reference == EVERYONE_ELSE else np.asarray(of == reference)
    return _Group(attribute, name, reference, own, compared, others)


def _compared(group: _Group, rates: Reals) -> Row:
    speakers, rate = _side(rates, group.own)
    row: Row = {"speakers": speakers, "rate": rate}
    if group.compared is None or group.others is None:
        return row
    reference_speakers, reference_rate = _side(rates, group.compared)
    others_speakers, others_rate = _side(rates, group.others)
    return row | {
        "reference": group.reference,
        "reference_speakers": reference_speakers,
        "reference_rate": reference_rate,
        "difference": None if rate is None or reference_rate is None else rate - reference_rate,
        "others_speakers": others_speakers,
        "others_rate": others_rate,
    }


def _side(rates: Reals, members: Flags) -> tuple[int, float | None]:
    known = rates[members & ~np.isnan(rates)]
    return len(known), float(known.mean()) if len(known) >= DESCRIBED else None


def _left_out(evidence: Evidence, change: Change, why: str) -> list[Row]:
    place: Row = {"attribute": EVERYONE, "group": EVERYONE, "system": evidence.system, "condition": evidence.condition}
    return [place | {"change": change.name, "value": change.value, "is_base": False, "left_out": why}]
