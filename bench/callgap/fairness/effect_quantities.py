"""What is estimated of an alteration, group by group, and the limits of it."""

from __future__ import annotations

from collections.abc import Mapping

CHANGE, RATIO, GAP, GAP_RATIO, OTHERS = "change", "ratio", "gap change", "gap ratio change", "others' change"
"""`others' change` is of everyone but the group."""

DIFFERENCES, RATIOS = (CHANGE, GAP, OTHERS), (RATIO, GAP_RATIO)

Pair = tuple[float, float]

Limits = Mapping[tuple[str, str], Pair]
"""By group and quantity; of ratios on the log scale."""
