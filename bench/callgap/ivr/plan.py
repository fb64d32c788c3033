"""Which utterance is recognized with which grammar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from callgap.audio import utterance_seed
from callgap.errors import InputError
from callgap.ivr.service import NoService, Service
from callgap.records import OPEN, Grammar


@dataclass(frozen=True)
class Plan:
    """What is to be recognized.

    Attributes:
        calls: by grammar id, the utterances that begin a call there.
        probes: by grammar id, the utterances of which the grammar holds no right answer.
        grammars: by grammar id.
    """

    calls: Mapping[str, tuple[str, ...]]
    probes: Mapping[str, tuple[str, ...]]
    grammars: Mapping[str, Grammar]

    def work(self) -> list[tuple[str, str]]:
        """Pairs of grammar id and utterance id, grouped by grammar, calls first."""
        return [(g, u) for part in (self.calls, self.probes) for g, utterances in part.items() for u in utterances]


def make_plan(service: Service | NoService, utterances: pa.Table, seed: int) -> Plan:
    """Decide at which node each utterance is heard, and which utterances also probe the rejection.

    An utterance whose intent the service does not serve is a probe at the start node: whatever is accepted is a false
    accept. Of each speaker, some served utterances are probes besides, with their own choice left out. Without a
    service every utterance is heard as open speech.

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
    return Plan(_frozen(calls), _frozen(probes), _grammars(service))


def _open(service: NoService, utterances: pa.Table) -> Plan:
    rows = utterances.select(["utterance_id", "role"]).to_pylist()
    ids = tuple(row["utterance_id"] for row in rows if row["role"] == service.role)
    if not ids:
        found = ", ".join(sorted({str(row["role"]) for row in rows}))
        raise InputError(f"ivr.role={service.role}: the corpus holds none of that role, found: {found or 'nobody'}")
    return Plan({OPEN: ids}, {}, {})


def _frozen(parts: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(parts[name]) for name in sorted(parts)}


def _grammars(service: Service) -> dict[str, Grammar]:
    full = [service.grammar(node) for node in service.nodes]
    reduced = [service.grammar(node, destination) for node, destination in service.places.values()]
    return {grammar.grammar_id: grammar for grammar in [*full, *reduced]}
