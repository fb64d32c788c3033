"""A central recognizer: windows that are full and whole, every utterance once, whatever stops the work."""

import threading
import time
from collections import Counter

import numpy as np
import pytest
import torch
from energetic import Energetic, Plain

from callgap.alteration import Identity
from callgap.audio import batch_of
from callgap.background import Ahead, Behind
from callgap.channel import Clean
from callgap.corpus import load_card
from callgap.engine import LocalEngine
from callgap.errors import InputError
from callgap.hearing import Piece, Recorded, Recording, fullness, parts, windows
from callgap.recognition import Job, Recognition
from callgap.recognizer import Central
from callgap.records import OK, OPEN, Grammar, ItemStatus, Status, table, utterances_schema
from callgap.speech import Speech

RATE = 8000
BAD = ItemStatus(Status.EXCLUDED, "truncated_audio")


class Recordings:
    """Recordings of one to three windows of noise; some rows have a fault, some windows cannot be heard."""

    has_audio = True
    strict = False
    card = load_card("fsdd")

    def load(self, utterances):
        for name in utterances["utterance_id"].to_pylist():
            number = int(name[1:])
            for window in range(1 + number % 3):
                signal = torch.from_numpy(np.random.default_rng([number, window]).standard_normal(800, np.float32) / 9)
                bad = number % 10 == 4 and window == 1
                yield batch_of([signal[:0] if bad else signal], RATE, [name], [BAD if bad else OK])


def rows(count, first=0):
    faults = {7: "missing_speaker"}
    found = [
        {"utterance_id": f"u{n}", "speaker_id": "s", "text": "a b", "slots": [], "fault": faults.get(n)}
        for n in range(first, first + count)
    ]
    return table(found, utterances_schema([]))


def stage(recognizer, **grammars):
    return Recognition(Speech(Recordings(), Identity()), Clean(), recognizer, grammars, "en-US")


def heard(found):
    return [(row["grammar_id"], row["utterance_id"]) for part in found for row in part.hypotheses.to_pylist()]


def gather(items, kept):
    for item in items:
        kept.append(item)


def test_the_test_recognizer_is_central():
    assert isinstance(Energetic(), Central)


@pytest.mark.parametrize("window", [3, 8, 1000])
def test_every_utterance_comes_once_with_the_text_that_it_gets_alone(window):
    central, alone = stage(Energetic(window=window)), stage(Plain())
    jobs = [Job(rows(10, first), OPEN, True) for first in range(0, 40, 10)]
    found = list(parts(central, LocalEngine(0), jobs, keep=4))
    expected = [alone(job) for job in jobs]
    assert Counter(heard(found)) == Counter(heard(expected))
    for stream in ("hypotheses", "covariates"):
        theirs, ours = (
            sorted((row for part in some for row in getattr(part, stream).to_pylist()), key=str)
            for some in (expected, found)
        )
        assert ours == theirs
    assert sum(part.audio_s for part in found) == pytest.approx(sum(part.audio_s for part in expected))
    statuses = Counter(status for part in found for status in part.hypotheses["status"].to_pylist())
    assert statuses == {"ok": 36, "excluded": 4}


def test_windows_are_as_full_as_whole_recordings_allow():
    recognizer = Energetic(window=9)
    list(parts(stage(recognizer), LocalEngine(0), [Job(rows(60), OPEN, False)], keep=5))
    sizes = [size for _, size, _ in recognizer.seen]
    assert all(9 - 2 <= size <= 9 for size in sizes[:-1])
    assert {process for _, _, process in recognizer.seen} == {recognizer.seen[0][2]}


def test_grammars_never_share_a_window():
    recognizer = Energetic(window=12)
    grammars = {name: Grammar(name, ("yes",)) for name in "abc"}
    jobs = [Job(rows(5, 5 * n), "abc"[n % 3], False) for n in range(9)]
    found = list(parts(stage(recognizer, **grammars), LocalEngine(0), jobs, keep=5))
    assert Counter(heard(found)) == Counter((job.grammar_id, u) for job in jobs for u in job.utterances[0].to_pylist())
    assert {grammar for grammar, _, _ in recognizer.seen} == set("abc")


def recording(name, sounds, samples=10):
    piece = Piece(np.zeros(samples, np.float32), RATE, OK)
    return Recording(name, None, (piece,) * sounds, None, None, None)


def test_no_more_than_a_window_and_a_job_is_held_and_a_long_recording_is_a_window_of_its_own():
    given = [Recorded("ab"[n % 2], (recording(f"{n}", 1 + n % 4), recording(f"{n}+", 2))) for n in range(50)]
    given[20] = Recorded("a", (recording("long", 31),))
    taken, held = [], 0.0

    def jobs():
        nonlocal held
        for job in given:
            held += fullness(job.recordings, 10)
            assert held < 1 + 3.2
            yield job

    for _, window in windows(jobs(), 10):
        held -= fullness(window, 10)
        taken += [each.utterance_id for each in window]
        sounds = sum(each.sounds for each in window)
        assert sounds <= 10 or [each.utterance_id for each in window] == ["long"]
    assert sorted(taken) == sorted(each.utterance_id for job in given for each in job.recordings)


def test_a_recognizer_that_gives_up_loses_nothing_that_it_had_found():
    recognizer = Energetic(window=16, stops_at=25)
    found = []
    given = parts(stage(recognizer), LocalEngine(0), [Job(rows(40), OPEN, True)], keep=100)
    with pytest.raises(InputError, match="the server refuses it"):
        gather(given, found)
    names = [u for _, u in heard(found)]
    whole = Counter(recognizer.texts)
    expected = {name for name, count in whole.items() if count == 1 + int(name[1:]) % 3 - (int(name[1:]) % 10 == 4)}
    assert expected - set(names) == set()
    assert max(Counter(names).values()) == 1


@pytest.mark.parametrize(
    ("answers", "said"), [(lambda n: range(n - 1), "gave .* texts for"), (lambda n: [0, 0], "two texts")]
)
def test_a_recognizer_that_leaves_a_sound_out_or_answers_twice_is_a_fault_of_the_program(answers, said):
    class Wrong(Energetic):
        def recognize(self, sounds, context):
            found = dict(super().recognize(sounds, context))
            yield from ((place, found[place]) for place in answers(len(sounds)))

    with pytest.raises(RuntimeError, match=said):
        list(parts(stage(Wrong()), LocalEngine(0), [Job(rows(5), OPEN, True)], keep=2))


def test_reading_ahead_stops_where_enough_waits_and_ends_with_its_reader():
    begun, closed = [], threading.Event()

    def source():
        try:
            for item in range(1000):
                begun.append(item)
                yield item
        finally:
            closed.set()

    with Ahead(source(), lambda _: 1.0, 3.0) as ahead:
        items = iter(ahead)
        assert [next(items) for _ in range(2)] == [0, 1]
        time.sleep(0.2)
        assert len(begun) <= 2 + 3 + 1
    assert closed.is_set()


def test_an_error_ahead_comes_behind_the_items_before_it():
    def source():
        yield from (1, 2)
        raise InputError("no more")

    taken = []
    with Ahead(source(), lambda _: 1.0, 9.0) as ahead, pytest.raises(InputError, match="no more"):
        gather(ahead, taken)
    assert taken == [1, 2]


def test_what_is_left_for_later_is_done_in_order_and_nothing_after_a_failure():
    done = []

    def fail():
        raise InputError("the disk is full")

    def work():
        with Behind() as behind:
            for action in (lambda: done.append(1), fail, lambda: done.append(2)):
                behind.do(action)

    with pytest.raises(InputError, match="the disk is full"):
        work()
    assert done == [1]


def test_what_was_done_before_something_else_failed_is_kept():
    done = []

    def stopped():
        with Behind() as behind:
            behind.do(lambda: (time.sleep(0.05), done.append(1)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert done == [1]
