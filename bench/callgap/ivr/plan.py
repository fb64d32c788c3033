"""Which utterance is recognized with which grammar."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyarrow as pa

from callgap.audio import utterance_seed
from callgap.errors import InputError
from callgap.ivr.graph import Graph
from callgap.ivr.graph_plan import plan_of_graph
from callgap.ivr.planned import Plan, frozen
from callgap.ivr.service import NoService, Service
from callgap.records import OPEN, Grammar


def make_plan(service: Service | Graph | NoService, utterances: pa.Table, seed: int) -> Plan:
    """Decide at which nodes each utterance is heard, and which utterances also probe the rejection.

    An utterance whose intent the service does not serve is a probe at the start node: whatever is accepted is a false
    accept. Of each speaker, some served utterances are probes besides, with their own choice left out. Without a
    service every utterance is heard as open speech. Of a graph, what a caller says is heard with the grammar of every
    node at which a caller may say it, strays among them.

    Args:
        service: the menus, if any.
        utterances: table `utterances`; only callers are heard.
        seed: of the choice of probes.

    Returns:
        The plan.

    Raises:
        InputError: the service serves no intent of the corpus, or nobody of the wanted role speaks in it.
    """
    if isinstance(service, NoService):
        return _open(service, utterances)
    if isinstance(service, Graph):
        return plan_of_graph(service, utterances, seed)
    return _of_menus(service, utterances, seed)


def _of_menus(service: Service, utterances: pa.Table, seed: int) -> Plan:
    calls: dict[str, list[str]] = defaultdict(list)
    probes: dict[str, list[str]] = defaultdict(list)
    served: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in utterances.select(["utterance_id", "speaker_id", "role", "intent"]).to_pylist():
        if row["role"] != "caller":
            continue
        place = service.places.get(row["intent"])
        if place is None:
            probes[service.start].append(row["utterance_id"])
        else:
            calls[place[0]].append(row["utterance_id"])
            served[row["speaker_id"]].append(row)
    if not calls:
        found = ", ".join(sorted({str(intent) for intent in utterances["intent"].to_pylist()})[:5])
        raise InputError(
            f"ivr={service.name} serves no intent of the corpus: found {found}; accepted: {', '.join(service.places)}; "
            "or ivr=none for open speech without a menu"
        )
    for rows in served.values():
        rows.sort(key=lambda row: utterance_seed(seed, "probe", row["utterance_id"]))
        for row in rows[: service.probes_per_speaker]:
            node, destination = service.places[row["intent"]]
            probes[service.grammar(node, destination).grammar_id].append(row["utterance_id"])
    return Plan(frozen(calls), frozen(probes), _grammars(service))


def _open(service: NoService, utterances: pa.Table) -> Plan:
    rows = utterances.select(["utterance_id", "role"]).to_pylist()
    ids = tuple(row["utterance_id"] for row in rows if row["role"] == service.role)
    if not ids:
        found = ", ".join(sorted({str(row["role"]) for row in rows}))
        raise InputError(f"ivr.role={service.role}: the corpus holds none of that role, found: {found or 'nobody'}")
    return Plan({OPEN: ids}, {}, {})


def own_rows(service: Service | Graph | NoService, utterances: pa.Table, hypotheses: pa.Table) -> list[bool | None]:
    """Tell what callers said at their own node from what probes the recognizer's rejection.

    Args:
        service: the menus, if any.
        utterances: table `utterances`.
        hypotheses: table `hypotheses`.

    Returns:
        For each hypothesis: True where it is the one of its utterance that is scored; False where it is a probe; None
        where it is neither, as of what is said at a further node. Without a service everything is scored.
    """
    if isinstance(service, NoService):
        return [True] * hypotheses.num_rows
    intents = dict(zip(utterances["utterance_id"].to_pylist(), utterances["intent"].to_pylist(), strict=True))
    own: list[bool | None] = []
    for name, grammar in zip(hypotheses["utterance_id"].to_pylist(), hypotheses["grammar_id"].to_pylist(), strict=True):
        place = service.places.get(intents[name])
        if place is not None and place[0] == grammar:
            own.append(True)
        elif isinstance(service, Service) or place is None:
            own.append(False)
        else:
            own.append(False if grammar == service.grammar(*place).grammar_id else None)
    return own


def _grammars(service: Service) -> dict[str, Grammar]:
    full = [service.grammar(node) for node in service.nodes]
    reduced = [service.grammar(node, destination) for node, destination in service.places.values()]
    return {grammar.grammar_id: grammar for grammar in [*full, *reduced]}
