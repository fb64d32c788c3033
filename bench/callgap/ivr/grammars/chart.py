"""Finds how a grammar says a text: a chart of what each part can hear from each word on.

A position is (words of the text used, edits spent, whether a word of the grammar was heard as such). Hearing a word or
spending an edit moves on, and no rule begins with itself, so every part of the chart is worked out once, in time that
grows with a power of the text's length and never with the number of phrases. Edits are the insertions, deletions and
substitutions of V. I. Levenshtein, Binary codes capable of correcting deletions, insertions and reversals (1966), with
words for letters. An explicit stack stands in for recursion, so that no text is too long for it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import cast

from callgap.ivr.grammars.flat import Flat
from callgap.ivr.grammars.nodes import NULL, VOID, Repeat, Sequence, Special, Tag, Word
from callgap.ivr.grammars.words import heard

MAX_WORK = 500_000
"""Ends looked at in one chart: about a second."""


class TooManyWaysError(Exception):
    """A text can be said in so many ways that the chart is given up."""


Position = tuple[int, int, bool]


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a part of the grammar says a part of the text.

    Attributes:
        words: what the grammar says, as nested pairs, None for nothing.
        labels: the tags met.
        torn: whether another way with the same edits meets other tags.
    """

    words: object
    labels: tuple[str, ...]
    torn: bool = False


Ends = dict[Position, Way]
Goal = tuple[int, int, Position]
Steps = Generator[Goal, Ends, Ends]

_NOTHING = Way(None, ())


class Chart:
    """A text against a grammar.

    Args:
        flat: the grammar.
        keys: by node, the word as it is compared; None for what is no word.
        text: the words of the text, as they are compared.
        edits: most edits that may be spent.
    """

    def __init__(self, flat: Flat, keys: list[str | None], text: tuple[str, ...], edits: int) -> None:
        self._flat, self._keys, self._text, self._edits = flat, keys, text, edits
        self._known: dict[Goal, Ends] = {}
        self._work = 0

    def best(self, body: int) -> Way | None:
        """The first way in which a node says the whole text with exactly the edits allowed.

        Args:
            body: number of the node.

        Returns:
            The way, or None. Of a text with edits at least one word was heard as the grammar has it.
        """
        found: Ends = {}
        for (used, spent, hit), way in self._ends((body, 0, (0, 0, False))).items():
            left_over = len(self._text) - used
            if spent + left_over == self._edits and (hit or self._edits == 0):
                _join(found, (0, 0, True), way)
        return next(iter(found.values()), None)

    def _ends(self, goal: Goal) -> Ends:
        stack: list[tuple[Goal, Steps]] = []
        answer = self._now(goal)
        if answer is None:
            stack.append((goal, self._steps(goal)))
        while stack:
            current, steps = stack[-1]
            try:
                needed = next(steps) if answer is None else steps.send(answer)
            except StopIteration as finished:
                answer = self._known[current] = finished.value
                stack.pop()
                continue
            answer = self._now(needed)
            self._work += 1 + len(answer or ())
            if self._work > MAX_WORK:
                raise TooManyWaysError
            if answer is None:
                stack.append((needed, self._steps(needed)))
        return self._known[goal] if answer is None else answer

    def _now(self, goal: Goal) -> Ends | None:
        """Ends that are known, or that depend on no others."""
        known = self._known.get(goal)
        if known is None:
            number, _, start = goal
            node = self._flat.nodes[number]
            if isinstance(node, Word):
                known = self._known[goal] = self._word(node.text, self._keys[number] or "", start)
            elif isinstance(node, Tag):
                known = self._known[goal] = {start: Way(None, (node.label,))}
            elif isinstance(node, Special):
                known = self._known[goal] = self._special(node, start)
        return known

    def _steps(self, goal: Goal) -> Steps:
        number, times, start = goal
        node = self._flat.nodes[number]
        if isinstance(node, Sequence):
            return self._sequence(number, start)
        if isinstance(node, Repeat):
            return self._repeat(number, node, times, start)
        return self._one_of(number, start)

    def _word(self, word: str, key: str, start: Position) -> Ends:
        """Heard as such or as another word, perhaps after words that should not be there; or not at all."""
        used, spent, hit = start
        way, ends = Way(word, ()), Ends()
        for skipped in range(min(self._edits - spent, len(self._text) - used - 1) + 1):
            last, cost = used + skipped + 1, spent + skipped
            if self._text[last - 1] == key:
                ends[last, cost, True] = way
            elif cost < self._edits:
                ends[last, cost + 1, hit] = way
        if spent < self._edits:
            ends[used, spent + 1, hit] = way
        return ends

    def _special(self, node: Special, start: Position) -> Ends:
        if node is VOID:
            return {}
        if node is NULL:
            return {start: _NOTHING}
        used, spent, hit = start
        ends, words = {start: _NOTHING}, cast(object, None)
        for last, word in enumerate(self._text[used:], used + 1):
            words = (words, word)
            ends[last, spent, hit] = Way(words, ())
        return ends

    def _sequence(self, number: int, start: Position) -> Steps:
        ends: Ends = {start: _NOTHING}
        for kid in self._flat.kids[number]:
            reached, ends = ends, {}
            for middle, before in reached.items():
                for end, after in (yield kid, 0, middle).items():
                    _join(ends, end, _both(before, after))
        return ends

    def _one_of(self, number: int, start: Position) -> Steps:
        ends: Ends = {}
        for kid in self._flat.kids[number]:
            for end, way in (yield kid, 0, start).items():
                _join(ends, end, way)
        return ends

    def _repeat(self, number: int, node: Repeat, times: int, start: Position) -> Steps:
        """Once more before no more. A time beyond the least must say something, or there would be no end to it."""
        ends: Ends = {}
        if node.most is None or times < node.most:
            after_that = min(times + 1, node.least) if node.most is None else times + 1
            for middle, before in (yield self._flat.kids[number][0], 0, start).items():
                if middle == start and times >= node.least:
                    continue
                for end, after in (yield number, after_that, middle).items():
                    _join(ends, end, _both(before, after))
        if times >= node.least:
            _join(ends, start, _NOTHING)
        return ends


def _both(before: Way, after: Way) -> Way:
    if before is _NOTHING:
        return after
    if after is _NOTHING:
        return before
    return Way((before.words, after.words), before.labels + after.labels, before.torn or after.torn)


def _join(ends: Ends, end: Position, way: Way) -> None:
    """Keep the first way to an end, and remember whether another one meets other tags."""
    first = ends.setdefault(end, way)
    if first is not way and not first.torn and (way.torn or way.labels != first.labels):
        ends[end] = Way(first.words, first.labels, torn=True)


def said(words: object) -> Iterator[str]:
    """The words of a way, in order."""
    waiting = [words]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting.extend(reversed(part))
        elif isinstance(part, str):
            yield part


def keys_of(flat: Flat, typed: bool) -> list[str | None]:
    """By node, the word as it is compared; None for what is no word.

    Args:
        flat: the grammar.
        typed: whether its words are keys of a telephone, compared as they are.
    """
    words = (node.text if isinstance(node, Word) else None for node in flat.nodes)
    return [word if word is None or typed else heard(word) for word in words]
