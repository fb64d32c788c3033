"""How sure a router must be before a text counts as one of its intents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from callgap.errors import InputError
from callgap.ivr.routers.base import STAGE


def chosen(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], inside: NDArray[np.bool_], weight: float
) -> float:
    """The threshold that does best on validation texts.

    A text is accepted where its confidence is at least the threshold. What is made largest is
    `(1 - weight) * a + weight * b`, with a the share of texts with an intent that are accepted and right, and b the
    share of texts without one that are refused. Shares, and not counts: otherwise the ten times more numerous kind of
    text would decide alone.

    Args:
        confidence: `[text]`.
        correct: `[text]`, whether the best intent is the right one.
        inside: `[text]`, whether the text has an intent.
        weight: of the texts out of scope, between 0 and 1.

    Returns:
        The lowest of the best thresholds: 0.0, or a confidence that occurs, or the next number above the highest.

    Raises:
        InputError: one of the two kinds of texts is not there.
    """
    if inside.all() or not inside.any():
        lacking = "text with an intent" if not inside.any() else "text out of scope"
        raise InputError(
            f"{STAGE}: validation holds no {lacking}, so that no threshold can be chosen; accepted: a set of texts "
            f"that has some, {STAGE}.outside for texts that are all out of scope, or {STAGE}.threshold=NUMBER"
        )
    found = np.unique(confidence)
    candidates = np.concatenate([[0.0], found, [np.nextafter(found[-1], np.inf)]])
    right = np.sort(confidence[inside & correct])
    wrong = np.sort(confidence[~inside])
    accepted = (len(right) - np.searchsorted(right, candidates, side="left")) / inside.sum()
    refused = np.searchsorted(wrong, candidates, side="left") / len(wrong)
    return float(candidates[np.argmax((1 - weight) * accepted + weight * refused)])
