"""Permutation: equal to scipy where it does the same, exact where arrangements are few, and only a second opinion."""

from math import comb

import numpy as np
import pytest
from scipy import stats

from callgap.fairness.permutation import EVERYONE_ELSE, FEWEST_SPEAKERS, NOBODY, second_opinion
from callgap.group_records import OMNIBUS
from callgap.records import table
from callgap_kernels import permute

WORDS = 60 * 12


def speakers(rng, sizes, log_sd=0.4, rate=0.2):
    """Errors and words of speakers whose rates spread about one and the same mean."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    spread = np.broadcast_to(log_sd, len(sizes))[group]
    own = np.clip(rate * np.exp(spread * rng.standard_normal(len(group)) - spread**2 / 2), 0, 1)
    errors = rng.binomial(WORDS, own).astype(float)
    return errors[:, None], np.full((len(group), 1), float(WORDS)), group


def opinion(sums, pairs, permutations=199, seed=1, **options):
    return second_opinion(*sums, pairs, seed=seed, permutations=permutations, **options)


def welch(x, y, axis):
    return stats.ttest_ind(x, y, axis=axis, equal_var=False).statistic


def test_equals_scipys_permutation_of_welchs_statistic_where_speakers_weigh_equally():
    sums = speakers(np.random.default_rng(4), (5, 6))
    rates = sums[0][:, 0] / WORDS
    theirs = stats.permutation_test(
        (rates[:5], rates[5:]), welch, vectorized=True, n_resamples=np.inf, alternative="two-sided"
    )
    # scipy doubles the smaller tail; this test counts both.
    both = np.mean(np.abs(theirs.null_distribution) >= abs(theirs.statistic) * (1 - 1e-9))
    found = opinion(sums, [(0, 1)], permutations=1000).pairs
    assert found.p[0, 0] == pytest.approx(both, abs=1e-12)
    assert found.difference[0, 0] == pytest.approx(rates[:5].mean() - rates[5:].mean())
    assert (found.exact[0], found.arrangements[0]) == (True, comb(11, 5))


def test_few_arrangements_are_gone_through_whole_and_many_are_drawn():
    sums = speakers(np.random.default_rng(5), (5, 5, 30))
    found = opinion(sums, [(0, 1), (0, 2)], permutations=252)
    assert found.pairs.exact.tolist() == [True, False]
    assert found.pairs.arrangements.tolist() == [comb(10, 5), comb(35, 5)]
    assert (found.pairs.p[0] * 252 == np.round(found.pairs.p[0] * 252)).all()
    drawn = opinion(sums, [(0, 1)], permutations=251).pairs
    assert not drawn.exact[0]
    assert drawn.p[0, 0] == pytest.approx(found.pairs.p[0, 0], abs=0.12)


def test_groups_that_do_not_overlap_give_the_smallest_p_there_is():
    errors = np.array([[1], [2], [3], [4], [5], [91], [92], [93], [94], [95]], dtype=float)
    found = opinion((errors, np.full((10, 1), 100.0), np.repeat([0, 1], 5)), [(1, 0)], permutations=1000)
    assert found.pairs.p[0, 0] == pytest.approx(2 / 252)
    assert found.omnibus.p[0] == pytest.approx(2 / 252)
    assert (found.omnibus.groups[0], found.omnibus.speakers[0], found.omnibus.exact[0]) == (2, 10, True)


def test_everyone_else_is_the_other_known_speakers():
    sums = speakers(np.random.default_rng(6), (8, 9, 7, 6))
    known = np.where(sums[2] == 3, NOBODY, sums[2])
    found = opinion((*sums[:2], known), [(0, EVERYONE_ELSE), (1, EVERYONE_ELSE)])
    kept = sums[2] < 3
    for place, group in enumerate((0, 1)):
        label = (sums[2][kept] == group).astype(int)
        direct = permute(sums[0][kept], sums[1][kept], label, np.array([[1, 0]]), seed=1, resamples=199).difference
        assert found.pairs.p[place, 0] == direct.p[0, 0]
        assert found.pairs.difference[place, 0] == pytest.approx(direct.estimate[0, 0])


def test_a_p_before_adjustment_depends_on_its_own_pair_only():
    sums = speakers(np.random.default_rng(7), (8, 9, 7))
    alone, together = opinion(sums, [(0, 2)]).pairs, opinion(sums, [(1, 2), (0, 2), (0, EVERYONE_ELSE)]).pairs
    assert together.p[1, 0] == alone.p[0, 0]
    assert together.p_adjusted[1, 0] == pytest.approx(1 - (1 - alone.p_adjusted[0, 0]) ** 3)


def test_adjustment_is_max_t_over_endpoints_and_keeps_copies_of_one_endpoint_free_of_charge():
    errors, words, group = speakers(np.random.default_rng(8), (9, 8))
    once = opinion((errors, words, group), [(0, 1)]).pairs
    copied = opinion((np.tile(errors, 3), np.tile(words, 3), group), [(0, 1)]).pairs
    assert copied.p_adjusted[0] == pytest.approx([once.p[0, 0]] * 3, rel=1e-12)
    other = speakers(np.random.default_rng(9), (9, 8))[0]
    both = opinion((np.hstack([errors, other]), np.tile(words, 2), group), [(0, 1)]).pairs
    assert (both.p_adjusted >= both.p).all()
    assert (both.p_adjusted > both.p).any()


def test_labels_stay_within_their_stratum():
    # Two prompt sets of unlike difficulty, of which one group got mostly the hard one.
    rng = np.random.default_rng(10)
    group, stratum = np.repeat([0, 1], 20), np.array([0] * 16 + [1] * 4 + [0] * 4 + [1] * 16)
    errors = rng.binomial(WORDS, np.where(stratum == 0, 0.1, 0.5))[:, None].astype(float)
    sums = errors, np.full((40, 1), float(WORDS)), group
    assert opinion(sums, [(0, 1)]).pairs.p[0, 0] <= 0.01
    assert opinion(sums, [(0, 1)], strata=stratum).pairs.p[0, 0] > 0.05


def test_what_cannot_be_tested_is_nan_or_refused_never_a_number():
    errors, words, group = speakers(np.random.default_rng(11), (1, 8, 4))
    found = opinion((errors, words, group), [(0, 1), (2, 1)])
    assert np.isnan(found.pairs.p[0, 0])
    assert np.isnan(found.pairs.p_adjusted[0, 0])
    assert found.pairs.p_adjusted[1, 0] == found.pairs.p[1, 0]
    assert (np.isnan(found.omnibus.p[0]), found.omnibus.groups[0]) == (True, 1)
    for pair in ((1, 1), (1, 7), (7, 1), (NOBODY, 1)):
        with pytest.raises(ValueError, match=r"pair .*accepted are"):
            opinion((errors, words, group), [pair])
    with pytest.raises(ValueError, match="speakers; accepted is one number"):
        opinion((errors, words, group[:-1]), [(1, 2)])


def test_the_omnibus_test_is_of_large_enough_groups_and_of_speakers_whom_the_endpoint_concerns():
    errors, words, group = speakers(np.random.default_rng(12), (9, 8, 7, FEWEST_SPEAKERS - 1))
    second = words.copy()
    second[[0, 9, 10, 11, 12]] = 0
    both = np.hstack([errors, np.where(second > 0, errors, 0)]), np.hstack([words, second]), group
    found = opinion(both, []).omnibus
    assert (found.groups.tolist(), found.speakers.tolist()) == ([3, 2], [24, 15])
    keep = (group < 3) & (second[:, 0] > 0) & (group != 1)
    direct = permute(
        errors[keep], words[keep], np.repeat([0, 1], [8, 7]), np.empty((0, 2), dtype=int), seed=1, resamples=199
    )
    assert found.p[1] == direct.omnibus.p[0]
    assert found.statistic[1] == pytest.approx(direct.omnibus.statistic[0])


def test_rows_of_the_table_omnibus_leave_out_what_is_unknown():
    keys = {"attribute": "accent", "system": "s", "condition": "c", "normalizer": "none"}
    large, small = (speakers(np.random.default_rng(13), sizes) for sizes in ((9, 8), (9, 2)))
    rows = [*opinion(large, []).omnibus.rows(["wer"], keys), *opinion(small, []).omnibus.rows(["wer"], keys)]
    made = table(rows, OMNIBUS).to_pylist()
    assert made[0]["p"] > 0
    assert (made[0]["groups"], made[0]["speakers"], made[0]["arrangements"]) == (2, 17, comb(17, 8))
    unknown = ("statistic", "p", "arrangements", "exact")
    assert [made[1][name] for name in unknown] == [None] * 4
    with pytest.raises(ValueError, match="zip"):
        opinion(large, []).omnibus.rows(["wer", "cer"], keys)


def test_the_largest_rate_minus_the_smallest_is_far_from_zero_where_nothing_differs_and_the_omnibus_p_is_uniform():
    rng = np.random.default_rng(14)
    sizes, spans, p = (3, 9, 6, 5, 8, 4), [], []
    for seed in range(150):
        errors, words, group = speakers(rng, sizes)
        rates = [errors[group == g].sum() / words[group == g].sum() for g in range(len(sizes))]
        spans.append(max(rates) - min(rates))
        p.append(opinion((errors, words, group), [], permutations=99, seed=seed).omnibus.p[0])
    assert 0.07 < np.mean(spans) < 0.11
    assert min(spans) > 0.01
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(p))


def test_a_pairs_p_is_uniform_where_speakers_are_exchangeable():
    rng = np.random.default_rng(15)
    p = [opinion(speakers(rng, (6, 20)), [(0, 1)], 99, seed).pairs.p[0, 0] for seed in range(200)]
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(p))


def test_unequal_variances_reject_too_often_which_is_why_this_is_no_verdict():
    rng = np.random.default_rng(16)
    spread = np.array([0.8, 0.3])
    p = [opinion(speakers(rng, (5, 50), spread), [(0, 1)], 99, seed).pairs.p[0, 0] for seed in range(300)]
    assert 0.07 < np.mean(np.array(p) <= 0.05) < 0.18


def test_many_small_groups_do_not_hide_a_gap_of_a_large_one():
    rng = np.random.default_rng(17)
    sizes = [2] * 12 + [3] * 6 + [4] * 4 + [6, 8, 9, 12, 15, 40, 80]
    large = np.repeat(np.arange(len(sizes)), sizes) == len(sizes) - 2
    p = []
    for seed in range(25):
        errors, words, group = speakers(rng, sizes)
        errors[large] += 0.08 * WORDS
        p.append(opinion((errors, words, group), [], 99, seed).omnibus.p[0])
    assert np.mean(np.array(p) <= 0.05) > 0.5


def test_the_seed_decides_and_nothing_else():
    sums = speakers(np.random.default_rng(18), (12, 14))
    first, again, other = (opinion(sums, [(0, 1)], seed=seed).pairs.p[0, 0] for seed in (1, 1, 2))
    assert first == again
    assert first != other
