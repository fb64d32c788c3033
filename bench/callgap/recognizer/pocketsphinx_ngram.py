"""PocketSphinx with its bundled US-English model, writing down whatever is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.recognizer.base import Transcription
from callgap.recognizer.sphinx import Ear, decode, model_identity, new_decoder, require_english
from callgap.records import Context, Grammar


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PocketSphinxNgram(Ear):
    """Open speech under the trigram model in the wheel; a grammar is for the service to match, not to listen for.

    Attributes:
        alternatives: other texts kept per utterance in `n_best`, behind the text itself.
    """

    alternatives: Annotated[int, Field(ge=0, le=20)]

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Recognize a batch, one utterance after the other; a process serves one batch at a time.

        Raises:
            InputError: the language is not English.
        """
        self.check([], context.language)
        return self.hear(batch, lambda pcm: decode(_decoder(), pcm, self.alternatives))

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Check the language; a grammar may hold any words.

        Raises:
            InputError: the language is not English.
        """
        require_english(language, "pocketsphinx-ngram")

    def identity(self) -> Mapping[str, str]:
        """The version of PocketSphinx and of the model in its wheel."""
        return model_identity("pocketsphinx-ngram")


@lru_cache(maxsize=1)
def _decoder() -> Any:
    return new_decoder("en-us.lm.bin")
