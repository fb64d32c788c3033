"""Another pitch with the same resonances: analysis and synthesis with the vocoder WORLD (the package pyworld).

Morise, Yokomori and Ozawa (2016), "WORLD: a vocoder-based high-quality speech synthesis system for real-time
applications". A recording is taken apart into its fundamental frequency (Harvest or DIO with StoneMask), spectral
envelope (CheapTrick) and aperiodicity (D4C); the fundamental alone is changed, and the parts are put together again.
What has a rate below 16 kHz is converted to a multiple of it and back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import torch
from jaxtyping import Float64
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from callgap.alteration import packages
from callgap.alteration.base import WHOLE_UTTERANCE
from callgap.alteration.items import each
from callgap.audio import AudioBatch, Signal, batch_of

Pitch = Float64[np.ndarray, " frame"]
Estimator = Literal["harvest", "dio"]

_FLOOR_HZ, _CEILING_HZ = 71.0, 800.0
"""WORLD's own limits of the fundamental that is looked for."""

_LOWEST_HZ, _HIGHEST_HZ = 40.0, 1000.0
"""Limits of the fundamental that is put in its place."""

_LEAST_RATE = 16000
"""D4C compares bands up to 7.9 kHz at any rate; below this one it would read whatever lies beyond its spectrum."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PitchShift:
    """Raises or lowers the fundamental of a voice by a constant interval.

    Attributes:
        semitones: the interval; 0 leaves the pitch and shows what the vocoder does by itself.
        estimator: of the fundamental; `dio` is several times faster than `harvest` and less exact in noise.
        look_ahead_s: the whole utterance.
    """

    semitones: Annotated[float, Field(ge=-24, le=24)]
    estimator: Estimator
    look_ahead_s: ClassVar[float] = WHOLE_UTTERANCE

    @model_validator(mode="after")
    def _is_installed(self) -> Self:
        _require()
        return self

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch on the processor; rate and lengths stay, and silence stays silent."""
        ratio = 2 ** (self.semitones / 12)
        return _resynthesized(batch, self.estimator, lambda f0: f0 * ratio)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PitchRange:
    """Narrows or widens the melody of a voice around its geometric mean in the recording.

    Attributes:
        factor: by which the distance from the mean is multiplied, in semitones; 0 gives a monotone, 1 changes nothing.
        estimator: as in `PitchShift`.
        look_ahead_s: the whole utterance.
    """

    factor: Annotated[float, Field(ge=0, le=4)]
    estimator: Estimator
    look_ahead_s: ClassVar[float] = WHOLE_UTTERANCE

    @model_validator(mode="after")
    def _is_installed(self) -> Self:
        _require()
        return self

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch on the processor; rate and lengths stay, and silence stays silent."""

        def around_the_mean(f0: Pitch) -> Pitch:
            mean = np.exp(np.log(f0).mean())
            spread: Pitch = mean * (f0 / mean) ** self.factor
            return spread

        return _resynthesized(batch, self.estimator, around_the_mean)


def _resynthesized(batch: AudioBatch, estimator: Estimator, change: Callable[[Pitch], Pitch]) -> AudioBatch:
    world = _require()
    rate = batch.sample_rate
    wider = rate * math.ceil(_LEAST_RATE / rate)

    def altered(signal: Signal, item: str) -> Signal:
        if wider == rate:
            return _with_pitch(world, signal, rate, estimator, change)
        spoken = _with_pitch(world, _at_rate(signal, item, rate, wider), wider, estimator, change)
        back = _at_rate(spoken, item, wider, rate)[: len(signal)]
        return torch.nn.functional.pad(back, (0, len(signal) - len(back)))

    return each(batch, altered)


def _at_rate(signal: Signal, item: str, rate: int, wanted: int) -> Signal:
    return batch_of([signal], rate, [item]).resampled(wanted).signal(0)


def _with_pitch(
    world: Any, signal: Signal, sample_rate: int, estimator: Estimator, change: Callable[[Pitch], Pitch]
) -> Signal:
    samples = signal.cpu().double().numpy()
    # WORLD would fill silence with noise.
    if not samples.any():
        return signal
    f0, times = _fundamental(world, samples, sample_rate, estimator)
    envelope = world.cheaptrick(samples, f0, times, sample_rate, f0_floor=_FLOOR_HZ)
    aperiodicity = world.d4c(samples, f0, times, sample_rate)
    voiced = f0 > 0
    if voiced.any():
        f0[voiced] = np.clip(change(f0[voiced]), _LOWEST_HZ, _HIGHEST_HZ)
    spoken = world.synthesize(f0, envelope, aperiodicity, sample_rate)
    sized = np.pad(spoken[: len(samples)], (0, max(0, len(samples) - len(spoken))))
    return torch.from_numpy(sized).float().to(signal.device)


def _fundamental(
    world: Any, samples: Float64[np.ndarray, " sample"], sample_rate: int, estimator: Estimator
) -> tuple[Pitch, Pitch]:
    if estimator == "harvest":
        f0, times = world.harvest(samples, sample_rate, f0_floor=_FLOOR_HZ, f0_ceil=_CEILING_HZ)
        return f0, times
    rough, times = world.dio(samples, sample_rate, f0_floor=_FLOOR_HZ, f0_ceil=_CEILING_HZ)
    return world.stonemask(samples, rough, times, sample_rate), times


def _require() -> Any:
    return packages.require("alteration=pitch-shift and its like", "pyworld", "world")
