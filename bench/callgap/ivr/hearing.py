"""What callers say at a node and what it understands, for many calls at once: look-ups in arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from callgap.ivr.callers import AGAIN, Calls, Recordings, numbers_said, said_at
from callgap.ivr.nodes import Digits
from callgap.ivr.understanding import NOTHING, Flags, Ints, Reals, Texts, Understanding, understand
from callgap.records import OPEN

if TYPE_CHECKING:
    from callgap.ivr.graph import Graph


@dataclass(frozen=True)
class Heard:
    """One turn of some calls.

    Attributes:
        answer: `[call]`, place of the answer understood, or `NOTHING`.
        number: `[call]`, the number understood, or `NOTHING`.
        right: `[call]`, whether what was understood is what was said.
        confidence: `[call]`, the least of what was joined; not a number where there is none.
        seconds: `[call]`, of speech.
        owed: `[call]`, whether a text was owed.
        again: `[call]`, whether a recording was heard again for want of another take.
        opening: `[call]`, place of the first utterance said; `NOTHING` where the caller has none and is silent.
    """

    answer: Ints
    number: Ints
    right: Flags
    confidence: Reals
    seconds: Reals
    owed: Flags
    again: Flags
    opening: Ints


class Takes:
    """Which utterance a speaker uses for something, at which attempt."""

    def __init__(self, recorded: Recordings) -> None:
        keys = sorted({key for takes in recorded.by_speaker.values() for key in takes})
        self.places = {key: place for place, key in enumerate(keys)}
        self._first = np.zeros((len(recorded.speakers), len(keys) + 1), np.int64)
        self._count = np.zeros_like(self._first)
        flat: list[int] = []
        for row, speaker in enumerate(recorded.speakers):
            for key, takes in recorded.by_speaker[speaker].items():
                self._first[row, self.places[key]] = len(flat)
                self._count[row, self.places[key]] = len(takes)
                flat += takes
        self._flat = np.array([*flat, NOTHING], np.int64)
        self._again = np.array([AGAIN in name for name in recorded.ids] + [False])

    def count(self, speaker: Ints, key: Ints) -> Ints:
        """How many takes of something each speaker has."""
        return self._count[speaker, key]

    def use(self, speaker: Ints, key: Ints, begin: Ints, turn: Ints) -> tuple[Ints, Flags]:
        """The utterances said.

        Args:
            speaker: place of each.
            key: place of what is said, or `NOTHING`.
            begin: the take that a call begins with; calls of one kind begin with different ones.
            turn: how many takes the call has used.

        Returns:
            Places of utterances, `NOTHING` where there is none; and whether each was heard before or is a repetition.
        """
        count = self._count[speaker, key]
        place = self._first[speaker, key] + (begin + turn) % np.maximum(count, 1)
        chosen = self._flat[np.where(count > 0, place, len(self._flat) - 1)]
        return chosen, (count > 0) & ((turn >= count) | self._again[chosen])


class Ear:
    """What one node hears of each call."""

    def __init__(
        self,
        graph: Graph,
        name: str,
        calls: Calls,
        recorded: Recordings,
        takes: Takes,
        texts: Mapping[str, Texts],
        durations: Reals,
    ) -> None:
        self._calls, self._takes = calls, takes
        self._durations = np.append(durations, 0.0)
        size = len(recorded.ids)
        self._understood = _padded(understand(graph, name, texts.get(graph.grammar_ids[name]), size))
        node = graph.nodes[name]
        self._attempts = graph.limit(name)
        kinds = list(graph.calls)
        said = [said_at(graph, kind, name) for kind in kinds]
        self._key = np.array([takes.places.get(intent or "", NOTHING) for intent in said])
        self.wanted = np.array([_serving(graph, name, intent) for intent in said])
        self.says_number = np.zeros(len(kinds), bool)
        if isinstance(node, Digits):
            self.says_number = np.array([intent is None for intent in said])
            whole = understand(graph, name, texts.get(OPEN), size)
            self._numbers(graph, name, node, recorded, _padded(whole))

    def _numbers(self, graph: Graph, name: str, node: Digits, recorded: Recordings, whole: Understanding) -> None:
        calls, takes, kinds = self._calls, self._takes, list(graph.calls)
        self._whole_understood = whole
        self._digit_keys = np.array([takes.places.get(intent, NOTHING) for intent in node.intents()])
        self._digits = np.zeros((len(calls.speaker), node.length), np.int64)
        for place, kind in enumerate(kinds):
            mine = calls.kind == place
            if self.says_number[place] and mine.any():
                self._digits[mine] = numbers_said(graph, name, kind, calls.mix[kind])[calls.repeat[mine]]
        # Where a speaker recorded whole numbers, the calls take them in turn.
        self._whole_key = np.full(len(calls.speaker), NOTHING)
        powers = 10 ** np.arange(node.length - 1, -1, -1, dtype=np.int64)
        self._powers, self._truth = powers, self._digits @ powers
        for row, speaker in enumerate(recorded.speakers):
            if numbers := recorded.numbers(speaker, node.whole):
                mine = np.flatnonzero(calls.speaker == row)
                turn = calls.repeat[mine] % len(numbers)
                self._whole_key[mine] = np.array([takes.places[f"{node.whole}={n}"] for n in numbers])[turn]
                self._truth[mine] = np.array([int(n) for n in numbers])[turn]

    def words(self, at: Ints, turn: Ints) -> Heard:
        """What is understood of callers who say what they want, or what a stray says.

        Args:
            at: places of the calls.
            turn: how often each has been asked here before.
        """
        kind = self._calls.kind[at]
        return self.saying(at, turn, self._key[kind], self.wanted[kind])

    def saying(self, at: Ints, turn: Ints, key: Ints, wanted: Ints) -> Heard:
        """What is understood of callers who say something given.

        Args:
            at: places of the calls.
            turn: how often each has been asked here before.
            key: place of what each says among all that can be said.
            wanted: place of the answer that this is; `NOTHING` for none of them.
        """
        chosen, again = self._takes.use(self._calls.speaker[at], key, self._calls.repeat[at], turn)
        return self._looked_up(self._understood, chosen, again, wanted, np.full(len(at), NOTHING))

    def key(self, intent: str) -> int:
        """Place of an intent among all that can be said."""
        return self._takes.places.get(intent, NOTHING)

    def number(self, at: Ints, turn: Ints) -> Heard:
        """What is understood of callers who say their number; digit by digit unless they recorded it whole."""
        whole = self._whole_key[at] != NOTHING
        parts = [self._whole(at[whole], turn[whole]), self._joined(at[~whole], turn[~whole])]
        order = np.argsort(np.concatenate([np.flatnonzero(whole), np.flatnonzero(~whole)]))
        return Heard(*(np.concatenate([getattr(p, name) for p in parts])[order] for name in Heard.__annotations__))

    def _whole(self, at: Ints, turn: Ints) -> Heard:
        key = self._whole_key[at]
        # The same number at each attempt: the takes are those of this number.
        chosen, again = self._takes.use(self._calls.speaker[at], key, np.zeros_like(at), turn)
        return self._looked_up(self._whole_understood, chosen, again, np.full(len(at), NOTHING), self._truth[at])

    def _joined(self, at: Ints, turn: Ints) -> Heard:
        digits = self._digits[at]
        length = digits.shape[1]
        key = self._digit_keys[digits]
        begin = self._calls.repeat[at][:, None] + np.arange(length)
        speaker = np.broadcast_to(self._calls.speaker[at][:, None], digits.shape)
        # No take twice in a call where there are enough; else at least another one in each place at each attempt.
        step = np.where(self._takes.count(speaker, key) >= length * self._attempts, length, 1)
        chosen, again = self._takes.use(speaker, key, begin, turn[:, None] * step)
        understood = self._understood
        digit = understood.digit[chosen]
        complete = (digit != NOTHING).all(axis=1)
        number = np.where(complete, digit @ self._powers, NOTHING)
        return Heard(
            answer=np.full(len(at), NOTHING),
            number=number,
            right=number == self._truth[at],
            confidence=np.fmin.reduce(understood.confidence[chosen], axis=1),
            seconds=self._durations[chosen].sum(axis=1),
            owed=np.asarray(understood.owed[chosen].any(axis=1)),
            again=np.asarray(again.any(axis=1)),
            opening=chosen[:, 0],
        )

    def _looked_up(self, understood: Understanding, chosen: Ints, again: Flags, wanted: Ints, truth: Ints) -> Heard:
        answer, number = understood.answer[chosen], understood.number[chosen]
        # An answer that every node takes goes before a number.
        number = np.where(answer == NOTHING, number, NOTHING)
        right = np.where(answer != NOTHING, answer == wanted, (number != NOTHING) & (number == truth))
        return Heard(
            answer,
            number,
            right,
            understood.confidence[chosen],
            self._durations[chosen],
            understood.owed[chosen],
            again,
            chosen,
        )


def _serving(graph: Graph, node: str, intent: str | None) -> int:
    return next((p for p, answer in enumerate(graph.answers(node)) if intent in answer.intents), NOTHING)


def _padded(understood: Understanding) -> Understanding:
    """With a last row for silence: nothing is understood, and nobody owes a text."""
    return Understanding(
        np.append(understood.answer, NOTHING),
        np.append(understood.digit, NOTHING),
        np.append(understood.number, NOTHING),
        np.append(understood.confidence, np.nan),
        np.append(understood.owed, False),
    )


def durations_of(covariates: pa.Table, places: Mapping[str, int]) -> Reals:
    """Seconds of each utterance, 0 where they were not measured."""
    seconds = np.zeros(len(places))
    for name, duration in zip(
        covariates["utterance_id"].to_pylist(), covariates["duration_s"].to_pylist(), strict=True
    ):
        if name in places:
            seconds[places[name]] = duration or 0.0
    return seconds
