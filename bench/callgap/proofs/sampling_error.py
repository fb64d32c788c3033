"""How far a simulated share may lie from the probability that it estimates."""

from __future__ import annotations

import math

STANDARD_ERRORS = 2.0
"""By how many a share may miss its bound and still agree with it; decided before anything was simulated."""


def slack(probability: float, simulations: int) -> float:
    """Two standard errors of a simulated share.

    Args:
        probability: what the share is held against.
        simulations: that it comes from.

    Returns:
        The allowance, as a share.
    """
    return STANDARD_ERRORS * math.sqrt(probability * (1 - probability) / simulations)
