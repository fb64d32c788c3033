"""A second opinion on the gaps: could they be chance, if it made no difference which group a speaker belongs to?

This is never the verdict. The verdict comes from the limits of the bootstrap; beside it stands the p-value of a
permutation of the speakers' groups (`callgap_kernels.permute`: studentized as by Janssen 1997 and Chung and Romano
2013, all arrangements where they are few). It is exact where groups are exchangeable. Where their spreads differ it is
so only in the limit of many speakers: with 5 speakers of large spread against 300 of small it rejects about 11 % at a
nominal 5 %.

For "is there any difference between the groups?" there is the omnibus test over all groups at once. The largest group
rate minus the smallest says nothing about that: it is above 0 without any difference, on average by 6 points for three
groups of 3 to 9 speakers and by 11 for ten (rate 0.2, log-SD of speakers 0.4).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callgap.fairness.standing import EXPLORATORY
from callgap_kernels.resampling.permutation import Permutation, permute

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Row = dict[str, object]

NOBODY: Final = -1
"""Number of the group of a speaker whose group is unknown: left out everywhere."""

EVERYONE_ELSE: Final = -1
"""Number that stands in a pair for all speakers of the other known groups."""

FEWEST_SPEAKERS: Final = EXPLORATORY
"""Speakers of a group that takes part in the omnibus test. Its statistic weighs groups by 1 / variance, and the
variance of two or three speakers is often close to 0, in the sample or in an arrangement: such groups would decide
alone. Beside 22 groups of 2 to 4 speakers a gap of 6 points of a group of 40 was found in 72 % of samples without them,
in 3 % with them (200 samples, 8 larger groups, rate 0.2, log-SD of speakers 0.4)."""


@dataclass(frozen=True, eq=False)
class PairTests:
    """Each group with its reference, labels exchanged among the speakers of the two only.

    Attributes:
        difference: rate of the group minus rate of the reference; NaN without a denominator [pair, endpoint].
        p: two-sided p-value, never 0; NaN where a side has one speaker or no denominator [pair, endpoint].
        p_adjusted: the same, for all pairs and endpoints at once: single-step max-T over the endpoints of a pair, which
            see the same permutations (Westfall and Young 1993), then Sidak (1967) over the pairs, which have no
            permutation in common; conservative for jointly normal statistics [pair, endpoint].
        exact: whether all arrangements were gone through [pair].
        arrangements: distinct arrangements, at most 2**63 - 1 [pair].
    """

    difference: Float
    p: Float
    p_adjusted: Float
    exact: NDArray[np.bool_]
    arrangements: Int


@dataclass(frozen=True, eq=False)
class Omnibus:
    """Any difference between the groups of `FEWEST_SPEAKERS` and more, endpoint by endpoint.

    Attributes:
        groups: that took part [endpoint].
        speakers: in them, with a denominator [endpoint].
        statistic: sum of the squared deviations of the rates from their mean, in units of their variances (Welch 1951;
            James 1951); NaN with fewer than two groups [endpoint].
        p: p-value, never 0; NaN with fewer than two groups [endpoint].
        exact: whether all arrangements were gone through [endpoint].
        arrangements: distinct arrangements, at most 2**63 - 1; 0 with fewer than two groups [endpoint].
    """

    groups: Int
    speakers: Int
    statistic: Float
    p: Float
    exact: NDArray[np.bool_]
    arrangements: Int

    def rows(self, endpoints: Sequence[str], keys: Mapping[str, object]) -> list[Row]:
        """Rows of the table `omnibus`.

        Args:
            endpoints: their names, in the order of the test.
            keys: the columns attribute, system, condition and normalizer.

        Returns:
            One row per endpoint; null where fewer than two groups took part, and for an infinite statistic.
        """
        return [
            {
                **keys,
                "endpoint": name,
                "groups": int(self.groups[place]),
                "speakers": int(self.speakers[place]),
                "statistic": _finite(self.statistic[place]),
                "p": _finite(self.p[place]),
                "arrangements": _countable(int(self.arrangements[place])),
                "exact": bool(self.exact[place]) if self.arrangements[place] else None,
            }
            for place, name in zip(range(len(self.p)), endpoints, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class SecondOpinion:
    """What permutation says of each pair, and of any difference."""

    pairs: PairTests
    omnibus: Omnibus


def second_opinion(
    numerator: Float,
    denominator: Float,
    group_index: Int,
    pairs: Sequence[tuple[int, int]],
    *,
    seed: int,
    permutations: int,
    strata: Int | None = None,
) -> SecondOpinion:
    """Test every pair, and any difference between the groups, by permuting the speakers' groups.

    Before adjustment a p-value depends on the speakers of its own pair, the seed and the number of permutations only,
    not on which other pairs are asked for.

    Args:
        numerator: sum per speaker, such as errors [speaker, endpoint].
        denominator: sum per speaker, such as words; 0 where the endpoint does not concern the speaker
            [speaker, endpoint].
        group_index: number of the speaker's group, from 0; `NOBODY` leaves the speaker out [speaker].
        pairs: group and reference group; the reference `EVERYONE_ELSE` is all speakers of the other groups.
        seed: of the permutations.
        permutations: how many; a family of speakers that has no more arrangements is gone through whole.
        strata: number of the prompt set or session within which groups are exchanged, where the comparison is
            standardized for it [speaker]; None for one stratum.

    Returns:
        The tests.

    Raises:
        ValueError: if the arrays are not of one length, or a pair names a group that has no speaker or names it twice.
    """
    shape = numerator.shape
    lengths = {len(group_index), len(shape) and shape[0], *([] if strata is None else [len(strata)])}
    if len(lengths) > 1 or denominator.shape != shape:
        raise ValueError(f"{sorted(lengths)} speakers; accepted is one number of them in all arrays")
    known = group_index != NOBODY
    sums = _Speakers(
        numerator[known],
        denominator[known],
        group_index[known],
        np.zeros(int(known.sum()), dtype=np.int64) if strata is None else strata[known],
        seed,
        permutations,
    )
    return SecondOpinion(sums.pair_tests(pairs), sums.omnibus())


@dataclass(frozen=True, eq=False)
class _Speakers:
    """Speakers whose group is known, and how their groups are permuted."""

    numerator: Float
    denominator: Float
    group: Int
    strata: Int
    seed: int
    permutations: int

    def pair_tests(self, pairs: Sequence[tuple[int, int]]) -> PairTests:
        """Permute within each pair; two groups make one family, so that the call does nothing beside."""
        tests = [self._permuted(*self._sides(*pair)) for pair in pairs]
        none = np.empty((0, self.numerator.shape[1]))
        p, within = (
            np.concatenate([none, *(getattr(test.difference, name) for test in tests)]) for name in ("p", "p_adjusted")
        )
        tested = np.count_nonzero(~np.isnan(p).all(axis=1))
        return PairTests(
            difference=np.concatenate([none, *(test.difference.estimate for test in tests)]),
            p=p,
            p_adjusted=np.maximum(p, 1 - (1 - within) ** tested),
            exact=np.array([test.difference.exact[0] for test in tests], dtype=np.bool_),
            arrangements=np.array([test.difference.arrangements[0] for test in tests], dtype=np.int64),
        )

    def omnibus(self) -> Omnibus:
        """Permute among all groups that are large enough, each endpoint among the speakers whom it concerns."""
        columns = [self._omnibus(endpoint) for endpoint in range(self.numerator.shape[1])]
        groups, speakers, statistic, p, exact, arrangements = map(np.array, zip(*columns, strict=True))
        return Omnibus(groups, speakers, statistic, p, exact, arrangements)

    def _omnibus(self, endpoint: int) -> tuple[int, int, float, float, bool, int]:
        concerned = self.denominator[:, endpoint] > 0
        size = np.bincount(self.group[concerned], minlength=int(self.group.max(initial=0)) + 1)
        members = concerned & (size >= FEWEST_SPEAKERS)[self.group]
        present, label = np.unique(self.group[members], return_inverse=True)
        if len(present) < 2:
            return len(present), int(members.sum()), math.nan, math.nan, False, 0
        found = self._permuted(members, label, [endpoint]).omnibus
        return len(present), len(label), found.statistic[0], found.p[0], found.exact, found.arrangements

    def _sides(self, group: int, reference: int) -> tuple[NDArray[np.bool_], Int]:
        """Who belongs to a pair, and 1 for the group's speakers and 0 for the reference's."""
        own = self.group == group
        theirs = ~own if reference == EVERYONE_ELSE else self.group == reference
        if group == reference or not own.any() or not theirs.any():
            accepted = f"two different groups among {np.unique(self.group).tolist()}, or {EVERYONE_ELSE} as reference"
            raise ValueError(f"pair ({group}, {reference}): accepted are {accepted}")
        members = own | theirs
        return members, own[members].astype(np.int64)

    def _permuted(
        self, members: NDArray[np.bool_], label: Int, endpoints: Sequence[int] | slice = slice(None)
    ) -> Permutation:
        contrasts = np.array([[1, 0]] if label.max() == 1 else [], dtype=np.int64)
        return permute(
            self.numerator[members][:, endpoints],
            self.denominator[members][:, endpoints],
            label,
            contrasts,
            strata=self.strata[members],
            seed=self.seed,
            resamples=self.permutations,
        )


def _countable(arrangements: int) -> int | None:
    """None where there are none, or more than an integer of 64 bits holds."""
    return arrangements if 0 < arrangements < np.iinfo(np.int64).max else None


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
