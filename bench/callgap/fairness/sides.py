"""One side of a comparison: the sums of its speakers for one endpoint, its rate and how sure that is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Side:
    """The speakers of one group, for one endpoint.

    Attributes:
        names: ids of the speakers, all with a denominator [speaker].
        numerator: such as errors; weighted where speakers are capped or weigh equally [speaker].
        denominator: such as words, likewise weighted [speaker].
        events: how often it went wrong, unweighted.
        trials: out of how many, unweighted.
        is_share: whether an utterance counts 0 or 1, so that the rate cannot exceed 1.
    """

    names: tuple[str, ...]
    numerator: Array
    denominator: Array
    events: float
    trials: float
    is_share: bool

    @classmethod
    def of(cls, frame: pd.DataFrame, speakers: Collection[str], *, is_share: bool) -> Side:
        """Take some speakers of an endpoint.

        Args:
            frame: columns numerator, denominator, events and trials by speaker id, ordered.
            speakers: those of the group; one without a row said nothing that the endpoint counts.
            is_share: as above.

        Returns:
            The side, speakers in the order of `frame`.
        """
        rows = frame[frame.index.isin(list(speakers))]
        return cls(
            tuple(map(str, rows.index)),
            rows["numerator"].to_numpy(np.float64),
            rows["denominator"].to_numpy(np.float64),
            float(rows["events"].sum()),
            float(rows["trials"].sum()),
            is_share,
        )

    @property
    def speakers(self) -> int:
        """Number of speakers."""
        return len(self.names)

    @cached_property
    def effective_speakers(self) -> float:
        """How many speakers of equal weight this many of unequal weight are worth (Kish 1965, section 11.7)."""
        squares = float((self.denominator**2).sum())
        return float(self.denominator.sum()) ** 2 / squares if squares else 0.0

    @cached_property
    def rate(self) -> float:
        """Ratio of sums; NaN without speakers."""
        total = float(self.denominator.sum())
        return float(self.numerator.sum()) / total if total else float("nan")

    @cached_property
    def speaker_mean(self) -> float:
        """Mean of the speakers' own rates; NaN without speakers."""
        return float(np.mean(self.numerator / self.denominator)) if self.speakers else float("nan")

    @cached_property
    def variance(self) -> float:
        """Linearized variance of the rate between speakers (Cochran 1977, section 6.3); 0 for one speaker."""
        n = self.speakers
        if n < 2:
            return 0.0
        residual = self.numerator - self.rate * self.denominator
        # Residuals this small are rounding errors of a true zero.
        residual[np.abs(residual) <= 1e-12 * (np.abs(self.numerator) + self.rate * self.denominator)] = 0.0
        return float(n / (n - 1) * (residual**2).sum() / self.denominator.sum() ** 2)

    @cached_property
    def without_one(self) -> Array:
        """The rate with each speaker left out in turn; NaN where nobody is left [speaker]."""
        above = self.numerator.sum() - self.numerator
        below = self.denominator.sum() - self.denominator
        rates: Array = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
        return rates
