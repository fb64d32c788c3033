"""Walks many calls through a graph at once: each step moves every call that stands at one node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from callgap.ivr.callers import Calls, Recordings, calls_of, recordings
from callgap.ivr.hearing import Ear, Heard, Takes, durations_of
from callgap.ivr.nodes import AGREE, REFUSE, Confirmation
from callgap.ivr.understanding import NOTHING, Flags, Ints, Reals, texts_of

if TYPE_CHECKING:
    from callgap.ivr.graph import Graph


@dataclass
class Walked:
    """Where the calls stand and what became of them; every array has one row per call.

    Attributes:
        here: place of a node, or after those of an end, or after those `hung_up` and `lost`.
        asked: `[call, node]`, how often asked there; at a confirmation, since it was last entered.
        exact: `[call, node]`, at which attempt the number was understood exactly; 0 for none.
        said_number: `[call, node]`, whether a number was said there.
        pending_goto: what a confirmation leads to.
        pending_from: the node that it goes back to.
        pending_right: whether what it confirms is right.
        pending_number: whether that is a number.
        path: pieces of calls and the places that they went to, in order.
    """

    here: Ints
    asked: Ints
    exact: Ints
    said_number: Flags
    pending_goto: Ints
    pending_from: Ints
    pending_right: Flags
    pending_number: Flags
    opening: Ints
    turns: Ints
    reprompts: Ints
    no_matches: Ints
    confirmations: Ints
    repetitions: Ints
    seconds: Reals
    gave_up: Flags
    keys: Flags
    wrong_number: Flags
    critical_heard: Flags
    confident_error: Flags
    with_confidence: Flags
    path: list[tuple[Ints, Ints]] = field(default_factory=list)

    @classmethod
    def at(cls, start: int, calls: int, nodes: int) -> Walked:
        """Every call at its beginning."""

        def none(kind: type = np.int64) -> np.ndarray:
            return np.zeros(calls, kind)

        begun = cls(
            here=np.full(calls, start),
            asked=np.zeros((calls, nodes), np.int64),
            exact=np.zeros((calls, nodes), np.int64),
            said_number=np.zeros((calls, nodes), bool),
            pending_goto=none(),
            pending_from=none(),
            pending_right=none(bool),
            pending_number=none(bool),
            opening=np.full(calls, NOTHING),
            turns=none(),
            reprompts=none(),
            no_matches=none(),
            confirmations=none(),
            repetitions=none(),
            seconds=none(np.float64),
            gave_up=none(bool),
            keys=none(bool),
            wrong_number=none(bool),
            critical_heard=none(bool),
            confident_error=none(bool),
            with_confidence=none(bool),
        )
        begun.path.append((np.arange(calls), begun.here.copy()))
        return begun


class Walker:
    """A service, the recordings of its callers, and what was heard of them."""

    def __init__(self, graph: Graph, utterances: pa.Table, hypotheses: pa.Table, covariates: pa.Table) -> None:
        self.graph = graph
        self.names = [*graph.nodes, *graph.ends]
        self.hung_up, self.lost = len(self.names), len(self.names) + 1
        self._place = {name: place for place, name in enumerate(self.names)}
        places = {name: place for place, name in enumerate(utterances["utterance_id"].to_pylist())}
        texts = texts_of(hypotheses, places)
        ids = list(places)
        excluded = {ids[place] for heard in texts.values() for place in np.flatnonzero(heard.excluded)}
        self.recorded: Recordings = recordings(graph, utterances, excluded)
        self.calls: Calls = calls_of(graph, self.recorded)
        takes, durations = Takes(self.recorded), durations_of(covariates, places)
        self._ears = [Ear(graph, name, self.calls, self.recorded, takes, texts, durations) for name in graph.nodes]

    def walk(self) -> Walked:
        """Walk every call to its end.

        A node is asked at most as often as it allows and never begins anew, so that every call ends.
        """
        state = Walked.at(self._place[self.graph.start], len(self.calls.speaker), len(self.graph.nodes))
        while (state.here < len(self.graph.nodes)).any():
            for place, name in enumerate(self.graph.nodes):
                at = np.flatnonzero(state.here == place)
                if len(at):
                    self._step(state, place, name, at)
        seconds = np.array([end.seconds for end in self.graph.ends.values()] + [0.0, 0.0])
        state.seconds += seconds[state.here - len(self.graph.nodes)]
        return state

    def _step(self, state: Walked, place: int, name: str, at: Ints) -> None:
        tired = state.asked[at, place] >= self.graph.limit(name)
        if tired.any():
            state.gave_up[at[tired]] = True
            target = self.graph.fallback(name)
            self._go(state, at[tired], self.hung_up if target is None else self._place[target])
            at = at[~tired]
        before = state.asked[at, place]
        state.asked[at, place] += 1
        state.turns[at] += 1
        state.reprompts[at] += before > 0
        node = self.graph.nodes[name]
        again = node.prompt_s if node.reprompt_s is None else node.reprompt_s
        state.seconds[at] += np.where(before > 0, again, node.prompt_s)
        typed = self._type(state, place, name, at, before)
        at, before = at[~typed], before[~typed]
        if not len(at):
            return
        if isinstance(node, Confirmation):
            self._confirm(state, place, name, at, before)
        else:
            self._listen(state, place, name, at, before)

    def _type(self, state: Walked, place: int, name: str, at: Ints, before: Ints) -> Flags:
        """Callers who are offered keys and know which one means what they want: these are understood as they are."""
        keys, ear = self.graph.keys_of(name), self._ears[place]
        kind = self.calls.kind[at]
        known = np.array([*(answer.key is not None for answer in self.graph.answers(name)), False])
        able = known[ear.wanted[kind]] | ear.says_number[kind]
        typed: Flags = able & (before >= keys.after) if keys is not None else np.zeros(len(at), bool)
        if keys is None or not typed.any():
            return typed
        chosen = at[typed]
        state.keys[chosen] = True
        state.seconds[chosen] += keys.seconds
        number = ear.says_number[kind[typed]]
        state.said_number[chosen[number], place] = True
        wanted = ear.wanted[kind[typed]]
        self._note_critical(state, name, chosen, wanted)
        self._go(state, chosen, self._targets(name, wanted, number))
        return typed

    def _listen(self, state: Walked, place: int, name: str, at: Ints, before: Ints) -> None:
        ear = self._ears[place]
        number = ear.says_number[self.calls.kind[at]]
        state.said_number[at[number], place] = True
        for mine, hear in ((number, ear.number), (~number, ear.words)):
            if mine.any():
                heard = hear(at[mine], before[mine])
                taken = self._take(state, name, at[mine], heard)
                self._accept(state, place, name, at[mine][taken], _only(heard, taken), before[mine][taken] + 1)

    def _take(self, state: Walked, name: str, at: Ints, heard: Heard) -> Flags:
        """Note the turn; whether something was understood that the service takes."""
        fresh = state.opening[at] == NOTHING
        state.opening[at[fresh]] = heard.opening[fresh]
        state.seconds[at] += heard.seconds
        state.repetitions[at] += heard.again
        state.with_confidence[at] |= ~np.isnan(heard.confidence)
        understood = (heard.answer != NOTHING) | (heard.number != NOTHING)
        taken = understood & ~(heard.confidence < self.graph.threshold(name)) & ~heard.owed
        state.no_matches[at] += ~taken & ~heard.owed
        confident = heard.confidence >= self.graph.confident_from
        state.confident_error[at] |= taken & ~heard.right & confident
        if heard.owed.any():
            self._go(state, at[heard.owed], self.lost)
        return np.asarray(taken)

    def _accept(self, state: Walked, place: int, name: str, at: Ints, heard: Heard, attempt: Ints) -> None:
        if not len(at):
            return
        node = self.graph.nodes[name]
        is_number = heard.answer == NOTHING
        self._note_critical(state, name, at, heard.answer)
        first = is_number & heard.right & (state.exact[at, place] == 0)
        state.exact[at[first], place] = attempt[first]
        target = self._targets(name, heard.answer, is_number)
        own = is_number | (heard.answer < len(node.choices))
        doubtful = ~(heard.confidence >= (2.0 if node.confirm_below is None else node.confirm_below))
        asks = own & doubtful & (node.confirm is not None)
        sure = ~asks
        state.wrong_number[at[sure]] |= (is_number & ~heard.right)[sure]
        self._go(state, at[sure], target[sure])
        if asks.any():
            assert node.confirm is not None
            confirmation = self._place[node.confirm]
            to = at[asks]
            state.pending_goto[to], state.pending_from[to] = target[asks], place
            state.pending_right[to], state.pending_number[to] = heard.right[asks], is_number[asks]
            state.asked[to, confirmation] = 0
            self._go(state, to, confirmation)

    def _confirm(self, state: Walked, place: int, name: str, at: Ints, before: Ints) -> None:
        node, ear = self.graph.nodes[name], self._ears[place]
        assert isinstance(node, Confirmation)
        state.confirmations[at] += 1
        right = state.pending_right[at]
        key = np.where(right, ear.key(node.agree_intent), ear.key(node.refuse_intent))
        heard = ear.saying(at, before, key, np.where(right, AGREE, REFUSE))
        taken = self._take(state, name, at, heard)
        # A number is no answer to a question of yes or no.
        at, answer = at[taken], heard.answer[taken]
        agreed = at[answer == AGREE]
        state.wrong_number[agreed] |= state.pending_number[agreed] & ~state.pending_right[agreed]
        self._go(state, agreed, state.pending_goto[agreed])
        refused = at[answer == REFUSE]
        self._go(state, refused, state.pending_from[refused])
        other = answer > REFUSE
        self._note_critical(state, name, at[other], answer[other])
        self._go(state, at[other], self._targets(name, answer[other], np.zeros(int(other.sum()), bool)))

    def _note_critical(self, state: Walked, name: str, at: Ints, answer: Ints) -> None:
        critical = np.array([*(a.critical for a in self.graph.answers(name)), False])
        state.critical_heard[at] |= critical[answer]

    def _targets(self, name: str, answer: Ints, number: Flags) -> Ints:
        node = self.graph.nodes[name]
        # A confirmation's own answers lead where what it confirms leads: they are not looked up here.
        known = [self._place.get(a.goto, NOTHING) for a in self.graph.answers(name)]
        own = self._place[node.targets[0]] if not node.choices and node.targets else NOTHING
        return np.where(number, own, np.array([*known, NOTHING])[answer])

    def _go(self, state: Walked, at: Ints, target: Ints | int) -> None:
        if len(at):
            state.here[at] = target
            state.path.append((at, state.here[at]))


def _only(heard: Heard, mask: Flags) -> Heard:
    return Heard(*(getattr(heard, name)[mask] for name in Heard.__annotations__))
