"""The table `shares`: how much of what goes wrong would go wrong without any recognition error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from callgap.fairness.calls import SHOWN
from callgap.fairness.contrasts import Row
from callgap.fairness.endpoints import ENDPOINTS, per_speaker
from callgap.fairness.evidence import Evidence
from callgap.fairness.groups import EVERYONE
from callgap.fairness.sides import Side
from callgap.fairness.standing import DESCRIBED
from callgap.fairness.treatment import Treatment


def share_rows(evidence: Evidence, replayed: Evidence, references: Mapping[str, str | None]) -> list[Row]:
    """Split rates and gaps into a share of the understanding and one of the recognition.

    The same calls are walked again with what was really said. What goes wrong then is the service's own doing, the
    rest is the recognition's; the shares add up, and one of them may be negative: an error can send a call right that
    its own words send astray.

    Args:
        evidence: of one run.
        replayed: the same with the outcomes of the replay.
        references: by attribute of persons, the reference group, or `everyone else`; None compares nothing.

    Returns:
        Rows of the table `shares`, of endpoints that were observed in both, for groups of two speakers and more.
    """
    endpoints = [name for name in SHOWN if len(evidence.observations[name]) and len(replayed.observations[name])]
    split = _Split(evidence, replayed, endpoints)
    rows = list(split.of(EVERYONE, EVERYONE, set(evidence.speakers.values()), None, ""))
    for attribute, reference in references.items():
        rows += split.of_attribute(attribute, reference)
    return rows


class _Split:
    def __init__(self, evidence: Evidence, replayed: Evidence, endpoints: list[str]) -> None:
        self._evidence, self._endpoints = evidence, endpoints
        self._real, self._replayed = _rates(evidence, endpoints), _rates(replayed, endpoints)

    def of_attribute(self, attribute: str, reference: str | None) -> Iterator[Row]:
        groups = self._evidence.membership[attribute]
        treatment = Treatment({}, groups, reference or "", None, None)
        for group in sorted(set(groups.values())):
            members = treatment.members[group]
            others = treatment.others(group) if reference is not None and group != reference else None
            yield from self.of(attribute, group, members, others, reference or "")

    def of(
        self, attribute: str, group: str, members: set[str], others: set[str] | None, reference: str
    ) -> Iterator[Row]:
        for endpoint in self._endpoints:
            mine = _both(self._real[endpoint], self._replayed[endpoint], members, endpoint)
            if mine is None:
                continue
            real, understanding = mine
            row: Row = {
                "attribute": attribute,
                "group": group,
                "system": self._evidence.system,
                "condition": self._evidence.condition,
                "endpoint": endpoint,
                "rate": real,
                "rate_understanding": understanding,
                "rate_recognition": real - understanding,
            }
            theirs = _both(self._real[endpoint], self._replayed[endpoint], others, endpoint) if others else None
            if theirs is not None:
                gap, own = real - theirs[0], understanding - theirs[1]
                row |= {"reference": reference, "difference": gap, "understanding": own, "recognition": gap - own}
            yield row


def _rates(evidence: Evidence, endpoints: list[str]) -> dict[str, pd.DataFrame]:
    return {name: per_speaker(evidence.observations[name], pooled=False) for name in endpoints}


def _both(real: pd.DataFrame, replayed: pd.DataFrame, speakers: set[str], endpoint: str) -> tuple[float, float] | None:
    # Of speakers whose calls are told in both: a mean over calls that asked for a person is over those who reached one.
    share = ENDPOINTS[endpoint].is_share
    both = speakers & set(real.index) & set(replayed.index)
    if len(both) < DESCRIBED:
        return None
    one, other = Side.of(real, both, is_share=share), Side.of(replayed, both, is_share=share)
    return one.rate, other.rate
