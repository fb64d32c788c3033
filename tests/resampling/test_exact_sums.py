"""Sums over speakers are exact: the same bits in any order, and whole numbers to the last one."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from callgap_kernels.resampling import bootstrap_t, resample_counts
from callgap_kernels.resampling.limbs import Limbs
from callgap_kernels.resampling.linearized import GroupMoments

Float = NDArray[np.float64]
NO_CONTRASTS = np.empty((0, 2), dtype=np.int64)


def exact(counts: Float, column: Float) -> list[Fraction]:
    values = [Fraction(value) for value in column.tolist()]
    return [sum(int(c) * v for c, v in zip(row, values, strict=True)) for row in counts.tolist()]  # type: ignore[misc]


def columns(kind: str, speakers: int) -> Float:
    random = np.random.default_rng(1)
    if kind == "fractions":
        return random.standard_normal((speakers, 4))
    if kind == "magnitudes":
        return random.standard_normal((speakers, 4)) * 10.0 ** random.integers(-12, 12, (speakers, 4))
    return random.integers(-(2**52) // speakers, 2**52 // speakers, (speakers, 4)).astype(np.float64)


@pytest.mark.parametrize("kind", ["fractions", "magnitudes", "integers"])
@pytest.mark.parametrize("speakers", [1, 2, 17, 300])
def test_sums_are_the_exact_ones_rounded(kind: str, speakers: int) -> None:
    values = columns(kind, speakers)
    counts = resample_counts(1, 0, 0, 20, speakers)
    sums = Limbs.from_columns(values).weigh(counts)
    # The parts miss (n * 2**-52)**2 of the largest value, n times; rounding to float64 the rest.
    missed = speakers * (speakers * 2.0**-52) ** 2 * np.abs(values).max(axis=0)
    for column in range(4):
        truth = exact(counts, values[:, column])
        errors = [abs(Fraction(found) - true) for found, true in zip(sums[column].tolist(), truth, strict=True)]
        allowed = [missed[column] + 2.0**-53 * abs(float(true)) for true in truth]
        assert all(error <= bound for error, bound in zip(errors, allowed, strict=True))


def test_no_order_of_speakers_or_resamples_changes_any_bit() -> None:
    values = columns("magnitudes", 300)
    counts = resample_counts(1, 0, 0, 64, 300)
    limbs = Limbs.from_columns(values)
    together = limbs.weigh(counts)
    assert np.array_equal(together, np.concatenate([limbs.weigh(row[None]) for row in counts], axis=1))
    order = np.random.default_rng(2).permutation(300)
    shuffled = Limbs.from_columns(values[order]).weigh(np.ascontiguousarray(counts[:, order]))
    assert np.array_equal(together, shuffled)
    by_hand = np.zeros((len(limbs.parts), 64))
    for speaker in order:
        by_hand += limbs.parts[:, speaker, None] * counts[:, speaker]
    assert np.array_equal(together[limbs.split], (by_hand[:4][limbs.split] + by_hand[4:]))


@pytest.mark.parametrize("speakers", [3, 1_000])
def test_a_billion_words_are_counted_to_the_last_one(speakers: int) -> None:
    random = np.random.default_rng(3)
    words = random.multinomial(10**9, random.dirichlet(np.full(speakers, 0.5)))
    errors = random.binomial(words, 0.2)
    moments = GroupMoments.from_sums(errors[:, None].astype(np.float64), words[:, None].astype(np.float64))
    counts = resample_counts(1, 0, 0, 50, speakers)
    sums = moments.limbs.weigh(counts)
    assert sums[0].astype(np.int64).tolist() == (counts.astype(np.int64) @ errors).tolist()
    assert sums[1].astype(np.int64).tolist() == (counts.astype(np.int64) @ words).tolist()
    squares = [round(total) for total in exact(counts, words.astype(np.float64))]
    assert squares == sums[1].astype(np.int64).tolist()
    result = bootstrap_t(errors[:, None], words[:, None], np.zeros(speakers, dtype=int), NO_CONTRASTS, seed=1)
    assert result.groups.rate.item() == int(errors.sum()) / 10**9


def test_sums_of_whole_numbers_are_exact_up_to_two_to_the_53() -> None:
    values = np.array([[2.0**52 - 1], [2.0**51 + 1], [3.0]])
    counts = np.array([[1.0, 1.0, 1.0], [0.0, 1.0, 2.0], [1.0, 0.0, 2.0]])
    sums = Limbs.from_columns(values).weigh(counts)
    assert sums[0].tolist() == [2**52 + 2**51 + 3, 2**51 + 7, 2**52 + 5]


def test_one_speaker_repeated_has_no_variance_beside_much_larger_ones() -> None:
    # What is left of a small speaker's moments must not pass for variance when that speaker is drawn again and again.
    words = np.array([[1.0], [7.0], [1e9], [3e8]])
    errors = np.array([[1.0], [2.0], [1e8], [5e7]])
    moments = GroupMoments.from_sums(errors, words)
    e, n, u, uu, un, nn = moments.limbs.weigh(4 * np.eye(4))
    squares = uu + (u / n) ** 2 * nn - 2 * (u / n) * un
    assert e.tolist() == [4.0, 8.0, 4e8, 2e8]
    assert (np.abs(squares) <= 1e-12 * (uu + (u / n) ** 2 * nn)).all()
