"""Which codecs can be used here: each codes a tone, and the tone is looked for in what comes out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch

from callgap.audio import batch_of
from callgap.channel import pyav, sndfile
from callgap.channel.amr_nb import AmrNb
from callgap.channel.base import Channel
from callgap.channel.g722 import G722
from callgap.channel.g726 import G726
from callgap.channel.gsm610 import Gsm610
from callgap.channel.opus import Opus
from callgap.errors import InputError
from callgap.records import Status

_CODECS: Mapping[str, tuple[Callable[[], Channel], str]] = {
    "gsm610": (Gsm610, "libsndfile"),
    "g726": (lambda: G726(32), "libsndfile"),
    "opus": (lambda: Opus(16000, 24.0), "libsndfile"),
    "g726 at 16 kbit/s": (lambda: G726(16), "PyAV"),
    "g722": (G722, "PyAV"),
    "amr-nb": (lambda: AmrNb(12.2), "PyAV"),
}
_TONE_HZ = 1000
# The worst of these codecs keeps 90 % of the tone; a codec that is broken keeps nothing of it.
_KEPT = 0.7


def codecs_available() -> Mapping[str, str]:
    """Code and decode a tone with every codec that comes from a library.

    Returns:
        By codec, `ok` with the library and its version, or a sentence that says why it cannot be used.
    """
    return {name: _state(make, library) for name, (make, library) in _CODECS.items()}


def _state(make: Callable[[], Channel], library: str) -> str:
    try:
        codec = make()
    except InputError as error:
        return str(error)
    line = codec.transmit(batch_of([_tone(16000)], 16000, ["tone"]))
    if line.statuses[0].status is not Status.OK:
        return f"{library} failed to carry a tone: {line.statuses[0].reason}"
    heard, sent = line.signal(0), _tone(line.sample_rate)
    kept = float(torch.dot(heard, sent) / (heard.norm() * sent.norm() + 1e-9))
    if kept < _KEPT:
        return f"what came out of {library} is not the tone that went in (correlation {kept:.2f})"
    return f"ok ({library} {sndfile.version() if library == 'libsndfile' else pyav.version()})"


def _tone(sample_rate: int) -> torch.Tensor:
    seconds = torch.arange(sample_rate, dtype=torch.float64) / sample_rate
    return (0.3 * torch.sin(2 * math.pi * _TONE_HZ * seconds)).float()
