"""Which utterance is recognized with which grammar, for the calls of a graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from callgap.audio import utterance_seed
from callgap.ivr.callers import AGAIN, calls_of, recordings, said_at
from callgap.ivr.graph import Graph
from callgap.ivr.nodes import Confirmation, Digits
from callgap.ivr.planned import Plan, frozen
from callgap.ivr.routing import check_routers
from callgap.records import OPEN


def plan_of_graph(graph: Graph, utterances: pa.Table, seed: int) -> Plan:
    """Decide which utterances are heard with which grammars.

    What a caller says is heard with the grammar of every node at which a caller may say it, strays among them, and each
    recording that the service serves at least where it is served first.

    Args:
        graph: the service and its calls.
        utterances: table `utterances`.
        seed: of the choice of probes.

    Returns:
        The plan; an open node has no grammar.

    Raises:
        InputError: the callers of the corpus can make none of the calls, or a router cannot do what its node needs.
    """
    check_routers(graph)
    recorded = recordings(graph, utterances)
    calls_of(graph, recorded)
    said: dict[str, dict[int, None]] = defaultdict(dict)
    for node, grammar_id in graph.grammar_ids.items():
        for grammar, key in _said(graph, node, grammar_id):
            for takes in recorded.by_speaker.values():
                said[grammar] |= dict.fromkeys(takes.get(key, ()))
    for intent, (grammar, _) in graph.places.items():
        for takes in recorded.by_speaker.values():
            said[grammar] |= dict.fromkeys(takes.get(intent, ()))
    calls = {grammar: [recorded.ids[place] for place in sorted(places)] for grammar, places in said.items() if places}
    probes = _probes_of_graph(graph, utterances, seed)
    plan = Plan(frozen(calls), frozen(probes), {})
    used = {*plan.calls, *plan.probes}
    grammars = [graph.grammar(node) for node in graph.nodes]
    grammars += [graph.grammar(node, intent) for node, intent in graph.places.values()]
    return Plan(plan.calls, plan.probes, {g.grammar_id: g for g in grammars if g.phrases and g.grammar_id in used})


def _said(graph: Graph, node: str, grammar_id: str) -> Iterator[tuple[str, str]]:
    """Grammars, and the keys of recordings that are heard with them at a node, whole numbers in free speech."""
    asked = graph.nodes[node]
    if isinstance(asked, Confirmation):
        yield from ((grammar_id, intent) for intent in (asked.agree_intent, asked.refuse_intent))
        return
    for kind in graph.calls:
        intent = said_at(graph, kind, node)
        if intent is not None:
            yield grammar_id, intent
        elif isinstance(asked, Digits):
            yield from ((grammar_id, digit) for digit in asked.intents())
            if asked.whole is not None:
                yield OPEN, asked.whole


def _probes_of_graph(graph: Graph, utterances: pa.Table, seed: int) -> dict[str, list[str]]:
    probes: dict[str, list[str]] = defaultdict(list)
    served: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in utterances.select(["utterance_id", "speaker_id", "role", "intent"]).to_pylist():
        if row["role"] != "caller" or AGAIN in row["utterance_id"]:
            continue
        place = graph.places.get(row["intent"])
        if place is None:
            probes[graph.grammar_ids[graph.start]].append(row["utterance_id"])
        elif place[0] != OPEN:
            served[row["speaker_id"]].append(row)
    for rows in served.values():
        rows.sort(key=lambda row: utterance_seed(seed, "probe", row["utterance_id"]))
        for row in rows[: graph.probes_per_speaker]:
            probes[graph.grammar(*graph.places[row["intent"]]).grammar_id].append(row["utterance_id"])
    return probes
