"""The grammar of verdicts, from simultaneous limits L and U of a gap and its margin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callgap.fairness.standing import EXPLORATORY, JUDGED
from callgap.verdict.policy import Policy

DISADVANTAGED = "disadvantaged"
UNCERTAIN = "gap, size uncertain"
WITHIN = "within margin"
BETTER = "does better"
CANNOT_TELL = "cannot tell"
INSUFFICIENT = "insufficient data"
UNFIT = "unfit for everyone"

PROVEN: frozenset[str] = frozenset()
"""Verdicts whose error rates have been proven by simulation at the numbers of speakers in question. None has been:
until then every limit leads to `cannot tell`."""


@dataclass(frozen=True)
class Judgment:
    """A verdict with the reason for it and what would change it."""

    verdict: str
    reason: str
    what_would_change_it: str


def decide(contrast: Mapping[str, Any], reference_rates: Mapping[str, float | None], policy: Policy) -> Judgment:
    """Judge one contrast.

    Args:
        contrast: a row of `contrasts` with speakers, rates and limits.
        reference_rates: `wer` and `not_completed` of the reference group.
        policy: margins and thresholds.

    Returns:
        The verdict. Too few speakers come first, then a system that fails the reference group itself, then the limits.
    """
    return _too_few(contrast) or _unfit(contrast, reference_rates, policy) or _from_limits(contrast, policy)


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


def _too_few(contrast: Mapping[str, Any]) -> Judgment | None:
    mine, theirs = contrast["group_speakers"], contrast["reference_speakers"]
    if min(mine, theirs) >= JUDGED:
        return None
    kind = "exploratory limits are shown" if min(mine, theirs) >= EXPLORATORY else "no limits can be given"
    reason = f"{mine} and {theirs} speakers; a verdict needs {JUDGED} on each side ({kind})"
    return Judgment(INSUFFICIENT, reason, f"recordings of at least {JUDGED} speakers in each group")


def _unfit(contrast: Mapping[str, Any], reference_rates: Mapping[str, float | None], policy: Policy) -> Judgment | None:
    name = contrast["reference"]
    for endpoint, limit, words in (
        ("wer", policy.unfit_wer, "of its words wrong"),
        ("not_completed", policy.unfit_not_completed, "of its calls not where they should be"),
    ):
        rate = reference_rates.get(endpoint)
        if rate is not None and rate > limit:
            reason = f"the reference group {name} itself has {rate:.0%} {words}, more than {limit:.0%}"
            return Judgment(UNFIT, reason, "a system that serves the reference group")
    return None


def _from_limits(contrast: Mapping[str, Any], policy: Policy) -> Judgment:
    lower, upper = contrast.get("difference_lower"), contrast.get("difference_upper")
    if lower is None or upper is None:
        reason = "too few speakers of a group had any such event, or none, for resampling to estimate the uncertainty"
        return Judgment(CANNOT_TELL, reason, "more calls per speaker, or an exact method for rare events")
    margin = policy.margins[contrast["endpoint"]]
    limits = f"the gap lies between {100 * lower:+.1f} and {100 * upper:+.1f} points (margin {100 * margin:.0f})"
    ratio = contrast.get("ratio")
    if ratio is not None and ratio >= policy.ratio_flag:
        limits += f" at {ratio:.2f} times the reference's rate"
    verdict = by_limits(lower, upper, margin)
    if verdict == CANNOT_TELL:
        return Judgment(CANNOT_TELL, f"{limits}, which leaves both harm and no harm possible", "more speakers")
    if verdict not in PROVEN:
        reason = f"{limits}, but the error rates of these limits are not yet proven for such numbers of speakers"
        return Judgment(CANNOT_TELL, reason, "a proof by simulation of the limits at these numbers of speakers")
    return Judgment(verdict, limits, "more speakers, or limits that no longer support it")
