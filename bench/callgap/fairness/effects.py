"""What an alteration changes, by group: the same speakers before and after it, and what becomes of the gaps.

For a group g with rates B before and A after, both over its speakers who are in both, and the same of its reference r,

    change      A_g - B_g                                ratio         A_g / B_g
    gap change  (A_g - B_g) - (A_r - B_r)                ratio change  (A_g / B_g) / (A_r / B_r)

Speakers are resampled with all they said before and after, within their groups: what sets speakers apart in both
cancels in every one of the four (`paired.py`, `paired_ratio.py`). Limits of all four hold together for all groups and
measures: those of the differences, and those of the ratios (max-T, `effect_limits.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

from callgap.fairness.before_after import BeforeAfter, Flags
from callgap.fairness.effect_limits import joint_limits
from callgap.fairness.effect_quantities import CHANGE, GAP, GAP_RATIO, OTHERS, RATIO, Limits
from callgap.fairness.gaps import Resampling
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.ranking import Limited
from callgap.fairness.standing import DESCRIBED


@dataclass(frozen=True)
class Changed:
    """Some speakers before and after.

    Attributes:
        speakers: who are in both.
        worth: speakers of equal weight that they are worth; None of fewer than two.
        before: rate or level; None of fewer than two speakers.
        after: likewise.
        change: after less before.
        ratio: after over before; None of levels, and where nothing was counted before.
        better: speakers whose rate fell by more than the margin.
        worse: speakers whose rate rose by more than it.
        is_rare: whether there were too few events before or after for limits of a ratio.
        is_still: whether nothing changed for any of them.
    """

    speakers: int
    worth: float | None = None
    before: float | None = None
    after: float | None = None
    change: Limited | None = None
    ratio: Limited | None = None
    better: int | None = None
    worse: int | None = None
    is_rare: bool = False
    is_still: bool = False


@dataclass(frozen=True)
class Effect:
    """What was changed for a group, and against its reference.

    Attributes:
        group: its name.
        own: the group itself.
        reference: whom it is compared with; None for the reference itself.
        gap_before: rate less the reference's; None where either side is of fewer than two speakers.
        gap_after: likewise.
        gap_change: after less before.
        gap_ratio_before: rate over the reference's; None of levels, and where the reference's is 0.
        gap_ratio_after: likewise.
        gap_ratio_change: after over before.
    """

    group: str
    own: Changed
    reference: Changed | None = None
    gap_before: float | None = None
    gap_after: float | None = None
    gap_change: Limited | None = None
    gap_ratio_before: float | None = None
    gap_ratio_after: float | None = None
    gap_ratio_change: Limited | None = None


def effects(measures: Mapping[str, BeforeAfter], plan: Resampling) -> dict[str, list[Effect]]:
    """Compare the same speakers before and after.

    Args:
        measures: speakers before and after, by measure; of one attribute.
        plan: how to resample; limits hold for all groups and measures together.

    Returns:
        By measure, one per group in alphabetical order, the reference too. Values from two speakers on, limits from
        five on; of gaps where the reference has as many.

    Example:
        >>> words = {"denominator": 10.0, "trials": 10.0}
        >>> before, after = (
        ...     pd.DataFrame({"numerator": n, "events": n, **words}, index=["a", "b", "c", "d"])
        ...     for n in ([1.0, 2, 4, 4], [1.0, 2, 2, 2])
        ... )
        >>> groups = {"a": "one", "b": "one", "c": "two", "d": "two"}
        >>> both = BeforeAfter.of(before, after, groups, "one", Measured(is_rate=True))
        >>> [(each.group, each.own.change.value) for each in effects({"wer": both}, Resampling(0.05, 999, 1))["wer"]]
        [('one', 0.0), ('two', -0.2)]
    """
    limits = joint_limits(measures, plan)
    return {
        measure: [_effect(both, name, limits[measure]) for name in both.groups] for measure, both in measures.items()
    }


def _effect(both: BeforeAfter, name: str, limits: Limits) -> Effect:
    own = _changed(both, both.members(name), limits, name, CHANGE)
    others = both.others(name)
    if others is None:
        return Effect(name, own)
    of_reference = (name, OTHERS) if both.reference == EVERYONE_ELSE else (str(both.reference), CHANGE)
    theirs = _changed(both, others, limits, *of_reference)
    if own.change is None or theirs.change is None:
        return Effect(name, own, theirs)
    ratios: tuple[float | None, float | None] = (None, None)
    if both.measured.is_rate:
        ratios = _quotient(own.before, theirs.before), _quotient(own.after, theirs.after)
    return Effect(
        name,
        own,
        theirs,
        gap_before=_less(own.before, theirs.before),
        gap_after=_less(own.after, theirs.after),
        gap_change=_limited(own.change.value - theirs.change.value, limits.get((name, GAP))),
        gap_ratio_before=ratios[0],
        gap_ratio_after=ratios[1],
        gap_ratio_change=_ratio(_quotient(ratios[1], ratios[0]), limits.get((name, GAP_RATIO))),
    )


def _changed(both: BeforeAfter, own: Flags, limits: Limits, name: str, quantity: str) -> Changed:
    speakers = int(own.sum())
    if speakers < DESCRIBED:
        return Changed(speakers)
    before, after = both.rates(own)
    ratio = _quotient(after, before) if both.measured.is_rate else None
    return Changed(
        speakers,
        both.worth(own),
        before,
        after,
        _limited(after - before, limits.get((name, quantity))),
        _ratio(ratio, limits.get((name, RATIO)) if quantity == CHANGE else None),
        *both.moved(own),
        both.is_rare(own),
        both.is_still(own),
    )


def _less(one: float | None, other: float | None) -> float | None:
    return one - other if one is not None and other is not None else None


def _quotient(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _limited(value: float, limits: tuple[float, float] | None) -> Limited:
    return Limited(value, *(limits or (None, None)))


def _ratio(value: float | None, limits: tuple[float, float] | None) -> Limited | None:
    if value is None:
        return None
    # Beyond this a limit is no number of any use, and exp would overflow.
    lower, upper = (exp(min(limit, 700.0)) for limit in limits) if limits else (None, None)
    return Limited(value, lower, upper)
