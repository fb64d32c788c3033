"""Direct standardization for content and design: prompt, domain, session. Never for what the system finds hard."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from callgap.fairness.endpoints import per_speaker

LEAST_COMMON = 0.5
"""Share of either side's denominators that must lie in common strata."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Standardized:
    """A group and its reference on the group's mix of strata.

    Attributes:
        frame_group: float64 `numerator`, `denominator`, `events` and `trials` by speaker id, as `per_speaker` gives
            them, common strata only; None where refused.
        frame_reference: the same, reweighted to the group's mix; None where refused.
        common_group: share of the group's denominators that lies in common strata.
        common_reference: the same of the reference.
        strata: number of common strata.
        effective_reference_speakers: how many equally weighted speakers the reweighted reference is worth
            (Kish 1965); far fewer than there are means that it rests on the few in strata that the group is mostly in.
        reason: why it was refused, in one sentence; None where it was not.
    """

    frame_group: pd.DataFrame | None
    frame_reference: pd.DataFrame | None
    common_group: float
    common_reference: float
    strata: int
    effective_reference_speakers: float | None
    reason: str | None = None


@dataclass(frozen=True)
class WithinSpeaker:
    """Two conditions of the same speakers, for a paired comparison.

    Attributes:
        frame_a: float64 `numerator`, `denominator`, `events` and `trials` by speaker id under the first condition.
        frame_b: the same speakers in the same order under the second.
        left_out: speakers that only one of the two conditions has.
    """

    frame_a: pd.DataFrame
    frame_b: pd.DataFrame
    left_out: int


def standardized(
    observed: pd.DataFrame,
    strata: Mapping[str, str | None],
    group: Collection[str],
    reference: Collection[str],
    *,
    pooled: bool = True,
) -> Standardized:
    """Reweight the reference to the group's mix of strata.

    Each reference speaker's sums in stratum h are multiplied by w_h = (N_gh / N_g) / (N_rh / N_r), where N are
    denominators in the strata that both have: the ratio of sums over the reference is then the directly standardized
    rate, sum_h (N_gh / N_g) (E_rh / N_rh) (Rothman, Greenland & Lash 2008, Modern Epidemiology, ch. 4), and the sum of
    denominators is unchanged. The weights come from the sample and are fixed: limits hold for this mix of content.

    Where speakers weigh equally, every speaker's sums are first divided by the speaker's denominators over common
    strata; the same formula then standardizes the mean of the speakers' rates. The group's mix is that of its average
    speaker, and the reference's equal weights move only as far as the mix asks.

    Args:
        observed: one endpoint's `speaker_id`, `utterance_id`, `numerator`, `denominator`, one row per utterance.
        strata: by utterance id, the stratum; an utterance without one is in no common stratum.
        group: speaker ids.
        reference: speaker ids; for `everyone else`, all other speakers whose group is known.
        pooled: a ratio of sums over speakers; False weighs speakers equally.

    Returns:
        Sums per speaker, of which those without a denominator in common strata are absent (`events` and `trials` are
        what was counted there, unweighted); or the reason why less than half of a side can be compared.

    Raises:
        ValueError: a speaker is on both sides.
    """
    if both := set(group) & set(reference):
        raise ValueError(f"a speaker is in the group or in the reference, not in both: found {len(both)} in both")
    rows = _Rows.of(observed, strata, group, reference)
    mass = [rows.per_stratum(rows.trials * side) for side in rows.sides]
    common = (mass[0] > 0) & (mass[1] > 0) & rows.named
    of_group, of_reference = (float(m[common].sum() / total) if (total := m.sum()) else 0.0 for m in mass)
    if reason := _refusal(of_group, of_reference):
        return Standardized(None, None, of_group, of_reference, int(common.sum()), None, reason)
    rows = rows.within(common)
    each = 1.0 if pooled else rows.per_speaker(rows.trials)[rows.speaker]
    numerator, denominator = rows.events / each, rows.trials / each
    mine, theirs = (rows.per_stratum(denominator * side) for side in rows.sides)
    ratio = np.divide(mine / mine.sum(), theirs / theirs.sum(), out=np.zeros_like(mine), where=common)
    weight = ratio[rows.stratum]
    own = rows.frame(rows.sides[0], numerator, denominator)
    frame = rows.frame(rows.sides[1], numerator * weight, denominator * weight)
    effective = float(frame["denominator"].sum() ** 2 / (frame["denominator"] ** 2).sum())
    return Standardized(own, frame, of_group, of_reference, int(common.sum()), effective)


def within_speaker(
    observed: pd.DataFrame, condition: Mapping[str, str | None], a: str, b: str, *, pooled: bool = True
) -> WithinSpeaker:
    """What a paired comparison of two conditions of the same speakers needs.

    Args:
        observed: one endpoint's `speaker_id`, `utterance_id`, `numerator`, `denominator`, one row per utterance.
        condition: by utterance id, the domain, device or channel.
        a: first condition.
        b: second condition.
        pooled: keep the sums; False gives each speaker's own rate with the denominator 1.

    Returns:
        Sums of the speakers that both conditions have. Empty frames where no speaker is in both.

    Raises:
        ValueError: the conditions are one and the same.
    """
    if a == b:
        raise ValueError(f"two conditions are compared within speaker: found {a!r} twice")
    found = observed["utterance_id"].map(dict(condition))
    first, second = (per_speaker(observed[found == name], pooled) for name in (a, b))
    both = first.index.intersection(second.index, sort=None)
    return WithinSpeaker(first.loc[both], second.loc[both], len(first.index.union(second.index)) - len(both))


def _refusal(mine: float, theirs: float) -> str | None:
    for name, share in (("group", mine), ("reference", theirs)):
        if share < LEAST_COMMON:
            return (
                f"not standardized: {share:.0%} of the {name}'s denominators lie in strata that both sides have; at "
                f"least {LEAST_COMMON:.0%} of each side must"
            )
    return None


@dataclass(frozen=True)
class _Rows:
    """Utterances of both sides that have a stratum or not (-1), with speakers and strata as numbers."""

    names: pd.Index
    speaker: npt.NDArray[np.int64]
    strata: int
    stratum: npt.NDArray[np.int64]
    events: Array
    trials: Array
    sides: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]

    @classmethod
    def of(
        cls,
        observed: pd.DataFrame,
        strata: Mapping[str, str | None],
        group: Collection[str],
        reference: Collection[str],
    ) -> _Rows:
        speaker, names = pd.factorize(observed["speaker_id"].to_numpy(dtype=object), sort=True)
        found = [strata.get(utterance) for utterance in observed["utterance_id"].tolist()]
        stratum, levels = pd.factorize(np.array(found, dtype=object))
        trials = observed["denominator"].to_numpy(dtype=np.float64)
        mine, theirs = (np.array([name in side for name in names], dtype=bool) for side in map(set, (group, reference)))
        rows = cls(
            pd.Index(names, dtype=object, name="speaker_id"),
            speaker,
            len(levels),
            stratum,
            observed["numerator"].to_numpy(dtype=np.float64),
            trials,
            (mine[speaker], theirs[speaker]),
        )
        return rows.where((rows.sides[0] | rows.sides[1]) & (trials > 0))

    def where(self, kept: npt.NDArray[np.bool_]) -> _Rows:
        return replace(
            self,
            speaker=self.speaker[kept],
            stratum=self.stratum[kept],
            events=self.events[kept],
            trials=self.trials[kept],
            sides=(self.sides[0][kept], self.sides[1][kept]),
        )

    def within(self, common: npt.NDArray[np.bool_]) -> _Rows:
        # Rows without a stratum have the number -1, the last place: it is in no common stratum.
        return self.where(common[self.stratum])

    def per_stratum(self, values: Array) -> Array:
        """Sums [stratum + 1]; the last place holds what has no stratum."""
        sums = np.bincount(self.stratum + 1, values, minlength=self.strata + 1)
        return np.roll(sums, -1)

    @property
    def named(self) -> npt.NDArray[np.bool_]:
        return np.arange(self.strata + 1) < self.strata

    def per_speaker(self, values: Array) -> Array:
        return np.asarray(np.bincount(self.speaker, values, minlength=len(self.names)), dtype=np.float64)

    def frame(self, side: npt.NDArray[np.bool_], numerator: Array, denominator: Array) -> pd.DataFrame:
        columns = {
            "numerator": numerator,
            "denominator": denominator,
            "events": self.events,
            "trials": self.trials,
        }
        sums = pd.DataFrame({name: self.per_speaker(v * side) for name, v in columns.items()}, index=self.names)
        return sums[sums["denominator"] > 0]
