"""Who speaks: speaker embeddings by the GE2E encoder whose weights the package resemblyzer carries."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
import torchaudio.functional
from jaxtyping import Bool, Float32
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from callgap.audio import AudioBatch, Signal
from callgap.voice.base import REASON, NotMeasuredError, Values, each, packaged

SIZE = 256
"""Numbers of an embedding."""

_RATE = 16000
_WINDOW, _HOP, _MELS, _LAYERS = 400, 160, 40, 3
# Frames of a part of an utterance, and how far apart parts begin: 1.6 s, and 1.3 parts per second.
_PART, _STEP = 160, 77
# A last part is kept that holds so much of the utterance.
_COVERED = 0.75
_TARGET_DBFS = -30.0
_SPEECH_DB = 30.0
_SPEECH_FRAME = 480
# Silence beside speech that is kept, in frames of 30 ms: the encoder was trained on as much.
_KEPT_AROUND = 3
LEAST_SPEECH_S = 0.5
"""Less speech than that says little about a speaker."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Voiceprint:
    """Embeds utterances with the encoder of resemblyzer (Wan et al. 2018, "Generalized end-to-end loss").

    The weights are read from the installed package and run by a network of the same form in torch; the package itself
    is not imported. Quiet recordings are raised to -30 dBFS and long silences cut, as its authors do, but silence is
    what lies 30 dB below the loudest 30 ms and not what the WebRTC detector says, which needs a C compiler.

    Attributes:
        device: that the encoder runs on.
        least_speech_s: seconds of speech below which an utterance is not embedded. How well shorter ones tell speakers
            apart is for the calibration to say.
    """

    device: str = "cpu"
    least_speech_s: Annotated[float, Field(ge=0.1, le=10)] = LEAST_SPEECH_S
    size: ClassVar[int] = SIZE

    def __getstate__(self) -> dict[str, Any]:
        # The weights are loaded again in another process, not sent there.
        return {"device": self.device, "least_speech_s": self.least_speech_s}

    def measure(self, batch: AudioBatch) -> Values:
        """Embed each item.

        Returns:
            `embedding`: float32 of norm 1 [256].

        Raises:
            InputError: resemblyzer is not installed.
        """
        embed = self._encoder
        found, reasons = each(batch.resampled(_RATE), lambda signal, _: embed(spoken(signal, self.least_speech_s)))
        return {"embedding": found, REASON: reasons}

    @cached_property
    def _encoder(self) -> Callable[[Signal], list[float]]:
        path = packaged("resemblyzer", "pretrained.pt", "voice=voiceprint")
        weights = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
        network = Encoder().to(self.device).eval()
        # What is left over was used in training alone.
        network.load_state_dict({name: weights[name] for name in network.state_dict()})

        def embed(signal: Signal) -> list[float]:
            with torch.inference_mode():
                embedding = network.embedded(signal.to(self.device)).cpu()
            return [float(value) for value in embedding]

        return embed


class Encoder(torch.nn.Module):
    """Three layers of LSTM and a rectified projection to the unit sphere."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(_MELS, SIZE, _LAYERS, batch_first=True)
        self.linear = torch.nn.Linear(SIZE, SIZE)

    def forward(self, mels: Float32[Tensor, "part frame mel"]) -> Float32[Tensor, "part dimension"]:
        """Embed parts of utterances."""
        hidden: Tensor = self.lstm(mels)[1][0][-1]
        return torch.nn.functional.normalize(torch.relu(self.linear(hidden)), dim=1)

    def embedded(self, signal: Signal) -> Float32[Tensor, " dimension"]:
        """Embed an utterance: the direction of the mean of its overlapping parts."""
        starts = part_starts(len(signal))
        padding = max(0, (starts[-1] + _PART) * _HOP - len(signal))
        mels = mel_powers(torch.nn.functional.pad(signal, (0, padding)))
        # One utterance at a time: in a larger batch the last bits of its sums would depend on its neighbors.
        parts: Tensor = self(torch.stack([mels[start : start + _PART] for start in starts]))
        return torch.nn.functional.normalize(parts.mean(dim=0), dim=0)


def part_starts(samples: int) -> list[int]:
    """First frames of the overlapping parts of 1.6 s.

    Args:
        samples: of the utterance, at 16 kHz.

    Returns:
        At least the first; the last is left out where less than 75 % of it would hold sound.
    """
    frames = -(-(samples + 1) // _HOP)
    starts = list(range(0, max(1, frames - _PART + _STEP + 1), _STEP))
    if len(starts) > 1 and (samples - starts[-1] * _HOP) / (_PART * _HOP) < _COVERED:
        starts.pop()
    return starts


def mel_powers(signal: Signal) -> Float32[Tensor, "frame mel"]:
    """Powers in 40 bands of Slaney's mel scale, 25 ms every 10 ms, not in logarithms: what the encoder was trained on.

    Args:
        signal: at 16 kHz.
    """
    window = torch.hann_window(_WINDOW, device=signal.device)
    spectrum = torch.stft(signal, _WINDOW, _HOP, window=window, pad_mode="constant", return_complex=True)
    bands = torchaudio.functional.melscale_fbanks(
        _WINDOW // 2 + 1, 0.0, _RATE / 2, _MELS, _RATE, norm="slaney", mel_scale="slaney"
    )
    powers: Tensor = spectrum.abs().square().T @ bands.to(signal.device)
    return powers


def spoken(signal: Signal, least_s: float = LEAST_SPEECH_S) -> Signal:
    """An utterance as the encoder wants it: not below -30 dBFS, without long silences.

    Args:
        signal: at 16 kHz, not silent.
        least_s: seconds that must be left.

    Raises:
        NotMeasuredError: less than that is left.
    """
    rms = float(signal.double().square().mean().sqrt())
    louder = signal * max(1.0, 10 ** (_TARGET_DBFS / 20) / rms)
    left = louder[torch.from_numpy(_near_speech(louder.cpu().numpy())).to(signal.device)]
    if len(left) < least_s * _RATE:
        raise NotMeasuredError("too_short")
    return left


def _near_speech(samples: Float32[np.ndarray, " sample"]) -> Bool[np.ndarray, " sample"]:
    frames = np.pad(samples, (0, -len(samples) % _SPEECH_FRAME)).reshape(-1, _SPEECH_FRAME).astype(np.float64)
    power = np.mean(frames**2, axis=1)
    speech = power > power.max() * 10 ** (-_SPEECH_DB / 10)
    near = np.convolve(speech, np.ones(2 * _KEPT_AROUND + 1))[_KEPT_AROUND : _KEPT_AROUND + len(speech)] > 0.5
    kept: Bool[np.ndarray, " sample"] = np.repeat(near, _SPEECH_FRAME)[: len(samples)]
    return kept
