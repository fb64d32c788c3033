"""Verdicts from simultaneous limits of a gap, its margin, and what can shake them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callgap.fairness.standing import EXPLORATORY, JUDGED
from callgap.verdict.doubts import Doubts
from callgap.verdict.policy import Policy
from callgap.verdict.words import CANNOT_TELL, DISADVANTAGED, INSUFFICIENT, UNCERTAIN, UNFIT, by_limits


@dataclass(frozen=True)
class Judgment:
    """A verdict with the reason for it and what would change it; no verdict where nothing may be judged."""

    verdict: str | None
    reason: str
    what_would_change_it: str


def decide(
    contrast: Mapping[str, Any],
    reference_rates: Mapping[str, float | None],
    policy: Policy,
    others: Sequence[Mapping[str, Any]] = (),
) -> Judgment:
    """Judge one contrast.

    Args:
        contrast: a row of `contrasts` with speakers, rates and limits.
        reference_rates: `wer` and `not_completed` of the reference group.
        policy: margins and thresholds.
        others: the same contrast under the other declared normalizers.

    Returns:
        The verdict. What forbids any comes first, then a system that fails the reference group itself, then too few
        speakers, then the limits, and last what shakes them.
    """
    if contrast.get("not_judged"):
        return Judgment(None, str(contrast["not_judged"]), "data in which groups differ in nothing but their speakers")
    unfit = _unfit(contrast, reference_rates, policy)
    if unfit and contrast["reference_speakers"] >= JUDGED:
        return unfit
    return _too_few(contrast) or unfit or _from_limits(contrast, policy, list(others))


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


def _from_limits(contrast: Mapping[str, Any], policy: Policy, others: Sequence[Mapping[str, Any]]) -> Judgment:
    lower, upper = contrast.get("difference_lower"), contrast.get("difference_upper")
    if lower is None or upper is None:
        reason = "the limits of the gap cannot be estimated from these speakers"
        return Judgment(CANNOT_TELL, reason, "more speakers of both groups, or more calls of each")
    margin = policy.margins[contrast["endpoint"]]
    limits = _told(contrast, margin, policy.ratio_flag)
    verdict = by_limits(lower, upper, margin)
    if verdict == CANNOT_TELL:
        return Judgment(verdict, f"{limits}, {_open(lower, upper)}", "more speakers")
    doubts = Doubts(contrast, margin, others)
    if verdict == DISADVANTAGED and (doubt := doubts.of_size() or doubts.of_proof(DISADVANTAGED)):
        # That there is a gap may still stand where its size does not.
        reason, change = doubt
        limits, verdict = f"{limits}; not {DISADVANTAGED}: {reason}", UNCERTAIN
        return _unless(doubts, verdict, limits, change)
    return _unless(doubts, verdict, limits, "more speakers, or limits that no longer support it")


def _open(lower: float, upper: float) -> str:
    """What limits leave open that reach the margin on no side and keep within it on none."""
    if upper < 0:
        return "which shows no harm to the group; whether it does better by more than the margin is open"
    return "which leaves both harm and no harm possible"


def _unless(doubts: Doubts, verdict: str, limits: str, change: str) -> Judgment:
    if doubt := doubts.of(verdict):
        return Judgment(CANNOT_TELL, f"{limits}; not {verdict}: {doubt[0]}", doubt[1])
    return Judgment(verdict, limits, change)


def _told(contrast: Mapping[str, Any], margin: float, ratio_flag: float) -> str:
    lower, upper = contrast["difference_lower"], contrast["difference_upper"]
    limits = f"the gap lies between {100 * lower:+.1f} and {100 * upper:+.1f} points (margin {100 * margin:g})"
    ratio = contrast.get("ratio")
    if ratio is not None and ratio >= ratio_flag:
        limits += f" at {ratio:.2f} times the reference's rate"
    return limits
