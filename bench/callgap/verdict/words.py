"""The verdicts, and which of them limits and a margin give."""

from __future__ import annotations

DISADVANTAGED = "disadvantaged"
UNCERTAIN = "gap, size uncertain"
WITHIN = "within margin"
BETTER = "does better"
CANNOT_TELL = "cannot tell"
INSUFFICIENT = "insufficient data"
UNFIT = "unfit for everyone"


def by_limits(lower: float, upper: float, margin: float) -> str:
    """The verdict that limits and margin give, whether or not it may be offered.

    Args:
        lower: L, of the group's rate minus the reference's, where more is worse.
        upper: U.
        margin: positive.

    Returns:
        One of the five verdicts that limits can give.
    """
    if lower > margin:
        return DISADVANTAGED
    if lower > 0:
        return UNCERTAIN
    if upper < -margin:
        return BETTER
    return WITHIN if -margin < lower and upper < margin else CANNOT_TELL
