"""PocketSphinx with its bundled US-English model, listening for the phrases of a grammar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any

import pocketsphinx
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.errors import InputError
from callgap.recognizer.base import Transcription
from callgap.recognizer.jsgf import GARBAGE_TAG, compile_jsgf, garbage_words, words_of
from callgap.recognizer.sphinx import Ear, Heard, decode, model_identity, new_decoder, require_english
from callgap.records import OPEN, Context, Grammar

_NO_GRAMMAR = (
    "recognizer=pocketsphinx listens for a grammar, and this service takes free speech; accepted: "
    "recognizer=pocketsphinx-ngram, or another that needs no grammar"
)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PocketSphinx(Ear):
    """A grammar recognizer: the embedded default, weak on purpose of no one, and the same everywhere.

    Attributes:
        garbage: words of the path that speech outside the grammar may take; empty accepts anything as a phrase.
        garbage_weight: of that path beside the menu's weight of 1; acoustic scores differ by tens of orders of
            magnitude, hence its size. Below about 1e-28 the decoder prunes the path and nothing is refused.
    """

    garbage: tuple[str, ...]
    garbage_weight: Annotated[float, Field(gt=0, le=1)]

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Recognize a batch, one utterance after the other; a process serves one batch at a time.

        Raises:
            InputError: the context has no grammar, a language other than English, or words that the dictionary lacks.
        """
        grammar = context.grammar
        if grammar is None:
            raise InputError(_NO_GRAMMAR)
        self.check([grammar], context.language)
        decoder = _decoder(self.garbage).listening_for(grammar, self.garbage_weight)
        return self.hear(batch, lambda pcm: _without_garbage(decode(decoder, pcm)))

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Check the language, that there is a grammar, and that the dictionary has every word.

        Raises:
            InputError: the language is not English, the service listens to free speech, or a word has no pronunciation.
        """
        require_english(language, "pocketsphinx")
        listened = list(grammars)
        if any(grammar.grammar_id == OPEN for grammar in listened):
            raise InputError(_NO_GRAMMAR)
        for word in (*self.garbage, *(word for grammar in listened for word in words_of(grammar))):
            _pronunciations(word)

    def identity(self) -> Mapping[str, str]:
        """The version of PocketSphinx and of the model in its wheel."""
        return model_identity("pocketsphinx")


def _without_garbage(heard: Heard) -> Heard:
    return Heard("", heard.confidence) if heard.text.endswith(GARBAGE_TAG) else heard


class _Decoder:
    """One PocketSphinx decoder with the grammars that it has compiled."""

    def __init__(self, garbage: tuple[str, ...]) -> None:
        self._decoder: Any = new_decoder(None)
        self._garbage = garbage
        self._searches: dict[tuple[Grammar, float], str] = {}
        # A word added after a grammar was compiled leaves that grammar with dangling tables: all words come first.
        for word in garbage:
            self._decoder.add_word(word + GARBAGE_TAG, _pronunciations(word)[0], word == garbage[-1])

    def listening_for(self, grammar: Grammar, weight: float) -> Any:
        key = (grammar, weight)
        if key not in self._searches:
            sounds = {word: _pronunciations(word) for word in {*words_of(grammar), *self._garbage}}
            chosen = garbage_words(self._garbage, grammar, sounds)
            name = f"grammar{len(self._searches)}"
            self._decoder.add_jsgf_string(name, compile_jsgf(grammar, chosen, weight))
            self._searches[key] = name
        # Not asked of the decoder first: it crashes when asked for its search before it has one.
        self._decoder.activate_search(self._searches[key])
        return self._decoder


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
