"""A recognizer writes down what was said and a synthesizer says it: nothing of the voice is left but its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass as plain
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import ConfigDict, Field, field_validator
from pydantic.dataclasses import dataclass

from callgap.alteration.base import WHOLE_UTTERANCE
from callgap.alteration.items import NotAlteredError, attempt, gathered, is_altered
from callgap.audio import AudioBatch, Signal, batch_of
from callgap.records import OPEN, Context, Grammar, ItemStatus, Status


class Synthesizer(Protocol):
    """Says a text."""

    @property
    def sample_rate(self) -> int:
        """Hz of everything it says."""

    def speak(self, text: str, voice: str, *, pitch: int, rate: int) -> Signal:
        """Say a text, `[sample]`."""


@plain(frozen=True)
class _Understood:
    text: str | None
    reason: str


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Cascade:
    """Says again, in one voice for everybody, what a recognizer understood.

    Attributes:
        recognizer: with its `_target_`; it hears free speech.
        synthesizer: a function without arguments that gives what speaks, such as `callgap.corpus.espeak.espeak`.
        language: BCP 47 tag that the recognizer is told.
        voice: of the synthesizer.
        pitch: of the voice, 0 to 100.
        rate: words per minute.
        look_ahead_s: the whole utterance.
    """

    recognizer: Any
    synthesizer: Any
    language: Annotated[str, Field(min_length=2)]
    voice: Annotated[str, Field(min_length=1)]
    pitch: Annotated[int, Field(ge=0, le=100)]
    rate: Annotated[int, Field(ge=80, le=450)]
    look_ahead_s: ClassVar[float] = WHOLE_UTTERANCE

    @field_validator("recognizer")
    @classmethod
    def _hears(cls, recognizer: Any) -> Any:
        if not callable(getattr(recognizer, "transcribe", None)) or not getattr(recognizer, "hears", False):
            raise ValueError(
                f"a {type(recognizer).__name__} recognizes no sound; accepted: the _target_ of a recognizer"
            )
        return recognizer

    @field_validator("synthesizer")
    @classmethod
    def _speaks(cls, synthesizer: Any) -> Any:
        if not callable(synthesizer):
            raise ValueError(f"a {type(synthesizer).__name__} cannot be called; accepted: what gives a synthesizer")
        return synthesizer

    def check(self) -> None:
        """Check that the recognizer can be asked for free speech in this language.

        Raises:
            InputError: it cannot.
        """
        self.recognizer.check([Grammar(OPEN, ())], self.language)

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch; the rate stays, the length is the synthesizer's.

        An item that the recognizer failed on carries `failed` and `recognizer_<its status>`, one in which it found no
        words `nothing_understood`.

        Raises:
            InputError: the recognizer or the synthesizer cannot do what is asked of it.
        """
        speaker: Synthesizer = self._synthesizer()
        said = [_understood(found) for found in self.recognizer.transcribe(batch, Context(self.language)).hypotheses]

        def spoken(text: _Understood) -> Signal:
            if not text.text:
                raise NotAlteredError(text.reason)
            signal = speaker.speak(text.text, self.voice, pitch=self.pitch, rate=self.rate)
            return batch_of([signal], speaker.sample_rate, [""]).resampled(batch.sample_rate).signal(0)

        def result(index: int) -> Signal | ItemStatus | None:
            if not is_altered(batch, index):
                return None
            return attempt(lambda _signal, _item: spoken(said[index]), batch.signal(index), "")

        return gathered(batch, map(result, range(len(batch))))

    def _synthesizer(self) -> Synthesizer:
        make: Callable[[], Synthesizer] = self.synthesizer
        return make()


def _understood(found: Any) -> _Understood:
    if found.status.status is not Status.OK:
        return _Understood(None, f"recognizer_{found.status.status}")
    return _Understood((found.text or "").strip(), "nothing_understood")
