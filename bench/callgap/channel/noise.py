"""What is heard beside the caller: white noise, pink noise, or other people speaking."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass as plain
from typing import Annotated, Literal, Self

import numpy as np
import torch
from jaxtyping import Float32, Float64
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal, batch_of, utterance_seed
from callgap.channel.base import Channel, Voices
from callgap.channel.carry import NotCarriedError, carry
from callgap.channel.level import speech_level
from callgap.errors import InputError

Samples = Float64[np.ndarray, " _"]

# Below, pink noise would hold most of its power where neither microphones nor ears reach.
_PINK_FROM_HZ = 20.0


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Noise:
    """Adds noise to each item at a ratio to its own speech; digital silence stays silent.

    The ratio is the active speech level (ITU-T P.56, method B) over the power of the noise in the same item, both in
    the whole band of the batch. What then exceeds full scale is clipped.

    Attributes:
        kind: `white`, `pink` (equal power in every octave from 20 Hz) or `babble` (other speakers of the corpus).
        snr_db: decibels of the speech above the noise.
        talkers: how many others speak in babble; null for the other kinds.
        seed: of the noise, of who is heard and of where their recordings begin.
    """

    kind: Literal["white", "pink", "babble"]
    snr_db: Annotated[float, Field(allow_inf_nan=False)]
    talkers: Annotated[int, Field(ge=1)] | None
    seed: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _talkers_belong_to_babble(self) -> Self:
        if (self.kind == "babble") != (self.talkers is not None):
            raise ValueError(f"talkers: found {self.talkers!r}; babble needs a number of them, {self.kind} takes null")
        return self

    def among(self, voices: Voices) -> Channel:
        """The noise with others' voices at hand.

        Raises:
            InputError: the corpus has too few speakers.
        """
        if self.talkers is None:
            return self
        if voices.speakers < self.talkers + 1:
            raise InputError(
                f"channel: babble of talkers={self.talkers} needs a corpus of {self.talkers + 1} speakers, this one "
                f"has {voices.speakers}; lower talkers, or take another corpus"
            )
        return _Babble(self, voices)

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch; its rate stays.

        Raises:
            ValueError: babble without voices; `among` gives them.
        """
        if self.kind == "babble":
            raise ValueError("babble has no voices: transmit by what `among` returns")
        return carry(batch, lambda signal, item: self._with_noise(signal, batch.sample_rate, item))

    def generator(self, item: str) -> np.random.Generator:
        """What the draws for one item come from."""
        return np.random.default_rng(utterance_seed(self.seed, f"noise-{self.kind}", item))

    def _with_noise(self, signal: Signal, sample_rate: int, item: str) -> Signal:
        # Of a clip of a few samples, pink noise would be all but constant: it is cut out of a second at least.
        drawn = self.generator(item).standard_normal(max(len(signal), sample_rate))
        noise = drawn if self.kind == "white" else _pink(drawn, sample_rate)
        return mixed(signal, noise[: len(signal)], sample_rate, self.snr_db)


@plain(frozen=True)
class _Babble:
    noise: Noise
    voices: Voices

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        utterances = dict(zip(batch.item_ids, batch.utterance_ids, strict=True))

        def spoken_over(signal: Signal, item: str) -> Signal:
            babble = self._babble(utterances[item], item, len(signal), batch.sample_rate)
            return mixed(signal, babble, batch.sample_rate, self.noise.snr_db)

        return carry(batch, spoken_over)

    def _babble(self, utterance: str, item: str, length: int, sample_rate: int) -> Samples:
        generator = self.noise.generator(item)
        assert self.noise.talkers is not None
        babble, missing = np.zeros(length), self.noise.talkers
        for voice in self._drawn(utterance, sample_rate, generator):
            begin = int(generator.integers(len(voice)))
            babble += np.resize(np.roll(voice, -begin), length)
            missing -= 1
            if not missing:
                return babble
        raise NotCarriedError("too_few_voices")

    def _drawn(
        self, utterance: str, sample_rate: int, generator: np.random.Generator
    ) -> Iterator[Float32[np.ndarray, " _"]]:
        """The others in a drawn order, all at one active speech level; silent recordings are passed over."""
        others = self.voices.others(utterance)
        for index in generator.permutation(len(others)):
            voice = _levelled(others[int(index)].cpu().numpy().tobytes(), self.voices.sample_rate, sample_rate)
            if voice is not None:
                yield voice


# A voice is heard behind many utterances, and its conversion takes longer than everything else about babble.
@functools.lru_cache(maxsize=256)
def _levelled(recording: bytes, recorded_rate: int, sample_rate: int) -> Float32[np.ndarray, " _"] | None:
    """A recording (float32) at a rate and at the active speech level 0 dB; None where nobody speaks in it."""
    if not recording:
        return None
    voice = batch_of([torch.frombuffer(bytearray(recording), dtype=torch.float32)], recorded_rate, ["voice"])
    samples: Float32[np.ndarray, " _"] = voice.resampled(sample_rate).signal(0).numpy()
    level = speech_level(samples, sample_rate)
    return None if level is None else samples / np.float32(10 ** (level.active_db / 20))


def mixed(signal: Signal, noise: Samples, sample_rate: int, snr_db: float) -> Signal:
    """Add noise at a ratio to the active speech level.

    Args:
        signal: float32 `[sample]` in [-1, 1].
        noise: float64 `[sample]` of any level.
        sample_rate: Hz of both.
        snr_db: decibels of the active speech level above the mean power of the noise.

    Returns:
        float32 `[sample]` in [-1, 1]; the signal itself where it or the noise is silent.
    """
    speech: Float32[np.ndarray, " _"] = signal.cpu().numpy()
    level, power = speech_level(speech, sample_rate), float(np.mean(np.square(noise)))
    if level is None or power == 0:
        return signal
    gain = 10 ** ((level.active_db - snr_db) / 20) / np.sqrt(power)
    return torch.from_numpy(np.clip(speech + gain * noise, -1, 1).astype(np.float32)).to(signal.device)


def _pink(white: Samples, sample_rate: int) -> Samples:
    spectrum = np.fft.rfft(white)
    frequencies = np.fft.rfftfreq(len(white), 1 / sample_rate)
    heard = frequencies >= _PINK_FROM_HZ
    spectrum[heard] /= np.sqrt(frequencies[heard])
    spectrum[~heard] = 0
    return np.fft.irfft(spectrum, len(white))
