"""Too much gain, and gain that follows the speaker."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float64
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal
from callgap.channel.carry import carry

Samples = Float64[np.ndarray, " _"]
Decibel = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]

_BLOCK_S = 0.02
_SETTLED_DB = 0.5
_LIMITER_S = 0.005


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Clipping:
    """Amplifies and clips at full scale, as an overdriven microphone amplifier does.

    Attributes:
        drive_db: decibels of the amplification.
        restore: whether the amplification is undone behind the clipping.
    """

    drive_db: Annotated[float, Field(ge=-60, le=60)]
    restore: bool

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch; its rate stays."""
        return carry(batch, lambda signal, _: self._clipped(signal))

    def _clipped(self, signal: Signal) -> Signal:
        gain = 10 ** (self.drive_db / 20)
        clipped = (signal * gain).clamp(-1, 1)
        return (clipped / gain).clamp(-1, 1) if self.restore else clipped


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class AutomaticGain:
    """Brings the short-term level towards a target, then limits what would exceed full scale.

    The level is the RMS over 20 ms, in decibels relative to the mean square 1. The gain in decibels approaches what
    the level asks for exponentially, and holds while the level lies below the gate. It starts at 0 dB. ITU-T G.169
    says what such a device must leave intact, and neither prescribes an algorithm nor target levels.

    Attributes:
        target_dbfs: level that is aimed at.
        attack_s: seconds within which a gain that falls has settled to 0.5 dB.
        release_s: seconds within which a gain that rises has settled to 0.5 dB.
        max_gain_db: the gain stays between minus this and this.
        gate_dbfs: level below which nobody is taken to speak.
    """

    target_dbfs: Annotated[float, Field(le=0, allow_inf_nan=False)]
    attack_s: Seconds
    release_s: Seconds
    max_gain_db: Annotated[float, Field(ge=1, allow_inf_nan=False)]
    gate_dbfs: Decibel

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch; its rate stays."""
        return carry(batch, lambda signal, _: self._levelled(signal, batch.sample_rate))

    def _levelled(self, signal: Signal, sample_rate: int) -> Signal:
        samples = signal.cpu().double().numpy()
        block = max(1, round(_BLOCK_S * sample_rate))
        gains_db = self._gains_db(_block_levels_db(samples, block), block / sample_rate)
        gain_db = np.interp(np.arange(len(samples)), np.arange(len(gains_db)) * block, gains_db)
        loud = limited(samples * 10 ** (gain_db / 20), sample_rate)
        return torch.from_numpy(loud).float().clamp(-1, 1).to(signal.device)

    def _gains_db(self, levels_db: Samples, block_s: float) -> Samples:
        """The gain at the beginning of each block and at the end of the last one."""
        # From one end of its range to the other, the gain comes within the settled distance in the stated time.
        constants = math.log(2 * self.max_gain_db / _SETTLED_DB)
        fall, rise = (1 - math.exp(-constants * block_s / seconds) for seconds in (self.attack_s, self.release_s))
        gains, gain = [0.0], 0.0
        for level in levels_db.tolist():
            if level >= self.gate_dbfs:
                wanted = min(max(self.target_dbfs - level, -self.max_gain_db), self.max_gain_db)
                gain += (fall if wanted < gain else rise) * (wanted - gain)
            gains.append(gain)
        return np.array(gains)


def _block_levels_db(samples: Samples, block: int) -> Samples:
    begins = np.arange(0, len(samples), block)
    sizes = np.diff(np.append(begins, len(samples)))
    levels: Samples = 10 * np.log10(np.add.reduceat(np.square(samples), begins) / sizes + 1e-20)
    return levels


def limited(samples: Samples, sample_rate: int) -> Samples:
    """Turn the gain down around every sample that exceeds full scale, 5 ms ahead and behind, without a step.

    Args:
        samples: of any size.
        sample_rate: Hz.

    Returns:
        Samples in [-1, 1]; the same ones where nothing exceeds full scale.
    """
    # Imported where it is used: it takes long, and most commands carry no audio.
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    peaks = np.abs(samples)
    if peaks.max(initial=0) <= 1:
        return samples
    size = 2 * round(_LIMITER_S * sample_rate) + 1
    # The mean of minima over a window that all hold this sample is no more than what this sample allows.
    gain = uniform_filter1d(minimum_filter1d(1 / np.maximum(peaks, 1), size, mode="nearest"), size, mode="nearest")
    loud: Samples = np.clip(samples * gain, -1, 1)
    return loud
