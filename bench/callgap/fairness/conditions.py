"""Conditions that the same speakers are in (domain, channel, device): compared within speakers, never judged."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from callgap.fairness.contrasts import Row
from callgap.fairness.endpoints import ENDPOINTS
from callgap.fairness.evidence import Evidence
from callgap.fairness.gaps import Resampling, enough
from callgap.fairness.paired import Sums, paired_difference
from callgap.fairness.standardization import WithinSpeaker, within_speaker
from callgap.fairness.standing import DESCRIBED, EXPLORATORY


def conditions(
    evidence: Evidence, attribute: str, reference: str | None, endpoints: Sequence[str], plan: Resampling
) -> list[Row]:
    """Compare every value of a condition with one of them, on the speakers who are in both.

    Args:
        evidence: of one run.
        attribute: column of the condition.
        reference: value that the others are compared with; None takes the one with the most utterances.
        endpoints: the declared ones.
        plan: how limits are resampled; they hold for all values and endpoints at once (Bonferroni).

    Returns:
        Rows of the table `conditions`: differences from two speakers on, limits from five on.
    """
    of = evidence.column(attribute)
    sizes = Counter(value for value in of.values() if value is not None)
    if len(sizes) < 2:
        return []
    base = (
        reference
        if reference is not None and reference in sizes
        else min(sizes, key=lambda value: (-sizes[value], value))
    )
    others = [value for value in sorted(sizes) if value != base]
    named = [name for name in endpoints if len(evidence.observations[name])]
    share = Resampling(plan.alpha / max(1, len(others) * len(named)), plan.resamples, plan.seed)
    keys = {"attribute": attribute, "reference": base, "system": evidence.system, "condition": evidence.condition}
    return [
        keys | {"value": value, "endpoint": name, "normalizer": _normalizer(evidence, name)} | row
        for value in others
        for name in named
        if (row := _compared(evidence, name, of, value, base, share))
    ]


def _normalizer(evidence: Evidence, endpoint: str) -> str | None:
    return None if ENDPOINTS[endpoint].of_calls else evidence.normalizer


def _compared(
    evidence: Evidence, endpoint: str, of: dict[str, str | None], value: str, base: str, plan: Resampling
) -> Row:
    both = within_speaker(evidence.observations[endpoint], of, value, base, pooled=ENDPOINTS[endpoint].pooled)
    speakers = len(both.frame_a)
    row: Row = {"speakers": speakers, "left_out": both.left_out}
    if speakers < DESCRIBED:
        return row
    first, second = _weighted_alike(both)
    rates = [float(sums.numerator.sum() / sums.denominator.sum()) for sums in (first, second)]
    row |= {"rate": rates[0], "reference_rate": rates[1], "difference": rates[0] - rates[1]}
    if speakers < EXPLORATORY:
        return row
    everyone = np.zeros(speakers, dtype=np.int64)
    resamples = enough(plan.resamples, plan.alpha / 2)
    found = paired_difference(first, second, everyone, seed=plan.seed, resamples=resamples, alpha=plan.alpha)
    limits = float(found.lower[0, 0]), float(found.upper[0, 0])
    return row | dict(zip(("difference_lower", "difference_upper"), map(_finite, limits), strict=True))


def _weighted_alike(both: WithinSpeaker) -> tuple[Sums, Sums]:
    """Both sides with each speaker's own rates and one weight, a b / (a + b) of the denominators a and b.

    These are the weights of Mantel and Haenszel (1959), for differences as in Greenland and Robins (1985, Biometrics
    41, 55-68). With its own denominators on each side, a condition in which hard speakers say more would seem hard.
    """
    a, b = (frame[["denominator"]].to_numpy(np.float64) for frame in (both.frame_a, both.frame_b))
    weight = a * b / (a + b)
    errors = (frame[["numerator"]].to_numpy(np.float64) for frame in (both.frame_a, both.frame_b))
    first, second = (Sums(e / of * weight, weight) for e, of in zip(errors, (a, b), strict=True))
    return first, second


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
