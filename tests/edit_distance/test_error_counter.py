"""Sums per speaker over batches."""

import random

import numpy as np
import pytest
import torch

from callgap_kernels import ErrorCounter, Ragged, count_edits

SPEAKERS = 5


def batch(seed: int, pairs: int) -> tuple[Ragged, Ragged, list[int]]:
    rng = random.Random(seed)
    said, heard = ([rng.choices(range(4), k=rng.randint(0, 8)) for _ in range(pairs)] for _ in range(2))
    return Ragged.from_sequences(said), Ragged.from_sequences(heard), [rng.randrange(SPEAKERS) for _ in range(pairs)]


def test_sums_are_those_of_all_batches_whatever_their_sizes() -> None:
    counter = ErrorCounter(SPEAKERS)
    expected = torch.zeros(SPEAKERS, 5, dtype=torch.int64)
    for seed, pairs in enumerate([3, 0, 40, 1]):
        said, heard, speakers = batch(seed, pairs)
        counter.update(said, heard, speakers)
        counts = count_edits(said, heard)
        for pair, speaker in enumerate(speakers):
            columns = (counts.hits, counts.substitutions, counts.deletions, counts.insertions)
            expected[speaker] += torch.tensor([*(int(column[pair]) for column in columns), 1])
    sums = counter.compute()
    held = [sums.counts.hits, sums.counts.substitutions, sums.counts.deletions, sums.counts.insertions, sums.pairs]
    assert torch.stack(held, dim=1).tolist() == expected.tolist()
    assert all(column.dtype == torch.int64 for column in held)


def test_what_was_computed_stays_when_more_comes() -> None:
    counter = ErrorCounter(SPEAKERS)
    counter.update(*batch(1, 10))
    before = counter.compute()
    kept = before.pairs.tolist()
    counter.update(*batch(2, 10))
    assert before.pairs.tolist() == kept
    assert counter.compute().pairs.sum() == 20


def test_reset_starts_at_zero() -> None:
    counter = ErrorCounter(SPEAKERS)
    counter.update(*batch(1, 10))
    counter.reset()
    assert counter.compute().pairs.tolist() == [0] * SPEAKERS


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([0, 1], r"speaker_ids has shape \(2,\); accepted is one id per pair, \(3,\)"),
        ([0, 5, 1], "pair 1: speaker id is 5; accepted is 0 to 4"),
        ([0, 1, -1], "pair 2: speaker id is -1"),
        ([0.0, 1.0, 2.0], "speaker_ids has dtype float64; accepted are integers"),
        (["s1", "s2", "s3"], "speaker_ids has dtype <U2; accepted are integers"),
        (torch.tensor([0.0, 1.0, 2.0]), "speaker_ids has dtype torch.float32; accepted are integers"),
        (None, "speaker_ids has dtype object; accepted are integers"),
        ([True, False, True], "speaker_ids has dtype bool; accepted are integers"),
    ],
)
def test_a_refused_batch_names_the_pair_and_changes_nothing(ids: list[float], message: str) -> None:
    counter = ErrorCounter(SPEAKERS)
    said, heard, _ = batch(1, 3)
    with pytest.raises(ValueError, match=message):
        counter.update(said, heard, ids)
    assert counter.compute().pairs.sum() == 0


def test_no_speakers_are_refused() -> None:
    with pytest.raises(ValueError, match="speakers is 0; accepted is a whole number from 1 on"):
        ErrorCounter(0)


def test_threads_are_checked_at_once() -> None:
    with pytest.raises(ValueError, match="threads is 0; accepted is a whole number from 1 on"):
        ErrorCounter(2, threads=0)


def test_ids_may_lie_in_an_array_that_cannot_be_written() -> None:
    counter = ErrorCounter(SPEAKERS)
    said, heard, speakers = batch(1, 10)
    ids = np.array(speakers, dtype=np.uint16)
    ids.flags.writeable = False
    counter.update(said, heard, ids)
    assert counter.compute().pairs.tolist() == np.bincount(speakers, minlength=SPEAKERS).tolist()
