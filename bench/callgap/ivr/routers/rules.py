"""Rules of words, as a contact center writes them down, and the file that holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from callgap.errors import InputError
from callgap.ivr.routers.texts import OUT_OF_SCOPE, normalized

_LARGEST_FILE = 2**18
_DEEPEST = 4
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Rule:
    """One rule.

    A phrase is one word or several in their order with nothing between; it is found at the borders of words only, in
    any case and whatever the punctuation. A word that ends in a star stands for every word that begins so.

    Attributes:
        intent: what the caller wants to whom the rule applies.
        any: phrases of which one at least has to be said.
        all: phrases that all have to be said.
        none: phrases of which none may be said.
        priority: where several rules apply, the highest wins.
    """

    intent: Annotated[str, Field(min_length=1)]
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    priority: int = 0

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.intent == OUT_OF_SCOPE:
            raise ValueError(f"rule for {self.intent!r}: what no rule applies to is out of scope already")
        if not self.any and not self.all:
            raise ValueError(f"rule for {self.intent!r}: it asks for no phrase; accepted: at least one in any or all")
        for phrase in (*self.any, *self.all, *self.none):
            if fault := _fault(phrase):
                raise ValueError(f"rule for {self.intent!r}: the phrase {phrase!r} {fault}")
        return self

    def length(self, text: str) -> int | None:
        """How many words of a text the rule goes by.

        Args:
            text: as normalized, with a space before and after.

        Returns:
            The words of the phrases that apply (of `any`, the longest); None where the rule does not apply.
        """
        # Most rules apply to few texts: one search tells that.
        if self.any and not self._either.search(text):
            return None
        said = [words for words, pattern in self._patterns["any"] if pattern.search(text)]
        if not all(pattern.search(text) for _, pattern in self._patterns["all"]):
            return None
        if any(pattern.search(text) for _, pattern in self._patterns["none"]):
            return None
        return max(said, default=0) + sum(words for words, _ in self._patterns["all"])

    @cached_property
    def _either(self) -> re.Pattern[str]:
        return re.compile("|".join(pattern.pattern for _, pattern in self._patterns["any"]))

    @cached_property
    def _patterns(self) -> Mapping[str, list[tuple[int, re.Pattern[str]]]]:
        return {name: [_compiled(phrase) for phrase in getattr(self, name)] for name in ("any", "all", "none")}


def read_rules(path: Path) -> tuple[Rule, ...]:
    """Read rules from a file.

    Args:
        path: of a YAML file that holds a list of rules.

    Returns:
        The rules, in their order.

    Raises:
        InputError: it cannot be read or is no such list, or a rule is not as it should be; it names the line.
    """
    nodes = _listed(path)
    rules: list[Rule] = []
    for place, node in enumerate(nodes, start=1):
        where = f"{path}, line {node.start_mark.line + 1}, rule {place}"
        try:
            rules.append(_RULE.validate_python(yaml.constructor.SafeConstructor().construct_document(node)))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            message = first["msg"].removeprefix("Value error, ")
            raise InputError(f"{where}: {key}: {message}" if key else f"{where}: {message}") from None
        except yaml.YAMLError as error:
            raise InputError(f"{where}: {' '.join(str(error).split())}") from None
    if fault := contradiction(rules):
        raise InputError(f"{path}: {fault}")
    return tuple(rules)


def contradiction(rules: Sequence[Rule]) -> str | None:
    """Say what makes rules useless: that there are none, or that nothing but their order decides between two.

    Args:
        rules: in their order.

    Returns:
        A sentence that names both rules, or None.
    """
    if not rules:
        return "there is no rule; accepted: one or more"
    seen: dict[tuple[int, str], tuple[int, str]] = {}
    for place, rule in enumerate(rules, start=1):
        if rule.all or rule.none:
            continue
        for phrase in rule.any:
            key = (rule.priority, " ".join(_words(phrase)))
            other, intent = seen.setdefault(key, (place, rule.intent))
            if intent != rule.intent:
                return (
                    f"rule {other} ({intent!r}) and rule {place} ({rule.intent!r}) both wait for {phrase!r} with "
                    f"priority {rule.priority}; give one of them another priority"
                )
    return None


def _listed(path: Path) -> list[yaml.Node]:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST_FILE:
        raise InputError(f"{path} is larger than {_LARGEST_FILE} bytes, which no list of rules is")
    try:
        _require_flat(content, path)
        node = yaml.compose(content, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise InputError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(node, yaml.SequenceNode):
        raise InputError(f"{path}: accepted is a list of rules, each with an intent and phrases")
    return list(node.value)


def _require_flat(content: bytes, path: Path) -> None:
    depth = 0
    for event in yaml.parse(content, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise InputError(f"{path}, line {line}: found an alias (*NAME); accepted: every rule written out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise InputError(f"{path}, line {line}: found lists within lists; accepted is a list of rules")


def _fault(phrase: str) -> str | None:
    if not normalized(phrase) or any(token == "*" for token in phrase.split()):
        return "holds no word; accepted: words, of which any may end in a star"
    if any("*" in token[:-1] for token in phrase.split()):
        return "has a star inside a word; accepted: one at its end"
    return None


def _words(phrase: str) -> list[str]:
    words: list[str] = []
    for token in phrase.split():
        parts = normalized(token).split()
        if parts and token.endswith("*"):
            parts[-1] += "*"
        words.extend(parts)
    return words


def _compiled(phrase: str) -> tuple[int, re.Pattern[str]]:
    words = _words(phrase)
    borders = (re.escape(word[:-1]) + r"\S*" if word.endswith("*") else re.escape(word) for word in words)
    return len(words), re.compile(f" {' '.join(borders)} ")


_RULE = TypeAdapter(Rule)
