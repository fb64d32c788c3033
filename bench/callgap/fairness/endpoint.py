"""What an endpoint is: a numerator and a denominator per utterance or call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from pandas.api.types import is_float_dtype

Observe = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
"""From the scores under one normalizer, with speakers, and the outcomes to `speaker_id`, `utterance_id`, `numerator`,
`denominator`."""


@dataclass(frozen=True)
class Endpoint:
    """Something that can go wrong for a caller.

    Attributes:
        name: of the endpoint.
        pooled: True for a ratio of sums over speakers (word errors per word); False weighs speakers equally.
        observe: what is counted.
        of_calls: whether it is counted in calls.
        owed: whether an utterance whose text was lost counts as wrong where the loss is charged to the recognizer.
        is_mean: whether it is a number per call, which may exceed 1.
        is_worse: whether more of it is worse.
    """

    name: str
    pooled: bool
    observe: Observe
    of_calls: bool = False
    owed: bool = False
    is_mean: bool = False
    is_worse: bool = True

    @property
    def is_share(self) -> bool:
        """Whether an utterance or call counts 0 or 1, so that the rate cannot exceed 1."""
        return not self.pooled and not self.is_mean


def fraction(rows: pd.DataFrame, numerator: pd.Series, denominator: pd.Series | None = None) -> pd.DataFrame:
    """Arrange observations.

    Args:
        rows: of scores or of outcomes.
        numerator: of each row.
        denominator: of each row; None counts each once.

    Returns:
        `speaker_id`, `utterance_id` (the call's where it is one), `numerator`, `denominator`.
    """
    key = "utterance_id" if "utterance_id" in rows else "call_id"
    ones = pd.Series(1, index=rows.index)
    return pd.DataFrame(
        {
            "speaker_id": rows["speaker_id"],
            "utterance_id": rows[key],
            # Published rates times words are no whole numbers: what is one stays one.
            "numerator": numerator if is_float_dtype(numerator) else numerator.astype("int64"),
            "denominator": (ones if denominator is None else denominator).astype("int64"),
        }
    )
