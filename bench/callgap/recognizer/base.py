"""What every recognizer offers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from callgap.audio import AudioBatch, Signal
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
            grammars: of the service; one without phrases where it listens to free speech.
            language: BCP 47 tag.

        Raises:
            InputError: a grammar or the language is not one that the recognizer takes.
        """

    def identity(self) -> Mapping[str, str]:
        """What identifies the system in a published table: `id`, `revision`, `locale`."""


@dataclass(frozen=True, eq=False)
class Sound:
    """One utterance, or one window of a long recording, as it came out of the line.

    Attributes:
        signal: float32 `[sample]` in [-1, 1], in the memory of the processor.
        sample_rate: Hz.
        utterance_id: whose it is; empty where nobody knows. No text may depend on it; a recognizer with several models
            may choose by it the one that was not trained on the speaker.
    """

    signal: Signal
    sample_rate: int
    utterance_id: str = ""

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return len(self.signal) / self.sample_rate


@runtime_checkable
class Central(Recognizer, Protocol):
    """A recognizer that works for all processes from one: its model fills the device, or a server counts its callers.

    Worker processes read, alter and transmit; what comes out of the line is gathered into windows of many utterances,
    which the recognizer may take in any order.
    """

    @property
    def window(self) -> int:
        """Most utterances that it wants to see at once, to sort them by length or to ask for them side by side."""

    def recognize(self, sounds: Sequence[Sound], context: Context) -> Iterator[tuple[int, Hypothesis]]:
        """Recognize a window.

        Args:
            sounds: what is to be recognized; all of it can be heard.
            context: language and grammar.

        Yields:
            Each place in `sounds` once, in whatever order, with its hypothesis.

        Raises:
            InputError: nothing more can be recognized, for example because a server refuses the key. What was yielded
                before counts.
        """

    def warm(self, context: Context) -> None:
        """Load what is needed and try it, before any clock runs.

        Raises:
            InputError: a checkpoint, a package, the device or a server is not what is needed.
        """

    def notes(self) -> Mapping[str, object]:
        """What `run.json` should say of the work so far: device, precision, batches that did not fit into memory."""
