"""Compares each group with its declared reference: differences and ratios with speaker-level limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from dataclasses import field
from functools import cached_property
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ConfigDict, Field, field_validator
from pydantic.dataclasses import dataclass

from callgap.errors import one_of
from callgap.fairness.contrasts import Compared as Contrasted
from callgap.fairness.contrasts import Row, charged_figures, figures
from callgap.fairness.endpoints import CONTRASTED, ENDPOINTS
from callgap.fairness.evidence import Evidence
from callgap.fairness.gaps import Key, Resampling
from callgap.fairness.grouping import CROSS, Pooling, is_circle
from callgap.fairness.groups import group_rows
from callgap.fairness.opinion import Opinion, opinion
from callgap.fairness.ratelimits import fill_limits
from callgap.fairness.treatment import Treatment
from callgap.records import LOST

FINEST_ALPHA, COARSEST_ALPHA = 0.001, 0.5
"""Each limit has resamples beyond it, so that the finest decides how many are drawn: beyond it, billions."""

_LOST = pa.array([status.value for status in LOST])


@plain_dataclass(frozen=True)
class Compared:
    """Rows of `groups`, of `contrasts` without margin and verdict, and of `omnibus`."""

    groups: list[Row]
    contrasts: list[Row]
    omnibus: list[Row] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Comparison:
    """How groups are compared.

    Attributes:
        attributes: columns to group by; None takes those that the corpus's card declares of persons.
        references: by attribute, a reference group other than the card's, or `everyone else`.
        endpoints: the declared primary endpoints; limits hold for all of them, and all groups, at once.
        alpha: two-sided error rate of all limits of one attribute together, 0.001 to 0.5.
        resamples: bootstrap resamples of speakers.
        permutations: of the second opinion.
        seed: of the resampling.
        intersections: attributes to be crossed, each a list of two or more.
        parents: by attribute and group, the wider group that it belongs to.
        pooling: whether groups of too few speakers (`small`), `all` or `none` are counted under their parent.
        speaker_cap: most that one speaker weighs in a ratio of sums, as a multiple of the median speaker's words; None
            for no limit.
        standardize: by attribute, the column within whose values the reference is reweighted to the group's mix; only
            content and design (prompt, domain, session).
    """

    attributes: tuple[str, ...] | None
    references: Mapping[str, str]
    endpoints: Annotated[tuple[str, ...], Field(min_length=1)]
    alpha: float
    resamples: Annotated[int, Field(ge=1000, le=1_000_000)]
    permutations: Annotated[int, Field(ge=200, le=1_000_000)] = 2000
    seed: Annotated[int, Field(ge=0)]
    intersections: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    parents: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    pooling: Pooling = Pooling.NONE
    speaker_cap: Annotated[float, Field(ge=1)] | None = None
    standardize: Mapping[str, str] = Field(default_factory=dict)

    @field_validator("alpha")
    @classmethod
    def _alpha_can_be_resampled(cls, alpha: float) -> float:
        if not FINEST_ALPHA <= alpha <= COARSEST_ALPHA:
            raise ValueError(f"accepted: a number from {FINEST_ALPHA} to {COARSEST_ALPHA}")
        return alpha

    @field_validator("endpoints")
    @classmethod
    def _endpoints_exist(cls, endpoints: tuple[str, ...]) -> tuple[str, ...]:
        for name in endpoints:
            if name not in CONTRASTED:
                raise ValueError(f"found {name!r}; {one_of(name, CONTRASTED)}")
        return endpoints

    @field_validator("parents")
    @classmethod
    def _parents_end(cls, parents: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
        for attribute, of in parents.items():
            if is_circle(of):
                raise ValueError(f"{attribute}: a group is its own ancestor; accepted: parents that end somewhere")
        return parents

    @field_validator("intersections")
    @classmethod
    def _crossed_once(cls, intersections: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        for names in intersections:
            if len(set(names)) < len(names):
                raise ValueError(f"found {CROSS.join(names)!r}; accepted: each attribute once")
        return intersections

    def compare(
        self, evidence: Evidence, references: Mapping[str, str | None], margins: Mapping[str, float]
    ) -> Compared:
        """Compare every group of every attribute with the attribute's reference.

        Args:
            evidence: of one run.
            references: by attribute, the reference group, or `everyone else`; None describes the groups and compares
                nothing.
            margins: by endpoint, the gap for which the smallest detectable one is sought.

        Returns:
            Group rows with limits where five speakers or more allow them, and contrast rows for all declared endpoints
            under every normalizer.
        """
        plan = Resampling(self.alpha, self.resamples, self.seed)
        rows = group_rows(evidence)
        fill_limits(rows, evidence, plan)
        result = Compared(rows, [])
        for attribute, groups in evidence.membership.items():
            reference = references[attribute]
            if reference is not None:
                one = _Attribute(self, evidence, attribute, reference, groups, plan, margins)
                result.contrasts.extend(one.rows())
                result.omnibus.extend(one.omnibus())
        return result


@plain_dataclass(frozen=True)
class _Attribute:
    comparison: Comparison
    evidence: Evidence
    attribute: str
    reference: str
    groups: Mapping[str, str]
    plan: Resampling
    margins: Mapping[str, float]

    def rows(self) -> list[Row]:
        """Contrast rows, the primary normalizer's first."""
        return [row for name in self.evidence.normalizers for row in self._under(name)]

    def omnibus(self) -> list[Row]:
        """Rows of `omnibus`, under the primary normalizer; none where every text was lost."""
        if not self._observed:
            return []
        keys = {name: self._keys[name] for name in ("attribute", "system", "condition")}
        return self._opinion.omnibus.rows(self._observed, keys | {"normalizer": self.evidence.normalizer})

    @cached_property
    def _keys(self) -> Row:
        return {
            "attribute": self.attribute,
            "reference": self.reference,
            "system": self.evidence.system,
            "condition": self.evidence.condition,
            "standardized_by": self.comparison.standardize.get(self.attribute),
        }

    @cached_property
    def _observed(self) -> list[str]:
        observed = self.evidence.observations
        return [name for name in self.comparison.endpoints if len(observed[name])]

    def _treatment(self, normalizer: str, *, charged: bool = False) -> Treatment:
        column = self.comparison.standardize.get(self.attribute)
        strata = self.evidence.column(column) if column else None
        observed = self.evidence.observed(normalizer, charged=charged)
        return Treatment(observed, self.groups, self.reference, self.comparison.speaker_cap, strata)

    def _under(self, normalizer: str) -> list[Row]:
        primary = normalizer == self.evidence.normalizer
        endpoints = [name for name in self._observed if primary or not ENDPOINTS[name].of_calls]
        compared = Contrasted(self._treatment(normalizer), endpoints, self.plan)
        charged = self._charged(normalizer, endpoints)
        return [
            self._row(compared, charged, key, normalizer, primary=primary)
            for group in dict.fromkeys(group for group, _ in [*compared.pairs, *compared.refused])
            for key in ((group, endpoint) for endpoint in endpoints)
            if key in compared.pairs or key in compared.refused
        ]

    def _charged(self, normalizer: str, endpoints: Sequence[str]) -> Contrasted | None:
        """The same with lost texts charged to the recognizer; None where none was lost."""
        lost = pc.any(pc.is_in(self.evidence.heard["status"], _LOST)).as_py()
        owed = [name for name in endpoints if ENDPOINTS[name].owed]
        return Contrasted(self._treatment(normalizer, charged=True), owed, self.plan) if lost and owed else None

    def _row(
        self, compared: Contrasted, charged: Contrasted | None, key: Key, normalizer: str, *, primary: bool
    ) -> Row:
        group, endpoint = key
        spoken = not ENDPOINTS[endpoint].of_calls
        row: Row = self._keys | {"group": group, "endpoint": endpoint, "normalizer": normalizer if spoken else None}
        if key in compared.refused:
            sizes = (len(compared.treatment.members[group]), len(compared.treatment.others(group)))
            return row | dict(zip(("group_speakers", "reference_speakers"), sizes, strict=True)) | {
                "not_judged": compared.refused[key]
            }  # fmt: skip
        row |= figures(compared, key)
        row |= charged_figures(charged, key) if charged else {}
        if primary:
            row |= {"smallest_detectable_gap": compared.detectable(key, self.margins[endpoint])}
            row |= self._opinion.of(group, endpoint)
        return row

    @cached_property
    def _opinion(self) -> Opinion:
        return opinion(
            self._treatment(self.evidence.normalizer), self._observed, self.comparison.permutations, self.plan.seed
        )
