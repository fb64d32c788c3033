"""Callers of an IVR spoken by espeak-ng: a stress test that needs no recordings and says nothing about people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal, batch_of, utterance_seed
from callgap.corpus.accents import Accent, accented
from callgap.corpus.card import Card
from callgap.corpus.espeak import espeak
from callgap.corpus.grouping import card_from
from callgap.errors import InputError, one_of
from callgap.records import table, utterances_schema

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class Prompt:
    """Something that callers say.

    Attributes:
        text: the words.
        intent: what the caller wants; None for something that no menu offers.
    """

    text: Annotated[str, Field(pattern=r"\w")]
    intent: str | None = None


@dataclass(frozen=True, config=_STRICT)
class Speaker:
    """A voice: an espeak-ng variant, a pitch (0 to 100) and a rate in words per minute."""

    variant: str
    pitch: int
    rate: int


@dataclass(frozen=True, config=_STRICT)
class SyntheticCorpus:
    """Simulated callers. Speaker k of every accent has the same voice variant, pitch and rate.

    Attributes:
        seed: of voices and line noise.
        speakers_per_group: callers per accent.
        variants: espeak-ng voice variants, dealt in turn.
        accents: by group name.
        prompts: by prompt id; every caller says each once.
        said: ids of the prompts that are said; empty for all.
        lead_s: seconds of line noise before and after the words.
        noise_dbfs: level of the line noise (RMS, decibels of full scale); a recording never holds digital silence.
        fallbacks: what is spoken for a phoneme that a second-language voice lacks, where the accent says nothing.
        card_at: (`card` in the configuration) the name of a folder of datasets/, or a file; it says which language
            the prompts are in.
    """

    seed: int
    speakers_per_group: Annotated[int, Field(ge=1, le=10_000)]
    variants: tuple[str, ...]
    accents: Mapping[str, Accent]
    prompts: Mapping[str, Prompt]
    said: tuple[str, ...] = ()
    lead_s: Annotated[float, Field(ge=0, le=5)] = 0.2
    noise_dbfs: Annotated[float, Field(ge=-90, le=-20)] = -65.0
    fallbacks: Mapping[str, str] = Field(default_factory=dict)
    card_at: Path = Field(default=Path("synthetic"), validation_alias="card")
    has_audio: ClassVar[bool] = True
    strict: ClassVar[bool] = False

    @cached_property
    def card(self) -> Card:
        """What is known of the voices.

        Raises:
            InputError: there is no such card.
        """
        return card_from(self.card_at)

    def utterances(self) -> pa.Table:
        """The table `utterances`, ordered by accent, speaker and prompt.

        Raises:
            InputError: no accent or no prompt is configured, or something else is to be said.
        """
        if not self.accents or not self.prompts:
            raise InputError("corpus.accents and corpus.prompts must each hold at least one entry, found none")
        for name in self.said:
            if name not in self.prompts:
                raise InputError(f"corpus.said: there is no prompt {name!r}; {one_of(name, self.prompts)}")
        return table(list(self._rows()), utterances_schema(["accent"]))

    def load(self, utterances: pa.Table) -> Iterator[AudioBatch]:
        """Speak some utterances; the bytes depend on the seed and the utterance alone."""
        rows = utterances.to_pylist()
        signals = [self._speak(row) for row in rows]
        yield batch_of(signals, espeak().sample_rate, [row["utterance_id"] for row in rows])

    def revision(self) -> str:
        """The card's: the audio is made anew from the configuration, which the fingerprint covers."""
        return self.card.revision

    def fingerprint(self) -> str:
        """SHA-256 of the configuration and the version of espeak-ng's wheel."""
        parts = {
            "espeakng-loader": version("espeakng-loader"),
            "utterances": self.utterances().drop_columns("audio").to_pylist(),
            "fallbacks": dict(self.fallbacks),
            "accents": {name: accent.as_dict() for name, accent in self.accents.items()},
            "voices": [[s.variant, s.pitch, s.rate] for s in self.speakers],
            "line": [self.seed, self.lead_s, self.noise_dbfs],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @cached_property
    def speakers(self) -> tuple[Speaker, ...]:
        """The voices, the same for every accent."""
        random = np.random.default_rng(self.seed)
        return tuple(
            Speaker(self.variants[k % len(self.variants)], int(random.integers(30, 71)), int(random.integers(140, 191)))
            for k in range(self.speakers_per_group)
        )

    def _rows(self) -> Iterator[dict[str, object]]:
        for accent in self.accents:
            for number in range(self.speakers_per_group):
                speaker_id = f"{accent}-{number + 1:02d}"
                for prompt_id, prompt in self.prompts.items():
                    if self.said and prompt_id not in self.said:
                        continue
                    yield {
                        "utterance_id": f"{speaker_id}-{prompt_id}",
                        "speaker_id": speaker_id,
                        "role": "caller",
                        "prompt_id": prompt_id,
                        "text": prompt.text,
                        "text_source": self.card.text_source,
                        "language": self.card.language,
                        "sample_rate": self.card.sample_rate,
                        "intent": prompt.intent,
                        "slots": [],
                        "take": 1,
                        "accent": accent,
                    }

    def _speak(self, row: Mapping[str, str]) -> Signal:
        speaker = self.speakers[int(row["speaker_id"].rsplit("-", 1)[1]) - 1]
        accent = self.accents[row["accent"]]
        text = row["text"] if not accent.phonemes_of else accented(row["text"], accent, self.fallbacks)
        speech = espeak().speak(
            text,
            f"{accent.voice}+{speaker.variant}",
            pitch=speaker.pitch,
            rate=speaker.rate,
            phonemes=accent.phonemes_of is not None,
        )
        return self._on_the_line(speech, row["utterance_id"])

    def _on_the_line(self, speech: Signal, utterance_id: str) -> Signal:
        lead = round(self.lead_s * espeak().sample_rate)
        random = np.random.default_rng(utterance_seed(self.seed, "line-noise", utterance_id))
        noise = random.standard_normal(len(speech) + 2 * lead, dtype=np.float32) * np.float32(
            10 ** (self.noise_dbfs / 20)
        )
        signal = torch.from_numpy(noise)
        signal[lead : lead + len(speech)] += speech
        return signal.clamp_(-1, 1)
