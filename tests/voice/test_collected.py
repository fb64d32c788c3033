"""Rows of the table `voices`: one measure's failure is its own, and windows are joined."""

import dataclasses

import numpy as np
import pytest
import torch

from callgap.audio import batch_of
from callgap.records import ItemStatus, Status, table
from callgap.voice import Prosody, joined, measured
from callgap.voice_records import VOICES


class Embeds:
    """A measure that cannot measure the second item."""

    def measure(self, batch):
        ok = [i != 1 for i in range(len(batch))]
        return {"embedding": [[1.0, 0.0] if k else None for k in ok], "reason": [None if k else "odd" for k in ok]}


def batch(ids=("a", "b", "c")):
    signals = [torch.sin(torch.arange(16000) / 20), torch.zeros(16000), torch.zeros(0)]
    statuses = [ItemStatus(Status.OK), ItemStatus(Status.OK), ItemStatus(Status.EXCLUDED, "unreadable")]
    return batch_of(signals, 16000, ids, statuses)


def test_rows_hold_what_was_measured_and_why_the_rest_was_not():
    rows = measured(batch(), {"voiceprint": Embeds(), "prosody": Prosody()})
    found = table(rows, VOICES).to_pylist()
    assert found[0]["embedding"] == [1.0, 0.0]
    assert found[0]["reason"] is None
    assert found[0]["f0_mean_hz"] == pytest.approx(16000 / 20 / 2 / np.pi, rel=0.01)
    assert found[1]["status"] == "ok"
    assert found[1]["reason"] == "voiceprint:odd; prosody:silent"
    assert (found[1]["embedding"], found[1]["f0_mean_hz"], found[1]["duration_s"]) == (None, None, 1.0)
    assert (found[2]["status"], found[2]["reason"], found[2]["duration_s"]) == ("excluded", "unreadable", None)
    assert {row["dnsmos_overall"] for row in found} == {None}


def test_two_measures_of_one_column_are_refused():
    with pytest.raises(ValueError, match="both fill the column 'embedding'"):
        measured(batch(), {"one": Embeds(), "two": Embeds()})


def row(utterance, seconds, **values):
    return {"utterance_id": utterance, "status": "ok", "reason": None, "duration_s": seconds, **values}


def test_windows_of_an_utterance_are_joined_by_their_durations():
    rows = [
        row("a", 1.0, embedding=[1.0, 0.0], dnsmos_overall=2.0, pesq=None),
        row("a", 3.0, embedding=[0.0, 1.0], dnsmos_overall=4.0, pesq=None),
        row("b", 2.0, embedding=[0.6, 0.8]),
    ]
    whole, alone = joined(rows)
    assert whole["duration_s"] == 4.0
    assert whole["dnsmos_overall"] == 3.5
    assert whole["embedding"] == pytest.approx([1 / np.sqrt(10), 3 / np.sqrt(10)])
    assert whole["pesq"] is None
    assert alone is rows[2]


def test_a_window_that_was_not_measured_weighs_nothing_and_one_that_is_lost_loses_the_utterance():
    silent = {**row("a", 5.0, dnsmos_overall=None), "reason": "quality:silent"}
    (whole,) = joined([row("a", 1.0, dnsmos_overall=2.0), silent])
    assert (whole["dnsmos_overall"], whole["duration_s"], whole["reason"]) == (2.0, 6.0, "quality:silent")
    lost = {**row("a", 1.0), "status": "failed", "reason": "crashed"}
    (gone,) = joined([row("a", 1.0, dnsmos_overall=2.0), lost])
    assert gone == {"utterance_id": "a", "status": "failed", "reason": "crashed"}


def test_measuring_twice_gives_exactly_the_same(speech):
    other = dataclasses.replace(speech)
    assert measured(speech, {"prosody": Prosody()}) == measured(other, {"prosody": Prosody()})
