"""The table `outcomes` of calls that were walked through a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callgap.ivr.graph_walk import Walked, Walker
from callgap.ivr.nodes import Call
from callgap.ivr.outcome import Outcome
from callgap.ivr.paths import Path, answered, path_of
from callgap.ivr.understanding import NOTHING, Flags, Ints
from callgap.records import OUTCOMES

if TYPE_CHECKING:
    from callgap.ivr.graph import Graph


def walk_graph(graph: Graph, utterances: pa.Table, hypotheses: pa.Table, covariates: pa.Table) -> pa.Table:
    """Simulate the calls of a graph.

    Args:
        graph: the service and its calls.
        utterances: table `utterances`, repetitions among them where callers may repeat themselves.
        hypotheses: table `hypotheses`.
        covariates: table `covariates`, for the measured durations.

    Returns:
        Table `outcomes`, speaker by speaker; `call_id` is the utterance with which a call begins, and a number where
        several begin with it.
    """
    walker = Walker(graph, utterances, hypotheses, covariates)
    state = walker.walk()
    columns = _identity(walker, state) | _ended(walker, state) | _along(walker, state)
    lost = state.here == walker.lost
    for name in OUTCOMES.names[OUTCOMES.names.index("completed") :]:
        columns[name] = _null_where(columns[name], lost)
    columns["seconds"] = _null_where(columns["seconds"], lost)
    arrays = [columns[name].cast(OUTCOMES.field(name).type) for name in OUTCOMES.names]
    return pa.Table.from_arrays(arrays, schema=OUTCOMES)


def _identity(walker: Walker, state: Walked) -> dict[str, Any]:
    calls, graph = walker.calls, walker.graph
    kinds = list(graph.calls)
    speakers = np.array([*walker.recorded.speakers, ""], object)
    return {
        "call_id": pa.array(_call_ids(walker, state.opening.tolist()), pa.string()),
        "speaker_id": pa.array(speakers[calls.speaker], pa.string()),
        "service": pa.array([graph.name] * len(calls.speaker), pa.string()),
        "goal": pa.array(np.array(kinds, object)[calls.kind], pa.string()),
        "nodes": _paths(walker, state),
    }


def _ended(walker: Walker, state: Walked) -> dict[str, Any]:
    graph = walker.graph
    goals = list(graph.calls.values())
    names = np.array([*walker.names, None, None], object)
    expected = np.array([goal.ends for goal in goals], object)[walker.calls.kind]
    reached = names[state.here]
    human = np.array([name == graph.human for name in names])[state.here]
    right = reached == expected
    outcome = np.select(
        [state.here == walker.lost, state.here == walker.hung_up, human, right],
        [Outcome.LOST.value, Outcome.NOT_UNDERSTOOD.value, Outcome.HUMAN.value, Outcome.ROUTED.value],
        Outcome.MISROUTED.value,
    )
    priorities = {name: end.priority or 0 for name, end in graph.ends.items()}
    due = np.array([priorities[name] for name in expected])
    got = np.array([priorities.get(name, 0) for name in reached])
    queued = got > 0
    automatic = (got == 0) & (state.here < walker.hung_up)
    return {
        "reached": pa.array(reached, pa.string()),
        "expected": pa.array(expected, pa.string()),
        "outcome": pa.array(outcome, pa.string()),
        "completed": pa.array(right & ~state.wrong_number),
        "wrong_priority": _null_where(pa.array(got != due), due == 0),
        "contained": pa.array(automatic),
        "asked_for_human": pa.array(np.array([_asks_for_human(graph, goal) for goal in goals])[walker.calls.kind]),
        "human_turns": _null_where(pa.array(state.turns), ~queued),
        "human_seconds": _null_where(pa.array(state.seconds), ~queued),
    }


def _along(walker: Walker, state: Walked) -> dict[str, Any]:
    said = np.asarray(state.said_number.any(axis=1))
    exact = {}
    for most in (1, 2, 3):
        within = ~state.said_number | ((state.exact > 0) & (state.exact <= most))
        exact[f"digits_exact_{most}"] = _null_where(pa.array(within.all(axis=1)), ~said)
    critical = np.array([_is_critical(walker.graph, kind) for kind in walker.graph.calls])[walker.calls.kind]
    return {
        "turns": pa.array(state.turns),
        "reprompts": pa.array(state.reprompts),
        "no_matches": pa.array(state.no_matches),
        "seconds": pa.array(state.seconds),
        "gave_up": pa.array(state.gave_up),
        "keys": pa.array(state.keys),
        "confirmations": pa.array(state.confirmations),
        "repetitions": pa.array(state.repetitions),
        "wrong_number_accepted": _null_where(pa.array(state.wrong_number), ~(said | state.wrong_number)),
        "critical_heard": _null_where(pa.array(state.critical_heard), ~critical),
        "confident_error": _null_where(pa.array(state.confident_error), ~state.with_confidence),
        **exact,
    }


def _asks_for_human(graph: Graph, call: Call) -> bool:
    """Whether a person is the first thing asked for: there are other ways to one."""
    path = path_of(graph, call)
    assert isinstance(path, Path)
    return path.end == graph.human and len(path.nodes) == 1


def _is_critical(graph: Graph, kind: str) -> bool:
    call = graph.calls[kind]
    path = path_of(graph, call)
    assert isinstance(path, Path)
    served = ((node, answered(graph, call, node)) for node in path.nodes)
    return any(graph.answers(node)[found[1]].critical for node, found in served if found is not None)


def _call_ids(walker: Walker, openings: Sequence[int]) -> Iterable[str]:
    times: Counter[str] = Counter()
    kinds = list(walker.graph.calls)
    for place, opening in enumerate(openings):
        speaker = walker.recorded.speakers[walker.calls.speaker[place]]
        # Nothing said at all: the keys were offered first.
        name = walker.recorded.ids[opening] if opening != NOTHING else f"{speaker}-{kinds[walker.calls.kind[place]]}"
        times[name] += 1
        yield name if times[name] == 1 else f"{name}#{times[name]}"


def _paths(walker: Walker, state: Walked) -> pa.Array:
    """By call, the names of the nodes and of the end, in order; who hangs up or is lost reaches none."""
    calls = np.concatenate([at for at, _ in state.path])
    places = np.concatenate([to for _, to in state.path])
    kept = places < walker.hung_up
    calls, places = calls[kept], places[kept]
    order = np.argsort(calls, kind="stable")
    lengths = np.bincount(calls, minlength=len(state.here))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    names = pa.DictionaryArray.from_arrays(pa.array(places[order].astype(np.int32)), pa.array(walker.names))
    return pa.ListArray.from_arrays(pa.array(offsets), names.cast(pa.string()))


def _null_where(values: pa.Array, mask: Flags | Ints) -> pa.Array:
    return pc.if_else(pa.array(np.asarray(mask, bool)), pa.scalar(None, values.type), values)
