"""Compares each group with its declared reference: differences and ratios with speaker-level limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field, field_validator
from pydantic.dataclasses import dataclass

from callgap.errors import one_of
from callgap.fairness.endpoints import CONTRASTED
from callgap.fairness.evidence import Evidence
from callgap.fairness.groups import group_rows
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.fairness.standing import EXPLORATORY, JUDGED, Standing
from callgap_kernels.resampling import BootstrapT, bootstrap_t

Row = dict[str, object]


@plain_dataclass(frozen=True)
class Compared:
    """Rows of `groups`, and rows of `contrasts` without margin and verdict."""

    groups: list[Row]
    contrasts: list[Row]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Comparison:
    """How groups are compared.

    Attributes:
        attributes: columns to group by; None takes those that the corpus's card declares of persons.
        references: by attribute, a reference group other than the card's.
        endpoints: the declared primary endpoints; limits hold for all of them, and all groups, at once.
        alpha: two-sided error rate of all limits.
        resamples: bootstrap resamples of speakers.
        seed: of the resampling.
    """

    attributes: tuple[str, ...] | None
    references: Mapping[str, str]
    endpoints: Annotated[tuple[str, ...], Field(min_length=1)]
    alpha: Annotated[float, Field(gt=0, lt=0.5)]
    resamples: Annotated[int, Field(ge=1000, le=1_000_000)]
    seed: Annotated[int, Field(ge=0)]

    @field_validator("endpoints")
    @classmethod
    def _endpoints_exist(cls, endpoints: tuple[str, ...]) -> tuple[str, ...]:
        for name in endpoints:
            if name not in CONTRASTED:
                raise ValueError(f"found {name!r}; {one_of(name, CONTRASTED)}")
        return endpoints

    def compare(self, evidence: Evidence, references: Mapping[str, str | None]) -> Compared:
        """Compare every group of every attribute with the attribute's reference.

        Args:
            evidence: of one run.
            references: by attribute, the reference group; None describes the groups and compares nothing.

        Returns:
            Group rows with limits where five speakers or more allow them, and contrast rows for all declared endpoints.
        """
        rows = group_rows(evidence)
        contrasts: list[Row] = []
        for attribute, groups in evidence.membership.items():
            own = [row for row in rows if row["attribute"] == attribute]
            contrasts += _Attribute(self, evidence, attribute, references[attribute], groups, own).contrasts()
        return Compared(rows, contrasts)


@plain_dataclass(frozen=True)
class _Attribute:
    plan: Comparison
    evidence: Evidence
    attribute: str
    reference: str | None
    groups: Mapping[str, str]
    rows: Sequence[Row]

    def contrasts(self) -> list[Row]:
        """Contrast rows; the limits of the group rows are filled in on the way."""
        names = [str(row["group"]) for row in self.rows]
        others = [n for n in names if n not in {self.reference, UNKNOWN, CONTRADICTORY}]
        limited = [n for n in names if self._speakers(n) >= EXPLORATORY]
        self._fill_group_limits(limited)
        if self.reference is None or self.reference not in names:
            return []
        theirs = self._speakers(self.reference)
        judged = [n for n in others if min(self._speakers(n), theirs) >= JUDGED]
        exploratory = [n for n in others if n in limited and n not in judged and self.reference in limited]
        estimates: dict[str, tuple[BootstrapT, int]] = {}
        for family in (judged, exploratory):
            if family:
                result = self._bootstrap(limited, self.reference, family)
                estimates |= {name: (result, index) for index, name in enumerate(family)}
        return [
            self._row(name, self.reference, endpoint, position, estimates.get(name), simultaneous=name in judged)
            for name in others
            for position, endpoint in enumerate(self.plan.endpoints)
        ]

    def _speakers(self, group: str) -> int:
        return sum(1 for of in self.groups.values() if of == group)

    def _sums(self, groups: Sequence[str], endpoints: Sequence[str]) -> tuple[list[str], np.ndarray, np.ndarray]:
        speakers = [s for g in groups for s in sorted(self.groups) if self.groups[s] == g]
        frames = [self.evidence.by_speaker[e].reindex(speakers, fill_value=0.0) for e in endpoints]
        numerator = np.stack([frame["numerator"].to_numpy() for frame in frames], axis=1)
        denominator = np.stack([frame["denominator"].to_numpy() for frame in frames], axis=1)
        return speakers, numerator, denominator

    def _resample(
        self, groups: Sequence[str], pairs: Sequence[tuple[int, int]], endpoints: Sequence[str]
    ) -> BootstrapT:
        speakers, numerator, denominator = self._sums(groups, endpoints)
        index = np.array([groups.index(self.groups[s]) for s in speakers])
        return bootstrap_t(
            numerator,
            denominator,
            index,
            np.array(pairs, dtype=np.int64).reshape(-1, 2),
            seed=self.plan.seed,
            resamples=self.plan.resamples,
            alpha=self.plan.alpha,
        )

    def _bootstrap(self, groups: Sequence[str], reference: str, family: Sequence[str]) -> BootstrapT:
        pairs = [(groups.index(name), groups.index(reference)) for name in family]
        return self._resample(groups, pairs, self.plan.endpoints)

    def _fill_group_limits(self, limited: Sequence[str]) -> None:
        if not limited:
            return
        endpoints = [name for name in ("wer", "misrouted") if len(self.evidence.by_speaker[name])]
        if not endpoints:
            return
        result = self._resample(limited, [], endpoints).groups
        for row in self.rows:
            if row["group"] in limited:
                place = limited.index(str(row["group"]))
                for column, endpoint in enumerate(endpoints):
                    row[f"{endpoint}_lower"] = _finite(max(0.0, result.lower[place, column]))
                    row[f"{endpoint}_upper"] = _finite(result.upper[place, column])

    def _row(
        self,
        name: str,
        reference: str,
        endpoint: str,
        position: int,
        estimate: tuple[BootstrapT, int] | None,
        *,
        simultaneous: bool,
    ) -> Row:
        frame = self.evidence.by_speaker[endpoint]
        mine, theirs = (frame[frame.index.map(self.groups.get) == g] for g in (name, reference))
        row: Row = {
            "attribute": self.attribute,
            "group": name,
            "reference": reference,
            "system": self.evidence.system,
            "condition": self.evidence.condition,
            "endpoint": endpoint,
            "normalizer": self.evidence.normalizer if endpoint in {"wer", "cer", "unusable", "command_error"} else None,
            "group_speakers": len(mine),
            "reference_speakers": len(theirs),
        }
        standing = Standing.of(min(len(mine), len(theirs)))
        if standing is Standing.COUNTS_ONLY:
            return row
        row |= _rates(mine, theirs)
        if estimate is not None and standing in (Standing.EXPLORATORY, Standing.JUDGED):
            row |= _limits(*estimate, position, simultaneous)
        return row


def _rates(mine: pd.DataFrame, theirs: pd.DataFrame) -> Row:
    group, reference = (float(f["numerator"].sum() / f["denominator"].sum()) for f in (mine, theirs))
    ratio = group / reference if reference > 0 else None
    return {"group_rate": group, "reference_rate": reference, "difference": group - reference, "ratio": ratio}


def _limits(result: BootstrapT, index: int, endpoint: int, simultaneous: bool) -> Row:
    row: Row = {"limits": "simultaneous" if simultaneous else "pointwise"}
    for name, part, back in (("difference", result.difference, float), ("ratio", result.log_ratio, math.exp)):
        lower = part.simultaneous_lower if simultaneous else part.lower
        upper = part.simultaneous_upper if simultaneous else part.upper
        for side, limit in (("lower", lower[index, endpoint]), ("upper", upper[index, endpoint])):
            row[f"{name}_{side}"] = back(limit) if _finite(limit) is not None else None
    if row["difference_lower"] is None or row["difference_upper"] is None:
        row["limits"] = None
    return row


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
