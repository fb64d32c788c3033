"""The routers of a service: checked before anything is heard, asked under their node's name, and described."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from callgap.errors import InputError, one_of
from callgap.ivr.nodes import ANY_OTHER, Intent
from callgap.ivr.routers.base import STAGE, Routed

if TYPE_CHECKING:
    from callgap.ivr.graph import Graph


def check_routers(graph: Graph) -> None:
    """Let every router read and learn what it must, and check that it fits the answers of its node.

    This is no part of making the graph: it may have to read texts and to learn from them.

    Args:
        graph: the service.

    Raises:
        InputError: a router cannot work, an answer's tag is none of its intents, or one of its intents has no
            destination; the sentence names the node.
    """
    for name, node in _nodes(graph).items():
        with _named(name):
            node.router.check()
            intents = node.router.intents
        tags = {tag for answer in graph.answers(name) for tag in answer.tags}
        for tag in sorted(tags - {ANY_OTHER, *intents}):
            raise InputError(f"node {name!r}: its router has no intent {tag!r}; {one_of(tag, intents)}")
        lost = [] if ANY_OTHER in tags else sorted(set(intents) - tags)
        if lost:
            raise InputError(
                f"node {name!r}: the intent {lost[0]!r} of its router has no destination; write it under the tags of "
                f"an answer, or {ANY_OTHER!r} for all that are left (found {len(lost)} such)"
            )


def route(graph: Graph, node: str, texts: Sequence[str]) -> list[Routed]:
    """Ask the router of a node.

    Args:
        graph: the service.
        node: name of an intent node.
        texts: what was understood.

    Returns:
        One per text, in their order.

    Raises:
        InputError: the router cannot work at all; the sentence names the node.
    """
    with _named(node):
        return _nodes(graph)[node].router.route(texts)


def router_identities(graph: Graph) -> dict[str, dict[str, str]]:
    """By node, what its router is; for provenance."""
    return {name: dict(node.router.identity()) for name, node in _nodes(graph).items()}


def router_accuracies(graph: Graph) -> list[dict[str, object]]:
    """How often each router is right on clean text that it has not seen.

    Args:
        graph: the service.

    Returns:
        By node, in their order: `node`, `router` (its kind), `accuracy` (as `Accuracy.plain`) and `lowest` (the intent
        that it is right about least often); where there is no accuracy both are None, and `why_none` says why.
    """
    rows: list[dict[str, object]] = []
    for name, node in _nodes(graph).items():
        row: dict[str, object] = {"node": name, "router": node.router.identity()["router"]}
        row |= {"accuracy": None, "lowest": None, "why_none": None}
        try:
            with _named(name):
                found = node.router.accuracy()
        except InputError as error:
            # The calls were heard and walked: what they cost is not thrown away for a figure that stands beside them.
            row["why_none"] = str(error)
        else:
            row |= {"accuracy": found.plain(), "lowest": found.worst.intent}
        rows.append(row)
    return rows


def _nodes(graph: Graph) -> Mapping[str, Intent]:
    return {name: node for name, node in graph.nodes.items() if isinstance(node, Intent)}


@contextmanager
def _named(node: str) -> Iterator[None]:
    """Let a router's sentence name the key at which it stands, or else the node."""
    try:
        yield
    except InputError as error:
        said, key = str(error), f"ivr.nodes.{node}.router"
        raise InputError(said.replace(STAGE, key) if STAGE in said else f"node {node!r}: {said}") from None
