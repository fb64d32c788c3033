"""Writes out every phrase of a grammar, as long as they are not too many."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from callgap.errors import InputError
from callgap.ivr.grammars.faults import fault
from callgap.ivr.grammars.flat import NEVER, Flat
from callgap.ivr.grammars.nodes import GARBAGE, Alternatives, Reference, Repeat, Sequence, Word

_WORK = 2_000_000
"""Words put together at most, repeated phrases included: less than a second."""

Phrase = tuple[str, ...]
Phrases = dict[Phrase, None]
"""Distinct phrases in their order."""


class Lister:
    """The phrases of one grammar.

    Args:
        source: name of the file, for the errors.
        flat: its nodes.
        limit: most phrases.
    """

    def __init__(self, source: str, flat: Flat, limit: int) -> None:
        self._source, self._flat, self._limit = source, flat, limit
        self._shortest = flat.shortest(void=NEVER)
        self._by_rule: dict[str, Phrases] = {}
        self._work = 0

    def texts(self, root: str) -> tuple[str, ...]:
        """Every phrase of a rule, alternatives in the order in which they are tried, more repetitions first.

        Args:
            root: name of the rule.

        Returns:
            The phrases; saying nothing is none.

        Raises:
            InputError: the phrases are without end, or more than the limit.
        """
        needed: dict[str, list[str]] = {root: []}
        for number in self._flat.sayable(self._flat.bodies[root], self._shortest):
            node = self._flat.nodes[number]
            if isinstance(node, Reference):
                needed.setdefault(self._flat.rules[number], []).append(node.rule)
        try:
            order = list(TopologicalSorter(needed).static_order())
        except CycleError as error:
            # Every turn of the circle says a word more: a rule that begins with itself is refused earlier.
            rule = str(error.args[1][0])
            raise self._refused(self._flat.bodies[rule], "refers to itself, so its phrases are without end") from None
        for rule in order:
            self._by_rule[rule] = self._of(self._flat.bodies[rule])
        texts = tuple(dict.fromkeys(" ".join(phrase) for phrase in self._by_rule[root] if phrase))
        if len(texts) > self._limit:
            raise self._too_many(self._flat.bodies[root])
        return texts

    def _of(self, number: int) -> Phrases:
        node = self._flat.nodes[number]
        kids = [kid for kid in self._flat.kids[number] if self._shortest[kid] != NEVER]
        if isinstance(node, Word):
            return {(node.text,): None}
        if node is GARBAGE:
            raise self._refused(number, "holds GARBAGE, which stands for any words")
        if isinstance(node, Reference):
            return self._by_rule[node.rule]
        if isinstance(node, Alternatives):
            return self._few(number, chain.from_iterable(self._of(kid) for kid in kids))
        if isinstance(node, Repeat):
            return self._repeated(number, node, self._of(kids[0]) if kids else {})
        phrases: Phrases = {(): None}
        for kid in kids if isinstance(node, Sequence) else ():
            phrases = self._product(number, phrases, self._of(kid))
        return phrases

    def _repeated(self, number: int, node: Repeat, once: Phrases) -> Phrases:
        if node.most is None and any(once):
            raise self._refused(number, "repeats a part without end")
        # A part that may be silent, said n times, is a part that is said up to n times.
        least = 0 if () in once else node.least
        spoken = {phrase: None for phrase in once if phrase}
        powers: list[Phrases] = [{(): None}]
        while spoken and len(powers) <= (node.most or 0):
            powers.append(self._product(number, powers[-1], spoken))
        return self._few(number, chain.from_iterable(reversed(powers[least:])))

    def _product(self, number: int, left: Phrases, right: Phrases) -> Phrases:
        return self._few(number, (before + after for before in left for after in right))

    def _few(self, number: int, phrases: Iterable[Phrase]) -> Phrases:
        few: Phrases = {}
        for phrase in phrases:
            self._work += len(phrase) + 1
            few[phrase] = None
            # One more than the limit, for saying nothing is no phrase.
            if len(few) > self._limit + 1:
                raise self._too_many(number)
            if self._work > _WORK:
                raise self._refused(number, f"takes more than {_WORK:,} words to list")
        return few

    def _too_many(self, number: int) -> InputError:
        return self._refused(number, f"has more than {self._limit:,} phrases")

    def _refused(self, number: int, sentence: str) -> InputError:
        accepted = f"accepted: up to {self._limit:,} phrases where they are listed, any number where texts are matched"
        return fault(self._source, self._flat.lines[number], self._flat.rules[number], f"{sentence}; {accepted}")
