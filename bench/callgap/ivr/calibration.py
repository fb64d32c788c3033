"""Whether a recognizer's confidence can be trusted: how often what was understood is right, by confidence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from callgap.ivr.callers import recordings
from callgap.ivr.graph import Graph
from callgap.ivr.nodes import Digits
from callgap.ivr.understanding import NOTHING, Flags, Reals, texts_of, understand

SEPARATES = 0.7
"""Area under the curve from which on a confidence separates right from wrong well enough to speak of it."""


@dataclass(frozen=True)
class Understood:
    """What a service took the recordings for, each once at the node where it is served first.

    Attributes:
        speaker_ids: `[row]`.
        confidence: `[row]`, of texts that were taken for something and have one.
        right: `[row]`, whether they were taken for what was said.
    """

    speaker_ids: tuple[str, ...]
    confidence: Reals
    right: Flags

    def separation(self) -> float | None:
        """Chance that something right has more confidence than something wrong, ties counted half.

        Returns:
            The area under the receiver operating characteristic, as the Mann-Whitney statistic gives it (Hanley and
            McNeil, 1982); None where nothing is right, or nothing wrong.
        """
        right, wrong = np.sort(self.confidence[self.right]), self.confidence[~self.right]
        if not len(right) or not len(wrong):
            return None
        above = len(right) - np.searchsorted(right, wrong, "right")
        ties = np.searchsorted(right, wrong, "right") - np.searchsorted(right, wrong, "left")
        return float((above + ties / 2).sum() / (len(right) * len(wrong)))

    def separates(self) -> bool:
        """Whether the confidence may be spoken of at all."""
        return (self.separation() or 0.0) >= SEPARATES

    def of(self, speakers: Collection[str]) -> Understood:
        """The same, of some speakers."""
        mine = np.array([speaker in speakers for speaker in self.speaker_ids], bool)
        names = tuple(speaker for speaker, is_mine in zip(self.speaker_ids, mine, strict=True) if is_mine)
        return Understood(names, self.confidence[mine], self.right[mine])

    def curve(self, bins: int = 10) -> list[Bin]:
        """Right answers by confidence.

        Args:
            bins: of equal width from 0 to 1.

        Returns:
            The bins that are not empty, in order.
        """
        place = np.clip((self.confidence * bins).astype(np.int64), 0, bins - 1)
        found = []
        for number in range(bins):
            mine = place == number
            if mine.any():
                right, mean = int(self.right[mine].sum()), float(self.confidence[mine].mean())
                found.append(Bin(number / bins, (number + 1) / bins, right, int(mine.sum()), mean))
        return found


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence.

    Attributes:
        begin: least confidence.
        end: confidence from which on the next bin begins.
        right: answers that were right.
        answers: all of them.
        mean_confidence: of all of them; a calibrated recognizer has the share of right answers here.
    """

    begin: float
    end: float
    right: int
    answers: int
    mean_confidence: float


def understood(graph: Graph, utterances: pa.Table, hypotheses: pa.Table) -> Understood:
    """Collect what was understood, with what confidence.

    Args:
        graph: the service.
        utterances: table `utterances`.
        hypotheses: table `hypotheses`.

    Returns:
        Recordings that were taken for an answer or a digit with a confidence; whole numbers are not among them.
    """
    places = {name: place for place, name in enumerate(utterances["utterance_id"].to_pylist())}
    texts = texts_of(hypotheses, places)
    by_speaker = recordings(graph, utterances).by_speaker
    rows: list[tuple[str, float, bool]] = []
    for name, grammar in graph.grammar_ids.items():
        heard = understand(graph, name, texts.get(grammar), len(places))
        node = graph.nodes[name]
        for intent, (first, _) in graph.places.items():
            if first != grammar or _first_node(graph, intent) != name:
                continue
            is_digit = isinstance(node, Digits) and intent in node.intents()
            taken = heard.digit if is_digit else heard.answer
            wanted = node.intents().index(intent) if isinstance(node, Digits) and is_digit else None
            for speaker, takes in by_speaker.items():
                for place in takes.get(intent, ()):
                    if taken[place] != NOTHING and not np.isnan(heard.confidence[place]):
                        meant = taken[place] == wanted if is_digit else _serves(graph, name, int(taken[place]), intent)
                        rows.append((speaker, float(heard.confidence[place]), bool(meant)))
    return Understood(
        tuple(row[0] for row in rows), np.array([row[1] for row in rows]), np.array([row[2] for row in rows], bool)
    )


def _first_node(graph: Graph, intent: str) -> str:
    for name, node in graph.nodes.items():
        of_digits = node.intents() if isinstance(node, Digits) else ()
        if intent in of_digits or any(intent in answer.intents for answer in node.choices):
            return name
    return graph.start


def _serves(graph: Graph, node: str, answer: int, intent: str) -> bool:
    # Two answers that lead to the same place are one to the caller.
    answers = graph.answers(node)
    return answers[answer].goto == next((a.goto for a in answers if intent in a.intents), None)
