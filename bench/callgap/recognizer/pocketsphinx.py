"""PocketSphinx with its bundled US-English model, listening for the phrases of a grammar."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass as plain_dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from typing import Annotated, Any, ClassVar

import numpy as np
import pocketsphinx
import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal
from callgap.errors import InputError
from callgap.recognizer.base import Hypothesis, Transcription
from callgap.recognizer.jsgf import GARBAGE_TAG, compile_jsgf, garbage_words, words_of
from callgap.recognizer.vad import has_speech
from callgap.records import OK, Context, Grammar, ItemStatus, Status

_SAMPLE_RATE = 16000
_NO_SPEECH = ItemStatus(Status.OK, "no_speech")
_NOT_UNDERSTOOD = ItemStatus(Status.OK, "not_understood")


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PocketSphinx:
    """A grammar recognizer: the embedded default, weak on purpose of no one, and the same everywhere.

    Attributes:
        garbage: words of the path that speech outside the grammar may take; empty accepts anything as a phrase.
        garbage_weight: of that path beside the menu's weight of 1; acoustic scores differ by tens of orders of
            magnitude, hence its size. Below about 1e-28 the decoder prunes the path and nothing is refused.
        padding_s: seconds of faint noise before and after each utterance, which closely trimmed clips need.
        padding_dbfs: level of that noise (RMS, decibels of full scale).
        vad_threshold_dbfs: frames above it count as speech; speech below it is reported as `no_speech`.
        vad_minimum_s: seconds of speech that a word needs.
    """

    garbage: tuple[str, ...]
    garbage_weight: Annotated[float, Field(gt=0, le=1)]
    padding_s: Annotated[float, Field(ge=0, le=2)]
    padding_dbfs: Annotated[float, Field(ge=-96, le=-30)]
    vad_threshold_dbfs: Annotated[float, Field(ge=-96, le=0)]
    vad_minimum_s: Annotated[float, Field(ge=0, le=2)]
    hears: ClassVar[bool] = True

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Recognize a batch, one utterance after the other; a process serves one batch at a time.

        Raises:
            InputError: the context has no grammar, a language other than English, or words that the dictionary lacks.
        """
        if context.grammar is None:
            raise InputError("recognizer=pocketsphinx listens for a grammar, and this service gives none")
        self.check([context.grammar], context.language)
        listen = _decoder(self.garbage).listen(context.grammar, self.garbage_weight)
        audio = batch.resampled(_SAMPLE_RATE)
        hypotheses = [
            self._recognize(audio.signal(i).cpu(), listen) if status.status is Status.OK else Hypothesis(None, status)
            for i, status in enumerate(audio.statuses)
        ]
        return Transcription(audio.utterance_ids, tuple(hypotheses))

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Check the language, and that the dictionary has every word.

        Raises:
            InputError: the language is not English, or a word has no pronunciation.
        """
        if not language.lower().startswith("en"):
            raise InputError(f"recognizer=pocketsphinx understands en-US only, found language {language!r}")
        for word in (*self.garbage, *(word for grammar in grammars for word in words_of(grammar))):
            _pronunciations(word)

    def identity(self) -> Mapping[str, str]:
        """The version of PocketSphinx and of the model in its wheel."""
        return {"id": "pocketsphinx", "revision": f"{version('pocketsphinx')} en-us (bundled)", "locale": "en-US"}

    def _recognize(self, signal: Signal, listen: _Listener) -> Hypothesis:
        begin = time.perf_counter()
        if not has_speech(signal, _SAMPLE_RATE, threshold_dbfs=self.vad_threshold_dbfs, minimum_s=self.vad_minimum_s):
            return Hypothesis("", _NO_SPEECH, latency_s=time.perf_counter() - begin)
        text, confidence = listen(self._pcm(signal))
        latency = time.perf_counter() - begin
        if not text or text.endswith(GARBAGE_TAG):
            return Hypothesis("", _NOT_UNDERSTOOD, confidence, latency_s=latency)
        return Hypothesis(text, OK, confidence, (text,), latency)

    def _pcm(self, signal: Signal) -> bytes:
        padding = self._padding
        padded = torch.cat([padding, signal, padding])
        pcm: bytes = (padded.clamp(-1, 1) * 32767).round().to(torch.int16).numpy().tobytes()
        return pcm

    @cached_property
    def _padding(self) -> Signal:
        count = round(self.padding_s * _SAMPLE_RATE)
        # The same noise for every utterance, caller and system.
        noise = np.random.default_rng(0).standard_normal(count, dtype=np.float32)
        return torch.from_numpy(noise * np.float32(10 ** (self.padding_dbfs / 20)))


class _Decoder:
    """One PocketSphinx decoder with the grammars that it has compiled."""

    def __init__(self, garbage: tuple[str, ...]) -> None:
        model = pocketsphinx.get_model_path("en-us")
        self._decoder: Any = pocketsphinx.Decoder(
            hmm=f"{model}/en-us", dict=f"{model}/cmudict-en-us.dict", lm=None, samprate=_SAMPLE_RATE, loglevel="FATAL"
        )
        self._garbage = garbage
        self._searches: dict[tuple[Grammar, float], str] = {}
        # A word added after a grammar was compiled leaves that grammar with dangling tables: all words come first.
        for word in garbage:
            self._decoder.add_word(word + GARBAGE_TAG, _pronunciations(word)[0], word == garbage[-1])

    def listen(self, grammar: Grammar, weight: float) -> _Listener:
        key = (grammar, weight)
        if key not in self._searches:
            sounds = {word: _pronunciations(word) for word in {*words_of(grammar), *self._garbage}}
            chosen = garbage_words(self._garbage, grammar, sounds)
            name = f"grammar{len(self._searches)}"
            self._decoder.add_jsgf_string(name, compile_jsgf(grammar, chosen, weight))
            self._searches[key] = name
        # Not asked of the decoder first: it crashes when asked for its search before it has one.
        self._decoder.activate_search(self._searches[key])
        return _Listener(self._decoder)


@plain_dataclass(frozen=True)
class _Listener:
    decoder: Any

    def __call__(self, pcm: bytes) -> tuple[str, float | None]:
        # Without this the cepstral mean of the utterances before would change what is understood of this one.
        self.decoder.reinit_feat()
        self.decoder.start_utt()
        self.decoder.process_raw(pcm, full_utt=True)
        self.decoder.end_utt()
        found = self.decoder.hyp()
        return (found.hypstr, float(found.prob)) if found else ("", None)


@lru_cache(maxsize=1)
def _decoder(garbage: tuple[str, ...]) -> _Decoder:
    return _Decoder(garbage)


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, list[str]]:
    entries: dict[str, list[str]] = {}
    with open(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"), encoding="utf-8") as lines:  # noqa: PTH123
        for line in lines:
            word, phones = line.rstrip("\n").split(" ", 1)
            entries.setdefault(word.split("(")[0], []).append(phones)
    return entries


def _pronunciations(word: str) -> list[str]:
    found = _dictionary().get(word)
    if not found:
        raise InputError(
            f"recognizer=pocketsphinx: its dictionary has no pronunciation of {word!r}; use another phrase"
        )
    return found
