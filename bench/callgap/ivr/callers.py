"""Which calls are made: the same mix by every speaker, with the same numbers, and with which recordings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from callgap.audio import utterance_seed
from callgap.errors import InputError
from callgap.ivr.nodes import Asking, Confirmation, Digits
from callgap.ivr.paths import Path, answered, path_of
from callgap.ivr.understanding import Ints, read_digits

if TYPE_CHECKING:
    from callgap.ivr.graph import Graph

AGAIN = "~again-"
"""In the id of an utterance: the same recording, heard once more through fresh noise of the line."""


@dataclass(frozen=True)
class Recordings:
    """Who recorded what.

    Attributes:
        ids: by place, the utterance id.
        speakers: in the order of the table.
        by_speaker: by speaker and intent, the places of the takes in their order; repetitions of the same recording
            come after the others.
    """

    ids: tuple[str, ...]
    speakers: tuple[str, ...]
    by_speaker: Mapping[str, Mapping[str, tuple[int, ...]]]

    def numbers(self, speaker: str, whole: str | None) -> tuple[str, ...]:
        """The numbers that a speaker recorded whole, in the order of the table; of an intent that is None, none.

        Their takes stand under the intent, an equals sign and the number.
        """
        if whole is None:
            return ()
        return tuple(key.split("=", 1)[1] for key in self.by_speaker[speaker] if key.startswith(f"{whole}="))

    def has(self, speaker: str, intents: Iterable[str]) -> bool:
        """Whether a speaker recorded all of these."""
        return all(self.by_speaker[speaker].get(intent) for intent in intents)


@dataclass(frozen=True)
class Calls:
    """The calls that are made, speaker by speaker, each speaker's in the same order.

    Attributes:
        speaker: `[call]`, place among the speakers.
        kind: `[call]`, place among the graph's calls.
        repeat: `[call]`, how many calls of this kind the speaker has made before.
        mix: by kind of call, how many every speaker makes who can.
    """

    speaker: Ints
    kind: Ints
    repeat: Ints
    mix: Mapping[str, int]


def with_repetitions(graph: Graph, utterances: pa.Table) -> pa.Table:
    """Add the recordings that callers repeat who have no other take of the same words.

    Channels and corpora draw noise by the utterance's id, so a repetition of another name is heard through fresh noise.

    Args:
        graph: the service.
        utterances: table `utterances`.

    Returns:
        The same rows, and after them the repetitions.
    """
    columns = [utterances[name].to_pylist() for name in ("utterance_id", "speaker_id", "role", "intent", "text")]
    whole = {node.whole for node in graph.nodes.values() if isinstance(node, Digits)}
    takes: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, (_, speaker, role, intent, text) in enumerate(zip(*columns, strict=True)):
        if role == "caller" and intent in graph.places:
            # Another number is no other take, as another sentence for the same wish is.
            takes[speaker, intent, text if intent in whole else ""].append(place)
    extra = [
        (places[number % len(places)], 2 + number // len(places))
        for places in takes.values()
        for number in range(max(0, graph.retakes - len(places)))
    ]
    if not extra:
        return utterances
    rows = utterances.take([place for place, _ in extra])
    ids = [f"{columns[0][place]}{AGAIN}{time}" for place, time in extra]
    rows = rows.set_column(rows.schema.get_field_index("utterance_id"), "utterance_id", pa.array(ids, pa.string()))
    return pa.concat_tables([utterances, rows])


def without_repetitions(table: pa.Table) -> pa.Table:
    """Leave out of a table what belongs to repetitions, for all that looks at recordings and not at calls."""
    return table.filter(pa.array([AGAIN not in name for name in table["utterance_id"].to_pylist()], pa.bool_()))


def recordings(graph: Graph, utterances: pa.Table, excluded: Iterable[str] = ()) -> Recordings:
    """Sort the callers' utterances by speaker and intent.

    Args:
        graph: the service.
        utterances: table `utterances`.
        excluded: ids of utterances whose input is at fault.

    Returns:
        Who recorded what.

    Raises:
        InputError: the recording of a whole number has not as many digits as its node takes.
    """
    bad = set(excluded)
    found: dict[str, dict[str, list[int]]] = {}
    columns = [utterances[name].to_pylist() for name in ("utterance_id", "speaker_id", "role", "intent", "text")]
    whole = {node.whole: name for name, node in graph.nodes.items() if isinstance(node, Digits) and node.whole}
    for place, (name, speaker, role, intent, text) in enumerate(zip(*columns, strict=True)):
        if role != "caller":
            continue
        takes = found.setdefault(speaker, {})
        if intent is None or name in bad:
            continue
        takes.setdefault(intent, []).append(place)
        if intent in whole:
            number = _number(graph, whole[intent], name, text or "")
            takes.setdefault(f"{intent}={number}", []).append(place)
    by_speaker = {s: {i: tuple(places) for i, places in takes.items()} for s, takes in found.items()}
    return Recordings(tuple(columns[0]), tuple(found), by_speaker)


def calls_of(graph: Graph, recorded: Recordings) -> Calls:
    """Deal the calls: every speaker makes the same.

    The mix is made of the kinds of call that somebody in the corpus can make from beginning to end. A speaker who lacks
    a recording for one of them does not make it, and nothing takes its place.

    Args:
        graph: the service.
        recorded: who recorded what.

    Returns:
        The calls.

    Raises:
        InputError: nobody can make any of the calls.
    """
    kinds = list(graph.calls)
    able = {
        (speaker, kind): recorded.has(speaker, _needed(graph, kind)) and _numbers(graph, kind, recorded, speaker)
        for speaker in recorded.speakers
        for kind in kinds
    }
    mix = _shared_out(
        {k: graph.calls[k].share for k in kinds if any(able[s, k] for s in recorded.speakers)}, graph.calls_per_speaker
    )
    if not mix:
        needed = sorted({intent for kind in kinds for intent in _needed(graph, kind)})
        said = sorted({intent for takes in recorded.by_speaker.values() for intent in takes})
        raise InputError(
            f"ivr={graph.name} serves no intent of the corpus that makes a whole call: found "
            f"{', '.join(said[:5]) or 'none'}; accepted: {', '.join(needed) or 'digits'}; or ivr=none for open speech "
            "without a menu"
        )
    rows = [
        (place, kinds.index(kind), repeat)
        for place, speaker in enumerate(recorded.speakers)
        for kind, count in mix.items()
        if able[speaker, kind]
        for repeat in range(count)
    ]
    speaker, kind, repeat = np.array(rows, np.int64).reshape(-1, 3).T
    return Calls(speaker, kind, repeat, mix)


def numbers_said(graph: Graph, node: str, kind: str, count: int) -> Ints:
    """The numbers that callers say digit by digit.

    Args:
        graph: the service; its seed decides.
        node: at which.
        kind: of call.
        count: how many calls of this kind a speaker makes.

    Returns:
        `[call, digit]`: the same for all speakers, and whatever the other nodes and kinds are.
    """
    asked = graph.nodes[node]
    assert isinstance(asked, Digits)
    random = np.random.default_rng(utterance_seed(graph.seed, f"number at {node}", kind))
    return random.integers(0, 10, (count, asked.length))


def said_at(graph: Graph, kind: str, node: str) -> str | None:
    """What a caller says at a node: the first intent wanted that it serves, else that of a stray, else the request.

    Args:
        graph: the service.
        kind: of call.
        node: its name.

    Returns:
        The intent; None where a number is said, or a yes or no.
    """
    call = graph.calls[kind]
    found = answered(graph, call, node)
    if found is not None:
        return found[0]
    if isinstance(graph.nodes[node], Confirmation):
        return None
    if isinstance(graph.nodes[node], Digits) and node in _path(graph, kind).nodes:
        return None
    return graph.stray or next(iter(call.wants), None)


def _number(graph: Graph, node: str, utterance: str, text: str) -> str:
    asked = graph.nodes[node]
    assert isinstance(asked, Digits)
    digits = read_digits(graph, text)
    if digits is None or len(digits) != asked.length:
        raise InputError(
            f"utterance {utterance}, intent {asked.whole}: found {text!r}; accepted at node {node!r}: {asked.length} "
            "digits in the words of numerals"
        )
    return digits


def _path(graph: Graph, kind: str) -> Path:
    path = path_of(graph, graph.calls[kind])
    assert isinstance(path, Path)
    return path


def _needed(graph: Graph, kind: str) -> tuple[str, ...]:
    return _path(graph, kind).intents


def _numbers(graph: Graph, kind: str, recorded: Recordings, speaker: str) -> bool:
    for name in _path(graph, kind).nodes:
        node = graph.nodes[name]
        says_number = isinstance(node, Digits) and said_at(graph, kind, name) is None
        if says_number and not _can_say_number(node, recorded, speaker):
            return False
    return True


def _can_say_number(node: Asking, recorded: Recordings, speaker: str) -> bool:
    assert isinstance(node, Digits)
    return bool(recorded.numbers(speaker, node.whole)) or recorded.has(speaker, node.intents())


def _shared_out(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers in proportion to shares, by largest remainder; ties go to the first."""
    whole = sum(shares.values())
    exact = {name: total * share / whole for name, share in shares.items()}
    counts = {name: int(value) for name, value in exact.items()}
    order: Sequence[str] = sorted(exact, key=lambda name: counts[name] - exact[name])
    for name in order[: total - sum(counts.values())]:
        counts[name] += 1
    return counts
