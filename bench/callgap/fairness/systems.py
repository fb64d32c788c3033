"""Several systems on the same audio: pairs, worst groups and ranks, from one set of resamples.

Everything that is said of pairs on one attribute and endpoint holds together at the error rate alpha. A third of it
goes to each of three questions, and each question's limits are simultaneous over all pairs and groups (max-T on the
same draws, `simultaneous.py`): who has the lower rate over everybody; in which group, and whose gap is smaller; who has
the lower rate in the worst group.

The worst group. W = max_g R_g is no smooth function of the rates: where two groups are about equally bad, resampling
their maximum gives an estimate that is too high and limits that miss too often (Andrews 2000). Limits of the rates
themselves do not fail so. From limits L_gh, U_gh of R_gA - R_hB that hold together for all groups g and h,

    min_h max_g L_gh  <=  W_A - W_B  <=  max_g min_h U_gh

since W_A - W_B = min_h max_g (R_gA - R_hB) = max_g min_h (R_gA - R_hB), and both operations keep an order. For one
system, max_g L_g with limits that hold together for all groups is a lower limit of W. For the upper one, max_g U_g, the
limit of each group alone is enough: it fails only where that of the truly worst group does.

A group of a dozen speakers may be the worst of all as far as anybody can tell, and then nothing can be told of W. The
worst group is therefore sought among those with at least 30 speakers, wherever two groups have so many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.fairness.paired import Resampled, Sums, resample_paired
from callgap.fairness.ranking import GAP, GROUP, OVERALL, WORST, Limited, Pair, SystemRates, Systems, rank
from callgap.fairness.simultaneous import Family, pointwise
from callgap.fairness.standing import JUDGED, MARGIN
from callgap.fairness.worst_group import highest, worst_differences
from callgap_kernels.resampling.limits import Limits

Float = NDArray[np.float64]
Int = NDArray[np.int64]

EVERYONE_ELSE = "everyone else"
_QUESTIONS = 3


def compare_systems(
    sums: Mapping[str, pd.DataFrame],
    groups: Mapping[str, str],
    reference: str | None,
    *,
    alpha: float,
    resamples: int,
    seed: int,
) -> Systems:
    """Compare systems that heard the same speakers.

    Args:
        sums: by system, `numerator` and `denominator` of each speaker id, as `Evidence.by_speaker` has them.
        groups: by speaker, the group; unknown and contradictory ones count over all speakers only.
        reference: group that gaps are measured from, or `everyone else`; None leaves gaps out.
        alpha: two-sided error rate of all statements about pairs together, and of each system's own limits.
        resamples: of speakers.
        seed: of the draws.

    Returns:
        Rates, ranks and pairs.

    Raises:
        ValueError: there is no system, or two systems did not hear the same speakers.
    """
    heard = _Heard.of(sums, groups, reference, resamples, seed)
    pairs = [*heard.overall(alpha / _QUESTIONS), *heard.by_group(alpha / _QUESTIONS), *heard.worst(alpha / _QUESTIONS)]
    return Systems(heard.rates(alpha, pairs), tuple(pairs), heard.judged, heard.weighed, len(heard.speakers))


@dataclass(frozen=True, eq=False)
class _Heard:
    """Sums of all systems [speaker, system] and how they are resampled."""

    names: tuple[str, ...]
    speakers: tuple[str, ...]
    numerator: Float
    denominator: Float
    labels: NDArray[np.object_]
    judged: tuple[str, ...]
    weighed: tuple[str, ...]
    reference: str | None
    resamples: int
    seed: int

    @classmethod
    def of(
        cls,
        sums: Mapping[str, pd.DataFrame],
        groups: Mapping[str, str],
        reference: str | None,
        resamples: int,
        seed: int,
    ) -> _Heard:
        if not sums:
            raise ValueError("found no system; accepted is one or more")
        first, *others = frames = [frame[frame["denominator"] > 0].sort_index() for frame in sums.values()]
        for name, frame in zip(list(sums)[1:], others, strict=True):
            if not frame.index.equals(first.index):
                raise ValueError(f"{name} has {len(frame)} speakers, not the {len(first)} of {next(iter(sums))}")
        labels = np.array([groups.get(speaker, UNKNOWN) for speaker in first.index], dtype=object)
        known, counts = np.unique(labels[~np.isin(labels, [UNKNOWN, CONTRADICTORY])].astype(str), return_counts=True)
        judged, many = (
            tuple(str(name) for name, count in zip(known, counts, strict=True) if count >= fewest)
            for fewest in (JUDGED, MARGIN)
        )
        weighed = many if len(many) > 1 else judged
        numerator, denominator = (
            np.stack([frame[column].to_numpy(np.float64) for frame in frames], axis=1)
            for column in ("numerator", "denominator")
        )
        speakers = tuple(first.index)
        return cls(tuple(sums), speakers, numerator, denominator, labels, judged, weighed, reference, resamples, seed)

    @property
    def pairs(self) -> Int:
        """Places of every two systems [pair, 2]."""
        return np.array(list(combinations(range(len(self.names)), 2)), dtype=np.int64).reshape(-1, 2)

    def overall(self, alpha: float) -> list[Pair]:
        if not len(self.pairs):
            return []
        everyone = [np.ones(len(self.speakers), dtype=bool)]
        limits = self._together([self._differences(everyone)], alpha)
        return self._pairs(OVERALL, [None], self._values(everyone), limits[0])

    def by_group(self, alpha: float) -> list[Pair]:
        if not len(self.pairs) or not self.judged:
            return []
        groups = self._groups(self.judged)
        own = self._differences(groups)
        values = self._values(groups)
        families, names, gaps = [own], [], []
        for drawn, name, value in self._gaps(own, groups, values):
            families.append(drawn)
            names.append(name)
            gaps.append(value)
        limits = self._together(families, alpha)
        rows = self._pairs(GROUP, self.judged, values, limits[0])
        for name, value, limit in zip(names, gaps, limits[1:], strict=True):
            rows += self._pairs(GAP, [name], value, limit)
        return rows

    def worst(self, alpha: float) -> list[Pair]:
        if not len(self.pairs) or not self.judged:
            return []
        alone, paired = self._alone(), self._differences(self._groups(self.weighed))
        limits = worst_differences(alone, paired, self.pairs, alpha)
        values = alone.sample.value.max(axis=0, keepdims=True)
        return self._pairs(WORST, [None], values, Limits(limits.lower[None], limits.upper[None]))

    def _together(self, families: Sequence[Resampled], alpha: float) -> list[Limits]:
        family = Family(alpha, sum(drawn.sample.value.size for drawn in families), self.resamples)
        members = [drawn.join(family) for drawn in families]
        return [family.limits(own) for own in members]

    def rates(self, alpha: float, pairs: Sequence[Pair]) -> tuple[SystemRates, ...]:
        everyone = self._resampled([np.ones(len(self.speakers), dtype=bool)])
        overall = pointwise(everyone.sample, everyone.draws, alpha)
        ranks, worst_ranks = (rank(self.names, [p for p in pairs if p.estimand == what]) for what in (OVERALL, WORST))
        groups: list[tuple[str, Limited] | tuple[None, None]] = [(None, None)] * len(self.names)
        if self.judged:
            alone = self._alone()
            limits = highest(alone, alpha)
            groups = [
                (self.weighed[place], _rate(alone.sample.value[place, k], limits.lower[k], limits.upper[k]))
                for k, place in enumerate(alone.sample.value.argmax(axis=0))
            ]
        return tuple(
            SystemRates(
                system=name,
                overall=_rate(everyone.sample.value[0, k], overall.lower[0, k], overall.upper[0, k]),
                worst_group=groups[k][0],
                worst=groups[k][1],
                overall_ranks=ranks[name],
                worst_ranks=worst_ranks[name] if self.judged else None,
            )
            for k, name in enumerate(self.names)
        )

    def _gaps(
        self, own: Resampled, groups: Sequence[NDArray[np.bool_]], values: Float
    ) -> Iterator[tuple[Resampled, str, Float]]:
        """Differences of gaps: drawn, name of the group, gap of each system [1, system]."""
        if self.reference in self.judged:
            base = self.judged.index(self.reference)
            for place, name in enumerate(self.judged):
                if place != base:
                    yield own.contrast(np.array([[place, base]])), name, values[[place]] - values[[base]]
        elif self.reference == EVERYONE_ELSE:
            known = ~np.isin(self.labels, [UNKNOWN, CONTRADICTORY])
            for place, name in enumerate(self.judged):
                both = [groups[place], known & ~groups[place]]
                if both[1].sum() >= JUDGED:
                    # Other draws for each: a group and the others of the next group share speakers, not strata.
                    drawn = self._differences(both, seed=self.seed + 1 + place)
                    value = self._values(both)
                    yield drawn.contrast(np.array([[0, 1]])), name, value[[0]] - value[[1]]

    def _groups(self, names: Sequence[str]) -> list[NDArray[np.bool_]]:
        return [self.labels == name for name in names]

    def _values(self, groups: Sequence[NDArray[np.bool_]]) -> Float:
        return np.stack([self.numerator[own].sum(axis=0) / self.denominator[own].sum(axis=0) for own in groups])

    def _alone(self) -> Resampled:
        return self._resampled(self._groups(self.weighed))

    def _resampled(self, groups: Sequence[NDArray[np.bool_]]) -> Resampled:
        rows, label = _stacked(groups)
        first = Sums(self.numerator[rows], self.denominator[rows])
        nothing = Sums(np.zeros_like(first.numerator), first.denominator)
        return resample_paired(first, nothing, label, seed=self.seed, resamples=self.resamples)

    def _differences(self, groups: Sequence[NDArray[np.bool_]], seed: int | None = None) -> Resampled:
        rows, label = _stacked(groups)
        first, second = (Sums(self.numerator[rows][:, side], self.denominator[rows][:, side]) for side in self.pairs.T)
        seed = self.seed if seed is None else seed
        return resample_paired(first, second, label, seed=seed, resamples=self.resamples)

    def _pairs(self, estimand: str, names: Sequence[str | None], values: Float, limits: Limits) -> list[Pair]:
        return [
            Pair(
                estimand,
                name,
                self.names[one],
                self.names[other],
                float(values[row, one]),
                float(values[row, other]),
                _limited(values[row, one] - values[row, other], limits.lower[row, column], limits.upper[row, column]),
            )
            for row, name in enumerate(names)
            for column, (one, other) in enumerate(self.pairs)
        ]


def _stacked(groups: Sequence[NDArray[np.bool_]]) -> tuple[Int, Int]:
    rows = [np.flatnonzero(own) for own in groups]
    return np.concatenate(rows), np.repeat(np.arange(len(rows)), [len(own) for own in rows])


def _limited(value: float, lower: float, upper: float) -> Limited:
    low, high = (float(limit) if np.isfinite(limit) else None for limit in (lower, upper))
    return Limited(float(value), low, high)


def _rate(value: float, lower: float, upper: float) -> Limited:
    return _limited(value, lower if np.isnan(lower) else max(0.0, lower), upper)
