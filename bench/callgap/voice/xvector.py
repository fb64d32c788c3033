"""Who speaks, by an x-vector network of transformers: WavLM, UniSpeech-SAT, Wav2Vec2, Data2Vec and their kin."""

from __future__ import annotations

from typing import Any

from jaxtyping import Float32
from torch import Tensor

from callgap.audio import Signal
from callgap.errors import InputError
from callgap.voice.base import NotMeasuredError
from callgap.voice.checkpoint import RATE, Checkpoint, model_of

# A standard deviation over time is pooled, which one frame does not have.
_LEAST_FRAMES = 2


class XVector:
    """An x-vector network (Snyder et al. 2018, "X-vectors: robust DNN embeddings") on features of a speech network."""

    def __init__(self, chosen: Checkpoint, key: str) -> None:
        """Load it.

        Args:
            chosen: a checkpoint with the head of `AutoModelForAudioXVector`.
            key: of the configuration, for messages.

        Raises:
            InputError: the package transformers is missing, or the checkpoint cannot be loaded or is none of these.
        """
        self._model, self._extractor = model_of(chosen, "AutoModelForAudioXVector", "x-vector checkpoint", key)
        config = self._model.config
        if not getattr(config, "conv_kernel", None):
            raise InputError(
                f"{key}.checkpoint: {chosen.checkpoint} ({type(self._model).__name__}) hears no samples; accepted: "
                "Data2VecAudio, UniSpeechSat, Wav2Vec2, Wav2Vec2Conformer or WavLM"
            )
        self.least_samples = least_samples(config)

    def __call__(self, signal: Signal) -> Float32[Tensor, " dimension"]:
        """Embed an utterance at 16 kHz.

        Raises:
            NotMeasuredError: it is shorter than the network's frames.
        """
        if len(signal) < self.least_samples:
            raise NotMeasuredError("too_short")
        given = self._extractor(signal.cpu().numpy(), sampling_rate=RATE, return_tensors="pt")
        # Nothing is padded: without a mask all that is given is heard.
        found: Tensor = self._model(given["input_values"].to(self._model.device)).embeddings[0]
        return found


def least_samples(config: Any) -> int:
    """The shortest sound of which an x-vector network pools two frames.

    Args:
        config: of the model: kernels and strides of the convolutions over samples, kernels and dilations over frames.

    Returns:
        Samples.
    """
    layers = zip(config.tdnn_kernel, config.tdnn_dilation, strict=True)
    samples: int = _LEAST_FRAMES + sum(dilation * (kernel - 1) for kernel, dilation in layers)
    for kernel, stride in zip(reversed(config.conv_kernel), reversed(config.conv_stride), strict=True):
        samples = (samples - 1) * stride + kernel
    return samples
