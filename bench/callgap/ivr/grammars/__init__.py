"""Grammars that others wrote, W3C SRGS 1.0 in XML and JSGF 1.0, read into one tree that lists and matches phrases."""

from callgap.ivr.grammars.nodes import (
    GARBAGE,
    NULL,
    VOID,
    Alternatives,
    Node,
    Reference,
    Repeat,
    Rule,
    Sequence,
    Special,
    Tag,
    Word,
)
from callgap.ivr.grammars.reading import read_grammar
from callgap.ivr.grammars.tree import Match, Tree

__all__ = [
    "GARBAGE",
    "NULL",
    "VOID",
    "Alternatives",
    "Match",
    "Node",
    "Reference",
    "Repeat",
    "Rule",
    "Sequence",
    "Special",
    "Tag",
    "Tree",
    "Word",
    "read_grammar",
]
