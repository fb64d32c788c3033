"""Anonymization by McAdams coefficient: the resonances of a voice are moved, what it says and its pitch are not.

Patino, Tomashenko, Todisco, Nautsch and Evans (2021), "Speaker anonymisation using the McAdams coefficient",
Interspeech; the signal-processing baseline B2 of the VoicePrivacy challenges. Frames of 20 ms overlap by half; each is
predicted linearly, the angle of every complex pole (in radians) is raised to the power of the coefficient, and the
residual excites the filter of the moved poles.

Two things differ from the baseline. Its window is symmetric and its output is scaled to a peak of 1; here the window is
periodic, so that a coefficient of 1 gives the recording back, and each frame keeps its energy, so that the level stays
and nothing waits for the end of the recording.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass as plain
from typing import Annotated, ClassVar, Self

import torch
from jaxtyping import Float64
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor

from callgap.alteration.base import Alteration
from callgap.alteration.items import each
from callgap.alteration.lpc import Frames, Roots, polynomials_of, predictors, residual, roots, synthesis
from callgap.audio import AudioBatch, Signal, utterance_seed

_FRAME_S = 0.02
_FRAMES_AT_ONCE = 4096
Coefficient = Annotated[float, Field(gt=0, le=2, allow_inf_nan=False)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class McAdams:
    """Raises the angles of the poles of linear prediction to one power for everybody.

    Attributes:
        coefficient: the power; 1 moves nothing, below 1 resonances below 1 radian rise and those above fall.
        order: of linear prediction; the baseline takes 20 at 16 kHz.
        look_ahead_s: one frame.
    """

    coefficient: Coefficient
    order: Annotated[int, Field(ge=2, le=64)] = 20
    look_ahead_s: ClassVar[float] = _FRAME_S

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch; rate and lengths stay."""
        return each(batch, lambda signal, _: moved(signal, batch.sample_rate, self.coefficient, self.order))


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class McAdamsBySpeaker:
    """The same with a coefficient of each speaker's own, drawn evenly between two limits.

    Attributes:
        lowest: coefficient.
        highest: coefficient.
        seed: of the draws; a speaker gets the same one whoever else speaks.
        order: of linear prediction.
        look_ahead_s: one frame.
    """

    lowest: Coefficient
    highest: Coefficient
    seed: Annotated[int, Field(ge=0)]
    order: Annotated[int, Field(ge=2, le=64)] = 20
    look_ahead_s: ClassVar[float] = _FRAME_S

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lowest > self.highest:
            raise ValueError(f"lowest is {self.lowest:g} and highest {self.highest:g}; accepted: lowest <= highest")
        return self

    def told(self, speaker_of: Mapping[str, str]) -> Alteration:
        """The alteration with the speakers at hand."""
        return _Told(self, dict(speaker_of))

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Refuse: whose voices these are is not known.

        Raises:
            ValueError: always; `told` gives what alters.
        """
        raise ValueError("the speakers are not known: alter by what `told` returns")

    def coefficient_of(self, speaker: str) -> float:
        """The coefficient of a speaker."""
        drawn = random.Random(utterance_seed(self.seed, "mcadams", speaker)).random()
        return self.lowest + drawn * (self.highest - self.lowest)


@plain(frozen=True)
class _Told:
    unit: McAdamsBySpeaker
    speaker_of: Mapping[str, str]
    look_ahead_s: ClassVar[float] = _FRAME_S

    def alter(self, batch: AudioBatch) -> AudioBatch:
        speakers = {
            item: self.speaker_of[utterance]
            for item, utterance in zip(batch.item_ids, batch.utterance_ids, strict=True)
        }

        def altered(signal: Signal, item: str) -> Signal:
            return moved(signal, batch.sample_rate, self.unit.coefficient_of(speakers[item]), self.unit.order)

        return each(batch, altered)


def moved(signal: Signal, sample_rate: int, coefficient: float, order: int) -> Signal:
    """Move the resonances of one recording.

    Args:
        signal: float32 `[sample]`.
        sample_rate: Hz.
        coefficient: to the power of which the angles of the poles are raised.
        order: of linear prediction.

    Returns:
        float32 `[sample]`, as long as the input.
    """
    hop = round(_FRAME_S * sample_rate) // 2
    # Half a frame before and behind: every sample lies in two frames.
    count = math.ceil(len(signal) / hop) + 1
    padded = torch.zeros((count + 1) * hop, dtype=torch.float64, device=signal.device)
    padded[hop : hop + len(signal)] = signal
    window = torch.hann_window(2 * hop, periodic=True, dtype=torch.float64, device=signal.device).sqrt()
    altered = torch.zeros_like(padded)
    for begin in range(0, count, _FRAMES_AT_ONCE):
        part = padded[begin * hop : (min(begin + _FRAMES_AT_ONCE, count) + 1) * hop]
        frames = _altered(part.unfold(0, 2 * hop, hop) * window, coefficient, order) * window
        altered[begin * hop : begin * hop + len(part)] += _overlapped(frames, hop)
    return altered[hop : hop + len(signal)].float()


def _altered(frames: Frames, coefficient: float, order: int) -> Frames:
    before = predictors(frames, order)
    after = polynomials_of(turned(roots(before), coefficient))
    voiced = synthesis(residual(frames, before), after)
    energy, had = voiced.square().sum(1, keepdim=True), frames.square().sum(1, keepdim=True)
    return voiced * torch.where(energy > 0, had / torch.where(energy > 0, energy, 1), 0).sqrt()


def turned(poles: Roots, coefficient: float) -> Roots:
    """Raise the angles of complex poles to a power, pi at most; real ones stay, and so does how far out each is."""
    angle = poles.angle()
    power = angle.abs().pow(coefficient).clamp(max=torch.pi).copysign(angle)
    return torch.where(poles.imag == 0, poles, torch.polar(poles.abs(), power))


def _overlapped(frames: Frames, hop: int) -> Float64[Tensor, " sample"]:
    total = torch.zeros(len(frames) + 1, hop, dtype=torch.float64, device=frames.device)
    total[:-1] += frames[:, :hop]
    total[1:] += frames[:, hop:]
    return total.reshape(-1)
