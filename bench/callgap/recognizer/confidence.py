"""One confidence from the log-probabilities that a recognizer states of parts of its text."""

from __future__ import annotations

import math
from collections.abc import Iterable


def geometric_mean(parts: Iterable[tuple[float, float]]) -> float | None:
    """The probability of a token, as the geometric mean over all tokens.

    Args:
        parts: mean natural logarithm of the probability in a part, and the weight of the part (how many tokens).

    Returns:
        Between 0 and 1; None where there is no weight, or what is stated is no logarithm of a probability.
    """
    pairs = list(parts)
    total = sum(weight for _, weight in pairs)
    if not total:
        return None
    mean = sum(value * weight for value, weight in pairs) / total
    return math.exp(mean) if math.isfinite(mean) and mean <= 0 else None
