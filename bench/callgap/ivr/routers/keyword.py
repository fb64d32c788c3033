"""A router of rules: words that are listened for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict, model_validator
from pydantic.dataclasses import dataclass

from callgap.ivr.routers.accuracy import Accuracy, measured
from callgap.ivr.routers.base import Routed, Router
from callgap.ivr.routers.rules import Rule, contradiction, read_rules
from callgap.ivr.routers.texts import TextSet, in_scope, normalized, parts_of


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class KeywordRouter(Router):
    """Routes by rules: the highest priority wins, then the most words, then the rule that stands first.

    Its confidence is 1 divided by the number of intents whose rules apply: no probability, but 1.0 says that no rule
    disagrees.

    Attributes:
        rules: in their order.
        file: a YAML file that holds them as a list, instead.
        held_out: texts that the rules were not written from; the part `test` shows how well they do.
    """

    held_out: TextSet
    rules: tuple[Rule, ...] | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _rules_do_not_contradict(self) -> Self:
        if (self.rules is None) == (self.file is None):
            raise ValueError(f"found {'neither' if self.rules is None else 'both'} of rules and file; accepted: one")
        if self.rules is not None and (fault := contradiction(self.rules)):
            raise ValueError(fault)
        return self

    @cached_property
    def intents(self) -> tuple[str, ...]:
        """The intents of the rules, sorted."""
        return tuple(sorted({rule.intent for rule in self._rules}))

    def check(self) -> None:
        """Read the rules and the texts that check them.

        Raises:
            InputError: one of them cannot be read.
        """
        _ = self.intents
        parts_of(self.held_out, "held_out")

    def route(self, texts: Sequence[str]) -> list[Routed]:
        """Apply the rules to each text."""
        found = {text: self._routed(f" {normalized(text)} ") for text in dict.fromkeys(texts)}
        return [found[text] for text in texts]

    def accuracy(self) -> Accuracy:
        """On the part `test` of `held_out`; an intent without a rule is out of scope."""
        return self._accuracy

    def identity(self) -> Mapping[str, str]:
        """How many rules there are, and the SHA-256 of what they say."""
        said = repr([(rule.intent, rule.any, rule.all, rule.none, rule.priority) for rule in self._rules])
        digest = sha256(said.encode()).hexdigest()
        return {"router": "keywords", "rules": str(len(self._rules)), "rules_sha256": digest}

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields_of(self)}

    @cached_property
    def _rules(self) -> tuple[Rule, ...]:
        return read_rules(self.file) if self.file is not None else self.rules or ()

    @cached_property
    def _accuracy(self) -> Accuracy:
        name = self.held_out.identity()["texts"]
        return measured(self.route, name, in_scope(parts_of(self.held_out, "held_out").test, self.intents), ())

    def _routed(self, text: str) -> Routed:
        applied: dict[str, tuple[int, int]] = {}
        for rule in self._rules:
            words = rule.length(text)
            if words is not None:
                applied[rule.intent] = max(applied.get(rule.intent, (rule.priority, 0)), (rule.priority, words))
        if not applied:
            return Routed(None, 0.0)
        # Sorting is stable: of equals, the rule that stands first stays first.
        ranked = sorted(applied, key=lambda intent: applied[intent], reverse=True)
        return Routed(ranked[0], 1 / len(ranked), ranked[1] if len(ranked) > 1 else None)
