"""Grammars for PocketSphinx, with a way out for what is not in them.

A grammar takes anything for one of its phrases. A garbage path beside the phrases, made of common short words that the
menu does not hold, competes with them for speech that is something else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from callgap.errors import InputError
from callgap.records import Grammar

GARBAGE_TAG = "~"
"""Marks the words of the garbage path, so that they are never mistaken for a phrase of the menu."""


def words_of(grammar: Grammar) -> list[str]:
    """The distinct words of a grammar, sorted."""
    return sorted({word for phrase in grammar.phrases for word in phrase.split()})


def garbage_words(
    candidates: Sequence[str], grammar: Grammar, pronunciations: Mapping[str, Collection[str]]
) -> list[str]:
    """The candidates that sound unlike every word of a grammar.

    Args:
        candidates: words of the garbage path.
        grammar: what may be said.
        pronunciations: of every word concerned, as strings of phones.

    Returns:
        The candidates that share no pronunciation with a word of the grammar, in their order.
    """
    taken = {phones for word in words_of(grammar) for phones in pronunciations[word]}
    return [word for word in candidates if taken.isdisjoint(pronunciations[word])]


def compile_jsgf(grammar: Grammar, garbage: Sequence[str], garbage_weight: float) -> str:
    """Write a grammar in JSGF (Java Speech Grammar Format, W3C note of 5 June 2000).

    Args:
        grammar: its phrases are alternatives of equal weight.
        garbage: words of the garbage path; empty for none.
        garbage_weight: weight of the garbage path beside the menu's weight of 1.

    Returns:
        The text of the grammar.

    Raises:
        InputError: the grammar has no phrase.
    """
    if not grammar.phrases:
        raise InputError(f"the grammar {grammar.grammar_id!r} has no phrase")
    lines = ["#JSGF V1.0;", "grammar menu;"]
    if garbage:
        # PocketSphinx reads no exponents.
        lines.append(f"public <said> = /1.0/ <phrase> | /{garbage_weight:.60f}/ <garbage>;")
        lines.append(f"<garbage> = {' | '.join(word + GARBAGE_TAG for word in garbage)};")
    else:
        lines.append("public <said> = <phrase>;")
    lines.append(f"<phrase> = {' | '.join(grammar.phrases)};")
    return "\n".join(lines) + "\n"
