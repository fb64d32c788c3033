"""Whom one hears behind a caller."""

import pickle

import pytest
import torch

from callgap.audio import batch_of
from callgap.records import ItemStatus, Status, table, utterances_schema
from callgap.voices import CorpusVoices

RATE = 8000
SPEAKERS = {"a": 1.0, "b": 2.0, "c": 3.0}


class Levels:
    """Every speaker's recordings are a level of their own, one second each; one recording cannot be read."""

    def load(self, utterances):
        for row in utterances.to_pylist():
            bad = row["utterance_id"] == "b-0"
            status = ItemStatus(Status.EXCLUDED, "unreadable_audio") if bad else ItemStatus(Status.OK)
            signal = torch.zeros(0) if bad else torch.full((RATE,), SPEAKERS[row["speaker_id"]])
            yield batch_of([signal], RATE, [row["utterance_id"]], [status])


def rows(recordings=3, faults=()):
    made = [
        {"utterance_id": f"{s}-{n}", "speaker_id": s, "slots": [], "fault": "bad_segment" if s in faults else None}
        for s in SPEAKERS
        for n in range(recordings)
    ]
    return table(made, utterances_schema([]))


def levels(signals):
    return sorted({float(value) for signal in signals for value in signal.unique()})


@pytest.mark.parametrize(("utterance", "others"), [("a-0", [2.0, 3.0]), ("b-0", [1.0, 3.0]), ("c-2", [1.0, 2.0])])
def test_nobody_hears_themselves(utterance, others):
    voices = CorpusVoices.of(Levels(), rows(), 1)
    assert levels(voices.others(utterance)) == others
    assert (voices.speakers, voices.sample_rate) == (3, RATE)


def test_the_same_voices_in_another_process_whatever_the_order_of_the_corpus():
    one = CorpusVoices.of(Levels(), rows(), 1)
    reverse = rows().take(list(reversed(range(9))))
    two = pickle.loads(pickle.dumps(CorpusVoices.of(Levels(), reverse, 1)))
    for left, right in zip(one.others("a-0"), two.others("a-0"), strict=True):
        assert torch.equal(left, right)


def test_a_speaker_is_heard_for_ten_seconds_at_most():
    voices = CorpusVoices.of(Levels(), rows(recordings=40), 1)
    assert {len(signal) for signal in voices.others("a-0")} == {10 * RATE}


def test_a_row_with_a_fault_is_never_heard():
    voices = CorpusVoices.of(Levels(), rows(faults=("c",)), 1)
    assert levels(voices.others("a-0")) == [2.0]
