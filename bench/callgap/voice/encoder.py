"""Who speaks, by an encoder that the user names, in place of the one of resemblyzer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float32
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from callgap.audio import AudioBatch, Signal
from callgap.errors import InputError, first_line
from callgap.voice.base import REASON, NotMeasuredError, Values, each
from callgap.voice.checkpoint import RATE, Checkpoint
from callgap.voice.ecapa import ECAPA
from callgap.voice.voiceprint import LEAST_SPEECH_S, spoken
from callgap.voice.xvector import XVector

_KEY = "voice.encoder"
_LOADERS: dict[str, Callable[[Checkpoint, str], Callable[[Signal], Tensor]]] = {"x-vector": XVector, "ecapa": ECAPA}


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class NamedEncoder(Checkpoint):
    """Which network embeds utterances.

    Attributes:
        kind: `x-vector`, a checkpoint of transformers; `ecapa`, an ECAPA-TDNN that SpeechBrain saved.
    """

    kind: Literal["x-vector", "ecapa"] = "x-vector"


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class NamedVoiceprint:
    """Embeds utterances with a network that the user names; what it hears is prepared as for `Voiceprint`.

    Attributes:
        encoder: the network.
        least_speech_s: seconds of speech below which an utterance is not embedded; the network may need more.
    """

    encoder: NamedEncoder
    least_speech_s: Annotated[float, Field(ge=0.1, le=10)] = LEAST_SPEECH_S

    def __getstate__(self) -> dict[str, Any]:
        # The weights are loaded again in another process, not sent there.
        return {"encoder": self.encoder, "least_speech_s": self.least_speech_s}

    def measure(self, batch: AudioBatch) -> Values:
        """Embed each item.

        Returns:
            `embedding`: float32 of norm 1, as long as the network makes it.

        Raises:
            InputError: a package is missing, or the checkpoint cannot be used.
        """
        embed = self._embed

        def embedded(signal: Signal, _: str) -> list[float]:
            try:
                found = _direction(embed(spoken(signal, self.least_speech_s)))
            except torch.OutOfMemoryError:
                raise NotMeasuredError("out_of_memory") from None
            if found is None:
                raise NotMeasuredError("no_embedding")
            return [float(value) for value in found]

        found, reasons = each(batch.resampled(RATE), torch.inference_mode()(embedded))
        return {"embedding": found, REASON: reasons}

    @cached_property
    def _embed(self) -> Callable[[Signal], Tensor]:
        embed = _LOADERS[self.encoder.kind](self.encoder, _KEY)
        # Two seconds of something, for what a file does not show: weights that are no numbers, shapes that do not fit.
        noise = 0.1 * torch.sin(torch.arange(2 * RATE) ** 1.5 / 1000)
        try:
            with torch.inference_mode():
                found = _direction(embed(noise))
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            raise InputError(
                f"{_KEY}.checkpoint: {self.encoder.checkpoint} cannot embed two seconds of sound: {first_line(error)}"
            ) from None
        if found is None:
            raise InputError(
                f"{_KEY}.checkpoint: {self.encoder.checkpoint} is damaged, it embeds sound as numbers that are zero or "
                "not finite; accepted: trained weights"
            )
        return embed


def _direction(vector: Tensor) -> Float32[Tensor, " dimension"] | None:
    """A vector of norm 1; None of one without a direction."""
    # Of large vectors the norm in float32 is not finite although their direction is.
    values = vector.double().cpu()
    norm = values.norm()
    return (values / norm).float() if bool(torch.isfinite(norm)) and float(norm) > 0 else None
