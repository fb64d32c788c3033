"""What is said of systems: rates, pairs, and the ranks that their limits leave possible.

A system's rank lies between 1 + the number of systems that are better for certain and the number of systems less those
that are worse for certain, for all systems together (Mogstad, Romano, Shaikh & Wilhelm 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

OVERALL, GROUP, GAP, WORST = "overall", "group", "gap", "worst group"
"""What two systems are compared on; `gap` is the difference of their gaps between a group and the reference."""

FIRST, SECOND, OPEN = "first is lower", "second is lower", "cannot tell"


@dataclass(frozen=True)
class Limited:
    """A rate or a difference; limits are None where resampling has none."""

    value: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Ranks:
    """Ranks that a system may have, 1 for the lowest rate; all systems' hold together."""

    best: int
    worst: int


@dataclass(frozen=True)
class SystemRates:
    """One system by itself.

    Attributes:
        system: its name.
        overall: rate over all speakers; limits of this system alone.
        worst_group: the one of `Systems.weighed` with the highest rate; None where no group has enough speakers.
        worst: its rate, and limits of the highest rate of any of them, whichever group that is.
        overall_ranks: by the rate over all speakers.
        worst_ranks: by the rate of the worst group.
    """

    system: str
    overall: Limited
    worst_group: str | None
    worst: Limited | None
    overall_ranks: Ranks
    worst_ranks: Ranks | None


@dataclass(frozen=True)
class Pair:
    """Two systems on one question.

    Attributes:
        estimand: one of `OVERALL`, `GROUP`, `GAP`, `WORST`.
        group: of which; None for all speakers and for the worst.
        first: system.
        second: system.
        first_value: rate or gap of the first.
        second_value: of the second.
        difference: first minus second, limits simultaneous.
    """

    estimand: str
    group: str | None
    first: str
    second: str
    first_value: float
    second_value: float
    difference: Limited

    @property
    def finding(self) -> str:
        """Whose value is lower, if the limits exclude 0."""
        if self.difference.upper is not None and self.difference.upper < 0:
            return FIRST
        return SECOND if self.difference.lower is not None and self.difference.lower > 0 else OPEN


@dataclass(frozen=True)
class Systems:
    """Systems compared on one attribute and endpoint.

    Attributes:
        systems: in the order in which they were given.
        pairs: every two of them, question by question.
        judged: groups with enough speakers, in alphabetical order.
        weighed: those among which the worst is sought: all with at least 30 speakers, or all that are judged where
            fewer than two have so many.
        speakers: of all groups together.
    """

    systems: tuple[SystemRates, ...]
    pairs: tuple[Pair, ...]
    judged: tuple[str, ...]
    weighed: tuple[str, ...]
    speakers: int


def rank(systems: Sequence[str], pairs: Sequence[Pair]) -> dict[str, Ranks]:
    """The ranks that simultaneous limits leave possible (Mogstad, Romano, Shaikh & Wilhelm 2024).

    Args:
        systems: names.
        pairs: on one question, every two of them.

    Returns:
        By system, its best and its worst possible rank.
    """
    better, worse = dict.fromkeys(systems, 0), dict.fromkeys(systems, 0)
    for pair in pairs:
        if pair.finding != OPEN:
            lower, higher = (pair.first, pair.second) if pair.finding == FIRST else (pair.second, pair.first)
            better[higher] += 1
            worse[lower] += 1
    return {name: Ranks(1 + better[name], len(systems) - worse[name]) for name in systems}
