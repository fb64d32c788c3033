"""From what the recognizer wrote to what a node takes it for: once per utterance and grammar, whatever the calls."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from callgap.ivr.nodes import ANY_OTHER, Answer, Digits, Intent, Menu
from callgap.ivr.routing import route
from callgap.records import Status

if TYPE_CHECKING:
    from callgap.ivr.graph import Graph

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NOTHING = -1
"""No answer, or no number."""


@dataclass(frozen=True)
class Texts:
    """What the recognizer wrote with one grammar, by the place of the utterance in its table.

    Attributes:
        text: `[utterance]`; None where none came.
        confidence: `[utterance]`; not a number where the recognizer gives none.
        owed: `[utterance]`, whether the recognizer owed a text and gave none.
        excluded: `[utterance]`, whether the input was at fault.
    """

    text: list[str | None]
    confidence: Reals
    owed: Flags
    excluded: Flags


@dataclass(frozen=True)
class Understanding:
    """What a node takes the texts of one grammar for.

    Attributes:
        answer: `[utterance]`, place among the node's answers, or `NOTHING`.
        digit: `[utterance]`, the digit where the text is a single one, else `NOTHING`.
        number: `[utterance]`, the number where the text has as many digits as the node asks for, else `NOTHING`.
        confidence: `[utterance]`, not a number where nobody gives one.
        owed: as in `Texts`, or by the node's router.
    """

    answer: Ints
    digit: Ints
    number: Ints
    confidence: Reals
    owed: Flags


def texts_of(hypotheses: pa.Table, places: Mapping[str, int]) -> dict[str, Texts]:
    """Sort hypotheses by grammar.

    Args:
        hypotheses: table `hypotheses`.
        places: by utterance id, its place.

    Returns:
        By grammar id; an utterance without a row there is owed.
    """
    found: dict[str, Texts] = {}
    names = ("grammar_id", "utterance_id", "text", "confidence", "status")
    columns = (hypotheses[name].to_pylist() for name in names)
    for grammar, utterance, text, confidence, status in zip(*columns, strict=True):
        place = places.get(utterance)
        if place is None:
            continue
        size = len(places)
        texts = found.setdefault(
            grammar, Texts([None] * size, np.full(size, np.nan), np.ones(size, bool), np.zeros(size, bool))
        )
        texts.text[place] = text
        texts.confidence[place] = np.nan if confidence is None else confidence
        texts.owed[place] = status != Status.OK
        texts.excluded[place] = status == Status.EXCLUDED
    return found


def understand(graph: Graph, node: str, texts: Texts | None, size: int) -> Understanding:
    """Take texts for answers and numbers.

    Args:
        graph: the service.
        node: at which they were said.
        texts: of the node's grammar, or of free speech; None where nothing was recognized with it.
        size: how many utterances there are.

    Returns:
        The same number of answers. Texts that are the same are looked at once.
    """
    if texts is None:
        none = np.full(size, NOTHING)
        return Understanding(none, none, none, np.full(size, np.nan), np.ones(size, bool))
    unique: dict[str, int] = {}
    index = np.array([unique.setdefault(plain_words(text or ""), len(unique)) for text in texts.text], np.int64)
    said = list(unique)
    answers, sure = _answers(graph, node, said)
    asked = graph.nodes[node]
    unanswered = np.zeros(len(said), bool)
    if isinstance(asked, Intent):
        unanswered = _routed(graph, node, said, answers, sure)
    digits = [_digits(graph, text) for text in said] if isinstance(asked, Digits) else [""] * len(said)
    length = asked.length if isinstance(asked, Digits) else 0
    return Understanding(
        answer=answers[index],
        digit=_as_numbers(digits, 1)[index],
        number=_as_numbers(digits, length)[index],
        # A recognizer without confidence leaves that of the router, and the other way around.
        confidence=np.fmin(texts.confidence, sure[index]),
        owed=texts.owed | unanswered[index],
    )


def plain_words(text: str) -> str:
    """A text in lower case, its words separated by one space, without punctuation.

    Args:
        text: as a recognizer wrote it.

    Returns:
        The words; apostrophes stay.
    """
    composed = unicodedata.normalize("NFC", text).replace("\u2019", "'").lower()
    return " ".join(re.sub(r"[^\w']|_", " ", composed).split())


def read_digits(graph: Graph, text: str) -> str | None:
    """The digits that a text says.

    Args:
        graph: whose numerals count.
        text: such as `four two`, `42` or `4-2`.

    Returns:
        `42`; None where a word is no numeral, or there is none.
    """
    return _digits(graph, plain_words(text)) or None


def word_edits(one: Sequence[str], other: Sequence[str]) -> int:
    """Fewest words to insert, delete or replace that turn one into the other (Levenshtein, 1966)."""
    row = list(range(len(other) + 1))
    for i, word in enumerate(one, 1):
        above, row[0] = row[0], i
        for j, against in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (word != against))
    return row[-1]


def _digits(graph: Graph, text: str) -> str:
    found = [word if word.isascii() and word.isdigit() else graph.words.get(word, "") for word in text.split()]
    return "".join(found) if all(found) else ""


def _as_numbers(digits: Sequence[str], length: int) -> Ints:
    return np.array([int(text) if text and len(text) == length else NOTHING for text in digits], np.int64)


def _answers(graph: Graph, node: str, said: Sequence[str]) -> tuple[Ints, Reals]:
    answers = graph.answers(node)
    asked = graph.nodes[node]
    sure = np.full(len(said), np.nan)
    found = np.array([_spotted(answers, text) for text in said], np.int64)
    ways: list[Callable[[str], int]] = [_exactly(answers)]
    if isinstance(asked, Menu) and asked.grammar is not None:
        ways.append(_by_grammar(asked, answers))
    if isinstance(asked, Menu) and asked.tolerance:
        ways.append(_nearly(answers, asked.tolerance))
    for way in ways:
        for place in np.flatnonzero(found == NOTHING):
            found[place] = way(said[place])
    return found, sure


def _routed(graph: Graph, node: str, said: Sequence[str], found: Ints, sure: Reals) -> Flags:
    """Let a router take what no phrase took; `found` and `sure` are changed in place.

    Returns:
        `[text]`, whether the router owes an answer: nobody knows then what the service would have done.
    """
    owed = np.zeros(len(said), bool)
    # Of two answers that lead to the same place the first counts, as among those that serve an intent.
    tags = {tag: place for place, answer in reversed([*enumerate(graph.answers(node))]) for tag in answer.tags}
    left = [place for place in np.flatnonzero(found == NOTHING) if said[place]]
    for place, routed in zip(left, route(graph, node, [said[place] for place in left]), strict=True):
        owed[place] = routed.fault is not None
        sure[place] = np.nan if routed.confidence is None else routed.confidence
        if routed.intent is not None and routed.fault is None:
            found[place] = tags.get(routed.intent, tags.get(ANY_OTHER, NOTHING))
    return owed


def _spotted(answers: Sequence[Answer], text: str) -> int:
    for place, answer in enumerate(answers):
        if answer.spotted and any(f" {plain_words(phrase)} " in f" {text} " for phrase in answer.spoken):
            return place
    return NOTHING


def _exactly(answers: Sequence[Answer]) -> Callable[[str], int]:
    phrases: dict[str, int] = {}
    for place, answer in enumerate(answers):
        for phrase in answer.spoken:
            phrases.setdefault(plain_words(phrase), place)
    return lambda text: phrases.get(text, NOTHING)


def _by_grammar(menu: Menu, answers: Sequence[Answer]) -> Callable[[str], int]:
    def way(text: str) -> int:
        assert menu.grammar is not None
        found = menu.grammar.match(text, menu.tolerance)
        labels = tuple(found.labels) if found is not None else ()
        return next((p for label in labels for p, answer in enumerate(answers) if label in answer.tags), NOTHING)

    return way


def _nearly(answers: Sequence[Answer], tolerance: int) -> Callable[[str], int]:
    phrases = [(plain_words(phrase).split(), place) for place, answer in enumerate(answers) for phrase in answer.spoken]

    def way(text: str) -> int:
        words = text.split()
        # So many words more or fewer are as many edits at least.
        close = [(phrase, place) for phrase, place in phrases if words and abs(len(phrase) - len(words)) <= tolerance]
        counted = ((word_edits(words, phrase), len(phrase), place) for phrase, place in close)
        # A phrase of which no word is left was not said.
        edits = [(count, place) for count, length, place in counted if count < length]
        least = min(edits, default=(tolerance + 1, NOTHING))[0]
        nearest = {place for count, place in edits if count == least}
        # Two answers equally near are none: the caller is asked again.
        return nearest.pop() if least <= tolerance and len(nearest) == 1 else NOTHING

    return way
