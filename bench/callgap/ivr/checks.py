"""Whether a graph can be walked: every fault is one sentence that names the node."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from callgap.errors import one_of
from callgap.ivr.nodes import Answer, Confirmation, Digits, Intent, Menu
from callgap.ivr.paths import Path, Stuck, path_of

if TYPE_CHECKING:
    from callgap.ivr.graph import Graph


def check_graph(graph: Graph) -> None:
    """Check that every name exists, that every node can be reached and left, and that every call has its end.

    Args:
        graph: as it was written.

    Raises:
        ValueError: naming the node (or call), what was found and what is accepted.
    """
    for check in (_names, _answers, _targets, _phrases, _labels, _keys, _stray, _reached, _left, _calls):
        check(graph)


def edges(graph: Graph) -> dict[str, set[str]]:
    """By node, where an understood answer leads.

    A confirmation leads where what it confirms leads, and back to where it was asked from.
    """
    found = _own_edges(graph)
    for targets in found.values():
        targets |= {answer.goto for answer in graph.always}
    return found


def _own_edges(graph: Graph) -> dict[str, set[str]]:
    """The same without what may be answered at every node."""
    found = {name: set(node.targets) for name, node in graph.nodes.items()}
    for name, node in graph.nodes.items():
        if node.confirm is not None:
            found[node.confirm] |= {name, *node.targets}
            found[name].add(node.confirm)
    return found


def _names(graph: Graph) -> None:
    for name in graph.nodes.keys() & graph.ends.keys():
        raise ValueError(f"{name!r} is a node and an end; one of them needs another name")
    if graph.start not in graph.nodes:
        raise ValueError(f"start: found {graph.start!r}; {one_of(graph.start, graph.nodes)}")
    queues = [name for name, end in graph.ends.items() if end.kind == "queue"]
    if graph.human not in queues:
        raise ValueError(f"human: found {graph.human!r}, where a person must answer; {one_of(graph.human, queues)}")
    for name, end in graph.ends.items():
        if (end.kind == "queue") != (end.priority is not None):
            raise ValueError(f"end {name!r}: a queue has a priority and nothing else has one, found {end.priority}")


def _answers(graph: Graph) -> None:
    for name, node in graph.nodes.items():
        if not node.targets and not isinstance(node, Confirmation):
            raise ValueError(f"node {name!r} has no exit: it needs at least one answer")
        if isinstance(node, Digits) and len({*graph.words.values()}) < 10:
            known = ", ".join(sorted({*graph.words.values()})) or "none"
            raise ValueError(f"node {name!r} takes digits: numerals must hold words for all ten, found {known}")


def _targets(graph: Graph) -> None:
    known = [*graph.nodes, *graph.ends]
    for where, target in _named_targets(graph):
        if target not in known:
            raise ValueError(f"{where}: found {target!r}; {one_of(target, known)}")
    for name, node in graph.nodes.items():
        confirmations = [other for other, n in graph.nodes.items() if isinstance(n, Confirmation)]
        if node.confirm is not None and node.confirm not in confirmations:
            raise ValueError(f"node {name!r}, confirm: found {node.confirm!r}; {one_of(node.confirm, confirmations)}")
        if isinstance(node, Confirmation) and node.confirm is not None:
            raise ValueError(f"node {name!r} is a confirmation: it cannot itself be confirmed by {node.confirm!r}")
        if any(isinstance(graph.nodes.get(target), Confirmation) for target in node.targets):
            raise ValueError(f"node {name!r} leads to a confirmation: name it under confirm, and say where it leads")
    if isinstance(graph.nodes[graph.start], Confirmation):
        raise ValueError(f"node {graph.start!r} is a confirmation and the start: there is nothing to confirm")


def _named_targets(graph: Graph) -> Iterator[tuple[str, str]]:
    for name, node in graph.nodes.items():
        for target in node.targets:
            yield f"node {name!r} leads nowhere", target
        if node.after_attempts is not None:
            yield f"node {name!r}, after_attempts", node.after_attempts
    for answer in graph.always:
        yield "always", answer.goto
    if graph.after_attempts is not None:
        yield "after_attempts", graph.after_attempts


def _phrases(graph: Graph) -> None:
    for name in graph.nodes:
        phrases: dict[str, str] = {}
        intents: dict[str, str] = {}
        for answer in graph.answers(name):
            for phrase in _spoken(name, answer):
                if phrases.setdefault(phrase, answer.goto) != answer.goto:
                    raise ValueError(
                        f"node {name!r}: the phrase {phrase!r} leads to {phrases[phrase]!r} and to {answer.goto!r}"
                    )
            for intent in answer.intents:
                if intents.setdefault(intent, answer.goto) != answer.goto:
                    raise ValueError(
                        f"node {name!r}: the intent {intent!r} leads to {intents[intent]!r} and to {answer.goto!r}"
                    )


def _spoken(name: str, answer: Answer) -> tuple[str, ...]:
    try:
        return answer.spoken
    except ValueError as error:
        raise ValueError(f"node {name!r}: {error}") from None


def _labels(graph: Graph) -> None:
    for name, node in graph.nodes.items():
        # An answer of the node itself must be one that can be understood.
        understood = isinstance(node, Intent) or (isinstance(node, Menu) and node.grammar is not None)
        for answer in node.choices:
            if not (answer.phrases or (answer.tags and understood)):
                raise ValueError(
                    f"node {name!r}: the answer that leads to {answer.goto!r} has no phrase, and no tag of a grammar "
                    "or router"
                )
        tags = [tag for answer in node.choices for tag in answer.tags]
        if isinstance(node, Intent):
            _tags(name, graph.answers(name))
        elif tags and not understood:
            raise ValueError(f"node {name!r}: found the tag {tags[0]!r} and no grammar that could give it")
        if isinstance(node, Menu) and node.grammar is not None:
            _grammar(name, [*tags, *(tag for answer in graph.always for tag in answer.tags)], node.grammar.labels)


def _grammar(name: str, tags: Sequence[str], labels: Collection[str]) -> None:
    for tag in tags:
        if tag not in labels:
            raise ValueError(f"node {name!r}: its grammar never gives the label {tag!r}; {one_of(tag, labels)}")
    for label in labels:
        if label not in tags:
            raise ValueError(
                f"node {name!r}: the label {label!r} of its grammar has no destination; accepted: an answer with this "
                "tag"
            )


def _stray(graph: Graph) -> None:
    answers = [answer for name in graph.nodes for answer in graph.answers(name)]
    served = {intent: None for answer in answers for intent in answer.intents}
    if graph.stray is not None and graph.stray not in served:
        raise ValueError(f"stray: found {graph.stray!r}, which no answer serves; {one_of(graph.stray, served)}")


def _tags(name: str, answers: Iterable[Answer]) -> None:
    """Of routers, what can be seen without asking them: their intents may have to be read from texts first."""
    leads: dict[str, str] = {}
    for answer in answers:
        for tag in answer.tags:
            if leads.setdefault(tag, answer.goto) != answer.goto:
                raise ValueError(f"node {name!r}: the tag {tag!r} leads to {leads[tag]!r} and to {answer.goto!r}")


def _keys(graph: Graph) -> None:
    for name, node in graph.nodes.items():
        if graph.keys_of(name) is None or not isinstance(node, Menu | Intent):
            continue
        typed = [answer.key for answer in graph.answers(name) if answer.key is not None]
        if not typed:
            raise ValueError(f"node {name!r} offers telephone keys and none of its answers has a key")
        for key in typed:
            if typed.count(key) > 1:
                raise ValueError(f"node {name!r}: the key {key!r} means more than one answer")


def _reached(graph: Graph) -> None:
    leads = edges(graph)
    for name in graph.nodes:
        fallback = graph.fallback(name)
        leads[name] |= {fallback} if fallback is not None else set()
    seen = _closure(leads, [graph.start])
    for name in (*graph.nodes, *graph.ends):
        if name not in seen:
            raise ValueError(f"{'node' if name in graph.nodes else 'end'} {name!r} cannot be reached from the start")


def _left(graph: Graph) -> None:
    # Not by way of what every node takes: a question whose own answers lead to no end asks for nothing.
    leads = _own_edges(graph)
    back: dict[str, set[str]] = {}
    for name, targets in leads.items():
        for target in targets:
            back.setdefault(target, set()).add(name)
    out = _closure(back, graph.ends)
    lost = [name for name in graph.nodes if name not in out]
    if lost:
        raise ValueError(f"node {lost[0]!r} is in a loop without a way out: {', '.join(lost)} lead to no end")
    for name in graph.nodes:
        seen = [name]
        while (following := graph.fallback(seen[-1])) is not None and following in graph.nodes:
            if following in seen:
                raise ValueError(
                    f"node {name!r} is in a loop without a way out: after_attempts leads back to {following!r}"
                )
            seen.append(following)


def _closure(leads: Mapping[str, set[str]], begin: Iterable[str]) -> set[str]:
    seen = set(begin)
    ahead = list(seen)
    while ahead:
        for target in leads.get(ahead.pop(), ()):
            if target not in seen:
                seen.add(target)
                ahead.append(target)
    return seen


def _calls(graph: Graph) -> None:
    for name, call in graph.calls.items():
        if call.ends not in graph.ends:
            raise ValueError(f"call {name!r}, ends: found {call.ends!r}; {one_of(call.ends, graph.ends)}")
        path = path_of(graph, call)
        if isinstance(path, Stuck):
            raise ValueError(f"call {name!r}: {path.reason}")
        assert isinstance(path, Path)
        if path.end != call.ends:
            raise ValueError(
                f"call {name!r}, ends: found {call.ends!r}, and a caller who is understood reaches {path.end!r} by way "
                f"of {', '.join(path.nodes)}"
            )
