"""Energy voice activity detection: is anything said at all?"""

from __future__ import annotations

import torch
from jaxtyping import Float32
from torch import Tensor

_FRAME_S = 0.02


def frame_levels_db(signal: Float32[Tensor, " sample"], sample_rate: int) -> Float32[Tensor, " frame"]:
    """Level of each 20 ms frame.

    Args:
        signal: in [-1, 1].
        sample_rate: Hz.

    Returns:
        RMS level per frame in decibels of full scale, at least -120; the rest of a frame at the end is left out.
    """
    size = max(1, round(_FRAME_S * sample_rate))
    frames = signal[: len(signal) // size * size].reshape(-1, size)
    return 10 * torch.log10(frames.square().mean(dim=1) + 1e-12)


def has_speech(
    signal: Float32[Tensor, " sample"], sample_rate: int, *, threshold_dbfs: float, minimum_s: float
) -> bool:
    """Whether enough frames are loud enough to hold a word.

    Args:
        signal: in [-1, 1].
        sample_rate: Hz.
        threshold_dbfs: level above which a frame counts.
        minimum_s: seconds of such frames that a word needs.

    Returns:
        False for silence and line noise.
    """
    loud = int((frame_levels_db(signal, sample_rate) > threshold_dbfs).sum())
    return loud * _FRAME_S >= minimum_s
