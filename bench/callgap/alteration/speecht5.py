"""Voice conversion with SpeechT5: the speech of an utterance, said again by another voice (transformers)."""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass as plain
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import torch
from jaxtyping import Float32
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor

from callgap.alteration import packages
from callgap.alteration.base import WHOLE_UTTERANCE
from callgap.alteration.items import NotAlteredError, each
from callgap.audio import AudioBatch, Signal, utterance_seed
from callgap.errors import InputError, first_line
from callgap.weights import check_pinned, device_of, folder_of

_TITLE = "alteration=speecht5"
_FILES = ("*.json", "*.safetensors", "*.bin", "*.txt", "*.model")
_SAMPLE_RATE = 16000
_SHORTEST = 400
"""Samples of the encoder's first window; what is shorter has no frame."""


@plain(frozen=True)
class _Loaded:
    model: Any
    vocoder: Any
    extractor: Any
    speaker: Float32[Tensor, "1 dimension"]
    device: torch.device


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class SpeechT5:
    """Encodes speech and decodes it as a spectrogram of another speaker's voice, which a HiFi-GAN turns into sound.

    Ao et al. (2022), "SpeechT5: unified-modal encoder-decoder pre-training for spoken language processing". The decoder
    draws dropout while it writes; what is drawn is seeded by the utterance.

    Attributes:
        checkpoint: folder or hub id of a `SpeechT5ForSpeechToSpeech`.
        checkpoint_revision: hash of the hub's commit; None for a folder.
        vocoder: folder or hub id of its `SpeechT5HifiGan`.
        vocoder_revision: hash of the hub's commit; None for a folder.
        speaker: file with the x-vector of the target voice (`.npy`, `[dimension]` or `[1, dimension]`).
        seed: of the decoder's dropout.
        longest_ratio: how many frames of 16 ms are written at most, over the frames of 20 ms that are read.
        device: "cpu", "cuda" or "cuda:N"; None takes CUDA where there is a device.
        look_ahead_s: the whole utterance.
    """

    checkpoint: Annotated[str, Field(min_length=1)]
    vocoder: Annotated[str, Field(min_length=1)]
    speaker: Path
    seed: Annotated[int, Field(ge=0)]
    checkpoint_revision: str | None = None
    vocoder_revision: str | None = None
    longest_ratio: Annotated[float, Field(gt=0, le=20)] = 2.5
    device: str | None = None
    look_ahead_s: ClassVar[float] = WHOLE_UTTERANCE

    @model_validator(mode="after")
    def _is_installed(self) -> Self:
        packages.found(_TITLE, "transformers", "transformers")
        return self

    def __getstate__(self) -> dict[str, Any]:
        # The model is loaded again in another process, not sent there.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def check(self) -> None:
        """Check that both checkpoints are pinned, the device and the target voice, without loading a model.

        Raises:
            InputError: one of them cannot be used.
        """
        for named in self._named:
            check_pinned(*named)
        device_of(self.device, "alteration.device")
        _vector(self.speaker)

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch, one utterance after the other; the rate stays, the length is the decoder's.

        Raises:
            InputError: a checkpoint cannot be loaded.
        """
        loaded = self._loaded
        audio = batch.resampled(_SAMPLE_RATE)
        altered = each(audio, lambda signal, item: self._said(loaded, signal, item))
        return altered.resampled(batch.sample_rate)

    @property
    def _named(self) -> tuple[tuple[str, str | None, str, str], ...]:
        """Both checkpoints, their revisions, and the keys of these."""
        return tuple(
            (
                getattr(self, name),
                getattr(self, f"{name}_revision"),
                f"alteration.{name}",
                f"alteration.{name}_revision",
            )
            for name in ("checkpoint", "vocoder")
        )

    @cached_property
    def _loaded(self) -> _Loaded:
        self.check()
        device, transformers = device_of(self.device, "alteration.device"), importlib.import_module("transformers")
        folder, vocoder_folder = (folder_of(*named, _FILES) for named in self._named)
        model = _model(transformers.SpeechT5ForSpeechToSpeech, folder, "alteration.checkpoint", device)
        vocoder = _model(transformers.SpeechT5HifiGan, vocoder_folder, "alteration.vocoder", device)
        extractor = _from(transformers.SpeechT5FeatureExtractor, folder, "alteration.checkpoint")
        speaker = _vector(self.speaker)
        if speaker.shape[1] != model.config.speaker_embedding_dim:
            raise InputError(
                f"alteration.speaker: {self.speaker} has {speaker.shape[1]} dimensions; accepted: "
                f"{model.config.speaker_embedding_dim}, as the checkpoint wants"
            )
        if vocoder.config.model_in_dim != model.config.num_mel_bins:
            raise InputError(
                f"alteration.vocoder: {self.vocoder} reads {vocoder.config.model_in_dim} bands, the checkpoint writes "
                f"{model.config.num_mel_bins}"
            )
        return _Loaded(model, vocoder, extractor, speaker.to(device), device)

    def _said(self, loaded: _Loaded, signal: Signal, item: str) -> Signal:
        if len(signal) < _SHORTEST:
            raise NotAlteredError("too_short")
        given = loaded.extractor(audio=signal.cpu().numpy(), sampling_rate=_SAMPLE_RATE, return_tensors="pt")
        values = given["input_values"].to(loaded.device)
        devices: Sequence[torch.device] = [loaded.device] if loaded.device.type == "cuda" else []
        with torch.random.fork_rng(devices), torch.inference_mode():
            torch.manual_seed(utterance_seed(self.seed, "speecht5", item))
            try:
                said: Tensor = loaded.model.generate_speech(
                    values,
                    loaded.speaker,
                    # Else samples that happen to equal the model's padding value would be left out.
                    attention_mask=torch.ones(values.shape, dtype=torch.long, device=loaded.device),
                    maxlenratio=self.longest_ratio,
                    vocoder=loaded.vocoder,
                )
            except torch.OutOfMemoryError:
                raise NotAlteredError("out_of_memory") from None
        return said.float().cpu().clone()


def _model(kind: Any, folder: Path, key: str, device: torch.device) -> Any:
    return _from(kind, folder, key, dtype=torch.float32, weights_only=True).to(device).eval()


def _from(kind: Any, folder: Path, key: str, **options: Any) -> Any:
    logging = importlib.import_module("transformers.utils.logging")
    shown = logging.get_verbosity()
    # Its hints are about its own calls, which nobody here can change.
    logging.set_verbosity_error()
    try:
        # Weights that are loaded are drawn first, which must change nothing that others draw.
        with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
            warnings.simplefilter("ignore")
            return kind.from_pretrained(str(folder), local_files_only=True, **options)
    # A damaged file, another architecture, a missing key: each raises what it likes.
    except Exception as error:
        raise InputError(f"{key}: {folder} cannot be loaded as {kind.__name__}: {first_line(error)}") from None
    finally:
        logging.set_verbosity(shown)


def _vector(path: Path) -> Float32[Tensor, "1 dimension"]:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"alteration.speaker: {path} cannot be read: {first_line(error)}") from None
    flat = np.asarray(values)
    if flat.dtype.kind != "f" or flat.size != max(flat.shape, default=0) or not np.isfinite(flat).all():
        raise InputError(
            f"alteration.speaker: {path} holds {flat.dtype} {list(flat.shape)}; accepted: finite floats, "
            "[dimension] or [1, dimension]"
        )
    vector = torch.from_numpy(flat.astype(np.float32).reshape(1, -1))
    return vector / max(float(vector.norm()), math.ulp(1.0))
