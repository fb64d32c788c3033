"""What a grammar is made of, whatever the notation it was written in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Special(StrEnum):
    """What no word can say.

    The meanings are those of the W3C Speech Recognition Grammar Specification 1.0, section 2.2.3.
    """

    NULL = "NULL"
    """Said by saying nothing."""
    VOID = "VOID"
    """Never said."""
    GARBAGE = "GARBAGE"
    """Any words, or none."""


@dataclass(frozen=True)
class Word:
    """A word.

    Attributes:
        text: lower case, without blanks.
        line: of the file, from 1; like every line here it does not count in comparisons.
    """

    text: str
    line: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Tag:
    """A label that is met where the tag stands; its text is never executed.

    Attributes:
        label: the text of the tag, without blanks at its ends.
        line: of the file.
    """

    label: str
    line: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Reference:
    """Another rule of the same grammar, said in its place.

    Attributes:
        rule: its name.
        line: of the file.
    """

    rule: str
    line: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Sequence:
    """Parts that are said one after the other.

    Attributes:
        parts: in the order said; none is said by saying nothing.
        line: of the file.
    """

    parts: tuple[Node, ...]
    line: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Alternatives:
    """Parts of which one is said.

    Attributes:
        parts: as written.
        weights: one per part, at least 0; a part of weight 0 is never said.
        line: of the file.
    """

    parts: tuple[Node, ...]
    weights: tuple[float, ...]
    line: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Repeat:
    """A part that is said several times, or may be left out.

    Attributes:
        part: what is repeated.
        least: times at least.
        most: times at most; None for no end.
        line: of the file.
    """

    part: Node
    least: int
    most: int | None
    line: int = field(default=1, compare=False)


Node = Word | Tag | Reference | Sequence | Alternatives | Repeat | Special

NULL, VOID, GARBAGE = Special.NULL, Special.VOID, Special.GARBAGE


@dataclass(frozen=True)
class Rule:
    """A named part of a grammar.

    Attributes:
        name: without brackets or `#`.
        body: what it stands for.
        public: whether another grammar or a recognizer may begin with it.
        line: of the file.
    """

    name: str
    body: Node
    public: bool = False
    line: int = field(default=1, compare=False)
