"""Recordings that a closed product made of the corpus: checked before they are compared with anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.alteration.alignment import Envelope, drift_s, envelope, match
from callgap.alteration.items import NotAlteredError, UnusableError, each
from callgap.alteration.pairs import content_of, fingerprint, in_folder, in_manifest, named
from callgap.alteration.sound import check_clipping, check_length, check_sound, from_file
from callgap.audio import AudioBatch, Signal, batch_of

_AHEAD = 0.1
"""By how much another utterance's recording must be more alike to be taken for the one that was mixed up."""

_DRIFT_LOOKED_FOR = 0.05


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Files:
    """Takes each utterance's altered recording from a folder or a manifest, and excludes what cannot be its pair.

    A recording is excluded with a reason: `after_missing`, `after_unreadable`, `after_several_channels`,
    `after_not_finite`, `after_wrong_rate`, `after_longer`, `after_shorter`, `after_silent`, `after_clipped`,
    `after_drifts`, `after_swapped` (another utterance's recording is the one that fits) or `after_other_utterance`.
    The last three look at loudness over time, which tells neither the words nor the speaker: two utterances of one
    rhythm are taken for one.

    Attributes:
        path: of a folder with `<utterance id>.wav` (as `corpus=folder` names recordings without ids: the same tree of
            files, with any ending), or of a table with the columns `utterance_id` and `file`.
        sample_rate: Hz that every file must have; None takes any from 8 kHz on. All are converted to the corpus's rate.
        length_within: share of the length before by which that after may differ.
        likeness: of the envelopes at their best delay, below which a recording is of another utterance; None where the
            product changes the timing, so that nothing of this can be asked.
        longest_delay_s: of a recording behind the original that is looked for, either way.
        drift_within_s: by which the delay may change between the first and the last third.
        stated_look_ahead_s: of the product, as its maker states it; recordings do not show it.
    """

    path: Path
    sample_rate: Annotated[int, Field(ge=8000, le=192_000)] | None = None
    length_within: Annotated[float, Field(gt=0, le=10)] = 0.2
    likeness: Annotated[float, Field(ge=0, le=1)] | None = 0.5
    longest_delay_s: Annotated[float, Field(ge=0, le=10)] = 0.5
    drift_within_s: Annotated[float, Field(gt=0, le=10)] = 0.06
    stated_look_ahead_s: Annotated[float, Field(ge=0)] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Tables and envelopes are read in the process that needs them.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def look_ahead_s(self) -> float | None:
        """As the product's maker states it."""
        return self.stated_look_ahead_s

    def check(self) -> None:
        """Check that the folder or the manifest can be read.

        Raises:
            InputError: it cannot.
        """
        _ = self.recordings

    @cached_property
    def recordings(self) -> Mapping[str, Path]:
        """By utterance id, the altered recording.

        Raises:
            InputError: the folder or the manifest cannot be used.
        """
        return in_folder(self.path) if self.path.is_dir() else in_manifest(self.path)

    def fingerprint(self) -> str:
        """SHA-256 over all recordings, in hexadecimal."""
        return fingerprint(self.recordings)

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Put each utterance's altered recording in its place; the rate stays that of the batch.

        A recording that the corpus cuts into windows is excluded (`cut_into_windows`): its file cannot be compared
        with a part of it.

        Raises:
            InputError: the folder or the manifest cannot be used.
        """
        _ = self.recordings
        utterances = dict(zip(batch.item_ids, batch.utterance_ids, strict=True))

        def replaced(signal: Signal, item: str) -> Signal:
            if utterances[item] != item:
                raise UnusableError("cut_into_windows")
            return self._checked(signal, batch.sample_rate, item)

        return each(batch, replaced)

    def _checked(self, before: Signal, rate: int, utterance: str) -> Signal:
        try:
            name = named(self.recordings, utterance)
            if name is None:
                raise UnusableError("missing")
            after, after_rate = from_file(content_of(self.recordings[name]))
            if self.sample_rate not in (None, after_rate):
                raise UnusableError("wrong_rate")
            check_length(before, rate, after, after_rate, self.length_within)
            check_sound(before, after)
            check_clipping(before, after)
            if self.likeness is not None:
                self._check_pair(envelope(before, rate), envelope(after, after_rate), utterance, self.likeness)
        except NotAlteredError as error:
            raise UnusableError(f"after_{error}") from None
        return batch_of([after], after_rate, [utterance]).resampled(rate).signal(0)

    def _check_pair(self, before: Envelope, after: Envelope, utterance: str, least: float) -> None:
        found = match(before, after, self.longest_delay_s)
        if found.likeness < least:
            raise UnusableError(
                "swapped" if self._fits_another(before, found.likeness, utterance) else "other_utterance"
            )
        looked_for = max(2 * self.drift_within_s, _DRIFT_LOOKED_FOR)
        if abs(drift_s(before, after, found.delay_s, looked_for)) > self.drift_within_s:
            raise UnusableError("drifts")

    def _fits_another(self, before: Envelope, own: float, utterance: str) -> bool:
        """Whether another utterance's recording fits clearly better; looked for among all, whatever the batch is."""
        assert self.likeness is not None
        wanted, mine = max(self.likeness, own + _AHEAD), named(self.recordings, utterance)
        for other in self.recordings:
            after = self._envelope(other)
            if other == mine or after is None or abs(len(after) / len(before) - 1) > self.length_within:
                continue
            if match(before, after, self.longest_delay_s).likeness >= wanted:
                return True
        return False

    def _envelope(self, utterance: str) -> Envelope | None:
        if utterance not in self._envelopes:
            try:
                self._envelopes[utterance] = envelope(*from_file(content_of(self.recordings[utterance])))
            except NotAlteredError:
                self._envelopes[utterance] = None
        return self._envelopes[utterance]

    @cached_property
    def _envelopes(self) -> dict[str, Envelope | None]:
        return {}
