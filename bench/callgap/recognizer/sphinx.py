"""What the recognizers built on PocketSphinx share: the padded, level-checked utterance, and the decoder's answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass as plain_dataclass
from functools import cached_property
from importlib.metadata import version
from itertools import islice
from typing import Annotated, Any, ClassVar

import numpy as np
import pocketsphinx
import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal
from callgap.errors import InputError
from callgap.recognizer.base import Hypothesis, Transcription
from callgap.recognizer.pcm import pcm16
from callgap.recognizer.vad import has_speech
from callgap.records import OK, ItemStatus, Status

_SAMPLE_RATE = 16000
_NO_SPEECH = ItemStatus(Status.OK, "no_speech")
_NOT_UNDERSTOOD = ItemStatus(Status.OK, "not_understood")
# The decoder's alternatives repeat a text for every way to place pauses and pronunciations in it.
_READ_PER_ALTERNATIVE = 10


@plain_dataclass(frozen=True)
class Heard:
    """What the decoder understood of one utterance.

    Attributes:
        text: empty where nothing was understood.
        confidence: posterior probability; None where there is no text.
        alternatives: other texts, the best first.
    """

    text: str
    confidence: float | None = None
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Ear:
    """How an utterance reaches the decoder.

    Attributes:
        padding_s: seconds of faint noise before and after each utterance, which closely trimmed clips need.
        padding_dbfs: level of that noise (RMS, decibels of full scale).
        vad_threshold_dbfs: frames above it count as speech; speech below it is reported as `no_speech`.
        vad_minimum_s: seconds of speech that a word needs.
    """

    padding_s: Annotated[float, Field(ge=0, le=2)]
    padding_dbfs: Annotated[float, Field(ge=-96, le=-30)]
    vad_threshold_dbfs: Annotated[float, Field(ge=-96, le=0)]
    vad_minimum_s: Annotated[float, Field(ge=0, le=2)]
    hears: ClassVar[bool] = True

    def hear(self, batch: AudioBatch, listen: Callable[[bytes], Heard]) -> Transcription:
        """Recognize a batch, one utterance after the other.

        Args:
            batch: any sample rate.
            listen: understands 16-bit PCM at the decoder's rate.

        Returns:
            One hypothesis per item; an item that came without audio keeps its status.
        """
        audio = batch.resampled(_SAMPLE_RATE)
        hypotheses = [
            self._recognize(audio.signal(i).cpu(), listen) if status.status is Status.OK else Hypothesis(None, status)
            for i, status in enumerate(audio.statuses)
        ]
        return Transcription(audio.utterance_ids, tuple(hypotheses))

    def _recognize(self, signal: Signal, listen: Callable[[bytes], Heard]) -> Hypothesis:
        begin = time.perf_counter()
        if not has_speech(signal, _SAMPLE_RATE, threshold_dbfs=self.vad_threshold_dbfs, minimum_s=self.vad_minimum_s):
            return Hypothesis("", _NO_SPEECH, latency_s=time.perf_counter() - begin)
        heard = listen(pcm16(torch.cat([self._padding, signal, self._padding])))
        latency = time.perf_counter() - begin
        if not heard.text:
            return Hypothesis("", _NOT_UNDERSTOOD, heard.confidence, latency_s=latency)
        return Hypothesis(heard.text, OK, heard.confidence, (heard.text, *heard.alternatives), latency)

    @cached_property
    def _padding(self) -> Signal:
        count = round(self.padding_s * _SAMPLE_RATE)
        # The same noise for every utterance, caller and system.
        noise = np.random.default_rng(0).standard_normal(count, dtype=np.float32)
        return torch.from_numpy(noise * np.float32(10 ** (self.padding_dbfs / 20)))


def new_decoder(language_model: str | None) -> Any:
    """A decoder with the US-English model of the wheel.

    Args:
        language_model: name of a file beside the model; None for a decoder that gets grammars.

    Returns:
        A `pocketsphinx.Decoder` for 16-bit PCM at 16 kHz.
    """
    model = pocketsphinx.get_model_path("en-us")
    return pocketsphinx.Decoder(
        hmm=f"{model}/en-us",
        dict=f"{model}/cmudict-en-us.dict",
        lm=f"{model}/{language_model}" if language_model else None,
        samprate=_SAMPLE_RATE,
        loglevel="FATAL",
    )


def decode(decoder: Any, pcm: bytes, alternatives: int = 0) -> Heard:
    """Understand one utterance, whatever was heard before.

    Args:
        decoder: with an active search.
        pcm: 16-bit samples at 16 kHz.
        alternatives: how many other texts are wanted.

    Returns:
        The best text, and as many others as the decoder still had in mind.
    """
    # Without this the cepstral mean of the utterances before would change what is understood of this one.
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    if not found:
        return Heard("")
    paths = islice(decoder.nbest(), _READ_PER_ALTERNATIVE * alternatives) if alternatives else ()
    # A path of nothing but pauses comes as None.
    others = dict.fromkeys(path.hypstr for path in paths if path and path.hypstr not in ("", found.hypstr))
    return Heard(found.hypstr, float(found.prob), tuple(others)[:alternatives])


def require_english(language: str, name: str) -> None:
    """Check that the bundled model is of the language that is spoken.

    Raises:
        InputError: the language is not English.
    """
    if language.lower().split("-")[0] != "en":
        raise InputError(f"recognizer={name} understands en-US only, found language {language!r}")


def model_identity(name: str) -> Mapping[str, str]:
    """The version of PocketSphinx and of the model in its wheel, under the name of a recognizer."""
    return {"id": name, "revision": f"{version('pocketsphinx')} en-us (bundled)", "locale": "en-US"}
