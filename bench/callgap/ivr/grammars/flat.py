"""A grammar as numbered nodes: what the checks, the list of phrases and the chart work on without recursion."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

from callgap.ivr.grammars.nodes import (
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

LONG = 10**9
"""Words from which on a length is no longer told from a greater one."""
NEVER = 10**12
"""The length of what cannot be said."""


@dataclass
class Flat:
    """The nodes of every rule, numbered.

    Attributes:
        nodes: by number.
        kids: the parts of each node in the order in which they are tried; of a reference, the body of its rule. A part
            of weight 0 is none.
        rules: the name of the rule in which each node stands.
        lines: of the file, by number.
        bodies: the number of each rule's body.
    """

    nodes: list[Node] = field(default_factory=list)
    kids: list[tuple[int, ...]] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bodies: dict[str, int] = field(default_factory=dict)

    @property
    def has_void(self) -> bool:
        """Whether a node is never said: without one, lengths do not depend on what counts for it."""
        return any(_is_void(node, kids) for node, kids in zip(self.nodes, self.kids, strict=True))

    def shortest(self, void: int) -> list[int]:
        """The fewest words that say each node.

        Every node is settled once, the shortest first: D. E. Knuth, A generalization of Dijkstra's algorithm,
        Information Processing Letters 6 (1977).

        Args:
            void: the length that counts for what is never said.

        Returns:
            Words by node; `NEVER` where nothing finite says it.
        """
        length = [NEVER] * len(self.nodes)
        parents: list[list[int]] = [[] for _ in self.nodes]
        open_kids = [len(kids) for kids in self.kids]
        queue: list[tuple[int, int]] = []
        for number, node in enumerate(self.nodes):
            for kid in self.kids[number]:
                parents[kid].append(number)
            if (words := _own_length(node, self.kids[number], void)) is not None:
                queue.append((words, number))
        heapq.heapify(queue)
        settled = [False] * len(self.nodes)
        while queue:
            words, number = heapq.heappop(queue)
            if settled[number]:
                continue
            settled[number], length[number] = True, words
            for parent in parents[number]:
                open_kids[parent] -= 1
                if not settled[parent] and (isinstance(self.nodes[parent], Alternatives) or open_kids[parent] == 0):
                    heapq.heappush(queue, (self._from_kids(parent, length), parent))
        return length

    def _from_kids(self, number: int, length: list[int]) -> int:
        lengths = [length[kid] for kid in self.kids[number]]
        node = self.nodes[number]
        if isinstance(node, Alternatives):
            return min(lengths)
        if NEVER in lengths:
            return NEVER
        return min(LONG, sum(lengths) * (node.least if isinstance(node, Repeat) else 1))

    def sayable(self, number: int, shortest: list[int]) -> list[int]:
        """The nodes that some phrase of a node passes, itself first.

        Args:
            number: of the node.
            shortest: words by node, with `NEVER` for what is never said.

        Returns:
            Numbers of nodes, each once.
        """
        found, waiting = {number: None}, [number]
        while waiting:
            for kid in self.kids[waiting.pop()]:
                if kid not in found and shortest[kid] != NEVER:
                    found[kid] = None
                    waiting.append(kid)
        return list(found)


def _own_length(node: Node, kids: tuple[int, ...], void: int) -> int | None:
    """Words of a node whose length depends on no other's."""
    if isinstance(node, Word):
        return 1
    if _is_void(node, kids):
        return void
    optional = isinstance(node, Repeat) and node.least == 0
    return 0 if optional or isinstance(node, Tag | Special) or (isinstance(node, Sequence) and not kids) else None


def _is_void(node: Node, kids: tuple[int, ...]) -> bool:
    return node is VOID or (isinstance(node, Alternatives) and not kids)


def flatten(rules: Mapping[str, Rule]) -> Flat:
    """Number the nodes of all rules.

    Args:
        rules: by name; every reference names one of them.

    Returns:
        The nodes. The heavier of several alternatives comes first, then the one written first.
    """
    flat = Flat()
    for name, rule in rules.items():
        flat.bodies[name] = _add(flat, rule.body, name, rule.line)
    for number, node in enumerate(flat.nodes):
        if isinstance(node, Reference):
            flat.kids[number] = (flat.bodies[node.rule],)
    return flat


def _add(flat: Flat, node: Node, rule: str, line: int) -> int:
    number = len(flat.nodes)
    line = line if isinstance(node, Special) else node.line
    flat.nodes.append(node)
    flat.kids.append(())
    flat.rules.append(rule)
    flat.lines.append(line)
    flat.kids[number] = tuple(_add(flat, part, rule, line) for part in tried_parts(node))
    return number


def tried_parts(node: Node) -> tuple[Node, ...]:
    """The parts of a node in the order in which they are tried, references left alone."""
    if isinstance(node, Repeat):
        return () if node.most == 0 else (node.part,)
    if isinstance(node, Sequence):
        return node.parts
    if not isinstance(node, Alternatives):
        return ()
    weighted = zip(node.parts, node.weights, strict=True)
    return tuple(part for part, _ in sorted((pair for pair in weighted if pair[1] > 0), key=lambda pair: -pair[1]))
