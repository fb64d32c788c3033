"""Voice conversion models of the package coqui-tts: FreeVC, kNN-VC, OpenVoice."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import torch
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from callgap.alteration import packages
from callgap.alteration.base import WHOLE_UTTERANCE
from callgap.alteration.items import NotAlteredError, each
from callgap.alteration.sound import to_wav
from callgap.audio import AudioBatch, Signal, batch_of, utterance_seed
from callgap.errors import InputError, first_line
from callgap.weights import device_of

_TITLE = "alteration=coqui"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OUT_OF_MEMORY = "out of memory"


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Coqui:
    """Converts every voice to that of a recording.

    A checkpoint is a file that coqui-tts loads, named by its path and pinned by its SHA-256: names of its own list are
    not taken, since what they lead to may change. FreeVC also fetches the WavLM that it rests on, when it is first
    loaded and unless it was before. What a model draws is seeded by the utterance.

    Attributes:
        checkpoint: file with the weights.
        sha256: of the checkpoint, in hexadecimal.
        config: the model's `config.json`; OpenVoice reads the one beside its checkpoint.
        target: recordings of the voice that is to be heard.
        seed: of what the model draws.
        vocoder: file with the weights of a vocoder, where the model needs one (kNN-VC); None for no vocoder.
        vocoder_config: its `config.json`.
        device: "cpu", "cuda" or "cuda:N"; None takes CUDA where there is a device.
        look_ahead_s: the whole utterance.
    """

    checkpoint: Path
    sha256: str
    config: Path
    target: Annotated[tuple[Path, ...], Field(min_length=1)]
    seed: Annotated[int, Field(ge=0)]
    vocoder: Path | None = None
    vocoder_config: Path | None = None
    device: str | None = None
    look_ahead_s: ClassVar[float] = WHOLE_UTTERANCE

    @model_validator(mode="after")
    def _is_installed(self) -> Self:
        packages.found(_TITLE, "TTS", "coqui")
        return self

    def __getstate__(self) -> dict[str, Any]:
        # The model is loaded again in another process, not sent there.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def check(self) -> None:
        """Check that the files are there, that the checkpoint is the pinned one, and the device.

        Raises:
            InputError: one of them cannot be used.
        """
        named = {"checkpoint": self.checkpoint, "config": self.config, "vocoder": self.vocoder}
        named |= {"vocoder_config": self.vocoder_config, **{f"target.{k}": path for k, path in enumerate(self.target)}}
        for name, path in named.items():
            if path is not None and not path.is_file():
                raise InputError(f"alteration.{name}: there is no file {path}")
        if (self.vocoder is None) != (self.vocoder_config is None):
            raise InputError("alteration.vocoder and alteration.vocoder_config: accepted: both or neither")
        if not _SHA256.fullmatch(self.sha256):
            raise InputError(f"alteration.sha256: found {self.sha256!r}; accepted: 64 hexadecimal digits")
        device_of(self.device, "alteration.device")
        with self.checkpoint.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.sha256:
            raise InputError(f"{self.checkpoint}: its SHA-256 is {found}, alteration.sha256 is {self.sha256}")

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch, one utterance after the other; the rate stays, the length is the model's.

        Raises:
            InputError: the model cannot be loaded.
        """
        model = self._model
        return each(batch, lambda signal, item: self._converted(model, signal, batch.sample_rate, item))

    @cached_property
    def _model(self) -> Any:
        self.check()
        device = device_of(self.device, "alteration.device")
        synthesis = packages.require(_TITLE, "TTS.utils.synthesizer", "coqui")
        try:
            return synthesis.Synthesizer(
                vc_checkpoint=str(self.checkpoint),
                vc_config=str(self.config),
                vocoder_checkpoint=None if self.vocoder is None else str(self.vocoder),
                vocoder_config=None if self.vocoder_config is None else str(self.vocoder_config),
            ).to(device)
        # A damaged file, another architecture: each raises what it likes.
        except Exception as error:
            raise InputError(
                f"alteration.checkpoint: {self.checkpoint} cannot be loaded: {first_line(error)}"
            ) from None

    def _converted(self, model: Any, signal: Signal, sample_rate: int, item: str) -> Signal:
        device = device_of(self.device, "alteration.device")
        devices: Sequence[torch.device] = [device] if device.type == "cuda" else []
        with tempfile.TemporaryDirectory(prefix="callgap-") as folder, torch.random.fork_rng(devices):
            path = Path(folder) / "before.wav"
            path.write_bytes(to_wav(signal, sample_rate))
            torch.manual_seed(utterance_seed(self.seed, "coqui", item))
            try:
                with torch.inference_mode():
                    said = model.voice_conversion(str(path), [str(target) for target in self.target])
            # Of an utterance that is shorter than a window of the model, for example.
            except (RuntimeError, ValueError) as error:
                raise NotAlteredError(
                    "out_of_memory" if _OUT_OF_MEMORY in str(error).lower() else "model_error"
                ) from None
        samples = torch.as_tensor(np.asarray(torch.as_tensor(said).cpu()), dtype=torch.float32).reshape(-1)
        return batch_of([samples], int(model.output_sample_rate), [item]).resampled(sample_rate).signal(0)
