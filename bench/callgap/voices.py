"""The corpus's other speakers, as they are heard behind a caller."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import pyarrow as pa
import torch

from callgap.audio import Signal, utterance_seed
from callgap.corpus import Corpus
from callgap.records import Status

_SPEAKERS = 40
_RECORDINGS = 12
_SECONDS = 10.0


@dataclass(frozen=True)
class CorpusVoices:
    """A sample of a corpus's speakers; recordings are read in the process that needs them.

    Attributes:
        corpus: whose speakers.
        rows: of the table `utterances`, those that may be heard.
        speaker_of: by utterance id, who speaks.
    """

    corpus: Corpus
    rows: pa.Table
    speaker_of: Mapping[str, str]

    @classmethod
    def of(cls, corpus: Corpus, utterances: pa.Table, seed: int) -> Self:
        """Draw 40 speakers, and 12 recordings of each, or as many as there are.

        Args:
            corpus: whose speakers.
            utterances: its table `utterances`.
            seed: of the run; whom one hears does not depend on the system or the order.
        """
        ids, speakers = utterances["utterance_id"].to_pylist(), utterances["speaker_id"].to_pylist()
        places: dict[str, list[int]] = defaultdict(list)
        for place, (speaker, fault) in enumerate(zip(speakers, utterances["fault"].to_pylist(), strict=True)):
            if fault is None:
                places[speaker].append(place)
        drawn = sorted(places, key=lambda speaker: utterance_seed(seed, "voice", speaker))[:_SPEAKERS]
        chosen = [
            place
            for speaker in drawn
            for place in sorted(places[speaker], key=lambda place: utterance_seed(seed, "voice", ids[place]))[
                :_RECORDINGS
            ]
        ]
        return cls(corpus, utterances.take(chosen), dict(zip(ids, speakers, strict=True)))

    @property
    def sample_rate(self) -> int:
        """Hz of the recordings."""
        return self._heard[0]

    @property
    def speakers(self) -> int:
        """How many different speakers there are."""
        return len(set(self.rows["speaker_id"].to_pylist()))

    def others(self, utterance_id: str) -> Sequence[Signal]:
        """Up to ten seconds of each speaker who does not say this utterance, in a fixed order."""
        speaker = self.speaker_of[utterance_id]
        return [signal for other, signal in self._heard[1].items() if other != speaker]

    @cached_property
    def _heard(self) -> tuple[int, dict[str, Signal]]:
        rate = 0
        pieces: dict[str, list[Signal]] = defaultdict(list)
        for batch in self.corpus.load(self.rows):
            rate = batch.sample_rate
            for index, utterance in enumerate(batch.utterance_ids):
                kept = pieces[self.speaker_of[utterance]]
                if batch.statuses[index].status is Status.OK and sum(map(len, kept)) < _SECONDS * rate:
                    kept.append(batch.signal(index).clone())
        joined = {speaker: torch.cat(kept)[: round(_SECONDS * rate)] for speaker, kept in pieces.items() if kept}
        return rate, joined
