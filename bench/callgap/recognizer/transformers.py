"""Any speech recognition checkpoint of transformers, from a local folder or the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.errors import InputError
from callgap.recognizer.base import Hypothesis, Sound, Transcription
from callgap.recognizer.central import transcribed
from callgap.recognizer.neural import Loop, Options, adapter_of
from callgap.recognizer.neural.checkpoint import digest_of, folder_of, is_folder, require_pinned
from callgap.recognizer.neural.loading import require_transformers
from callgap.records import Context, Grammar
from callgap.weights import device_of

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Transformers:
    """Recognizes with a model of transformers; weights come from safetensors alone.

    Attributes:
        checkpoint: folder that transformers saved, or id on the hub.
        revision: hash of the hub's commit, which a hub id needs; of a folder the files themselves tell it.
        family: of outputs (ctc, seq2seq, transducer, speech_llm); None finds it from the checkpoint's architecture.
        dtype: of weights and activations.
        attention: implementation in transformers.
        device: cpu, cuda or cuda:N; None takes the variable CALLGAP_DEVICE, else CUDA where there is a device.
        language_mode: `forced` tells the model the language where it can be told; `detected` lets it find out.
        window: most utterances that are sorted by length together.
        batch_frames_s: most seconds of audio in a batch, padding included.
        longest_s: longer signals are cut where they are quiet, and their texts joined.
        beams: of the search; 1 is greedy.
        n_best: alternatives per utterance, at most `beams`.
        max_new_tokens: of an utterance; None leaves it to the model.
        deterministic: whether each utterance is recognized alone, so that no text can depend on the others.
        compile: `default` decodes compiled, over a cache of fixed size.
        trust_remote_code: whether Python files of the checkpoint may run.
        local_files_only: whether the hub is never asked; else it is for what its cache lacks.
        locale: of the system in a published table.
    """

    checkpoint: str
    revision: str | None = None
    family: Literal["ctc", "seq2seq", "transducer", "speech_llm"] | None = None
    dtype: Literal["fp32", "bf16", "fp16"] = "fp32"
    attention: Literal["sdpa", "eager"] = "sdpa"
    device: str | None = None
    language_mode: Literal["forced", "detected"] = "forced"
    window: Annotated[int, Field(ge=1, le=65536)] = 512
    batch_frames_s: Annotated[float, Field(gt=0, le=100_000)] = 120.0
    longest_s: Annotated[float, Field(ge=1, le=3600)] = 30.0
    beams: Annotated[int, Field(ge=1, le=64)] = 1
    n_best: Annotated[int, Field(ge=1, le=64)] = 1
    max_new_tokens: Annotated[int, Field(ge=1, le=4096)] | None = None
    deterministic: bool = False
    compile: Literal["none", "default"] = "none"
    trust_remote_code: bool = False
    local_files_only: bool = False
    locale: str = "not stated"
    hears: ClassVar[bool] = True

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Recognize a batch as one window."""
        return transcribed(self, batch, context)

    def recognize(self, sounds: Sequence[Sound], context: Context) -> Iterator[tuple[int, Hypothesis]]:
        """Recognize a window, longest first.

        Raises:
            InputError: as `warm`.
        """
        return self._loop.recognize(sounds, context.language)

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Check the options; any grammar is taken, the service matches the text.

        Raises:
            InputError: a hub id without a commit, a device that is not there, more alternatives than beams, or
                transformers is not installed.
        """
        require_transformers()
        require_pinned(self.checkpoint, self.revision)
        device_of(self.device, "recognizer.device")
        if self.n_best > self.beams:
            raise InputError(
                f"recognizer.n_best: found {self.n_best} for {self.beams} beams; accepted: at most as many"
            )

    def warm(self, context: Context) -> None:
        """Load the checkpoint and recognize a second of silence.

        Raises:
            InputError: the checkpoint, its language, the package or the device is not what is needed.
        """
        self.check([], context.language)
        self._loop.try_out(context.language)

    def notes(self) -> Mapping[str, object]:
        """Device, precision, family, and what the loop counted."""
        return self._loop.notes() if "_loop" in self.__dict__ else {}

    def identity(self) -> Mapping[str, str]:
        """The checkpoint's name and commit, or of a folder the SHA-256 of all files that can change a text.

        Raises:
            InputError: the folder holds no checkpoint.
        """
        if is_folder(self.checkpoint):
            folder = Path(self.checkpoint)
            return {"id": folder.resolve().name, "revision": f"sha256:{self._digest[:16]}", "locale": self.locale}
        return {"id": self.checkpoint, "revision": str(self.revision), "locale": self.locale}

    def __getstate__(self) -> dict[str, Any]:
        # A model is loaded again where the unit arrives.
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_loop")}

    @cached_property
    def _digest(self) -> str:
        return digest_of(Path(self.checkpoint))

    @cached_property
    def _loop(self) -> Loop:
        require_transformers()
        folder = folder_of(self.checkpoint, self.revision, offline=self.local_files_only)
        options = Options(
            family=self.family,
            device=device_of(self.device, "recognizer.device"),
            dtype=_DTYPES[self.dtype],
            attention=self.attention,
            forced=self.language_mode == "forced",
            beams=self.beams,
            n_best=self.n_best,
            max_new_tokens=self.max_new_tokens,
            compiled=self.compile != "none",
            remote_code=self.trust_remote_code,
        )
        adapter = adapter_of(folder, self.checkpoint, options)
        return Loop(adapter, batch_s=self.batch_frames_s, longest_s=self.longest_s, alone=self.deterministic)
