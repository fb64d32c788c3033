"""Services that differ from a given one in one thing, and can be walked with what was recognized for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from callgap.ivr.graph import Graph
from callgap.ivr.nodes import Answer, AnyNode, Confirmation, Digits, Intent, Keys, Menu
from callgap.records import Status

AS_IT_IS = "as it is"
"""Value of the service itself where no one value says what its nodes do."""

NONE, NEVER, ALWAYS, SPOTTED = "none", "never", "always", "spotted"

KEYS_S = 5.0
"""Seconds that the offer of keys and the typing take in a service that has none: an assumption, not a measurement."""

_ATTEMPTS = (1, 2, 3, 4, 5)
_KEYS_AFTER = (0, 1, 2)
_EDITS = (0, 1, 2)
_DIGITS = 3


@dataclass(frozen=True)
class Change:
    """A service with one thing changed.

    Attributes:
        name: of what is changed: `attempts`, `reject_below`, `confirm_below`, `keys` or `grammar`.
        value: that it has.
        graph: the changed service.
        is_base: whether that is the service as it was.
        left_out: why what was recognized cannot tell what would become of its calls; empty where it can.
    """

    name: str
    value: str
    graph: Graph
    is_base: bool = False
    left_out: str = ""


def changes(graph: Graph, hypotheses: pa.Table) -> tuple[Change, ...]:
    """Change one thing of a service at a time.

    Every value holds for all nodes that it concerns, whatever they say of their own: attempts for all; the rejection
    for all without a router, whose confidence is another one; keys for those that take digits or whose answers have
    keys; word edits for menus.

    Args:
        graph: the service.
        hypotheses: table `hypotheses`, as recognized for it; thresholds are taken from its confidences.

    Returns:
        By name in this order, and of each name exactly one that is the service as it is.
    """
    sure = _confidences(hypotheses)
    ways: dict[str, Mapping[str, Graph | str]] = {
        "attempts": {str(count): _with_attempts(graph, count) for count in _ATTEMPTS},
        "reject_below": _rejections(graph, sure),
        "confirm_below": _confirmations(graph, sure),
        "keys": _offers(graph),
        "grammar": _grammars(graph),
    }
    return tuple(change for name, values in ways.items() for change in _marked(graph, name, values))


def same_grammars(graph: Graph, changed: Graph) -> str:
    """Whether a changed service listens with the grammars of the service that it is made from.

    Args:
        graph: for which was recognized.
        changed: one of its nodes or fewer.

    Returns:
        Empty where it does; else why not.
    """
    for node, grammar in changed.grammar_ids.items():
        if graph.grammar_ids[node] != grammar:
            return f"node {node!r} would have to be heard with another grammar"
    return ""


def _marked(graph: Graph, name: str, values: Mapping[str, Graph | str]) -> list[Change]:
    if not values:
        return []
    found = []
    for value, changed in values.items():
        if isinstance(changed, str):
            found.append(Change(name, value, graph, left_out=changed))
            continue
        is_base = _operation(graph, changed) == _operation(graph, graph)
        found.append(Change(name, value, changed, is_base, same_grammars(graph, changed)))
    if not any(change.is_base for change in found):
        found.insert(0, Change(name, AS_IT_IS, graph, is_base=True))
    return found


def _operation(graph: Graph, changed: Graph) -> list[tuple[object, ...]]:
    """What a service does at the nodes of `graph`, with its own values filled in."""
    typed = _with_keypad(graph)
    return [
        (
            name,
            changed.limit(name),
            changed.threshold(name),
            changed.keys_of(name) if name in typed else None,
            (node.confirm, node.confirm_below) if node.confirm is not None else None,
            getattr(node, "tolerance", None),
            [answer.spotted for answer in changed.answers(name)],
        )
        for name, node in changed.nodes.items()
    ]


def _confidences(hypotheses: pa.Table) -> list[float]:
    columns = (hypotheses[name].to_pylist() for name in ("confidence", "status"))
    return [float(c) for c, status in zip(*columns, strict=True) if c is not None and status == Status.OK]


def _thresholds(confidences: Iterable[float], parts: int) -> list[float]:
    """The quantiles that part the confidences, rounded, each once; 0 refuses nothing and is none."""
    given = list(confidences)
    if not given:
        return []
    cuts = np.quantile(given, np.arange(1, parts) / parts)
    return sorted({round(float(cut), _DIGITS) for cut in cuts if 0 < round(float(cut), _DIGITS) <= 1})


def _with_attempts(graph: Graph, count: int) -> Graph:
    nodes: dict[str, AnyNode] = {name: replace(node, attempts=None) for name, node in graph.nodes.items()}
    return replace(graph, attempts=count, nodes=nodes)


def _rejections(graph: Graph, sure: Iterable[float]) -> Mapping[str, Graph | str]:
    cuts = _thresholds(sure, 10)
    if not cuts:
        return {}
    return {NONE: _rejecting(graph, None)} | {str(cut): _rejecting(graph, cut) for cut in cuts}


def _rejecting(graph: Graph, below: float | None) -> Graph:
    nodes: dict[str, AnyNode] = {
        # A router's threshold stays what it is: its confidence is not the recognizer's.
        name: replace(node, reject_below=graph.threshold(name) if isinstance(node, Intent) else None)
        for name, node in graph.nodes.items()
    }
    return replace(graph, reject_below=below, nodes=nodes)


def _confirmations(graph: Graph, sure: Iterable[float]) -> Mapping[str, Graph | str]:
    if all(node.confirm is None for node in graph.nodes.values()):
        return {}
    return {
        NEVER: _never_asking(graph),
        **{str(cut): _asking_below(graph, cut) for cut in _thresholds(sure, 4)},
        ALWAYS: _asking_below(graph, None),
    }


def _asking_below(graph: Graph, below: float | None) -> Graph:
    nodes: dict[str, AnyNode] = {
        name: replace(node, confirm_below=below) if node.confirm is not None else node
        for name, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes)


def _never_asking(graph: Graph) -> Graph | str:
    nodes: dict[str, AnyNode] = {
        name: replace(node, confirm=None, confirm_below=None)
        for name, node in graph.nodes.items()
        # Nothing leads to a confirmation but what it confirms.
        if not isinstance(node, Confirmation)
    }
    try:
        return replace(graph, nodes=nodes)
    except ValueError as error:
        details = error.errors() if hasattr(error, "errors") else []
        why = str(details[0]["msg"]) if details else str(error)
        return why.removeprefix("Value error, ")


def _with_keypad(graph: Graph) -> set[str]:
    """The nodes at which something can be typed: digits, or answers whose keys each mean one of them."""
    found = set()
    for name, node in graph.nodes.items():
        keys = [answer.key for answer in graph.answers(name) if answer.key is not None]
        distinct = keys and len(set(keys)) == len(keys)
        if isinstance(node, Digits) or (isinstance(node, Menu | Intent) and distinct):
            found.add(name)
    return found


def _offers(graph: Graph) -> Mapping[str, Graph | str]:
    typed = _with_keypad(graph)
    if not typed:
        return {}
    own = (graph.keys, *(node.keys for node in graph.nodes.values()))
    seconds = next((keys.seconds for keys in own if keys is not None), KEYS_S)
    most = max(graph.limit(name) for name in typed)
    # Offered after as many failures as there are attempts, they never are.
    offers = {str(after): Keys(after=after, seconds=seconds) for after in _KEYS_AFTER if after < most}
    return {NONE: _offering(graph, typed, None)} | {v: _offering(graph, typed, keys) for v, keys in offers.items()}


def _offering(graph: Graph, typed: set[str], keys: Keys | None) -> Graph:
    nodes: dict[str, AnyNode] = {
        name: replace(node, keys=keys if name in typed else None) for name, node in graph.nodes.items()
    }
    return replace(graph, keys=None, nodes=nodes)


def _grammars(graph: Graph) -> Mapping[str, Graph | str]:
    menus = any(isinstance(node, Menu) for node in graph.nodes.values())
    phrases = any(answer.phrases for name in graph.nodes for answer in graph.answers(name))
    found: dict[str, Graph | str] = {str(edits): _tolerating(graph, edits) for edits in _EDITS} if menus else {}
    return found | {SPOTTED: _spotting(graph)} if phrases else found


def _tolerating(graph: Graph, edits: int) -> Graph:
    nodes: dict[str, AnyNode] = {
        name: replace(node, tolerance=edits) if isinstance(node, Menu) else node for name, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes)


def _spotting(graph: Graph) -> Graph:
    nodes: dict[str, AnyNode] = {
        name: replace(node, answers=_spotted(node.answers)) if isinstance(node, Menu | Intent) else node
        for name, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes, always=_spotted(graph.always))


def _spotted(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    return tuple(replace(answer, spotted=True) if answer.phrases else answer for answer in answers)
