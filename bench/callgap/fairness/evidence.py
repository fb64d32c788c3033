"""Everything that a comparison looks at, with one row per utterance and the speaker's groups at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from callgap.fairness.endpoints import ENDPOINTS, observe, per_speaker


@dataclass(frozen=True)
class Evidence:
    """The tables of one run under its primary normalizer.

    Attributes:
        utterances: table `utterances`.
        heard: table `hypotheses`, the one row per utterance that begins a call.
        probes: table `hypotheses`, rows whose grammar holds no right answer.
        scores: table `scores`, all normalizers.
        outcomes: table `outcomes`.
        covariates: table `covariates`.
        normalizer: the primary one.
        human: the destination at which a person answers; empty where there is none.
        phrases: by grammar id, what the service takes there; empty without a service.
        system: name of the recognizer.
        condition: name of the channel, with the alteration where there is one.
        membership: by attribute and speaker, the group.
    """

    utterances: pa.Table
    heard: pa.Table
    probes: pa.Table
    scores: pa.Table
    outcomes: pa.Table
    covariates: pa.Table
    normalizer: str
    human: str
    phrases: Mapping[str, frozenset[str]]
    system: str
    condition: str
    membership: Mapping[str, Mapping[str, str]]

    @cached_property
    def speakers(self) -> dict[str, str]:
        """By utterance id, who speaks."""
        ids, speakers = self.utterances["utterance_id"].to_pylist(), self.utterances["speaker_id"].to_pylist()
        return dict(zip(ids, speakers, strict=True))

    @cached_property
    def primary_scores(self) -> pa.Table:
        """The scores under the primary normalizer."""
        return self.scores.filter(pc.equal(self.scores["normalizer"], self.normalizer))

    @cached_property
    def observations(self) -> dict[str, pd.DataFrame]:
        """By endpoint, one row per utterance that it concerns."""
        return observe(self.primary_scores, self.outcomes, self.speakers, self.human)

    @cached_property
    def by_speaker(self) -> dict[str, pd.DataFrame]:
        """By endpoint, numerator and denominator per speaker."""
        return {name: per_speaker(rows, ENDPOINTS[name].pooled) for name, rows in self.observations.items()}

    def with_speaker(self, table: pa.Table) -> pd.DataFrame:
        """A table keyed by utterance, with the speaker added."""
        frame = table.to_pandas()
        frame["speaker_id"] = frame["utterance_id"].map(self.speakers)
        return frame
