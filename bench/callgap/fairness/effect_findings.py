"""What is said of an effect: who was helped and who was harmed, what became of the gap, and why, or what holds it back.

A gap that becomes smaller because the reference was harmed is no success: `harms the reference` is a finding of its
own.
"""

from __future__ import annotations

from dataclasses import dataclass

from callgap.fairness.before_after import Measured
from callgap.fairness.effects import Changed, Effect
from callgap.fairness.ranking import Limited
from callgap.fairness.standing import JUDGED, MARGIN

HELPED, HARMED, HIGHER, LOWER, OPEN = "helped", "harmed", "higher", "lower", "cannot tell"
"""What became of a group."""

REVERSES, HARMS_REFERENCE, CLOSES, NARROWS = "reverses", "harms the reference", "closes", "narrows"
MOVES, WIDENS, STAYS = "moves to the reference", "widens", "stays"
"""What became of a gap."""

_MINE, _THEIRS = "this group", "the reference group"


@dataclass(frozen=True)
class OwnGaps:
    """What each of both runs says of the gap by itself.

    Attributes:
        before: limits of the gap before; None where the run has none.
        after: limits of the gap after; likewise.
        is_within: whether the run after says that the gap is within the margin.
    """

    before: tuple[float, float] | None = None
    after: tuple[float, float] | None = None
    is_within: bool = False


@dataclass(frozen=True)
class Found:
    """Findings on one group and measure.

    Attributes:
        change: `helped`, `harmed`, or of what is no better either way `higher`, `lower`; else `cannot tell`.
        gap: what became of the gap; of levels whether the group's rose (`higher`) or fell (`lower`) against the
            reference's; None where there is no gap.
        ratio: `narrows`, `widens` or `cannot tell` on the scale of ratios; None where ratios have no limits.
        reason: why, in one sentence; None where nothing is to be added.
    """

    change: str
    gap: str | None = None
    ratio: str | None = None
    reason: str | None = None


def found(effect: Effect, of: Measured, margin: float | None, own_gaps: OwnGaps) -> Found:
    """Say what an effect comes to.

    Args:
        effect: on one group.
        of: what was measured.
        margin: within which a change of a gap counts as none; None never says that it stays.
        own_gaps: of both runs.
    """
    change = _direction(effect.own, of)
    if effect.reference is None:
        return Found(change, reason=_held_back_change(effect.own) if change == OPEN else None)
    theirs = _direction(effect.reference, of)
    gap = _gap(effect, of, margin, own_gaps, (change, theirs)) if _fewest(effect) >= JUDGED else OPEN
    ratio = _ratio(effect)
    if gap == OPEN:
        told = f"; as a ratio it {ratio}" if ratio in (NARROWS, WIDENS) else ""
        return Found(change, gap, ratio, _held_back(effect, margin) + told)
    reason = _reason(effect, of, gap, ratio, (change, theirs))
    if reason and gap == WIDENS and own_gaps.before is not None and own_gaps.before[1] < 0 and of.is_worse:
        reason += _ahead(effect)
    return Found(change, gap, ratio, reason)


def both_ways(plain: Found, charged: Found) -> Found:
    """What holds whether lost utterances are left out or counted as wrong.

    Args:
        plain: without them.
        charged: with them.
    """
    parts = [(getattr(plain, name), getattr(charged, name)) for name in ("change", "gap", "ratio")]
    if all(one == other for one, other in parts):
        return plain
    change, gap, ratio = (one if one == other else OPEN for one, other in parts)
    one, other = next(pair for pair in (parts[1], parts[0], parts[2]) if pair[0] != pair[1])
    reason = f"found {one!r} without the utterances that were lost, {other!r} with these counted as wrong"
    return Found(change or OPEN, gap, ratio, reason)


def _fewest(effect: Effect) -> float:
    return min(_worth(side) for side in (effect.own, effect.reference or effect.own))


def _worth(changed: Changed) -> float:
    """Speakers, or as many as they are worth where they say unequally much: with so many the limits are proven."""
    return changed.speakers if changed.worth is None else changed.worth


def _sign(limited: Limited | None, none: float = 0.0) -> int:
    """1 where limits lie above `none`, -1 where they lie below it, else 0."""
    if limited is None or limited.lower is None or limited.upper is None:
        return 0
    return int(limited.lower > none) - int(limited.upper < none)


def _direction(changed: Changed, of: Measured) -> str:
    sign = _sign(changed.change) if _worth(changed) >= JUDGED else 0
    up, down = (HARMED, HELPED) if of.is_worse else (HIGHER, LOWER)
    return {1: up, -1: down, 0: OPEN}[sign]


def _gap(effect: Effect, of: Measured, margin: float | None, own_gaps: OwnGaps, changes: tuple[str, str]) -> str:
    sign = _sign(effect.gap_change)
    if not of.is_rate:
        return {1: HIGHER, -1: LOWER, 0: OPEN}[sign]
    if sign > 0:
        return WIDENS
    if sign < 0:
        return _narrowed(effect, own_gaps, changes)
    return STAYS if _is_within(effect.gap_change, margin) and _fewest(effect) >= MARGIN else OPEN


def _narrowed(effect: Effect, own_gaps: OwnGaps, changes: tuple[str, str]) -> str:
    """The gap became smaller for certain, by sign: from above 0 that is towards it."""
    if effect.gap_before is None or effect.gap_before <= 0:
        return MOVES
    if own_gaps.after is not None and own_gaps.after[1] < 0:
        return REVERSES
    if changes[1] == HARMED and changes[0] != HELPED:
        return HARMS_REFERENCE
    return CLOSES if own_gaps.is_within else NARROWS


def _is_within(limited: Limited | None, margin: float | None) -> bool:
    if limited is None or limited.lower is None or limited.upper is None or margin is None:
        return False
    return -margin < limited.lower and limited.upper < margin


def _ratio(effect: Effect) -> str | None:
    ratio = effect.gap_ratio_change
    if ratio is None or ratio.lower is None:
        return None
    sign = _sign(ratio, 1.0) if _fewest(effect) >= JUDGED else 0
    return {1: WIDENS, -1: NARROWS, 0: OPEN}[sign]


def _reason(effect: Effect, of: Measured, gap: str, ratio: str | None, changes: tuple[str, str]) -> str | None:
    if not of.is_rate:
        return None
    if gap == STAYS:
        return f"as a ratio it {ratio}" if ratio in (NARROWS, WIDENS) else None
    if not of.is_worse:
        return f"{'more' if gap == WIDENS else 'less'} was changed for {_MINE} than for {_THEIRS}"
    assert effect.reference is not None
    mine, theirs = (_MINE, changes[0], effect.own.is_still), (_THEIRS, changes[1], effect.reference.is_still)
    why = _because(theirs, mine) if gap == WIDENS else _because(mine, theirs)
    return why + _scales(gap, ratio)


def _because(gainer: tuple[str, str, bool], loser: tuple[str, str, bool]) -> str:
    """Why one side gained on the other; each is its name, what became of it, and whether nothing changed for it."""
    (one, won, _), (other, lost, _) = gainer, loser
    if won == lost == OPEN:
        return f"of neither alone it can be told whether it was helped or harmed, but {one} fared better than {other}"
    if won == lost:
        return f"both were {won}, {one if won == HELPED else other} more"
    return " and ".join(_told(*side) for side in (gainer, loser))


def _told(name: str, change: str, is_still: bool) -> str:
    if is_still:
        return f"nothing changed for {name}"
    return f"{name} was {change if change != OPEN else 'not shown to be helped or harmed'}"


def _ahead(effect: Effect) -> str:
    """That a group lost what it was ahead, limits included: by sign its gap widens, and it is no gap at its cost."""
    still = effect.gap_after is not None and effect.gap_after < 0
    return f"; {_MINE} was ahead before{' and is less so' if still else ''}"


def _scales(gap: str, ratio: str | None) -> str:
    """Where the ratio does not say what the difference says."""
    in_points = WIDENS if gap == WIDENS else NARROWS
    if ratio is None or ratio == in_points or gap == MOVES:
        return ""
    if ratio == OPEN:
        return "; as a ratio it is not shown to change"
    return f"; it {in_points} in points and {ratio} as a ratio"


def _held_back_change(own: Changed) -> str:
    if _worth(own) < JUDGED:
        return f"{_speakers(own)}; a finding needs {JUDGED}"
    if own.is_still:
        return "nothing changed for anybody"
    if own.change is None or own.change.lower is None:
        return "too few events for limits" if own.is_rare else "the limits cannot be estimated from these speakers"
    return "the limits of the change include 0"


def _held_back(effect: Effect, margin: float | None) -> str:
    """Why nothing is said of a gap."""
    own, theirs, gap = effect.own, effect.reference, effect.gap_change
    assert theirs is not None
    if _fewest(effect) < JUDGED:
        return f"{_speakers(own)} and {_count(theirs)} of the reference; a finding needs {JUDGED} on each side"
    if own.is_still and theirs.is_still:
        return "nothing changed for anybody on either side"
    if gap is None or gap.lower is None:
        rare = own.is_rare or theirs.is_rare
        return "too few events for limits" if rare else "the limits cannot be estimated from these speakers"
    if _is_within(gap, margin):
        return f"the limits lie within the margin; that the gap stays needs {MARGIN} speakers on each side"
    return "the limits of the change of the gap include 0"


def _speakers(changed: Changed) -> str:
    return f"{_count(changed)} speaker{'' if changed.speakers == 1 else 's'}"


def _count(changed: Changed) -> str:
    """How many there are, and what they are worth where that holds a finding back."""
    if changed.speakers < JUDGED or _worth(changed) >= JUDGED:
        return str(changed.speakers)
    return f"{changed.speakers} (who say unequally much, and are worth {_worth(changed):.1f})"
