"""What is fed and what is reckoned, with a clock that is told what time it is."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.records import ItemStatus, Status
from callgap.voice import streamed
from callgap.voice.latency import quantile


class Clock:
    """Each pair of readings lies one duration apart."""

    def __init__(self, durations):
        self.readings = itertools.chain.from_iterable((0.0, duration) for duration in durations)

    def __call__(self):
        return next(self.readings)


@pytest.fixture
def batch():
    statuses = [ItemStatus(Status.OK), ItemStatus(Status.FAILED, "lost"), ItemStatus(Status.OK)]
    signals = [torch.arange(1000) / 1000.0, torch.zeros(0), torch.arange(250) / 250.0]
    return batch_of(signals, 1000, ["a", "lost", "b"], statuses)


def test_every_sample_is_fed_once_and_followed_by_the_look_ahead(batch):
    fed = []

    def alter(chunk):
        fed.append((chunk.utterance_ids[0], chunk.signal(0)))
        return chunk

    found = streamed(alter, batch, 0.2, 0.05, Clock([1] * 7))
    assert [name for name, _ in fed] == ["a"] * 5 + ["b"] * 2
    assert [len(signal) for _, signal in fed] == [250, 250, 250, 250, 200, 250, 50]
    assert torch.equal(torch.cat([signal[:200] for name, signal in fed if name == "a"]), batch.signal(0))
    assert torch.equal(fed[0][1][200:], batch.signal(0)[200:250])
    assert (found.chunks, found.failed_chunks, found.look_ahead_s, found.chunk_s) == (6, 0, 0.05, 0.2)
    assert found.device == "cpu"


def test_the_first_chunk_is_told_apart_and_the_rest_is_reckoned(batch):
    found = streamed(lambda chunk: chunk, batch, 0.2, 0.0, Clock([9.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.30]))
    assert found.first_s == 9.0
    assert found.p50 == 0.03
    assert found.p95 == 0.30
    assert found.real_time_factor == pytest.approx(0.45 / 1.05)
    assert found.delay_s == pytest.approx(0.5)
    assert not found.keeps_up
    assert streamed(lambda chunk: chunk, batch, 0.2, 0.0, Clock([9.0] + [0.01] * 6)).keeps_up


def test_chunks_that_fail_are_counted(batch):
    def alter(chunk):
        return dataclasses.replace(chunk, statuses=(ItemStatus(Status.FAILED, "crashed"),))

    assert streamed(alter, batch, 0.2, 0.0, Clock([1] * 7)).failed_chunks == 7


@pytest.mark.parametrize(
    ("chunk", "ahead", "message"), [(0.0001, 0, "chunk_s"), (0.1, -1, "look_ahead_s"), (5.0, 0, "two are needed")]
)
def test_impossible_streams_are_refused(batch, chunk, ahead, message):
    one = batch_of([batch.signal(0)], 1000, ["a"])
    with pytest.raises(InputError, match=message):
        streamed(lambda part: part, one, chunk, ahead)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50), st.sampled_from([0.05, 0.5, 0.95, 1.0]))
def test_a_quantile_is_a_value_that_was_measured(values, share):
    assert quantile(values, share) == np.quantile(values, share, method="inverted_cdf")
