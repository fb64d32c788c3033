"""A telephone service as a caller meets it: nodes that ask, choices that lead somewhere, and a person at the end."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from callgap.records import Grammar

_STRICT = ConfigDict(extra="forbid")
_MOST_OPTIONAL = 10


@dataclass(frozen=True, config=_STRICT)
class Choice:
    """One thing that can be chosen at a node.

    Attributes:
        goto: the destination that it leads to.
        intents: what callers want who should be led there.
        phrases: what may be said, lower case; words in brackets may be left out, as in `[what is] my balance`.
    """

    goto: str
    intents: tuple[str, ...]
    phrases: Annotated[tuple[str, ...], Field(min_length=1)]

    @cached_property
    def spoken(self) -> tuple[str, ...]:
        """Every literal phrase."""
        return tuple(dict.fromkeys(literal for phrase in self.phrases for literal in expand(phrase)))


@dataclass(frozen=True, config=_STRICT)
class Node:
    """A point at which the service asks and listens.

    Attributes:
        prompt: what the service says.
        prompt_s: seconds that it takes.
        choices: what may be chosen.
    """

    prompt: str
    prompt_s: Annotated[float, Field(gt=0)]
    choices: Annotated[tuple[Choice, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _phrases_lead_to_one_place(self) -> Self:
        seen: dict[str, str] = {}
        for choice in self.choices:
            for phrase in choice.spoken:
                if seen.setdefault(phrase, choice.goto) != choice.goto:
                    raise ValueError(f"the phrase {phrase!r} leads to {seen[phrase]!r} and to {choice.goto!r}")
        return self

    @cached_property
    def destinations(self) -> Mapping[str, str]:
        """By literal phrase, where it leads."""
        return {phrase: choice.goto for choice in self.choices for phrase in choice.spoken}

    def match(self, text: str) -> str | None:
        """Where a recognized text leads.

        Args:
            text: what was understood.

        Returns:
            A destination, or None where the text is not one of the node's phrases.
        """
        return self.destinations.get(" ".join(text.lower().split()))


@dataclass(frozen=True, config=_STRICT)
class Service:
    """A service that people call.

    Attributes:
        name: of the service.
        start: node at which a caller is heard who wants something that no node serves.
        attempts: how often a caller may try at a node.
        human: the destination at which a person answers.
        after_attempts: where a call goes whose attempts are used up; None hangs up.
        probes_per_speaker: utterances per speaker that are also recognized with their own choice taken out of the
            grammar, to measure how often the recognizer accepts what it should refuse.
        nodes: by name.
    """

    name: str
    start: str
    attempts: Annotated[int, Field(ge=1, le=10)]
    human: str
    after_attempts: str | None
    probes_per_speaker: Annotated[int, Field(ge=0)]
    nodes: Annotated[Mapping[str, Node], Field(min_length=1)]

    @model_validator(mode="after")
    def _places_exist_and_are_one_per_intent(self) -> Self:
        if self.start not in self.nodes:
            raise ValueError(f"start: found {self.start!r}, accepted: {', '.join(self.nodes)}")
        ends = {choice.goto for node in self.nodes.values() for choice in node.choices}
        for key, end in (("human", self.human), ("after_attempts", self.after_attempts)):
            if end is not None and end not in ends:
                raise ValueError(f"{key}: found {end!r}, accepted: {', '.join(sorted(ends))}")
        seen: dict[str, str] = {}
        for name, node in self.nodes.items():
            for intent in itertools.chain.from_iterable(choice.intents for choice in node.choices):
                if intent in seen:
                    raise ValueError(f"node {name!r}: the intent {intent!r} is served at node {seen[intent]!r} already")
                seen[intent] = name
        return self

    @cached_property
    def places(self) -> Mapping[str, tuple[str, str]]:
        """By intent: the node at which a caller says it, and the destination that is right."""
        return {
            intent: (name, choice.goto)
            for name, node in self.nodes.items()
            for choice in node.choices
            for intent in choice.intents
        }

    def grammar(self, node: str, without: str | None = None) -> Grammar:
        """What may be said at a node.

        Args:
            node: its name.
            without: a destination whose phrases are left out.

        Returns:
            The grammar, named after the node and what was left out.
        """
        kept = [choice for choice in self.nodes[node].choices if choice.goto != without]
        name = node if without is None else f"{node}-without-{without}"
        return Grammar(name, tuple(dict.fromkeys(itertools.chain.from_iterable(choice.spoken for choice in kept))))


@dataclass(frozen=True, config=_STRICT)
class NoService:
    """No menu: everything is heard as open speech, and no call is simulated.

    Attributes:
        role: whose utterances are heard; callers and agents are never merged in one table.
    """

    role: Literal["caller", "agent"] = "caller"
    name: ClassVar[str] = "none"


def expand(phrase: str) -> list[str]:
    """Write out a phrase with optional words.

    Args:
        phrase: for example `[what is] my balance`.

    Returns:
        `what is my balance` and `my balance`.

    Raises:
        ValueError: more is optional than can be written out, a bracket has no pair, or nothing is said.
    """
    if set("[]") & set(re.sub(r"\[[^\[\]]*\]", "", phrase)):
        raise ValueError(f"the phrase {phrase!r} has a bracket without its pair, or one inside another")
    if not phrase.replace("[", " ").replace("]", " ").strip():
        raise ValueError(f"the phrase {phrase!r} says nothing; accepted: one word at least")
    if phrase.count("[") > _MOST_OPTIONAL:
        raise ValueError(
            f"the phrase {phrase!r} leaves out up to {phrase.count('[')} words or groups; accepted: {_MOST_OPTIONAL}, "
            "each doubles what may be said"
        )
    parts = [part for part in re.split(r"(\[[^\]]*\])", phrase) if part.strip()]
    options = [[part[1:-1], ""] if part.startswith("[") else [part] for part in parts]
    spoken = (" ".join(" ".join(words).lower().split()) for words in itertools.product(*options))
    return [text for text in dict.fromkeys(spoken) if text]
