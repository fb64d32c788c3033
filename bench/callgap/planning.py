"""How many speakers a verdict needs: the whole rule on simulated callers, and the search for the number."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from callgap.fairness.callers import Callers, Sample
from callgap.fairness.contrasts import left_out
from callgap.fairness.gaps import Pair, Resampling, simultaneous
from callgap.fairness.rare import log_t_limits
from callgap.fairness.standing import JUDGED, MARGIN
from callgap.verdict import Policy, decide
from callgap.verdict.cells import is_offered
from callgap.verdict.words import DISADVANTAGED, WITHIN

FEWEST = {DISADVANTAGED: JUDGED, WITHIN: MARGIN}
"""By verdict, the fewest speakers of a side."""

WHOLE = 200
"""Most samples of one size that go through the whole rule."""

_RESAMPLES = 999
_LOOK = 20
_STEPS = (10, 11, 12, 13, 14, 16, 18, 20, 22, 25, 28, 30, 35, 40, 45, 50, 55, 60, 70, 80, 90)


@dataclass(frozen=True, eq=False)
class Question:
    """For which verdict, and in what circumstances, speakers are to be recruited.

    Attributes:
        verdict: to be reached, `disadvantaged` or `within margin`.
        endpoint: that is judged.
        group: callers of the group.
        reference: callers of the reference.
        rate: of the reference.
        gap: true difference of the rates.
        policy: with the margin of the endpoint.
        level: two-sided error rate of this comparison alone.
        power: probability of the verdict that is wanted.
        reference_speakers: that there are; None recruits as many as for the group.
    """

    verdict: str
    endpoint: str
    group: Callers
    reference: Callers
    rate: float
    gap: float
    policy: Policy
    level: float
    power: float
    reference_speakers: int | None = None

    def sizes(self, limit: int) -> list[int]:
        """Numbers of speakers with which the verdict may be said, about a tenth apart and up to `limit`."""
        found = {step * scale for scale in (1, 10, 100, 1000) for step in _STEPS} | {limit}
        return [n for n in sorted(found) if n <= limit and self._may_be_said(n, self.reference_speakers or n)]

    def _may_be_said(self, mine: int, theirs: int) -> bool:
        return min(mine, theirs) >= FEWEST[self.verdict] and is_offered(self.verdict, mine, theirs)


@dataclass(frozen=True)
class Power:
    """How often a verdict is reached: `value` with a standard error of the simulation."""

    value: float
    error: float


@dataclass(frozen=True)
class Recruits:
    """The answer to a question.

    Attributes:
        speakers: of the group; None where no number that was tried gives the power.
        power: with as many; where there is no such number, with the largest that was tried, and None where the verdict
            may be said with none of them.
        tried: the largest number with which the verdict may be said, where `speakers` is None.
    """

    speakers: int | None
    power: Power | None
    tried: int | None = None


def recruits(question: Question, *, limit: int, simulations: int, seed: int) -> Recruits:
    """Search the fewest speakers with which a verdict is reached as often as wanted.

    A first search looks at the limits that come from Student's t on the logarithms of the rates alone, of all samples.
    The rule's limits are never narrower, so that no smaller number can do; from there on, samples go through the whole
    rule.

    Args:
        question: what is to be found.
        limit: most speakers of the group.
        simulations: samples.
        seed: of all draws. Samples of n speakers are the first n of larger ones.

    Returns:
        The number with its power.
    """
    sizes = question.sizes(limit)
    if not sizes:
        return Recruits(None, None)
    simulated = _Simulated(question, (simulations, sizes[-1]), seed)
    begin = _first(lambda at: simulated.hopeful(sizes[at]).mean() >= question.power, 0, len(sizes) - 1)
    if begin is not None:
        found = _first(lambda at: simulated.power(sizes[at]).value >= question.power, begin, len(sizes) - 1)
        if found is not None:
            return Recruits(sizes[found], simulated.power(sizes[found]))
    return Recruits(None, simulated.power(sizes[-1]), sizes[-1])


def power_of(question: Question, speakers: int, *, simulations: int, seed: int) -> Power:
    """Simulate how often a verdict is reached with so many speakers.

    Args:
        question: what is to be found.
        speakers: of the group.
        simulations: samples.
        seed: of all draws.

    Returns:
        The power; of the samples that can succeed at most `WHOLE` go through the whole rule.
    """
    return _Simulated(question, (simulations, speakers), seed).power(speakers)


class _Simulated:
    """Samples of one question, the same for all numbers of speakers."""

    def __init__(self, question: Question, shape: tuple[int, int], seed: int) -> None:
        self._question, self._shape, self._seed = question, shape, seed
        self._known: dict[int, Power] = {}

    @cached_property
    def _group(self) -> Sample:
        return self._question.group.simulated(self._question.rate + self._question.gap, self._shape, (self._seed, 0))

    @cached_property
    def _reference(self) -> Sample:
        shape = (self._shape[0], self._question.reference_speakers or self._shape[1])
        return self._question.reference.simulated(self._question.rate, shape, (self._seed, 1))

    def hopeful(self, speakers: int) -> NDArray[np.bool_]:
        """Which samples the log limits alone do not rule out, or which need exact limits [sample]."""
        theirs = self._question.reference_speakers or speakers
        with np.errstate(divide="ignore", invalid="ignore"):
            lower, upper = self._recovered(speakers, theirs)
        margin = self._question.policy.margins[self._question.endpoint]
        harmed = self._question.verdict == DISADVANTAGED
        possible = lower > margin if harmed else (lower > -margin) & (upper < margin)
        found: NDArray[np.bool_] = possible | self._group.rare(speakers) | self._reference.rare(theirs)
        return found

    def _recovered(self, mine: int, theirs: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        (own, own_variance), (other, other_variance) = self._group.rates(mine), self._reference.rates(theirs)
        own_lower, own_upper = log_t_limits(own, own_variance, mine, self._question.level)
        other_lower, other_upper = log_t_limits(other, other_variance, theirs, self._question.level)
        gap = own - other
        return gap - np.hypot(own - own_lower, other_upper - other), gap + np.hypot(
            own_upper - own, other - other_lower
        )

    def power(self, speakers: int) -> Power:
        """How often the whole rule comes to the verdict."""
        if speakers not in self._known:
            self._known[speakers] = self._power(speakers)
        return self._known[speakers]

    def _power(self, speakers: int) -> Power:
        hopeful = self.hopeful(speakers)
        share, samples = float(hopeful.mean()), len(hopeful)
        reached = tried = 0
        for number in np.flatnonzero(hopeful)[:WHOLE].tolist():
            reached, tried = reached + self._verdict(number, speakers), tried + 1
            if tried % _LOOK == 0 and _is_settled(reached, tried, self._question.power / share):
                break
        # With nothing or everything reached the plain standard error would be 0.
        smoothed = (reached + 1) / (tried + 2)
        kept = reached / tried if tried else 0.0
        error = math.hypot(
            kept * math.sqrt(share * (1 - share) / samples), share * math.sqrt(smoothed * (1 - smoothed) / (tried + 2))
        )
        return Power(share * kept, error)

    def _verdict(self, number: int, speakers: int) -> bool:
        """Whether one sample comes to the verdict."""
        question = self._question
        theirs = question.reference_speakers or speakers
        pair = Pair(self._group.side(number, speakers), self._reference.side(number, theirs))
        key = ("group", question.endpoint)
        gap = simultaneous({key: pair}, Resampling(question.level, _RESAMPLES, self._seed + number))[key]
        row = {
            "endpoint": question.endpoint,
            "reference": "reference",
            "group_speakers": speakers,
            "reference_speakers": theirs,
            "group_effective_speakers": round(pair.group.effective_speakers, 1),
            "reference_effective_speakers": round(pair.reference.effective_speakers, 1),
            "difference": pair.gap,
            "difference_speaker_mean": pair.group.speaker_mean - pair.reference.speaker_mean,
            "difference_leave_one_out": left_out(pair),
            "difference_lower": gap.difference.lower,
            "difference_upper": gap.difference.upper,
            "method": gap.method.value,
        }
        return decide(row, {question.endpoint: pair.reference.rate}, question.policy).verdict == question.verdict


def _is_settled(reached: int, tried: int, wanted: float) -> bool:
    """Whether a share is three standard errors (Wilson 1927) from the one that is wanted."""
    center = (reached + 4.5) / (tried + 9)
    half = 3 / (tried + 9) * math.sqrt(reached * (tried - reached) / tried + 9 / 4)
    return wanted > center + half or wanted < center - half


def _first(holds: Callable[[int], bool], begin: int, end: int) -> int | None:
    """The first place from `begin` to `end` where something holds that goes on to hold; it is near the beginning."""
    low, at, step = begin - 1, begin, 1
    while not holds(at):
        if at == end:
            return None
        low, at, step = at, min(end, at + step), 2 * step
    while at - low > 1:
        middle = (low + at) // 2
        low, at = (low, middle) if holds(middle) else (middle, at)
    return at
