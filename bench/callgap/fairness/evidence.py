"""Everything that a comparison looks at, with one row per utterance and the speaker's groups at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from callgap.fairness.endpoints import ENDPOINTS, capped, observe, per_speaker


@dataclass(frozen=True)
class BatchEffect:
    """How many texts a recognizer wrote otherwise when it heard the utterance alone.

    Attributes:
        sampled: utterances that it was given again, alone.
        changed: how many of them came out otherwise.
    """

    sampled: int
    changed: int


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
        speaker_cap: most that one speaker weighs in a ratio of sums, as a multiple of the median speaker's words; None
            for no limit.
        batch_effect: of the recognizer; None where it is none, or where nobody looked.
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
    speaker_cap: float | None = None
    batch_effect: BatchEffect | None = None

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
    def normalizers(self) -> tuple[str, ...]:
        """Every normalizer, the primary one first."""
        found = self.scores["normalizer"].unique().to_pylist()
        return (self.normalizer, *(name for name in found if name != self.normalizer))

    def observed(self, normalizer: str, *, charged: bool = False) -> dict[str, pd.DataFrame]:
        """Observe every endpoint under a normalizer.

        Args:
            normalizer: one of `normalizers`.
            charged: count lost texts as errors, as `endpoints.observe` does.

        Returns:
            By endpoint, one row per utterance that it concerns.
        """
        key = normalizer, charged
        if key not in self._observed:
            scores = self.scores.filter(pc.equal(self.scores["normalizer"], normalizer))
            found = observe(scores, self.outcomes, self.speakers, self.human, statuses=self._statuses, charged=charged)
            self._observed[key] = {name: frame.assign(speaker_id=_plain(frame)) for name, frame in found.items()}
        return self._observed[key]

    @cached_property
    def _statuses(self) -> dict[str, str]:
        return dict(zip(self.heard["utterance_id"].to_pylist(), self.heard["status"].to_pylist(), strict=True))

    @cached_property
    def _observed(self) -> dict[tuple[str, bool], dict[str, pd.DataFrame]]:
        return {}

    @cached_property
    def observations(self) -> dict[str, pd.DataFrame]:
        """By endpoint, one row per utterance that it concerns."""
        return self.observed(self.normalizer)

    @cached_property
    def by_speaker(self) -> dict[str, pd.DataFrame]:
        """By endpoint, numerator and denominator per speaker, none weighing more than the cap."""
        sums = {name: per_speaker(rows, ENDPOINTS[name].pooled) for name, rows in self.observations.items()}
        sums = {name: frame.set_axis(frame.index.astype(object)) for name, frame in sums.items()}
        return {name: capped(f, self.speaker_cap) if ENDPOINTS[name].pooled else f for name, f in sums.items()}

    @cached_property
    def charged_words(self) -> pd.DataFrame:
        """As `by_speaker["wer"]`, with the words of lost texts counted as deleted."""
        observed = self.observed(self.normalizer, charged=True)["wer"]
        return capped(per_speaker(observed, pooled=True), self.speaker_cap)

    def members(self, attribute: str, group: str) -> set[str]:
        """The speakers of a group; of an attribute that is none, all speakers."""
        groups = self.membership.get(attribute)
        if groups is None:
            return set(self.speakers.values())
        return {speaker for speaker, of in groups.items() if of == group}

    def column(self, name: str) -> dict[str, str | None]:
        """By utterance id, the text of a column of the table `utterances`."""
        values = self.utterances[name].to_pylist()
        ids = self.utterances["utterance_id"].to_pylist()
        return {u: None if value is None else str(value) for u, value in zip(ids, values, strict=True)}

    @cached_property
    def heard_rows(self) -> pd.DataFrame:
        """`heard`, with the speaker of each row."""
        return self._with_speaker(self.heard)

    @cached_property
    def probe_rows(self) -> pd.DataFrame:
        """`probes`, likewise."""
        return self._with_speaker(self.probes)

    @cached_property
    def covariate_rows(self) -> pd.DataFrame:
        """`covariates`, likewise."""
        return self._with_speaker(self.covariates)

    def _with_speaker(self, table: pa.Table) -> pd.DataFrame:
        frame = table.to_pandas()
        frame["speaker_id"] = frame["utterance_id"].map(self.speakers)
        return frame.assign(speaker_id=_plain(frame))


def _plain(frame: pd.DataFrame) -> pd.Series:
    """Speaker ids as Python strings: whether 700 are in a group takes ten times as long to ask of Arrow's."""
    return frame["speaker_id"].astype(object)
