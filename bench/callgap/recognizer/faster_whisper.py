"""Whisper on CTranslate2: the engine faster-whisper, an optional extra."""

from __future__ import annotations

import hashlib
import importlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, batch_of
from callgap.errors import InputError, first_line
from callgap.recognizer.base import Hypothesis, Sound, Transcription
from callgap.recognizer.central import transcribed
from callgap.recognizer.confidence import geometric_mean
from callgap.recognizer.neural.checkpoint import is_folder
from callgap.records import OK, Context, Grammar, ItemStatus, Status

_SAMPLE_RATE = 16000
_WINDOW = 64
_NO_SPEECH = ItemStatus(Status.OK, "no_speech")
_WEIGHTS = "model.bin"
_CODES = {"nb": "no", "jv": "jw", "fil": "tl"}
"""Whisper's own spelling of a few languages."""

ComputeType = Literal[
    "default",
    "auto",
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class FasterWhisper:
    """Recognizes one utterance after the other with a Whisper model in CTranslate2's format.

    The engine's fallback to sampling at higher temperatures is off: with it a text would depend on what was recognized
    before.

    Attributes:
        model: name (`large-v3-turbo`), id of a converted model on the Hugging Face hub, or a folder with one.
        revision: commit or tag on the hub; None takes the newest. Nothing but a name or an id has one.
        device: `auto` takes the GPU where there is one.
        compute_type: of the weights and the arithmetic; `default` keeps that of the checkpoint where the device can.
        beam_size: texts kept in mind while decoding.
        language_mode: `forced` tells the model the language of the corpus, `detected` leaves it to find out.
        vad_filter: leave out what Silero's voice activity detection takes for silence.
        batch_size: windows of one long recording that are decoded at once, which needs `vad_filter`; None decodes them
            in turn, each told what was understood in the one before. Shorter utterances have one window.
        id: of the system in a published table; None takes the model's name.
        locale: of the system.
    """

    model: Annotated[str, Field(min_length=1)]
    revision: str | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compute_type: ComputeType = "default"
    beam_size: Annotated[int, Field(ge=1, le=100)] = 5
    language_mode: Literal["forced", "detected"] = "forced"
    vad_filter: bool = False
    batch_size: Annotated[int, Field(ge=1, le=1024)] | None = None
    id: str | None = None
    locale: str = "not stated"
    hears: ClassVar[bool] = True

    def __getstate__(self) -> dict[str, Any]:
        # The model is loaded again in another process, not sent there.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def window(self) -> int:
        """They are taken one after the other."""
        return _WINDOW

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Check the options and that the engine is installed; nothing is loaded, and the model is told of no grammar.

        Raises:
            InputError: something is missing or contradicts itself.
        """
        _engine()
        if self.batch_size is not None and not self.vad_filter:
            raise InputError(
                f"recognizer.batch_size: found {self.batch_size} with recognizer.vad_filter=false; accepted: "
                "vad_filter=true, which finds the windows that are decoded at once, or batch_size=null"
            )
        if self._folder is not None:
            if self.revision is not None:
                raise InputError(f"recognizer.revision: the folder {self.model} has none; accepted: null")
            if not (self._folder / _WEIGHTS).is_file():
                raise InputError(f"recognizer.model: {self.model} holds no {_WEIGHTS} and is no model of CTranslate2")

    def warm(self, context: Context) -> None:
        """Load the model, fetched from the hub if need be, and let it hear half a second of silence.

        Raises:
            InputError: the model cannot be loaded, cannot work, or does not know the language.
        """
        known = self._model.supported_languages
        if self.language_mode == "forced" and _code(context.language) not in known:
            raise InputError(
                f"recognizer.model: {self.model} knows {len(known)} languages and not {context.language!r}; accepted: "
                "another model, or recognizer.language_mode=detected"
            )
        found = self._hypothesis(Sound(torch.zeros(_SAMPLE_RATE // 2), _SAMPLE_RATE), context.language)
        if found.status.status is not Status.OK:
            raise InputError(f"recognizer.model: {self.model} cannot work here: {found.status.reason}")

    def recognize(self, sounds: Sequence[Sound], context: Context) -> Iterator[tuple[int, Hypothesis]]:
        """Recognize a window, in its order.

        Yields:
            Places and hypotheses.

        Raises:
            InputError: the model cannot be loaded, or the device has failed.
        """
        for place, sound in enumerate(sounds):
            yield place, self._hypothesis(sound, context.language, count=True)

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Recognize a batch, one utterance after the other.

        Raises:
            InputError: as `recognize` does.
        """
        return transcribed(self, batch, context)

    def notes(self) -> Mapping[str, object]:
        """Engine, model and device, the detected languages, and batches that did not fit into memory."""
        return {
            "engine": f"faster-whisper {_engine().__version__}",
            "loaded": self._loaded_revision,
            "device": self.device,
            "compute_type": self.compute_type,
            "detected_languages": dict(sorted(self._seen.items())),
            "batches_halved": self._halved["batches"],
        }

    def identity(self) -> Mapping[str, str]:
        """The model, and its revision or what its weights are."""
        if self._folder is not None:
            stated = f"sha256:{_digest(self._folder / _WEIGHTS)}"
        else:
            stated = self.revision or "not pinned"
        engine = f"faster-whisper {_engine().__version__}, {self.compute_type}"
        return {
            "id": self.id or Path(self.model).name,
            "revision": f"{stated} ({engine})",
            "locale": self.locale,
        }

    @cached_property
    def _folder(self) -> Path | None:
        if Path(self.model).is_dir():
            return Path(self.model)
        if is_folder(self.model):
            raise InputError(
                f"recognizer.model: {self.model}: there is no such folder; accepted: a folder with {_WEIGHTS}, a name "
                "such as large-v3-turbo, or an id on the hub (OWNER/NAME)"
            )
        return None

    @cached_property
    def _seen(self) -> Counter[str]:
        return Counter()

    @cached_property
    def _halved(self) -> Counter[str]:
        return Counter()

    @cached_property
    def _path(self) -> str:
        if self._folder is not None:
            return str(self._folder)
        try:
            return str(_engine().download_model(self.model, revision=self.revision))
        # The hub's library raises errors of its own and of whatever it asks the network with.
        except Exception as error:
            raise InputError(
                f"recognizer.model: {self.model!r} cannot be fetched from the hub: {first_line(error)}"
            ) from None

    @property
    def _loaded_revision(self) -> str | None:
        """The commit, as the hub's cache names the folder of a model."""
        path = Path(self._path)
        return path.name if path.parent.name == "snapshots" else None

    @cached_property
    def _model(self) -> Any:
        engine = _engine()
        try:
            return engine.WhisperModel(self._path, device=self.device, compute_type=self.compute_type)
        # A damaged file, a type that the device cannot compute with: each raises what it likes.
        except Exception as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"recognizer.model: {self.model} cannot be loaded: {first_line(error)}") from None

    def _hypothesis(self, sound: Sound, language: str, *, count: bool = False) -> Hypothesis:
        audio = batch_of([sound.signal], sound.sample_rate, [sound.utterance_id]).resampled(_SAMPLE_RATE)
        begin = time.perf_counter()
        try:
            segments, detected = self._segments(audio.signal(0).numpy(), language)
        except (RuntimeError, ValueError) as error:
            return Hypothesis(None, _failure(error), latency_s=time.perf_counter() - begin)
        if count:
            self._seen[detected] += 1
        text = "".join(segment.text for segment in segments).strip()
        confidence = geometric_mean((segment.avg_logprob, len(segment.tokens)) for segment in segments)
        status = OK if segments else _NO_SPEECH
        return Hypothesis(text, status, confidence, (text,) if text else (), time.perf_counter() - begin)

    def _segments(self, samples: Any, language: str) -> tuple[list[Any], str]:
        options: dict[str, Any] = {
            "language": _code(language) if self.language_mode == "forced" else None,
            "beam_size": self.beam_size,
            "temperature": 0.0,
            "vad_filter": self.vad_filter,
        }
        if self.batch_size is None:
            # What it gives is computed while it is read.
            found, info = self._model.transcribe(samples, **options)
            return list(found), info.language
        size = self.batch_size
        while True:
            try:
                found, info = (
                    _engine().BatchedInferencePipeline(self._model).transcribe(samples, batch_size=size, **options)
                )
                return list(found), info.language
            except RuntimeError as error:
                if size == 1 or not _is_out_of_memory(error):
                    raise
            size //= 2
            self._halved["batches"] += 1


def _engine() -> Any:
    try:
        return importlib.import_module("faster_whisper")
    except ModuleNotFoundError as error:
        raise InputError(
            f"recognizer=faster-whisper needs the package {error.name}, which is not installed: "
            "pip install 'callgap[faster-whisper]'"
        ) from None


def _code(language: str) -> str:
    primary = language.split("-")[0].lower()
    return _CODES.get(primary, primary)


def _failure(error: Exception) -> ItemStatus:
    if _is_out_of_memory(error):
        return ItemStatus(Status.FAILED, "out_of_memory")
    if "cuda" in str(error).lower():
        # Nothing that comes after would be heard either, and all of it would be charged to the recognizer.
        raise InputError(
            f"recognizer.device: the GPU has failed: {first_line(error)}; what was understood before is kept, go on "
            "with resume=<run directory>"
        ) from None
    return ItemStatus(Status.FAILED, "engine_error")


def _is_out_of_memory(error: Exception) -> bool:
    return "out of memory" in str(error).lower()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
