"""A grammar that can be asked two things: what may be said, and what a text means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from callgap.errors import InputError
from callgap.ivr.grammars.chart import Chart, TooManyWaysError, keys_of, said
from callgap.ivr.grammars.checking import checked
from callgap.ivr.grammars.flat import NEVER, Flat
from callgap.ivr.grammars.listing import Lister
from callgap.ivr.grammars.nodes import Rule, Tag
from callgap.ivr.grammars.words import heard_words

MAX_TEXT = 1000
"""Words of a text that is matched: a recognizer that hears more in one answer is heard as saying nothing."""
MAX_TOLERANCE = 10
"""Word edits at most: more would make any text of any phrase."""


@dataclass(frozen=True)
class Match:
    """What a grammar makes of a text.

    Attributes:
        phrase: the phrase of the grammar, lower case.
        labels: the tags met in it, in order.
        edits: words inserted, left out or replaced between the phrase and the text.
    """

    phrase: str
    labels: tuple[str, ...]
    edits: int


@dataclass(frozen=True)
class Tree:
    """A grammar, checked.

    Attributes:
        source: name of the file, for the errors.
        rules: by name.
        root: name of the rule that a whole phrase is said by.
        language: BCP 47 tag; None where the file states none.
        mode: whether words are spoken, or keys typed on a telephone.

    Raises:
        InputError: a rule is not defined, begins with itself or has no end; a part is nested too deep or repeated too
            often; or nothing can be said.
    """

    source: str
    rules: Mapping[str, Rule]
    root: str
    language: str | None = None
    mode: Literal["voice", "dtmf"] = "voice"

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", MappingProxyType(dict(self.rules)))
        if self.mode not in ("voice", "dtmf"):
            raise InputError(f"{self.source}: mode: found {self.mode!r}, accepted: voice, dtmf")
        self._flat  # noqa: B018 - a grammar with a fault is refused where it is made

    @cached_property
    def _flat(self) -> Flat:
        return checked(self.source, self.rules, self.root)

    @cached_property
    def _keys(self) -> list[str | None]:
        return keys_of(self._flat, typed=self.mode == "dtmf")

    @cached_property
    def labels(self) -> frozenset[str]:
        """Every label that some phrase can have."""
        reached = self._flat.sayable(self._flat.bodies[self.root], self._flat.shortest(void=NEVER))
        return frozenset(
            node.label for node in (self._flat.nodes[number] for number in reached) if isinstance(node, Tag)
        )

    def phrases(self, limit: int) -> tuple[str, ...]:
        """Every phrase that may be said, once.

        Args:
            limit: most phrases, at least 1.

        Returns:
            The phrases, words separated by one blank, the heavier alternative first, then the one written first, more
            repetitions before fewer. Saying nothing is no phrase.

        Raises:
            InputError: the phrases are without end or more than `limit`; names the rule and the line.
        """
        if limit < 1:
            raise InputError(f"{self.source}: limit of phrases: found {limit}, accepted: 1 or more")
        return Lister(self.source, self._flat, limit).texts(self.root)

    def match(self, text: str, tolerance: int = 0) -> Match | None:
        """The phrase that a text is, or the nearest one.

        Case, punctuation at the ends of words and blanks do not count. Of two ways to say the same text, the heavier
        alternative wins, then the one written first, one more repetition before one less. A text that is no phrase is
        matched to the nearest ones within the tolerance, if they agree on the labels and at least one word of the
        phrase was heard as such; nothing is guessed between two phrases that are equally near.

        Args:
            text: what was understood; of a grammar of keys, what was typed.
            tolerance: word edits at most, 0 for an exact match.

        Returns:
            The match, or None. Silence matches nothing.

        Raises:
            InputError: the tolerance is below 0 or above `MAX_TOLERANCE`, or the text can be said in so many ways that
                it would take minutes.
        """
        if not 0 <= tolerance <= MAX_TOLERANCE:
            raise InputError(f"{self.source}: tolerance: found {tolerance}, accepted: 0 to {MAX_TOLERANCE} word edits")
        words = heard_words(text, keys=self.mode == "dtmf")
        if not 0 < len(words) <= MAX_TEXT:
            return None
        try:
            return self._nearest(words, tolerance)
        except TooManyWaysError:
            raise InputError(
                f"{self.source}: a text of {len(words)} words can be said in too many ways within {tolerance} edits; "
                "accepted: fewer optional and repeated parts inside each other, or a smaller tolerance"
            ) from None

    def _nearest(self, words: tuple[str, ...], tolerance: int) -> Match | None:
        for edits in range(tolerance + 1):
            way = Chart(self._flat, self._keys, words, edits).best(self._flat.bodies[self.root])
            if way is not None:
                # An exact text has a first way of saying it; between equally near ones nothing is guessed.
                return None if edits and way.torn else Match(" ".join(said(way.words)), way.labels, edits)
        return None
