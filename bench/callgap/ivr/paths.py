"""What a caller says at each node, and the way of a call in which everything is understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callgap.ivr.nodes import AGREE, Call, Confirmation, Digits

if TYPE_CHECKING:
    from callgap.ivr.graph import Graph


@dataclass(frozen=True)
class Path:
    """The way of a call in which everything is understood.

    Attributes:
        nodes: in order, confirmations that are always asked among them.
        end: that it reaches.
        intents: what is said on the way; digits and numbers are not among them.
    """

    nodes: tuple[str, ...]
    end: str
    intents: tuple[str, ...]


@dataclass(frozen=True)
class Stuck:
    """A call that no understanding can help.

    Attributes:
        reason: the node, and what is missing there.
    """

    reason: str


def answered(graph: Graph, call: Call, node: str) -> tuple[str, int] | None:
    """What a caller says at a node who wants something that the node serves.

    Args:
        graph: the service.
        call: what is wanted.
        node: its name.

    Returns:
        The intent, and the place among the node's answers of the one that serves it; None where none does.
    """
    answers = graph.answers(node)
    for wanted in call.wants:
        for place, answer in enumerate(answers):
            if wanted in answer.intents:
                return wanted, place
    return None


def path_of(graph: Graph, call: Call) -> Path | Stuck:
    """Walk a call in which everything is understood.

    Args:
        graph: the service.
        call: what is wanted.

    Returns:
        The path, or where it ends without reaching an end.
    """
    nodes: list[str] = []
    intents: list[str] = []
    here = graph.start
    while here in graph.nodes:
        if here in nodes:
            return Stuck(f"a caller who is understood comes back to node {here!r}")
        nodes.append(here)
        node = graph.nodes[here]
        found = answered(graph, call, here)
        sure = node.confirm is None or node.confirm_below is not None
        if found is not None:
            intents.append(found[0])
            sure = sure or found[1] >= len(node.choices)
            here = graph.answers(here)[found[1]].goto
        elif isinstance(node, Digits):
            here = node.goto
        else:
            wanted = ", ".join(call.wants) or "nothing"
            return Stuck(f"node {here!r} serves nothing that is wanted, an intent with no destination: found {wanted}")
        if not sure:
            assert node.confirm is not None
            asked = graph.nodes[node.confirm]
            assert isinstance(asked, Confirmation)
            nodes.append(node.confirm)
            intents.append(asked.choices[AGREE].intents[0])
    return Path(tuple(nodes), here, tuple(intents))
