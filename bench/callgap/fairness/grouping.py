"""Groups made of other groups: intersections of attributes, and small groups pooled under a declared parent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.fairness.standing import JUDGED

EVERYONE_ELSE = "everyone else"
"""As a reference: each group is compared with all other speakers whose group is known."""

CROSS = "+"
"""Between the attributes of an intersection."""

_AND = " & "
_POOLED = " (pooled)"


class Pooling(StrEnum):
    """Which groups are counted under their declared parent."""

    NONE = "none"
    SMALL = "small"
    ALL = "all"


def crossed(memberships: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Intersect attributes.

    Args:
        memberships: by attribute, the group of each speaker; all of the same speakers.

    Returns:
        By speaker, the groups joined with `&`; contradictory where one is, else unknown where one is.
    """
    return {speaker: crossed_name([of[speaker] for of in memberships]) for speaker in memberships[0]}


def crossed_name(groups: Sequence[str]) -> str:
    """Name the intersection of groups.

    Args:
        groups: one of each attribute.

    Returns:
        For example `indian & female`.
    """
    return next((word for word in (CONTRADICTORY, UNKNOWN) if word in groups), _AND.join(groups))


def pooled(groups: Mapping[str, str], parents: Mapping[str, str], pooling: Pooling) -> dict[str, str]:
    """Count groups under their parent, by a rule that was declared before anything was counted.

    Args:
        groups: the group of each speaker.
        parents: by group, the wider one that it belongs to, which may have a parent itself.
        pooling: `all` puts every group under its outermost parent; `small` only those of fewer speakers than a verdict
            needs, level by level until there are enough; what is pooled so is marked, since it is not the whole parent.

    Returns:
        The group of each speaker; of whom none is known, or several are, stays where that is shown.
    """
    current = dict(groups)
    parents = {group: parent for group, parent in parents.items() if group not in (UNKNOWN, CONTRADICTORY)}
    if pooling is Pooling.ALL:
        return {speaker: _outermost(group, parents) for speaker, group in current.items()}
    if pooling is Pooling.SMALL:
        for _ in parents:
            sizes = Counter(current.values())
            moved = {
                group: parents[name] + _POOLED
                for group in sizes
                if sizes[group] < JUDGED and (name := group.removesuffix(_POOLED)) in parents
            }
            if not moved:
                break
            current = {speaker: moved.get(group, group) for speaker, group in current.items()}
    return current


def is_circle(parents: Mapping[str, str]) -> bool:
    """Tell whether a group would be its own ancestor.

    Args:
        parents: by group, its parent.

    Returns:
        True where following parents comes back.
    """
    for start in parents:
        name, steps = start, 0
        while name in parents and steps <= len(parents):
            name, steps = parents[name], steps + 1
        if steps > len(parents):
            return True
    return False


def _outermost(group: str, parents: Mapping[str, str]) -> str:
    while group in parents:
        group = parents[group]
    return group
