"""Recognizers that understand nothing and are quick about it: the same text for the same sound, whoever hears it."""

import os
import time
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.errors import InputError
from callgap.recognizer import Hypothesis, Sound, Transcription
from callgap.recognizer.central import transcribed
from callgap.records import Status

WORDS = ("four", "yes", "what is my balance", "can you call me a taxi", "")


def text_of(signal):
    """A phrase that depends on every sample."""
    return WORDS[int(np.abs(signal.numpy().astype(np.float64)).sum() * 1e3) % len(WORDS)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Plain:
    """Works in every process."""

    hears: ClassVar[bool] = True

    def transcribe(self, batch, context):
        found = [
            Hypothesis(text_of(batch.signal(place))) if status.status is Status.OK else Hypothesis(None, status)
            for place, status in enumerate(batch.statuses)
        ]
        return Transcription(batch.utterance_ids, tuple(found))

    def check(self, grammars, language):
        pass

    def identity(self):
        return {"id": "energetic", "revision": "1", "locale": "none"}


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Energetic:
    """Works in one process for all, answers in an order of its own, and gives up where it is told to.

    Attributes:
        pause_s: that each text takes.
        stops_at: texts after which it refuses to go on.
        refuses: whether it is fit for nothing from the start.
        changed: of the texts, what a check of the batch found.
    """

    window: int = 16
    pause_s: float = 0.0
    stops_at: int | None = None
    refuses: bool = False
    changed: int | None = None
    hears: ClassVar[bool] = True

    def transcribe(self, batch, context):
        return transcribed(self, batch, context)

    def recognize(self, sounds, context):
        assert 0 < len(sounds) <= self.window
        assert all(isinstance(sound, Sound) for sound in sounds)
        # No text is worth anything of which the process that wrote it does not know the caller.
        assert all(sound.utterance_id for sound in sounds)
        self.seen.append((context.grammar_id, len(sounds), os.getpid()))
        for place in np.random.default_rng(len(self.seen)).permutation(len(sounds)).tolist():
            if self.stops_at is not None and len(self.texts) >= self.stops_at:
                raise InputError("recognizer.key: the server refuses it")
            time.sleep(self.pause_s)
            self.texts.append(sounds[place].utterance_id)
            yield place, Hypothesis(text_of(sounds[place].signal), latency_s=len(self.texts) / 1000)

    def warm(self, context):
        if self.refuses:
            raise InputError(f"recognizer.checkpoint: found nothing in {Path('nowhere')}")

    def notes(self):
        notes = {"device": "none", "windows": len(self.seen)}
        if self.changed is not None:
            notes["batch_effect"] = {"sampled": len(self.texts), "changed": self.changed}
        return notes

    def check(self, grammars, language):
        pass

    def identity(self):
        return {"id": "energetic", "revision": "1", "locale": "none"}

    @cached_property
    def seen(self):
        """By window: grammar, sounds, process."""
        return []

    @cached_property
    def texts(self):
        """Whose utterances were recognized, in order."""
        return []
