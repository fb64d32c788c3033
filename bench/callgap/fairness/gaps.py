"""Gaps of several groups with limits that hold for all of them at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from callgap.fairness.rare import Interval, is_rare, korn_graubard, log_t, ratio_recovered, recovered, widest
from callgap.fairness.sides import Side
from callgap_kernels.resampling import BootstrapT, ContrastEstimates, bootstrap_t

Key = tuple[str, str]
"""A group and an endpoint."""

_TAIL_RESAMPLES = 20
"""Resamples beyond a limit, at the least: fewer would leave it to chance."""


CAUTION = 0.75
"""Share of the error rate at which limits are placed. With few or unlike speakers, limits at the whole of it miss up to
a third more often than they should, as simulated (results/evidence/). Those at three quarters keep what they promise
with more numbers of speakers, and are some 6 % wider."""


class Method(StrEnum):
    """How limits were found."""

    BOOTSTRAP = "bootstrap-t"
    EXACT = "korn-graubard"


@dataclass(frozen=True)
class Pair:
    """A group beside its reference, for one endpoint."""

    group: Side
    reference: Side

    @property
    def gap(self) -> float:
        """Rate of the group minus that of the reference."""
        return self.group.rate - self.reference.rate

    @property
    def is_rare(self) -> bool:
        """Whether either side has too few events to be resampled."""
        return is_rare(self.group) or is_rare(self.reference)


@dataclass(frozen=True)
class Gap:
    """Limits of one gap.

    Attributes:
        difference: limits of the difference of the rates.
        ratio: limits of their ratio; None where the reference may have no event at all, or where exact limits are of
            a rate above 1.
        method: by which they were found.
        level: two-sided error rate of this gap alone, of which `Resampling.alpha` is shared out.
        critical: standard errors on either side of the gap under max-T; None where limits are exact.
    """

    difference: Interval
    ratio: Interval | None
    method: Method
    level: float
    critical: float | None = None


@dataclass(frozen=True)
class Resampling:
    """How limits are resampled.

    Attributes:
        alpha: two-sided error rate of all limits of a family together.
        resamples: of speakers.
        seed: of the draws.
    """

    alpha: float
    resamples: int
    seed: int


def enough(resamples: int, tail: float) -> int:
    """As many resamples as wanted, or more where a limit lies far out.

    Args:
        resamples: wanted.
        tail: share of them that may lie beyond the limit.

    Returns:
        At least as many that 20 are expected beyond.
    """
    return max(resamples, math.ceil(_TAIL_RESAMPLES / tail))


def simultaneous(pairs: Mapping[Key, Pair], plan: Resampling) -> dict[Key, Gap]:
    """Limits for a family of gaps, all of which hold at once with probability 1 - alpha.

    `CAUTION` times the family's error rate is shared out evenly between the pairs (Bonferroni). Rare pairs have exact
    limits. The other endpoints of one group spend their shares together by max-T over one joint bootstrap (Westfall and
    Young 1993).
    Across groups there is no common critical value: the smallest group would dictate it to all, and speakers of a group
    of 150 would count for half. A difference's limits are the widest of the symmetric bootstrap-t ones and of those
    recovered from Student's t on the log rates: alone, the first say `disadvantaged` too often where the reference has
    few speakers.

    Args:
        pairs: by group and endpoint; at least two speakers on each side.
        plan: how to resample.

    Returns:
        By the same keys.
    """
    if not pairs:
        return {}
    each = CAUTION * plan.alpha / len(pairs)
    gaps = {key: _exact(pair, each) for key, pair in pairs.items() if pair.is_rare}
    for group in dict.fromkeys(group for group, _ in pairs):
        family = {key[1]: pair for key, pair in pairs.items() if key[0] == group and key not in gaps}
        if family:
            gaps |= {(group, endpoint): gap for endpoint, gap in _resampled(family, plan, each).items()}
    return {key: gaps[key] for key in pairs}


def _exact(pair: Pair, alpha: float) -> Gap:
    mine, theirs = korn_graubard(pair.group, alpha), korn_graubard(pair.reference, alpha)
    ratio = ratio_recovered(pair.group, pair.reference, mine, theirs)
    difference = recovered(pair.group, pair.reference, mine, theirs)
    told = math.isfinite(ratio.upper) and max(pair.group.rate, pair.reference.rate) <= 1
    return Gap(difference, ratio if told else None, Method.EXACT, alpha)


def _resampled(family: Mapping[str, Pair], plan: Resampling, each: float) -> dict[str, Gap]:
    """Limits of one group's endpoints."""
    result = _bootstrap(list(family.values()), plan, each * len(family))
    gaps = {}
    for place, (endpoint, pair) in enumerate(family.items()):
        resampled, log_ratio = _interval(result.difference, place), _interval(result.log_ratio, place)
        if not (math.isfinite(resampled.lower) and math.isfinite(resampled.upper)):
            gaps[endpoint] = _exact(pair, each)
            continue
        on_logs = recovered(pair.group, pair.reference, log_t(pair.group, each), log_t(pair.reference, each))
        finite = math.isfinite(log_ratio.lower) and math.isfinite(log_ratio.upper)
        ratio = Interval(_exp(log_ratio.lower), _exp(log_ratio.upper)) if finite else None
        critical = _critical(resampled, pair)
        gaps[endpoint] = Gap(widest(resampled, on_logs), ratio, Method.BOOTSTRAP, each, critical)
    return gaps


def _bootstrap(pairs: Sequence[Pair], plan: Resampling, alpha: float) -> BootstrapT:
    """One bootstrap over the reference, which is group 0, and the group."""
    sides = [[pair.reference for pair in pairs], [pair.group for pair in pairs]]
    names = [sorted({name for side in of for name in side.names}) for of in sides]
    numerator, denominator = (
        np.concatenate([_columns(of, known, column) for of, known in zip(sides, names, strict=True)])
        for column in ("numerator", "denominator")
    )
    return bootstrap_t(
        numerator,
        denominator,
        np.repeat([0, 1], [len(known) for known in names]),
        np.array([(1, 0)]),
        seed=plan.seed,
        resamples=enough(plan.resamples, alpha),
        alpha=alpha,
    )


def _columns(sides: Sequence[Side], names: Sequence[str], column: str) -> NDArray[np.float64]:
    """Sums per speaker [speaker, endpoint]; a speaker of whom an endpoint counts nothing has no weight in it."""
    found = [dict(zip(side.names, getattr(side, column).tolist(), strict=True)) for side in sides]
    return np.array([[of.get(name, 0.0) for of in found] for name in names])


def _interval(part: ContrastEstimates, place: int) -> Interval:
    return Interval(float(part.simultaneous_lower[0, place]), float(part.simultaneous_upper[0, place]))


def _critical(resampled: Interval, pair: Pair) -> float:
    return (resampled.upper - resampled.lower) / 2 / math.sqrt(pair.group.variance + pair.reference.variance)


def _exp(value: float) -> float:
    return math.exp(min(value, 700.0))
