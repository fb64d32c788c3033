"""Draws: Philox, multinomial, reproducible, and the same bits in numpy and in compiled code."""

import numpy as np
import pytest
from scipy import stats

from callgap_kernels.philox import philox4x32, split_seed
from callgap_kernels.resampling import cpu, resample_counts
from callgap_kernels.resampling.draws import Draw

BOTH = pytest.mark.parametrize("draw", [resample_counts, cpu.resample_counts], ids=["plain", "compiled"])


# kat_vectors of Random123, philox4x32 10.
@pytest.mark.parametrize(
    ("counter", "seed", "expected"),
    [
        ((0, 0, 0, 0), 0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, 2**64 - 1, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            0x299F31D0_A4093822,
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_words_are_those_of_the_published_generator(
    counter: tuple[int, int, int, int], seed: int, expected: tuple[int, int, int, int]
) -> None:
    c0, c1, c2, c3 = (np.uint64([word]) for word in counter)
    assert tuple(int(word[0]) for word in philox4x32((c0, c1, c2, c3), split_seed(seed))) == expected


def test_a_draw_is_the_high_half_of_its_word_times_the_speakers() -> None:
    seed, group, resample, speakers = 2**63 + 12_345, 3, 70_000, 11
    drawn = []
    for draw in range(speakers):
        counter = tuple(np.uint64([word]) for word in (draw // 4, resample, group, 0))
        word = int(philox4x32(counter, split_seed(seed))[draw % 4][0])
        drawn.append(word * speakers // 2**32)
    expected = np.bincount(drawn, minlength=speakers)
    assert resample_counts(seed, group, resample, 1, speakers).tolist() == [expected.tolist()]


@pytest.mark.parametrize("speakers", [1, 2, 3, 4, 5, 31, 63, 64, 65, 130, 4_095, 4_096, 4_097, 6_145])
@pytest.mark.parametrize(("first", "resamples"), [(0, 1), (7, 33), (2**32 - 3, 3)])
def test_compiled_draws_equal_plain_ones(speakers: int, first: int, resamples: int) -> None:
    where = (2**64 - 5, 3, first, resamples, speakers)
    assert np.array_equal(cpu.resample_counts(*where), resample_counts(*where))


@BOTH
@pytest.mark.parametrize("speakers", [1, 2, 3, 64, 1_000])
def test_every_resample_draws_as_many_speakers_as_there_are(draw: Draw, speakers: int) -> None:
    counts = draw(seed=1, group=0, first=0, resamples=70, speakers=speakers)
    assert counts.shape == (70, speakers)
    assert counts.dtype == np.float64
    assert (counts.sum(axis=1) == speakers).all()
    assert (counts >= 0).all()


@BOTH
def test_any_resample_can_be_drawn_alone(draw: Draw) -> None:
    together = draw(seed=2**64 - 1, group=3, first=0, resamples=100, speakers=20)
    alone = [draw(seed=2**64 - 1, group=3, first=resample, resamples=1, speakers=20)[0] for resample in range(100)]
    assert np.array_equal(together, alone)


@pytest.mark.parametrize("other", [(2, 0, 0), (2**32 + 1, 0, 0), (1, 1, 0), (1, 0, 1)])
def test_another_seed_group_or_resample_gives_other_draws(other: tuple[int, int, int]) -> None:
    assert not np.array_equal(resample_counts(1, 0, 0, 1, 20), resample_counts(*other, 1, 20))


def test_draws_are_pinned_across_versions() -> None:
    assert resample_counts(seed=7, group=1, first=2, resamples=3, speakers=5).tolist() == [
        [2, 0, 1, 1, 1],
        [0, 2, 2, 1, 0],
        [2, 0, 0, 1, 2],
    ]


def test_every_speaker_is_equally_likely() -> None:
    for speakers in (3, 7, 40):
        drawn = resample_counts(5, 2, 0, 20_000, speakers).sum(axis=0)
        assert stats.chisquare(drawn).pvalue > 1e-3


def test_draws_of_one_resample_are_independent_of_each_other() -> None:
    # Four draws are the words of one counter: all 256 outcomes of four speakers are equally likely.
    quads = np.arange(1, dtype=np.uint64)
    rows = np.arange(50_000, dtype=np.uint64)[:, None]
    words = philox4x32((quads, rows, np.uint64(0), np.uint64(0)), split_seed(3))
    outcome = sum(int(4**place) * (word[:, 0] >> np.uint64(30)).astype(int) for place, word in enumerate(words))
    assert stats.chisquare(np.bincount(outcome, minlength=256)).pvalue > 1e-3


def test_counts_follow_the_multinomial_distribution() -> None:
    speakers = 6
    counts = resample_counts(11, 0, 0, 6_400, speakers)
    observed = np.bincount(counts[:, 0].astype(int), minlength=4)
    expected = stats.binom.pmf(np.arange(4), speakers, 1 / speakers) * len(counts)
    observed = np.append(observed[:3], observed[3:].sum())
    expected[3] = len(counts) - expected[:3].sum()
    assert stats.chisquare(observed, expected).pvalue > 1e-3
    covariance = np.cov(counts.T)
    theory = np.where(np.eye(speakers, dtype=bool), 1 - 1 / speakers, -1 / speakers)
    assert np.abs(covariance - theory).max() < 0.06


def test_groups_are_drawn_independently() -> None:
    one, other = (resample_counts(11, group, 0, 6_400, 6)[:, 0] for group in (0, 1))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05
