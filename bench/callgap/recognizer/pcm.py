"""Samples as programs take them."""

from __future__ import annotations

import torch

from callgap.audio import Signal


def pcm16(signal: Signal) -> bytes:
    """The samples as 16-bit PCM.

    Args:
        signal: `[sample]` in [-1, 1]; what lies outside is clipped.

    Returns:
        Two bytes a sample in the machine's order, full scale at 32767.
    """
    pcm: bytes = (signal.cpu().clamp(-1, 1) * 32767).round().to(torch.int16).numpy().tobytes()
    return pcm
