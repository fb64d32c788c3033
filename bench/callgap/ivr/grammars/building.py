"""What both notations are read with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from callgap.ivr.grammars.faults import fault, quoted
from callgap.ivr.grammars.nodes import Node, Rule, Word
from callgap.ivr.grammars.nodes import Sequence as Said
from callgap.ivr.grammars.words import KEYS, heard, written

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_NAMED_KEYS = {"STAR": "*", "POUND": "#"}


def words_of(source: str, line: int, rule: str, text: str, typed: bool = False) -> list[Node]:
    """The words of a piece of text, each with its line.

    Args:
        source: name of the file.
        line: on which the text begins.
        rule: name of the rule that it stands in.
        text: words and line ends.
        typed: whether the words are keys of a telephone.

    Returns:
        One node per word.

    Raises:
        InputError: a word has no letter or digit, or is no key.
    """
    return [
        Word(_word(source, at, rule, word, typed), at)
        for at, content in enumerate(text.split("\n"), line)
        for word in content.split()
    ]


def _word(source: str, line: int, rule: str, word: str, typed: bool) -> str:
    if typed:
        key = _NAMED_KEYS.get(word.upper(), word.upper())
        if key not in KEYS or len(key) != 1:
            sentence = f"key: found {quoted(word)}, accepted in mode dtmf: 0 to 9, *, #, A to D, with blanks between"
            raise fault(source, line, rule, sentence)
        return key
    if not heard(word):
        raise fault(source, line, rule, f"word: found {quoted(word)}, accepted: a word with a letter or a digit")
    return written(word)


def together(parts: Sequence[Node], line: int) -> Node:
    """Parts said one after the other; a single one is itself."""
    return parts[0] if len(parts) == 1 else Said(tuple(parts), line)


def language_of(source: str, line: int, tag: str) -> str:
    """A language tag, checked for its form (BCP 47), with hyphens.

    Args:
        source: name of the file.
        line: of the file.
        tag: as written; `en_US` is understood as `en-US`.

    Returns:
        The tag.

    Raises:
        InputError: it has another form.
    """
    if _LANGUAGE.fullmatch(tag.replace("_", "-")) is None:
        raise fault(source, line, None, f"language: found {quoted(tag)}, accepted: a tag such as en-US or fr")
    return tag.replace("_", "-")


def add_rule(source: str, rules: dict[str, Rule], rule: Rule) -> None:
    """Add a rule to those read.

    Args:
        source: name of the file.
        rules: those read before, by name.
        rule: to be added.

    Raises:
        InputError: its name is taken, or is one that the notations reserve.
    """
    if rule.name in ("NULL", "VOID", "GARBAGE"):
        raise fault(source, rule.line, rule.name, "the name is reserved; accepted: any but NULL, VOID and GARBAGE")
    if rule.name in rules:
        first = rules[rule.name].line
        raise fault(source, rule.line, rule.name, f"is defined on line {first} already; accepted: one definition")
    rules[rule.name] = rule


def public_rule(source: str, rules: Mapping[str, Rule], wanted: str) -> str:
    """The rule that the caller of the reader asked for.

    Args:
        source: name of the file.
        rules: by name.
        wanted: name of the rule.

    Returns:
        The name.

    Raises:
        InputError: there is no public rule of that name.
    """
    public = [rule.name for rule in rules.values() if rule.public]
    if wanted not in public:
        raise fault(
            source, None, None, f"rule: found {quoted(wanted)}, accepted: {', '.join(public) or 'none is public'}"
        )
    return wanted
