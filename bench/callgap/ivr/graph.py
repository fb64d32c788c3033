"""A service as a graph: from node to node until a call ends, with what callers say on their way."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from callgap.ivr.checks import check_graph
from callgap.ivr.nodes import STRICT, Answer, AnyNode, Call, Digits, End, Keys, Menu, Share
from callgap.records import OPEN, Grammar

VERSION = 1
"""Of the way in which a graph is written down."""

_MOST_PHRASES = 20_000


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Graph:
    """A service that people call, and the calls that they make.

    Attributes:
        version: of the schema.
        name: of the service.
        start: the node at which every call begins.
        human: the end at which a person answers who can help with anything.
        attempts: how often a caller may try at a node.
        after_attempts: where a call goes whose attempts are used up; null hangs up.
        reject_below: confidence of the recognizer below which nothing is taken; null takes everything.
        keys: the telephone keys offered at every node that has none of its own; null offers none.
        always: what may be answered at every node.
        stray: the intent of what a caller says at a node that is no part of the way to what is wanted; null says again
            what is wanted.
        numerals: by digit, the words for it.
        nodes: by name.
        ends: by name.
        calls: by name, the kinds of call.
        calls_per_speaker: how many calls every speaker makes, in the shares of their kinds.
        retakes: how often a recording may be heard in one call, each time through fresh noise of the line, where the
            speaker has no other of the same words.
        probes_per_speaker: utterances per speaker that are also recognized with their own answer taken out of the
            grammar, to measure how often the recognizer accepts what it should refuse.
        confident_from: confidence from which on an error is a confident one.
        seed: of the numbers that callers say: the same for all speakers.
    """

    version: int
    name: str
    start: str
    human: str
    attempts: Annotated[int, Field(strict=True, ge=1, le=10)]
    after_attempts: str | None
    nodes: Annotated[Mapping[str, AnyNode], Field(min_length=1)]
    ends: Annotated[Mapping[str, End], Field(min_length=1)]
    calls: Annotated[Mapping[str, Call], Field(min_length=1)]
    reject_below: Share | None = None
    keys: Keys | None = None
    always: tuple[Answer, ...] = ()
    stray: str | None = None
    numerals: Mapping[Annotated[str, Field(pattern="^[0-9]$")], tuple[str, ...]] = Field(default_factory=dict)
    calls_per_speaker: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 20
    retakes: Annotated[int, Field(strict=True, ge=1, le=10)] = 3
    probes_per_speaker: Annotated[int, Field(ge=0)] = 0
    confident_from: Share = 0.8
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1

    @model_validator(mode="before")
    @classmethod
    def _this_version(cls, given: object) -> object:
        # Looked at first: of another version, nothing else can be said.
        found = getattr(given, "kwargs", None) or (given if isinstance(given, Mapping) else {})
        version = found.get("version")
        if version != VERSION or type(version) is not int:
            said = repr(version) if "version" in found else "nothing"
            raise ValueError(f"version: found {said}, accepted: {VERSION}")
        return given

    @model_validator(mode="after")
    def _every_call_can_end(self) -> Self:
        check_graph(self)
        return self

    def answers(self, node: str) -> tuple[Answer, ...]:
        """What may be answered at a node, and after that what every node takes."""
        return (*self.nodes[node].choices, *self.always)

    def limit(self, node: str) -> int:
        """How often a caller may try at a node."""
        return self.nodes[node].attempts or self.attempts

    def fallback(self, node: str) -> str | None:
        """Where a call goes whose attempts at a node are used up; None hangs up."""
        return self.nodes[node].after_attempts or self.after_attempts

    def threshold(self, node: str) -> float:
        """Confidence below which a node takes nothing."""
        own = self.nodes[node].reject_below
        return (self.reject_below or 0.0) if own is None else own

    def keys_of(self, node: str) -> Keys | None:
        """The telephone keys that a node offers."""
        return self.nodes[node].keys or self.keys

    @cached_property
    def words(self) -> Mapping[str, str]:
        """By numeral, its digit."""
        return {word.lower(): digit for digit, words in self.numerals.items() for word in words}

    @cached_property
    def places(self) -> Mapping[str, tuple[str, str]]:
        """By intent: the grammar with which it is heard first, and the intent itself, as `grammar` leaves it out."""
        found: dict[str, tuple[str, str]] = {}
        for name, node in self.nodes.items():
            of_digits = node.intents() if isinstance(node, Digits) else ()
            for intent in (*itertools.chain.from_iterable(answer.intents for answer in node.choices), *of_digits):
                found.setdefault(intent, (self.grammar_ids[name], intent))
            if isinstance(node, Digits) and node.whole:
                found.setdefault(node.whole, (OPEN, node.whole))
        for answer in self.always:
            for intent in answer.intents:
                found.setdefault(intent, (self.grammar_ids[self.start], intent))
        return found

    @cached_property
    def grammar_ids(self) -> Mapping[str, str]:
        """By node, the name of its grammar: of the first node at which the same may be said."""
        first: dict[tuple[str, ...], str] = {}
        return {
            name: OPEN if node.is_open else first.setdefault(self._phrases(name), name)
            for name, node in self.nodes.items()
        }

    def grammar(self, node: str, without: str | None = None) -> Grammar:
        """What may be said at a node.

        Args:
            node: its name.
            without: an intent whose answers are left out.

        Returns:
            The grammar, named after the node and what was left out; without phrases where the node is an open one.
        """
        if node == OPEN or self.nodes[node].is_open:
            return Grammar(OPEN, ())
        name = self.grammar_ids[node]
        return Grammar(name if without is None else f"{name}-without-{without}", self._phrases(node, without))

    def _phrases(self, name: str, without: str | None = None) -> tuple[str, ...]:
        node = self.nodes[name]
        kept = [answer for answer in self.answers(name) if without is None or without not in answer.intents]
        said = list(itertools.chain.from_iterable(answer.spoken for answer in kept))
        if isinstance(node, Digits):
            left = {str(digit) for digit, intent in enumerate(node.intents()) if intent == without}
            said += [word for word, digit in self.words.items() if digit not in left]
        if isinstance(node, Menu) and node.grammar is not None:
            tags = {tag for answer in kept for tag in answer.tags}
            found = node.grammar.phrases(_MOST_PHRASES)
            said += [phrase for phrase in found if tags & set(_labels(node.grammar, phrase))]
        return tuple(dict.fromkeys(said))


def _labels(grammar: object, phrase: str) -> tuple[str, ...]:
    found = grammar.match(phrase)  # type: ignore[attr-defined]
    return tuple(found.labels) if found is not None else ()
