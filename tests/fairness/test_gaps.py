"""Simultaneous limits contain their gap and follow the data through every change that means nothing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callgap.fairness.gaps import CAUTION, Method, Pair, Resampling, enough, simultaneous
from callgap.fairness.rare import korn_graubard, log_t, recovered
from callgap.fairness.sides import Side

PLAN = Resampling(0.05, 400, 11)
COUNTS = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 12)), min_size=5, max_size=15)


def side_of(counts, prefix, *, is_share=False, order=None):
    numerator, denominator = (np.array(column, float) for column in zip(*counts, strict=True))
    columns = {"numerator": numerator, "denominator": denominator, "events": numerator, "trials": denominator}
    frame = pd.DataFrame(columns, index=[f"{prefix}{place:02d}" for place in range(len(counts))])
    frame = frame if order is None else frame.iloc[order]
    return Side.of(frame, list(frame.index), is_share=is_share)


def drawn(rate, speakers, prefix, seed, words=60, **options):
    random = np.random.default_rng(seed)
    own = rate * np.exp(0.4 * random.standard_normal(speakers))
    total = random.integers(words // 2, 2 * words, speakers)
    return side_of(list(zip(random.poisson(own * total), total, strict=True)), prefix, **options)


def values(gap):
    ratio = (gap.ratio.lower, gap.ratio.upper) if gap.ratio else ()
    return gap.difference.lower, gap.difference.upper, *ratio


@settings(max_examples=40)
@given(COUNTS, COUNTS)
def test_limits_contain_the_gap_and_the_ratio_and_are_numbers(mine, theirs):
    pair = Pair(side_of(mine, "m"), side_of(theirs, "t"))
    gap = simultaneous({("g", "wer"): pair}, PLAN)["g", "wer"]
    assert np.isfinite(values(gap)).all()
    assert gap.difference.lower < gap.difference.upper
    assert gap.difference.lower <= pair.gap <= gap.difference.upper
    assert gap.method is (Method.EXACT if pair.is_rare or gap.critical is None else Method.BOOTSTRAP)
    if gap.ratio is not None and pair.reference.rate > 0:
        assert gap.ratio.lower <= pair.group.rate / pair.reference.rate <= gap.ratio.upper


@pytest.fixture(scope="module")
def family():
    """Three groups and a reference."""
    reference = drawn(0.1, 14, "r", 0)
    return {
        (g, "wer"): Pair(drawn(rate, 12, g, k), reference)
        for k, (g, rate) in enumerate(zip("xyz", (0.1, 0.2, 0.3), strict=True), 1)
    }


def test_the_order_of_groups_means_nothing(family):
    there = simultaneous(family, PLAN)
    assert simultaneous(dict(reversed(family.items())), PLAN) == there
    assert list(there) == list(family)


def test_other_names_of_groups_mean_nothing(family):
    renamed = {(f"new {group}", endpoint): pair for (group, endpoint), pair in family.items()}
    assert list(simultaneous(renamed, PLAN).values()) == list(simultaneous(family, PLAN).values())


def test_the_order_of_speakers_means_nothing():
    counts = [(3, 20), (9, 31), (1, 12), (4, 40), (7, 22), (2, 18), (5, 33)]
    other = side_of([(1, 20), (2, 31), (1, 12), (4, 40), (0, 22), (2, 18)], "t")
    there = simultaneous({("g", "wer"): Pair(side_of(counts, "m"), other)}, PLAN)
    back = simultaneous({("g", "wer"): Pair(side_of(counts, "m", order=[6, 2, 0, 1, 5, 4, 3]), other)}, PLAN)
    assert values(back["g", "wer"]) == pytest.approx(values(there["g", "wer"]), rel=1e-12)


@pytest.mark.parametrize("factor", [4, 10])
def test_words_counted_in_another_unit_scale_the_difference_and_leave_the_ratio(family, factor):
    def scaled(side):
        return Side(side.names, side.numerator, side.denominator * factor, side.events, side.trials * factor, False)

    there = simultaneous(family, PLAN)
    back = simultaneous({key: Pair(scaled(pair.group), scaled(pair.reference)) for key, pair in family.items()}, PLAN)
    for key in family:
        assert np.array(values(back[key])) * [factor, factor, 1, 1] == pytest.approx(values(there[key]), rel=1e-9)


def test_swapping_group_and_reference_mirrors_exact_limits_and_resampled_ones_but_for_the_draws():
    some, none = drawn(0.2, 12, "m", 1), side_of([(0, 30)] * 11, "t")
    (there,), (back,) = (
        simultaneous({("g", "wer"): pair}, PLAN).values() for pair in (Pair(some, none), Pair(none, some))
    )
    assert there.method is back.method is Method.EXACT
    assert (there.difference.lower, there.difference.upper) == pytest.approx(
        (-back.difference.upper, -back.difference.lower)
    )
    other = drawn(0.3, 30, "t", 2)
    plan = Resampling(0.05, 4000, 3)
    (there,), (back,) = (
        simultaneous({("g", "wer"): pair}, plan).values() for pair in (Pair(some, other), Pair(other, some))
    )
    width = there.difference.upper - there.difference.lower
    assert there.difference.lower == pytest.approx(-back.difference.upper, abs=0.03 * width)
    assert there.difference.upper == pytest.approx(-back.difference.lower, abs=0.03 * width)
    assert there.ratio.lower == pytest.approx(1 / back.ratio.upper, rel=0.05)


def test_the_error_rate_is_shared_out_between_all_pairs(family):
    assert [gap.level for gap in simultaneous(family, PLAN).values()] == pytest.approx([CAUTION * 0.05 / 3] * 3)
    (key, pair), *_ = family.items()
    alone, among = simultaneous({key: pair}, PLAN)[key], simultaneous(family, PLAN)[key]
    assert among.difference.lower < alone.difference.lower
    assert among.difference.upper > alone.difference.upper


def test_a_rare_pair_leaves_the_limits_of_the_others_alone(family):
    rare = Pair(side_of([(0, 40)] * 12, "q"), side_of([(0, 40)] * 12, "r"))
    there = simultaneous(family | {("q", "wer"): rare}, PLAN)
    again = simultaneous(family | {("q", "wer"): family["x", "wer"]}, PLAN)
    assert all(there[key] == again[key] for key in family)
    assert there["q", "wer"].method is Method.EXACT
    limits = [korn_graubard(side, CAUTION * 0.05 / 4) for side in (rare.group, rare.reference)]
    assert there["q", "wer"].difference == recovered(rare.group, rare.reference, *limits)


def test_copies_of_an_endpoint_cost_no_more_than_their_share_by_max_t(family):
    pair = family["y", "wer"]
    copies = {("y", name): pair for name in ("wer", "cer")}
    (alone,) = simultaneous({("y", "wer"): pair}, PLAN).values()
    both = simultaneous(copies, PLAN)
    # One maximum over two copies is the one of either: only what is recovered from logs pays the full price.
    assert both["y", "wer"].critical == pytest.approx(alone.critical)
    on_logs = recovered(pair.group, pair.reference, log_t(pair.group, 0.025), log_t(pair.reference, 0.025))
    assert both["y", "wer"].difference.lower <= on_logs.lower
    assert both["y", "wer"].ratio == alone.ratio


def test_limits_are_never_narrower_than_those_of_the_log_rates(family):
    for key, gap in simultaneous(family, PLAN).items():
        pair = family[key]
        on_logs = recovered(pair.group, pair.reference, log_t(pair.group, gap.level), log_t(pair.reference, gap.level))
        assert gap.difference.lower <= on_logs.lower
        assert gap.difference.upper >= on_logs.upper


def test_exact_limits_of_rates_above_one_give_no_ratio():
    constant = Pair(side_of([(50, 10)] * 12, "m"), side_of([(13, 10)] * 12, "t"))
    (gap,) = simultaneous({("g", "wer"): constant}, PLAN).values()
    assert gap.method is Method.EXACT
    assert gap.ratio is None
    assert gap.difference.lower < 3.7 < gap.difference.upper


@pytest.mark.parametrize(
    ("wanted", "tail", "drawn_by"), [(10_000, 0.05, 10_000), (1000, 0.05, 1000), (1000, 0.002, 10_000)]
)
def test_at_least_twenty_resamples_lie_beyond_a_limit(wanted, tail, drawn_by):
    assert enough(wanted, tail) == drawn_by


def test_no_pairs_have_no_limits():
    assert simultaneous({}, PLAN) == {}
