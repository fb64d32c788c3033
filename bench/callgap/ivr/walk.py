"""Walks calls through a service: what was understood decides where they end up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from callgap.ivr.graph import Graph
from callgap.ivr.graph_outcomes import walk_graph
from callgap.ivr.outcome import Outcome
from callgap.ivr.service import Node, NoService, Service
from callgap.records import OUTCOMES, Status, table


@dataclass(frozen=True)
class _Take:
    utterance_id: str
    speaker_id: str
    intent: str
    duration_s: float
    text: str | None
    status: Status


def walk(
    service: Service | Graph | NoService, utterances: pa.Table, hypotheses: pa.Table, covariates: pa.Table
) -> pa.Table:
    """Simulate calls: those of a graph, or of single menus one per served utterance.

    At a single menu a caller says the utterance; where nothing is understood the service asks again, and the caller
    says the next take that the same speaker recorded of the same prompt, as often as the service allows and takes last.
    The same audio is never played twice: it would be misheard twice.

    Args:
        service: the menus; without any there are no calls.
        utterances: table `utterances`.
        hypotheses: table `hypotheses`; of a single menu only rows whose grammar is the node's own count.
        covariates: table `covariates`, for the measured durations.

    Returns:
        Table `outcomes`, in the order of the utterances. Utterances excluded as input begin no call.
    """
    if isinstance(service, NoService):
        return OUTCOMES.empty_table()
    if isinstance(service, Graph):
        return walk_graph(service, utterances, hypotheses, covariates)
    heard = {(row["utterance_id"], row["grammar_id"]): row for row in hypotheses.to_pylist()}
    durations = dict(zip(covariates["utterance_id"].to_pylist(), covariates["duration_s"].to_pylist(), strict=True))
    takes: dict[tuple[str, str], list[_Take]] = defaultdict(list)
    order: list[tuple[tuple[str, str], int]] = []
    for row in utterances.to_pylist():
        take = _take(service, row, heard, durations)
        if take is not None and take.status is not Status.EXCLUDED:
            key = (row["speaker_id"], row["prompt_id"])
            order.append((key, len(takes[key])))
            takes[key].append(take)
    rows = [_call(service, takes[key][position:] + takes[key][:position]) for key, position in order]
    return table(rows, OUTCOMES)


def _take(
    service: Service,
    row: Mapping[str, Any],
    heard: Mapping[tuple[str, str], Mapping[str, Any]],
    durations: Mapping[str, float | None],
) -> _Take | None:
    place = service.places.get(row["intent"])
    hypothesis = heard.get((row["utterance_id"], place[0])) if place else None
    if hypothesis is None:
        return None
    seconds = durations.get(row["utterance_id"]) or 0.0
    status = Status(hypothesis["status"])
    return _Take(row["utterance_id"], row["speaker_id"], row["intent"], seconds, hypothesis["text"], status)


def _call(service: Service, takes: Sequence[_Take]) -> dict[str, object]:
    first = takes[0]
    name, expected = service.places[first.intent]
    call = {"call_id": first.utterance_id, "speaker_id": first.speaker_id, "expected": expected}
    if first.status is not Status.OK:
        return call | {"nodes": [name], "turns": 0, "reprompts": 0, "outcome": Outcome.LOST.value}
    tried, reached = _attempts(service.nodes[name], [t for t in takes if t.status is Status.OK][: service.attempts])
    if reached is None and len(tried) == service.attempts:
        reached = service.after_attempts
    seconds = sum(service.nodes[name].prompt_s + take.duration_s for take in tried)
    return call | {
        "nodes": [name, *([reached] if reached else [])],
        "turns": len(tried),
        "reprompts": len(tried) - 1,
        "outcome": _outcome(service, expected, reached).value,
        "reached": reached,
        "seconds": seconds,
    }


def _attempts(node: Node, takes: Iterable[_Take]) -> tuple[list[_Take], str | None]:
    tried: list[_Take] = []
    for take in takes:
        tried.append(take)
        reached = node.match(take.text or "")
        if reached is not None:
            return tried, reached
    return tried, None


def _outcome(service: Service, expected: str, reached: str | None) -> Outcome:
    if reached is None:
        return Outcome.NOT_UNDERSTOOD
    if reached == service.human:
        return Outcome.HUMAN
    return Outcome.ROUTED if reached == expected else Outcome.MISROUTED
