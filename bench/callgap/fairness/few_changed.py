"""Limits of a change that touched few speakers of a group, or none of them.

A resample in which nobody was touched has no variance, and the limits of a gap would rest on its other side alone: yet
where nothing happened to ten speakers, one in four of the population may be touched. So the share of the speakers who
are touched gets exact limits (`korn_graubard`), and each of them may be changed by as much as any speaker of any group
was, in either direction. Such limits always hold 0. Those of a gap are recovered from both sides' (MOVER: Zou and
Donner 2008, Statistics in Medicine 27, 1693-1702).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, log, log1p

from callgap.fairness.before_after import BeforeAfter, Flags
from callgap.fairness.effect_quantities import CHANGE, GAP, GAP_RATIO, OTHERS, RATIO, Limits, Pair
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.rare import korn_graubard
from callgap.fairness.sides import Side

_MOST = 0.5
"""Share of a group's speakers up to which few were touched; of more, limits are resampled or there are none."""


def with_few(resampled: Limits, both: BeforeAfter, names: Sequence[str], alpha: float) -> Limits:
    """Add limits of groups of whom few were touched, and take away those of gaps that rest on one side alone.

    Args:
        resampled: limits that resampling gave.
        both: speakers before and after.
        names: groups that are large enough for limits.
        alpha: two-sided error rate of one change.

    Returns:
        Limits of changes and ratios as they were, or of few; of gaps where both sides have some.
    """
    found = dict(resampled)
    few: set[_Key] = set()
    for name in names:
        few |= _add(found, both, name, alpha)
    for name in names:
        others = both.others(name)
        if others is None:
            continue
        sides = (name, CHANGE), _key_of_others(both, name)
        if not all(side in found for side in sides):
            for quantity in (GAP, GAP_RATIO):
                found.pop((name, quantity), None)
        elif few.intersection(sides):
            _recover(found, both, name, others)
    return found


_Key = tuple[str, str]


def _key_of_others(both: BeforeAfter, name: str) -> _Key:
    return (name, OTHERS) if both.reference == EVERYONE_ELSE else (str(both.reference), CHANGE)


def _add(found: dict[_Key, Pair], both: BeforeAfter, name: str, alpha: float) -> set[_Key]:
    """Limits of few where there are none: which were added."""
    sides = {(name, CHANGE): both.members(name)}
    if both.reference == EVERYONE_ELSE and (others := both.others(name)) is not None:
        sides[name, OTHERS] = others
    added = set()
    for key, own in sides.items():
        limits = limits_of_few(both, own, alpha)
        if key in found or limits is None:
            continue
        found[key] = limits
        added.add(key)
        ratio = _as_ratio(both, own, limits)
        if key[1] == CHANGE and ratio is not None:
            found[name, RATIO] = ratio
    return added


def limits_of_few(both: BeforeAfter, own: Flags, alpha: float) -> Pair | None:
    """Limits of the change of some speakers of whom at most half were touched.

    Args:
        both: speakers before and after.
        own: the speakers.
        alpha: two-sided error rate.

    Returns:
        Limits around 0; None where more were touched, nobody of any group was, or hardly anything was counted and
        nothing changed.
    """
    touched = both.touched
    if not touched.any() or touched[own].mean() > _MOST or (both.is_rare(own) and not touched[own].any()):
        return None
    words = both.before.denominator[own, 0]
    names = tuple(name for name, mine in zip(both.speakers, own.tolist(), strict=True) if mine)
    events = float(touched[own].sum())
    share = Side(names, touched[own] * words, words, events, float(own.sum()), is_share=True)
    most = korn_graubard(share, alpha).upper
    moved = both.moves
    return most * min(float(moved.min()), 0.0), most * max(float(moved.max()), 0.0)


def _as_ratio(both: BeforeAfter, own: Flags, limits: Pair) -> Pair | None:
    """The same as the log of a ratio to the rate before."""
    before, _ = both.rates(own)
    if not both.measured.is_rate or both.is_rare(own) or limits[0] <= -before:
        return None
    return log1p(limits[0] / before), log1p(limits[1] / before)


def _recover(found: dict[_Key, Pair], both: BeforeAfter, name: str, others: Flags) -> None:
    """Limits of a gap from those of both sides."""
    of_others = _key_of_others(both, name)
    rates = both.rates(both.members(name)), both.rates(others)
    mine, theirs = (after - before for before, after in rates)
    found[name, GAP] = _difference(mine, theirs, found[name, CHANGE], found[of_others])
    found.pop((name, GAP_RATIO), None)
    my_ratio = found.get((name, RATIO))
    ratio = found.get((of_others[0], RATIO)) if of_others[1] == CHANGE else _as_ratio(both, others, found[of_others])
    if my_ratio is not None and ratio is not None:
        one, other = (log(after / before) for before, after in rates)
        found[name, GAP_RATIO] = _difference(one, other, my_ratio, ratio)


def _difference(one: float, other: float, mine: Pair, theirs: Pair) -> Pair:
    below, above = hypot(one - mine[0], theirs[1] - other), hypot(mine[1] - one, other - theirs[0])
    return one - other - below, one - other + above
