"""What every recognizer offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from callgap.audio import AudioBatch
from callgap.records import OK, Context, Grammar, ItemStatus


@dataclass(frozen=True)
class Hypothesis:
    """What was understood of one utterance.

    Attributes:
        text: None unless the status is ok; empty where the recognizer found nothing to say.
        error_rate: word errors per word, where these are published and the text is not; else None.
        status: why there is no text, or with a reason why the text is empty.
        confidence: as the recognizer states it; no claim of callgap rests on it.
        n_best: alternatives, the best first.
        latency_s: seconds from the audio to the text.
    """

    text: str | None
    status: ItemStatus = OK
    confidence: float | None = None
    n_best: tuple[str, ...] = ()
    latency_s: float = 0.0
    error_rate: float | None = None


@dataclass(frozen=True)
class Transcription:
    """What was understood of a batch: one hypothesis per item, in its order."""

    utterance_ids: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]

    def __post_init__(self) -> None:
        if len(self.utterance_ids) != len(self.hypotheses):
            raise ValueError(f"{len(self.hypotheses)} hypotheses for {len(self.utterance_ids)} utterances")


class Recognizer(Protocol):
    """Turns speech into text. The text depends on the utterance and the context alone."""

    @property
    def hears(self) -> bool:
        """Whether the text comes from the audio; False where it is looked up by the utterance's id."""

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Recognize a batch.

        Args:
            batch: any sample rate.
            context: language and grammar.

        Returns:
            One hypothesis per item; an item that came without audio keeps its status.
        """

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Refuse what cannot be recognized before anything is.

        Args:
            grammars: of the service; empty for open speech.
            language: BCP 47 tag.

        Raises:
            InputError: a grammar or the language is not one that the recognizer takes.
        """

    def identity(self) -> Mapping[str, str]:
        """What identifies the system in a published table: `id`, `revision`, `locale`."""
