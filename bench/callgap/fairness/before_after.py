"""The same speakers before and after an alteration: what they contribute, and who is compared with whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.fairness.paired import Sums
from callgap.fairness.rare import FEWEST_EVENTS

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Measured:
    """What is measured of speakers.

    Attributes:
        is_rate: whether it is a rate; else a level, which has no ratio and no margin.
        is_worse: whether more of it is worse: never of a level, nor of words that are heard otherwise than before.
        is_share: whether an utterance counts 0 or 1, so that the rate cannot exceed 1.
        margin: by which a speaker's rate has to change to be counted as better or worse; None counts nobody.
    """

    is_rate: bool
    is_worse: bool = True
    is_share: bool = False
    margin: float | None = None


@dataclass(frozen=True, eq=False)
class BeforeAfter:
    """Speakers who are in both.

    Attributes:
        speakers: their ids, in order.
        after: sums [speaker, 1].
        before: likewise.
        events: what was counted, unweighted, before and after [speaker, 2].
        trials: out of how many, likewise.
        labels: group of each speaker, or that it is unknown [speaker].
        reference: group with which the others are compared, `everyone else`, or None.
        measured: what it is.
    """

    speakers: tuple[str, ...]
    after: Sums
    before: Sums
    events: Float
    trials: Float
    labels: NDArray[np.object_]
    reference: str | None
    measured: Measured

    @classmethod
    def of(
        cls,
        before: pd.DataFrame,
        after: pd.DataFrame,
        groups: Mapping[str, str],
        reference: str | None,
        measured: Measured,
    ) -> BeforeAfter:
        """Take the speakers who have a denominator in both.

        Args:
            before: numerator, denominator, events and trials by speaker id.
            after: likewise.
            groups: by speaker.
            reference: with which groups are compared.
            measured: what it is.
        """
        frames = [frame[frame["denominator"] > 0] for frame in (before, after)]
        common = frames[0].index.intersection(frames[1].index).sort_values()
        early, late = (frame.loc[common].astype("float64") for frame in frames)
        later, earlier = (Sums(f[["numerator"]].to_numpy(), f[["denominator"]].to_numpy()) for f in (late, early))
        events, trials = (
            np.stack([frame[name].to_numpy() for frame in (early, late)], axis=1) for name in ("events", "trials")
        )
        return cls(
            tuple(map(str, common)),
            later,
            earlier,
            events,
            trials,
            np.array([groups.get(speaker, UNKNOWN) for speaker in common], dtype=object),
            reference,
            measured,
        )

    @property
    def groups(self) -> list[str]:
        """Known groups, in alphabetical order."""
        return sorted(set(self.labels.tolist()) - {UNKNOWN, CONTRADICTORY})

    def members(self, name: str) -> Flags:
        """Who is in a group [speaker]."""
        own: Flags = self.labels == name
        return own

    def others(self, name: str) -> Flags | None:
        """Whom a group is compared with; None where it is with nobody."""
        if self.reference is None or self.reference == name:
            return None
        if self.reference != EVERYONE_ELSE:
            return self.members(self.reference)
        return ~np.isin(self.labels, [UNKNOWN, CONTRADICTORY, name])

    def sums(self, own: Flags | Int) -> tuple[Sums, Sums]:
        """Sums of some speakers, after and before."""
        after, before = (Sums(sums.numerator[own], sums.denominator[own]) for sums in (self.after, self.before))
        return after, before

    def rates(self, own: Flags) -> tuple[float, float]:
        """Rate or level of some speakers, before and after."""
        after, before = (float(sums.numerator.sum() / sums.denominator.sum()) for sums in self.sums(own))
        return before, after

    def worth(self, own: Flags) -> float:
        """How many speakers of equal weight some speakers are worth, before or after, whichever is less (Kish 1965)."""
        sums = [side.denominator[own, 0] for side in (self.after, self.before)]
        # Speakers of equal weight are worth as many as they are, but for rounding.
        return min(round(float(weight.sum() ** 2 / (weight**2).sum()), 6) for weight in sums)

    def is_rare(self, own: Flags) -> bool:
        """Whether some speakers have too few events, or too few of the opposite, for a ratio's limits."""
        if not self.measured.is_rate:
            return False
        events, trials = self.events[own].sum(axis=0), self.trials[own].sum(axis=0)
        scarce = events.min() < FEWEST_EVENTS
        return bool(scarce or (self.measured.is_share and (trials - events).min() < FEWEST_EVENTS))

    @cached_property
    def touched(self) -> Flags:
        """Whether anything changed for a speaker [speaker]."""
        pairs = (self.after.numerator, self.before.numerator), (self.after.denominator, self.before.denominator)
        changed: Flags = np.any([(one != other)[:, 0] for one, other in pairs], axis=0)
        return changed

    @cached_property
    def moves(self) -> Float:
        """Change of each speaker's own rate [speaker]."""
        after, before = (sums.numerator[:, 0] / sums.denominator[:, 0] for sums in (self.after, self.before))
        return np.asarray(after - before)

    def is_still(self, own: Flags) -> bool:
        """Whether nothing changed for any of some speakers."""
        return not self.touched[own].any()

    def moved(self, own: Flags) -> tuple[int | None, int | None]:
        """How many speakers' rates fell, and how many rose, by more than the margin; None where there is none."""
        if self.measured.margin is None:
            return None, None
        moved = self.moves[own]
        return int((moved < -self.measured.margin).sum()), int((moved > self.measured.margin).sum())
