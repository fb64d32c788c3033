"""Rows of `contrasts` of one attribute: gaps with their limits, and all that can shake them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from callgap.fairness.detectable import smallest_detectable_gap
from callgap.fairness.gaps import Gap, Key, Pair, Resampling, simultaneous
from callgap.fairness.rare import Interval
from callgap.fairness.standing import DESCRIBED, Standing
from callgap.fairness.treatment import Treatment, known

Row = dict[str, object]


@dataclass(frozen=True)
class Compared:
    """All groups of one attribute beside their references, under one way of counting.

    Attributes:
        treatment: the way of counting.
        endpoints: the declared ones that were observed.
        plan: how limits are resampled.
    """

    treatment: Treatment
    endpoints: Sequence[str]
    plan: Resampling

    @cached_property
    def pairs(self) -> dict[Key, Pair]:
        """Every comparison that can be made, by group and endpoint; a side of which nothing was observed is empty."""
        return {key: pair for key, pair in self._found.items() if isinstance(pair, Pair)}

    @cached_property
    def refused(self) -> dict[Key, str]:
        """By group and endpoint, why no comparison can be made."""
        return {key: reason for key, reason in self._found.items() if isinstance(reason, str)}

    @cached_property
    def gaps(self) -> dict[Key, Gap]:
        """Limits: simultaneous for all groups that may be judged, of each alone for exploratory ones."""
        gaps = simultaneous(self._of(Standing.JUDGED), self.plan)
        for key, pair in self._of(Standing.EXPLORATORY).items():
            gaps |= simultaneous({key: pair}, self.plan)
        return gaps

    def standing(self, key: Key) -> Standing:
        """What the numbers of speakers on both sides allow."""
        pair = self.pairs[key]
        return Standing.of(min(pair.group.speakers, pair.reference.speakers))

    def detectable(self, key: Key, margin: float) -> float | None:
        """The smallest detectable gap, where limits are there to be judged."""
        if key not in self.gaps or self.standing(key) is not Standing.JUDGED:
            return None
        return smallest_detectable_gap(self.pairs[key], self.gaps[key], margin, self.plan.seed)

    @cached_property
    def _found(self) -> dict[Key, Pair | str]:
        of = self.treatment
        groups = [group for group in known(of.members) if group != of.reference]
        return {(group, endpoint): of.pair(group, endpoint) for group in groups for endpoint in self.endpoints}

    def _of(self, standing: Standing) -> dict[Key, Pair]:
        return {key: pair for key, pair in self.pairs.items() if self.standing(key) is standing}


def figures(compared: Compared, key: Key) -> Row:
    """The columns of one contrast that come from its own two sides.

    Args:
        compared: the attribute.
        key: group and endpoint; a member of its pairs.

    Returns:
        Speakers always; rates from two speakers on; limits from five on.
    """
    pair = compared.pairs[key]
    row: Row = {
        "group_speakers": pair.group.speakers,
        "reference_speakers": pair.reference.speakers,
        "group_effective_speakers": round(pair.group.effective_speakers, 1),
        "reference_effective_speakers": round(pair.reference.effective_speakers, 1),
    }
    if min(pair.group.speakers, pair.reference.speakers) < DESCRIBED:
        return row
    row |= _rates(pair)
    if gap := compared.gaps.get(key):
        judged = compared.standing(key) is Standing.JUDGED
        row |= {"limits": "simultaneous" if judged else "pointwise", "method": gap.method.value}
        row |= _limits("difference", gap.difference) | _limits("ratio", gap.ratio)
    return row


def charged_figures(compared: Compared, key: Key) -> Row:
    """The columns that say what becomes of a contrast when lost texts are charged to the recognizer."""
    if key not in compared.pairs:
        return {}
    row: Row = {"difference_lost_charged": _number(compared.pairs[key].gap)}
    gap = compared.gaps.get(key)
    return row | (_limits("difference_lost_charged", gap.difference) if gap else {})


def left_out(pair: Pair) -> float | None:
    """The gap that leaving out one speaker, of either side, brings nearest to none or beyond it.

    Args:
        pair: two sides of at least two speakers.

    Returns:
        The smallest such gap where the gap is positive, else the largest; None where it is undefined.
    """
    gaps = np.concatenate([pair.group.without_one - pair.reference.rate, pair.group.rate - pair.reference.without_one])
    gaps = gaps[np.isfinite(gaps)]
    if not len(gaps):
        return None
    return float(gaps.min() if pair.gap >= 0 else gaps.max())


def _rates(pair: Pair) -> Row:
    group, reference = pair.group, pair.reference
    return {
        "group_rate": group.rate,
        "reference_rate": reference.rate,
        "group_events": group.events,
        "reference_events": reference.events,
        "difference": pair.gap,
        "ratio": group.rate / reference.rate if reference.rate > 0 else None,
        "difference_speaker_mean": group.speaker_mean - reference.speaker_mean,
        "difference_leave_one_out": left_out(pair),
    }


def _limits(column: str, interval: Interval | None) -> Row:
    lower, upper = (interval.lower, interval.upper) if interval else (None, None)
    return {f"{column}_lower": _number(lower), f"{column}_upper": _number(upper)}


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
