"""What an alteration changes by group: planted converters are found for what they do, and nothing is found of none."""

import numpy as np
import pandas as pd
import pytest

from callgap.fairness.before_after import BeforeAfter, Measured
from callgap.fairness.effect_findings import OwnGaps, both_ways, found
from callgap.fairness.effect_limits import CAUTION
from callgap.fairness.effects import effects
from callgap.fairness.gaps import Resampling
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.simultaneous import from_normal, to_normal, upper_quantile
from callgap_kernels.resampling import resample_counts

SIZES = {"a": 40, "b": 40}
WER = Measured(is_rate=True, margin=0.05)
LEVEL = Measured(is_rate=False, is_worse=False)
PLAN = Resampling(0.05, 1999, 3)
WORDS = 200.0


def people(sizes=SIZES):
    return {f"{group}{n:03d}": group for group, size in sizes.items() for n in range(size)}


def spoken(rates, sizes=SIZES, seed=1):
    """Errors of each speaker at the group's rate; speakers' difficulty is the same whatever the rates."""
    groups = people(sizes)
    hard = np.random.default_rng(99).lognormal(0, 0.3, len(groups))
    chance = np.array([rates[group] for group in groups.values()]) * hard / np.exp(0.045)
    return frame(np.random.default_rng(seed).binomial(int(WORDS), np.minimum(chance, 0.95)).astype(float), groups)


def frame(errors, groups, words=WORDS):
    columns = {"numerator": errors, "denominator": words, "events": errors, "trials": words}
    return pd.DataFrame(columns, index=[*groups]).astype("float64")


def scaled(before, factors, sizes=SIZES):
    """The same speakers with errors multiplied, whole numbers again."""
    factor = np.array([factors.get(group, 1.0) for group in people(sizes).values()])
    return frame(np.round(before["numerator"].to_numpy() * factor), people(sizes))


def alone(before, after, groups, reference, of=WER, plan=PLAN):
    """Effects of one measure by itself."""
    return effects({"one": BeforeAfter.of(before, after, groups, reference, of)}, plan)["one"]


def told(before, after, reference="a", sizes=SIZES, of=WER, own_gaps=OwnGaps()):  # noqa: B008
    """By group, the effect and what is found."""
    result = alone(before, after, people(sizes), reference, of)
    return {effect.group: (effect, found(effect, of, of.margin, own_gaps)) for effect in result}


def test_nothing_that_changed_is_exactly_0_without_limits_or_warnings():
    before = spoken({"a": 0.1, "b": 0.3})
    for group, (effect, said) in told(before, before.copy()).items():
        assert effect.own.change.value == 0.0
        assert effect.own.change.lower is None
        assert (effect.own.ratio.value, effect.own.better, effect.own.worse) == (1.0, 0, 0)
        assert said.change == "cannot tell"
        if group == "b":
            assert (effect.gap_change.value, effect.gap_ratio_change.value) == (0.0, 1.0)
            assert (said.gap, said.ratio) == ("cannot tell", None)
            assert said.reason == "nothing changed for anybody on either side"


def test_helping_the_reference_alone_widens_the_gap_and_says_so():
    before = spoken({"a": 0.2, "b": 0.3})
    effect, said = told(before, scaled(before, {"a": 0.5}))["b"]
    assert (said.gap, said.ratio, said.change) == ("widens", "widens", "cannot tell")
    assert said.reason == "the reference group was helped and nothing changed for this group"
    assert effect.gap_change.lower > 0
    assert effect.gap_after - effect.gap_before == pytest.approx(effect.gap_change.value)
    # Drawn anew, the group's errors differ and on the whole do not change.
    drawn = spoken({"a": 0.1, "b": 0.3}, seed=2)
    assert told(before, drawn)["b"][1].reason == (
        "the reference group was helped and this group was not shown to be helped or harmed"
    )
    assert told(before, drawn)["a"][1].change == "helped"


def test_harming_the_reference_is_no_success():
    before, after = spoken({"a": 0.1, "b": 0.3}), spoken({"a": 0.2, "b": 0.3}, seed=2)
    _, said = told(before, after)["b"]
    assert (said.gap, said.ratio) == ("harms the reference", "narrows")
    assert said.reason.endswith("the reference group was harmed")
    assert told(before, after)["a"][1].change == "harmed"
    # Where the group is helped as well, it narrows for that reason too.
    both = told(before, spoken({"a": 0.2, "b": 0.25}, seed=2))["b"][1]
    assert (both.gap, both.reason) == ("narrows", "this group was helped and the reference group was harmed")


def test_halving_everybodys_errors_narrows_in_points_and_leaves_the_ratio():
    before = spoken({"a": 0.2, "b": 0.4})
    before["numerator"] = before["events"] = 2 * np.round(before["numerator"] / 2)
    effect, said = told(before, spoken({"a": 0.1, "b": 0.2}, seed=2))["b"]
    assert said.gap == "narrows"
    assert said.ratio == "cannot tell"
    assert said.reason == "both were helped, this group more; as a ratio it is not shown to change"
    assert effect.gap_ratio_change.lower < 1 < effect.gap_ratio_change.upper
    exact, _ = told(before, scaled(before, {"a": 0.5, "b": 0.5}))["b"]
    assert exact.gap_ratio_change.value == pytest.approx(1.0, abs=1e-12)
    assert exact.gap_ratio_change.lower is None


def test_scales_that_disagree_are_both_told():
    """From 5 and 40 in a hundred to 1 and 30: ten points less between them, and thirty times instead of eight."""
    before, after = spoken({"a": 0.05, "b": 0.4}), spoken({"a": 0.01, "b": 0.25}, seed=2)
    _, said = told(before, after)["b"]
    assert (said.gap, said.ratio) == ("narrows", "widens")
    assert said.reason.endswith("; it narrows in points and widens as a ratio")


def test_what_the_runs_say_of_their_own_gaps_decides_between_closing_and_reversing():
    before, after = spoken({"a": 0.2, "b": 0.4}), spoken({"a": 0.2, "b": 0.2}, seed=2)
    for own_gaps, finding in (
        (OwnGaps(), "narrows"),
        (OwnGaps(after=(-0.02, 0.02), is_within=True), "closes"),
        (OwnGaps(after=(-0.08, -0.01)), "reverses"),
    ):
        assert told(before, after, own_gaps=own_gaps)["b"][1].gap == finding


def test_a_reference_that_falls_further_behind_is_not_called_a_gap_that_narrows():
    before, after = spoken({"a": 0.3, "b": 0.2}), spoken({"a": 0.4, "b": 0.2}, seed=2)
    assert told(before, after)["b"][1].gap == "moves to the reference"
    back = told(after, before, own_gaps=OwnGaps(before=(-0.3, -0.1)))["b"][1]
    assert (back.gap, back.reason.rpartition("; ")[2]) == ("widens", "this group was ahead before and is less so")
    for own_gaps in (OwnGaps(), OwnGaps(before=(-0.3, 0.02))):
        unshown = told(after, before, own_gaps=own_gaps)["b"][1]
        assert (unshown.gap, "ahead" in unshown.reason) == ("widens", False)


def test_it_stays_only_with_thirty_speakers_on_each_side():
    for size, finding in ((40, "stays"), (20, "cannot tell")):
        sizes = {"a": size, "b": size}
        before = spoken({"a": 0.1, "b": 0.12}, sizes)
        errors = before["numerator"].to_numpy() + np.random.default_rng(4).integers(-2, 3, len(before))
        _, said = told(before, frame(np.maximum(errors, 0.0), people(sizes)), sizes=sizes)["b"]
        assert said.gap == finding
        assert ("needs 30 speakers" in (said.reason or "")) == (size == 20)


def test_few_speakers_have_counts_then_values_then_limits_then_findings():
    sizes = {"a": 40, "b": 12, "eight": 8, "three": 3, "one": 1}
    rates = dict.fromkeys(sizes, 0.3)
    result = told(spoken(rates, sizes), spoken(rates | {"b": 0.1, "eight": 0.1}, sizes, seed=2), sizes=sizes)
    assert result["one"][0].own.before is None
    assert result["one"][0].own.better is None
    three, eight, twelve = (result[name] for name in ("three", "eight", "b"))
    assert three[0].own.change.value == pytest.approx(three[0].own.after - three[0].own.before)
    assert three[0].own.change.lower is None
    assert eight[0].gap_change.upper < 0
    assert (eight[1].gap, eight[1].change) == ("cannot tell", "cannot tell")
    assert "8 speakers and 40 of the reference; a finding needs 10" in eight[1].reason
    assert (twelve[1].gap, twelve[1].change) == ("narrows", "helped")
    assert result["one"][1].reason.startswith("1 speaker and 40")


def test_rare_events_have_no_limits_of_ratios_and_differences_only_where_both_sides_vary():
    before = spoken({"a": 0.2, "b": 0.2})
    rare = before.assign(**{name: np.where(before.index == "b000", 3.0, 0.0) for name in ("numerator", "events")})
    rare.loc[list(people())[:40]] = before.loc[list(people())[:40]]
    effect, said = told(rare, rare.assign(numerator=rare["numerator"] / 2))["b"]
    assert effect.gap_ratio_change.lower is None
    assert effect.own.is_rare
    assert said.ratio is None
    after = rare.copy()
    after.loc[after.index.str.startswith("a"), ["numerator", "events"]] *= 0.5
    effect, said = told(rare, after)["b"]
    assert effect.gap_change.lower is None
    assert said.reason == "too few events for limits"


def test_speakers_are_counted_who_change_by_more_than_the_margin():
    before = frame(np.full(80, 40.0), people())
    errors = before["numerator"].to_numpy().copy()
    errors[:3], errors[3:8], errors[8:20] = 20.0, 60.0, 45.0
    own = told(before, frame(errors, people()))["a"][0].own
    assert (own.better, own.worse) == (3, 5)


def test_levels_rise_and_fall_and_have_neither_ratio_nor_margin():
    before = frame(np.random.default_rng(1).normal(90, 3, 80), people(), 1.0)
    shift = np.where(np.arange(80) < 40, 0.0, 4.0) + np.random.default_rng(2).normal(0, 0.5, 80)
    result = told(before, frame(before["numerator"] + shift, people(), 1.0), of=LEVEL)
    effect, said = result["b"]
    assert (said.change, said.gap, said.ratio) == ("higher", "higher", None)
    assert effect.own.ratio is None
    assert effect.gap_ratio_change is None
    assert effect.own.better is None
    assert result["a"][1].change == "cannot tell"


def test_everyone_else_is_everybody_known_but_the_group():
    sizes = {"a": 20, "b": 20, "c": 30}
    groups = people(sizes) | {"nobody": "unknown"}
    before = spoken(dict.fromkeys(sizes, 0.2), sizes)
    after = spoken({"a": 0.2, "b": 0.2, "c": 0.4}, sizes, seed=2)
    for table in (before, after):
        table.loc["nobody"] = [150.0, 200.0, 150.0, 200.0]
    result = {e.group: e for e in alone(before, after, groups, EVERYONE_ELSE)}
    others = [name for name in people(sizes) if name[0] in "ab"]
    rates = [table.loc[others, "numerator"].sum() / table.loc[others, "denominator"].sum() for table in (before, after)]
    assert result["c"].reference.change.value == pytest.approx(rates[1] - rates[0])
    assert result["c"].reference.change.lower is not None
    assert found(result["c"], WER, 0.05, OwnGaps()).gap == "widens"
    assert set(result) == {"a", "b", "c"}


def test_only_speakers_of_both_count():
    before, after = spoken({"a": 0.2, "b": 0.3}), spoken({"a": 0.2, "b": 0.3}, seed=2)
    effect, _ = told(before.iloc[5:], after.iloc[:-3])["b"]
    both = before.index[5:-3][before.index[5:-3].str.startswith("b")]
    assert effect.own.speakers == len(both) == 37
    assert effect.own.before == pytest.approx(before.loc[both, "numerator"].mean() / WORDS)


def test_what_holds_only_without_lost_utterances_cannot_be_told():
    before = spoken({"a": 0.1, "b": 0.3})
    plain = told(before, spoken({"a": 0.1, "b": 0.2}, seed=2))["b"][1]
    charged = told(before, spoken({"a": 0.1, "b": 0.31}, seed=3))["b"][1]
    both = both_ways(plain, charged)
    assert (plain.gap, both.gap) == ("narrows", "cannot tell")
    assert "'narrows' without the utterances that were lost" in both.reason
    assert both_ways(plain, plain) == plain


def test_limits_are_those_of_a_plain_bootstrap_of_the_same_draws():
    sizes = {"a": 15, "b": 12}
    before, after = spoken({"a": 0.2, "b": 0.3}, sizes), spoken({"a": 0.15, "b": 0.2}, sizes, seed=2)
    (effect,) = [e for e in alone(before, after, people(sizes), "a") if e.group == "b"]
    t, se, values = plain_bootstrap(before, after, sizes)
    degrees = {"a": 14.0, "b": 11.0, "gap": 11.0}
    # Two groups share the error rate; differences and ratios of each have a critical value of their own.
    alpha = CAUTION * PLAN.alpha / 2
    for scale, limited in (
        ("difference", {"b": effect.own.change, "gap": effect.gap_change}),
        ("log", {"b": effect.own.ratio, "gap": effect.gap_ratio_change}),
    ):
        z = {name: to_normal(np.abs(t[name, scale]), degrees[name]) for name in limited}
        scales = {name: upper_quantile(each, 0.01) for name, each in z.items()}
        critical = upper_quantile(np.maximum(*(z[name] / scales[name] for name in limited)), alpha)
        for name, found_limits in limited.items():
            half = from_normal(critical * scales[name], degrees[name]) * se[name, scale]
            limits = values[name, scale] - half, values[name, scale] + half
            if scale == "log":
                limits = tuple(np.exp(limits))
            assert (found_limits.lower, found_limits.upper) == pytest.approx(limits, rel=1e-9)


def plain_bootstrap(before, after, sizes):
    """Studentized deviations, standard errors and values of groups `a` and `b` and of their gap, on both scales."""
    found = {}
    for number, (group, size) in enumerate(sizes.items()):
        rows = before.index.str.startswith(group)
        counts = np.concatenate([np.ones((1, size)), resample_counts(PLAN.seed, number, 0, PLAN.resamples, size)])
        a, b = (table.loc[rows, "numerator"].to_numpy() for table in (after, before))
        share = 1 / (counts.sum(axis=1) * WORDS)
        one, two = counts @ a * share, counts @ b * share
        u = (a[None] - np.outer(one, np.full(size, WORDS))) * share[:, None]
        v = (b[None] - np.outer(two, np.full(size, WORDS))) * share[:, None]
        for scale, value, residual in (
            ("difference", one - two, u - v),
            ("log", np.log(one / two), u / one[:, None] - v / two[:, None]),
        ):
            found[group, scale] = value, size / (size - 1) * (counts * residual**2).sum(axis=1)
    for scale in ("difference", "log"):
        (one, first), (two, second) = found["b", scale], found["a", scale]
        found["gap", scale] = one - two, first + second
    t = {key: (value[1:] - value[0]) / np.sqrt(variance[1:]) for key, (value, variance) in found.items()}
    return t, {k: np.sqrt(v[1][0]) for k, v in found.items()}, {k: v[0][0] for k, v in found.items()}


def test_a_rare_group_leaves_the_others_their_limits():
    sizes = {"a": 30, "b": 30, "c": 30}
    before, after = (spoken(dict.fromkeys(sizes, 0.2), sizes, seed) for seed in (1, 2))
    ordinary = told(before, after, sizes=sizes)["b"][0]
    for table in (before, after):
        table.loc[table.index.str.startswith("c"), ["numerator", "events"]] = 0.0
    assert told(before, after, sizes=sizes)["b"][0] == ordinary


def test_that_nothing_happened_to_a_few_is_as_sure_as_their_number_makes_it():
    for size in (12, 60):
        sizes = {"a": 60, "b": size}
        before = spoken({"a": 0.2, "b": 0.3}, sizes)
        effect, said = told(before, scaled(before, {"a": 0.6}, sizes), sizes=sizes)["b"]
        assert said.gap == "widens"
        assert effect.gap_change.lower < -effect.reference.change.upper
        largest = (before["numerator"] - scaled(before, {"a": 0.6}, sizes)["numerator"]).max() / WORDS
        # Clopper and Pearson's upper limit of 0 of n, at the level of one change of one of two groups.
        share = 1 - (CAUTION * PLAN.alpha / 2 / 2) ** (1 / size)
        assert (effect.own.change.lower, effect.own.change.upper) == pytest.approx((-share * largest, 0.0))
        assert effect.own.ratio.lower == pytest.approx(1 - share * largest / effect.own.before)


def test_limits_of_a_gap_need_limits_of_both_sides():
    before = spoken({"a": 0.2, "b": 0.3})
    touched = np.array([n < 40 or n % 3 == 0 for n in range(80)])
    after = frame(np.where(touched, np.round(before["numerator"] * 0.5), before["numerator"]), people())
    effect, _ = told(before, after)["b"]
    assert effect.own.change.lower < effect.own.change.upper
    sizes = {"a": 40, "b": 5}
    before = spoken({"a": 0.2, "b": 0.3}, sizes)
    # Three of five: too many to be few, and too few for a resample without them to be out of the question.
    errors = before["numerator"].to_numpy() * np.r_[np.full(43, 0.5), 1.0, 1.0]
    effect, _ = told(before, frame(np.round(errors), people(sizes)), sizes=sizes)["b"]
    assert (effect.own.change.lower, effect.gap_change.lower, effect.gap_ratio_change.lower) == (None, None, None)
    assert effect.reference.change.upper < 0


@pytest.mark.slow
def test_limits_of_all_groups_and_quantities_hold_together():
    # Log-normal speakers, heavy for the converter too; nominal 0.90, so that 300 samples tell 0.85 from it.
    sizes = {"a": 30, "b": 12, "c": 20}
    groups = people(sizes)
    plan = Resampling(0.1, 999, 5)
    factor = {"a": 0.8, "b": 1.2, "c": 1.0}
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(300):
        hard = 0.2 * rng.lognormal(0, 0.4, len(groups)) / np.exp(0.08)
        each = (
            np.array([factor[group] for group in groups.values()]) * rng.lognormal(0, 0.2, len(groups)) / np.exp(0.02)
        )
        tables = [
            frame(rng.binomial(300, np.minimum(0.95, p)).astype(float), groups, 300.0) for p in (hard, each * hard)
        ]
        covered += all(holds(effect, factor) for effect in alone(*tables, groups, "a", plan=plan))
    assert covered >= 0.85 * 300


def holds(effect, factor):
    mine, theirs = factor[effect.group], factor["a"]
    truths = [(effect.own.change, 0.2 * (mine - 1)), (effect.own.ratio, mine)]
    if effect.gap_change:
        truths += [(effect.gap_change, 0.2 * (mine - theirs)), (effect.gap_ratio_change, mine / theirs)]
    return all(limited.lower <= truth <= limited.upper for limited, truth in truths)


def test_measures_that_go_together_share_the_error_rate_as_one():
    groups = people()
    both = [spoken({"a": 0.2, "b": 0.3}), spoken({"a": 0.2, "b": 0.25}, seed=2)]
    other = [spoken({"a": 0.2, "b": 0.3}, seed=3), spoken({"a": 0.2, "b": 0.25}, seed=4)]
    few = [table.iloc[1:] for table in both]

    def limits(**measures):
        found = effects({name: BeforeAfter.of(*tables, groups, "a", WER) for name, tables in measures.items()}, PLAN)
        return {name: next(e.gap_change for e in of if e.group == "b") for name, of in found.items()}

    def width(limited):
        return limited.upper - limited.lower

    one = limits(wer=both)["wer"]
    assert limits(wer=both, again=both)["wer"] == one
    assert width(limits(wer=both, other=other)["wer"]) > width(one)
    # Of other speakers there are other draws, which a copy of the same figures cannot share.
    assert width(limits(wer=both, few=few)["wer"]) > width(one)


def test_words_heard_otherwise_are_neither_help_nor_harm():
    neutral = Measured(is_rate=True, is_worse=False, margin=0.05)
    before = spoken({"a": 0.2, "b": 0.2})
    before["numerator"] = before["events"] = 0.0
    more = told(before, spoken({"a": 0.1, "b": 0.3}), of=neutral)["b"]
    assert (more[1].change, more[1].gap, more[1].ratio) == ("higher", "widens", None)
    assert more[1].reason == "more was changed for this group than for the reference group"
    assert more[0].own.ratio is None
    less = told(before, spoken({"a": 0.3, "b": 0.1}), of=neutral)["b"][1]
    assert (less.gap, less.reason) == (
        "moves to the reference",
        "less was changed for this group than for the reference group",
    )
