"""Draws: multinomial, reproducible, and separate for every block, group and seed."""

import numpy as np
import pytest
from scipy import stats

from callgap_kernels.resampling import DRAW_BLOCK, resample_counts


@pytest.mark.parametrize("speakers", [1, 2, 3, 64, 1_000])
def test_every_resample_draws_as_many_speakers_as_there_are(speakers: int) -> None:
    counts = resample_counts(seed=1, group=0, block=0, speakers=speakers)
    assert counts.shape == (DRAW_BLOCK, speakers)
    assert (counts.sum(axis=1) == speakers).all()
    assert (counts >= 0).all()


def test_the_same_key_gives_the_same_draws() -> None:
    first = resample_counts(seed=2**64 - 1, group=3, block=5, speakers=20)
    assert np.array_equal(first, resample_counts(seed=2**64 - 1, group=3, block=5, speakers=20))


@pytest.mark.parametrize("other", [(2, 0, 0), (1, 1, 0), (1, 0, 1)])
def test_another_seed_group_or_block_gives_other_draws(other: tuple[int, int, int]) -> None:
    assert not np.array_equal(resample_counts(1, 0, 0, 20), resample_counts(*other, 20))


def test_draws_are_pinned_across_versions() -> None:
    assert resample_counts(seed=7, group=1, block=2, speakers=5)[:3].tolist() == [
        [0, 4, 0, 0, 1],
        [0, 0, 3, 0, 2],
        [0, 2, 2, 0, 1],
    ]


def test_counts_follow_the_multinomial_distribution() -> None:
    speakers = 6
    counts = np.concatenate([resample_counts(11, 0, block, speakers) for block in range(100)])
    observed = np.bincount(counts[:, 0].astype(int), minlength=4)
    expected = stats.binom.pmf(np.arange(4), speakers, 1 / speakers) * len(counts)
    observed = np.append(observed[:3], observed[3:].sum())
    expected[3] = len(counts) - expected[:3].sum()
    assert stats.chisquare(observed, expected).pvalue > 1e-3
    covariance = np.cov(counts.T)
    theory = np.where(np.eye(speakers, dtype=bool), 1 - 1 / speakers, -1 / speakers)
    assert np.abs(covariance - theory).max() < 0.06


def test_groups_are_drawn_independently() -> None:
    one, other = (
        np.concatenate([resample_counts(11, group, block, 6)[:, 0] for block in range(100)]) for group in (0, 1)
    )
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05
