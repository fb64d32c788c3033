"""What a run measures of voices: each utterance as the alteration left it, beside what it was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal, batch_of
from callgap.records import ItemStatus, Status
from callgap.voice.base import REASON, Measure, NotMeasuredError, Values, each
from callgap.voice.collect import Row, measured
from callgap.voice.emphasis import emphasis
from callgap.voice.intelligibility import Intelligibility
from callgap.voice.prosody import Prosody
from callgap.voice.quality import Quality
from callgap.voice.voiceprint import LEAST_SPEECH_S, Voiceprint

_CONTOURS = ("f0_correlation", "f0_scale", "energy_correlation", "energy_scale")


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Measures:
    """Which measures are taken of every utterance; with none, voices are not looked at.

    Attributes:
        voiceprint: who speaks, an embedding.
        quality: naturalness and noise, DNSMOS.
        prosody: pitch, level, rate and pauses.
        emphasis: what became of the contours of pitch and level, and how frames before and after find each other;
            None leaves it out.
        intelligibility: PESQ and STOI against the recording before the alteration, which must be clean for them to say
            anything.
        least_speech_s: seconds of speech below which an utterance is not embedded.
        least_similarity: cosine of the embeddings before and after, below which the altered recording is another
            person's: it is excluded (`after_other_speaker`). For recordings that were made outside and may have been
            mixed up; None where the alteration is meant to change who is heard.
    """

    voiceprint: bool = False
    quality: bool = False
    prosody: bool = False
    emphasis: Literal["linear", "warped"] | None = None
    intelligibility: bool = False
    least_speech_s: Annotated[float, Field(ge=0.1, le=10)] = LEAST_SPEECH_S
    least_similarity: Annotated[float, Field(gt=0, lt=1)] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Networks are loaded again in another process, not sent there.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def wanted(self) -> bool:
        """Whether anything is measured."""
        return self.voiceprint or self.quality or self.prosody or self.intelligibility or self.emphasis is not None

    def unmeasured(self) -> Measures:
        """The same without any measure; what is excluded stays excluded."""
        return Measures(least_speech_s=self.least_speech_s, least_similarity=self.least_similarity)

    def check(self) -> None:
        """Check that what the measures rest on is installed, before anybody waits for them.

        Raises:
            InputError: a package is missing.
        """
        silence = batch_of([torch.zeros(8000)], 16000, [""])
        for measure in {**self._networks, **self._beside(silence, {})}.values():
            measure.measure(silence)
        self.checked(silence, silence)

    def checked(self, before: AudioBatch, after: AudioBatch) -> AudioBatch:
        """Exclude what another person says.

        Args:
            before: as the corpus has it.
            after: as the alteration left it, the same items in the same order.

        Returns:
            The altered batch. What is too short to be embedded stays: of that nothing is known.

        Raises:
            InputError: a package is missing.
        """
        if self.least_similarity is None:
            return after
        early, late = (self._voiceprint.measure(batch)["embedding"] for batch in (before, after))
        statuses = [
            ItemStatus(Status.EXCLUDED, "after_other_speaker") if _differ(one, other, self.least_similarity) else status
            for one, other, status in zip(early, late, after.statuses, strict=True)
        ]
        signals = [
            after.signal(index) if status.status is Status.OK else after.signal(index)[:0]
            for index, status in enumerate(statuses)
        ]
        return replace(after.with_signals(signals, after.sample_rate), statuses=tuple(statuses))

    def rows(self, before: AudioBatch, after: AudioBatch, words: Mapping[str, int]) -> list[Row]:
        """Measure a batch.

        Args:
            before: as the corpus has it.
            after: as the alteration left it, the same items in the same order.
            words: by utterance id, how many are said.

        Returns:
            One row of the table `voices` per item.

        Raises:
            InputError: a package is missing.
        """
        return measured(after, {**self._networks, **self._beside(before, words)})

    @cached_property
    def _networks(self) -> Mapping[str, Measure]:
        found: dict[str, Measure] = {}
        if self.voiceprint:
            found["voiceprint"] = self._voiceprint
        if self.quality:
            found["quality"] = Quality()
        return found

    @cached_property
    def _voiceprint(self) -> Voiceprint:
        return Voiceprint(least_speech_s=self.least_speech_s)

    def _beside(self, before: AudioBatch, words: Mapping[str, int]) -> Mapping[str, Measure]:
        """The measures that are told of what they measure."""
        found: dict[str, Measure] = {}
        if self.prosody:
            found["prosody"] = Prosody(words)
        if self.emphasis is not None:
            found["emphasis"] = Contours(before, self.emphasis)
        if self.intelligibility:
            found["intelligibility"] = Intelligibility(before)
        return found


def _differ(early: Any, late: Any, least: float) -> bool:
    return early is not None and late is not None and float(np.dot(early, late)) < least


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Contours:
    """What became of emphasis, item by item.

    Attributes:
        before: the recordings before the alteration; an item without one is not measured.
        alignment: as of `emphasis`.
    """

    before: AudioBatch
    alignment: Literal["linear", "warped"] = "linear"

    def measure(self, batch: AudioBatch) -> Values:
        """Compare each item with itself before.

        Returns:
            `f0_correlation`, `f0_scale`, `energy_correlation` and `energy_scale`.
        """
        statuses = self.before.statuses
        places = {item: i for i, item in enumerate(self.before.item_ids) if statuses[i].status is Status.OK}

        def compare(signal: Signal, item: str) -> Mapping[str, float | None]:
            if item not in places:
                raise NotMeasuredError("no_recording_before")
            early = self.before.signal(places[item])
            late = signal.cpu().numpy()
            return asdict(
                emphasis(early.cpu().numpy(), late, self.before.sample_rate, batch.sample_rate, self.alignment)
            )

        found, reasons = each(batch, compare)
        columns = {name: [None if item is None else item[name] for item in found] for name in _CONTOURS}
        return {**columns, REASON: reasons}
