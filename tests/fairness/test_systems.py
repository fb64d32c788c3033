"""Systems compared: pairs, worst groups whose identity nobody knows, and ranks."""

import numpy as np
import pandas as pd
import pytest

from callgap.fairness.paired import Resampled, Sums, resample_paired
from callgap.fairness.ranking import FIRST, GAP, GROUP, OPEN, OVERALL, SECOND, WORST, Limited, Pair, Ranks, rank
from callgap.fairness.simultaneous import pointwise
from callgap.fairness.systems import compare_systems
from callgap.fairness.worst_group import highest, worst_differences

SIZES = {"us": 40, "scotland": 15, "wales": 12, "few": 4}
MEMBERS = {f"{group}{n}": group for group, size in SIZES.items() for n in range(size)} | {"nobody": "unknown"}


def sums(seed, rates, words=120):
    """Errors of each speaker at the group's rate; speakers' difficulty is the same for every system."""
    hard = np.random.default_rng(99).lognormal(0, 0.3, len(MEMBERS))
    chance = np.array([rates.get(group, 0.2) for group in MEMBERS.values()]) * hard / np.exp(0.045)
    errors = np.random.default_rng(seed).binomial(words, np.minimum(chance, 0.95))
    return pd.DataFrame({"numerator": errors.astype(float), "denominator": float(words)}, index=[*MEMBERS])


def compared(systems, reference="us"):
    return compare_systems(systems, MEMBERS, reference, alpha=0.05, resamples=1999, seed=3)


@pytest.fixture(scope="module")
def three():
    """A good system, a copy of it, and one that is bad for Scotland."""
    good = sums(1, {})
    return compared({"good": good, "copy": good.copy(), "bad": sums(2, {"scotland": 0.5})})


def pair(result, estimand, first, second, group=None):
    (found,) = [p for p in result.pairs if (p.estimand, p.first, p.second, p.group) == (estimand, first, second, group)]
    return found


def test_identical_systems_differ_by_0_and_neither_is_lower(three):
    for each in (p for p in three.pairs if (p.first, p.second) == ("good", "copy")):
        assert each.difference.value == 0.0
        assert each.finding == OPEN
    ranks = {row.system: (row.overall_ranks, row.worst_ranks) for row in three.systems}
    assert ranks["good"] == ranks["copy"] == (Ranks(1, 2), Ranks(1, 2))
    assert ranks["bad"] == (Ranks(3, 3), Ranks(3, 3))


def test_values_equal_a_plain_recomputation():
    one, two = sums(1, {}), sums(2, {"scotland": 0.5})
    result = compared({"one": one, "two": two})
    assert result.judged == ("scotland", "us", "wales")
    assert result.speakers == len(MEMBERS)
    rates = {
        name: frame.groupby(MEMBERS).sum().pipe(lambda s: s["numerator"] / s["denominator"])
        for name, frame in (("one", one), ("two", two))
    }
    overall = [frame["numerator"].sum() / frame["denominator"].sum() for frame in (one, two)]
    assert pair(result, OVERALL, "one", "two").difference.value == pytest.approx(overall[0] - overall[1])
    difference = rates["one"] - rates["two"]
    gap = difference["scotland"] - difference["us"]
    assert pair(result, GROUP, "one", "two", "wales").difference.value == pytest.approx(difference["wales"])
    assert pair(result, GAP, "one", "two", "scotland").difference.value == pytest.approx(gap)
    worst = [rates[name][list(result.judged)].max() for name in ("one", "two")]
    assert pair(result, WORST, "one", "two").difference.value == pytest.approx(worst[0] - worst[1])
    assert [row.worst.value for row in result.systems] == pytest.approx(worst)
    assert result.systems[1].worst_group == "scotland"


def test_swapping_two_systems_swaps_signs_and_limits():
    one, two = sums(1, {}), sums(2, {"scotland": 0.4})
    there, back = compared({"one": one, "two": two}), compared({"two": two, "one": one})
    for forward, backward in zip(there.pairs, back.pairs, strict=True):
        assert forward.difference.value == pytest.approx(-backward.difference.value)
        assert forward.difference.lower == pytest.approx(-backward.difference.upper)
    assert pair(there, WORST, "one", "two").finding == FIRST
    assert pair(back, WORST, "two", "one").finding == SECOND


def test_everyone_else_as_reference_leaves_unknown_speakers_out():
    one, two = sums(1, {}), sums(2, {"scotland": 0.5})
    result = compared({"one": one, "two": two}, reference="everyone else")
    known = {s: g for s, g in MEMBERS.items() if g != "unknown"}
    inside = [s for s, g in known.items() if g == "wales"]
    others = [s for s, g in known.items() if g != "wales"]

    def gap(frame):
        rates = [frame.loc[who, "numerator"].sum() / frame.loc[who, "denominator"].sum() for who in (inside, others)]
        return rates[0] - rates[1]

    assert pair(result, GAP, "one", "two", "wales").difference.value == pytest.approx(gap(one) - gap(two))
    assert {p.group for p in result.pairs if p.estimand == GAP} == {"scotland", "us", "wales"}


def test_one_system_alone_has_rates_and_no_pairs():
    result = compared({"one": sums(1, {})})
    assert result.pairs == ()
    assert (result.systems[0].overall_ranks, result.systems[0].worst_ranks) == (Ranks(1, 1), Ranks(1, 1))
    worst = result.systems[0].worst
    assert worst.lower < worst.value < worst.upper


def test_without_a_judged_group_there_is_no_worst_one():
    few = {s: "few" if MEMBERS[s] == "few" else "unknown" for s in MEMBERS}
    result = compare_systems({"a": sums(1, {}), "b": sums(2, {})}, few, "us", alpha=0.05, resamples=1999, seed=3)
    assert {p.estimand for p in result.pairs} == {OVERALL}
    assert (result.systems[0].worst, result.systems[0].worst_ranks) == (None, None)


def test_systems_that_heard_other_speakers_are_refused_without_naming_one():
    with pytest.raises(ValueError, match="two has 71 speakers, not the 72 of one") as refused:
        compared({"one": sums(1, {}), "two": sums(2, {}).iloc[1:]})
    assert "us0" not in str(refused.value)


def test_ranks_count_who_is_better_and_who_is_worse_for_certain():
    lower, open_ = Limited(-0.1, -0.2, -0.01), Limited(-0.1, -0.2, 0.01)
    pairs = [
        Pair(OVERALL, None, "a", "b", 0.1, 0.2, open_),
        Pair(OVERALL, None, "a", "c", 0.1, 0.2, lower),
        Pair(OVERALL, None, "b", "c", 0.1, 0.2, open_),
        Pair(OVERALL, None, "d", "a", 0.0, 0.1, lower),
        Pair(OVERALL, None, "d", "b", 0.0, 0.1, lower),
        Pair(OVERALL, None, "c", "d", 0.2, 0.0, Limited(0.2, 0.1, None)),
    ]
    expected = {"a": Ranks(2, 3), "b": Ranks(2, 4), "c": Ranks(3, 4), "d": Ranks(1, 1)}
    assert rank("abcd", pairs) == expected


def drawn(rng, group, rates, resamples, seed):
    """Two systems on speakers of equal groups: each alone, and their difference."""
    n = len(group)
    words = np.full((n, 2), 100.0)
    hard = np.minimum(rng.lognormal(0, 0.4, (n, 1)) / np.exp(0.08), 3)
    errors = rng.binomial(100, hard * np.asarray(rates)).astype(float)
    alone = resample_paired(Sums(errors, words), Sums(0 * errors, words), group, seed=seed, resamples=resamples)
    one, two = (Sums(errors[:, [k]], words[:, [k]]) for k in (0, 1))
    return alone, resample_paired(one, two, group, seed=seed, resamples=resamples)


def test_limits_of_the_worst_group_hold_where_all_groups_are_equally_bad_and_those_of_the_maximum_do_not():
    # Eight groups tie: the maximum of their rates is too high in every sample, and higher still in its resamples.
    rng, group, rates = np.random.default_rng(11), np.repeat(np.arange(8), 15), (0.25, 0.2)
    inside, naive, differences, trials = 0, 0, 0, 150
    for trial in range(trials):
        alone, paired = drawn(rng, group, rates, 499, trial)
        limits = highest(alone, 0.1)
        inside += bool(limits.lower[0] <= rates[0] <= limits.upper[0])
        low, high = np.quantile(alone.draws.value[:, 0].max(axis=0), [0.05, 0.95])
        naive += bool(low <= rates[0] <= high)
        gap = worst_differences(alone, paired, np.array([[0, 1]]), 0.1)
        differences += bool(gap.lower[0] <= rates[0] - rates[1] <= gap.upper[0])
    assert inside >= 0.86 * trials
    assert differences >= 0.86 * trials
    assert naive <= 0.5 * trials


def test_a_group_without_limits_leaves_the_worst_group_without_an_upper_one():
    words = np.full((40, 1), 50.0)
    group = np.repeat([0, 1], 20)
    errors = np.where(group == 0, 5, 5 + np.arange(40) % 7)[:, None].astype(float)
    alone = resample_paired(Sums(errors, words), Sums(0 * errors, words), group, seed=1, resamples=999)
    assert np.isnan(pointwise(alone.sample, alone.draws, 0.05).upper[0, 0])
    limits = highest(alone, 0.05)
    assert np.isnan(limits.upper[0])
    assert limits.lower[0] > 0
    both = Resampled(alone.column(0).sample, alone.column(0).draws, alone.speakers)
    assert both.sample.value.shape == (2, 1)
