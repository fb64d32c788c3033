"""Limits of the groups' own rates, each alone: for display beside the rates, no verdict rests on them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from callgap.fairness.contrasts import Row
from callgap.fairness.endpoints import ENDPOINTS
from callgap.fairness.evidence import Evidence
from callgap.fairness.gaps import Resampling, enough
from callgap.fairness.rare import Interval, is_rare, korn_graubard
from callgap.fairness.sides import Side
from callgap.fairness.standing import EXPLORATORY
from callgap_kernels.resampling import bootstrap_t

_SHOWN = ("wer", "unusable", "misrouted")
_RESAMPLES = 2000
"""Limits of one group alone need no more."""


def fill_limits(rows: Sequence[Row], evidence: Evidence, plan: Resampling) -> None:
    """Add limits to group rows of five speakers and more.

    Args:
        rows: of the table `groups`; changed in place.
        evidence: that they were counted from.
        plan: how to resample.
    """
    for row in rows:
        if int(str(row["speakers"])) < EXPLORATORY:
            continue
        members = evidence.members(str(row["attribute"]), str(row["group"]))
        for endpoint in _SHOWN:
            frame = evidence.by_speaker[endpoint]
            side = Side.of(frame, members, is_share=ENDPOINTS[endpoint].is_share)
            if side.speakers >= EXPLORATORY:
                found = rate_limits(side, plan)
                row |= {f"{endpoint}_lower": found.lower, f"{endpoint}_upper": found.upper}


def rate_limits(side: Side, plan: Resampling) -> Interval:
    """Limits of one rate: bootstrap-t, exact ones where hardly anything happened.

    Args:
        side: of five speakers or more.
        plan: how to resample; every group's draws are the same.

    Returns:
        Limits, the lower one not below 0 and the upper one of a share not above 1.
    """
    if is_rare(side):
        return korn_graubard(side, plan.alpha)
    groups = bootstrap_t(
        side.numerator[:, None],
        side.denominator[:, None],
        np.zeros(side.speakers, dtype=np.int64),
        np.empty((0, 2), dtype=np.int64),
        seed=plan.seed,
        resamples=enough(min(plan.resamples, _RESAMPLES), plan.alpha / 2),
        alpha=plan.alpha,
    ).groups
    most = 1.0 if side.is_share else math.inf
    found = Interval(max(0.0, float(groups.lower[0, 0])), min(most, float(groups.upper[0, 0])))
    return found if math.isfinite(found.lower + found.upper) else korn_graubard(side, plan.alpha)
