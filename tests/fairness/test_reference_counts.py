"""Reference errors by group: as jiwer counts, with limits by speaker, and never where too few speakers stand."""

import jiwer
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.reference_counts import Heard, Judging, agreement, reference_error_rates
from callgap.scoring import Basic, NoNormalizer
from callgap_kernels import bootstrap_t, count_errors

JUDGING = Judging(alpha=0.05, resamples=1000, seed=7)
WORDS = st.lists(st.sampled_from("abcd"), max_size=6).map(" ".join)


def heard(sizes, error, seed=1):
    """Speakers of ten words, of which each is said otherwise with the probability of the group."""
    random = np.random.default_rng(seed)
    references, said, speakers, groups = {}, {}, {}, {}
    for group, count in sizes.items():
        for number in range(count):
            u, s = f"{group}{number}-0", f"{group}{number}"
            references[u] = "one two three four five six seven eight nine ten"
            wrong = random.random(10) < error[group]
            said[u] = " ".join("other" if w else word for w, word in zip(wrong, references[u].split(), strict=True))
            speakers[u], groups[s] = s, group
    return Heard(references, said, speakers, groups)


def rates(given, reference, judging=JUDGING):
    rows = reference_error_rates(given, "accent", reference, {"none": NoNormalizer()}, judging)
    return {row.group: row for row in rows}


def test_errors_and_words_are_those_of_jiwer():
    given = heard({"a": 12, "b": 12}, {"a": 0.3, "b": 0.1})
    for group, row in rates(given, "b").items():
        ids = [u for u, s in given.speakers.items() if given.groups[s] == group]
        oracle = jiwer.process_words([given.references[u] for u in ids], [given.said[u] for u in ids])
        assert row.errors == oracle.substitutions + oracle.deletions + oracle.insertions
        assert row.rate == pytest.approx(oracle.wer)


@given(st.lists(st.tuples(WORDS.filter(bool), WORDS, WORDS), min_size=1, max_size=5))
def test_what_wrong_references_charge_is_at_most_the_reference_error(texts):
    asked, said, understood = (list(column) for column in zip(*texts, strict=True))
    charged = int(count_errors(asked, understood).errors.sum()) - int(count_errors(said, understood).errors.sum())
    groups = {f"s{n}": "a" for n in range(len(texts))}
    given = Heard(
        {f"u{n}": text for n, text in enumerate(asked)}, {f"u{n}": text for n, text in enumerate(said)},
        {f"u{n}": f"s{n}" for n in range(len(texts))}, groups,
    )  # fmt: skip
    assert abs(charged) <= rates(given, None)["a"].errors


def test_limits_are_simultaneous_over_the_groups_against_one_reference():
    given = heard({"a": 12, "b": 12, "c": 15}, {"a": 0.3, "b": 0.1, "c": 0.2})
    found = rates(given, "b")
    wrong = {
        given.speakers[u]: sum(x != y for x, y in zip(given.references[u].split(), given.said[u].split(), strict=True))
        for u in given.speakers
    }
    errors = [wrong[speaker] for group in "acb" for speaker in sorted(wrong) if given.groups[speaker] == group]
    oracle = bootstrap_t(
        np.array(errors, float)[:, None], np.full((39, 1), 10.0), np.repeat([0, 1, 2], [12, 15, 12]),
        np.array([[0, 2], [1, 2]]), seed=7, resamples=1000,
    ).difference  # fmt: skip
    for place, group in enumerate("ac"):
        row = found[group]
        ends = oracle.simultaneous_lower[place, 0], oracle.simultaneous_upper[place, 0]
        assert (row.estimate, row.lower, row.upper) == pytest.approx((oracle.estimate[place, 0], *ends))
    assert found["b"].estimate is None


def test_against_everyone_else_the_others_are_pooled_and_the_error_rate_is_shared_out():
    given = heard({"a": 12, "b": 12, "c": 15, "unknown": 12}, {"a": 0.3, "b": 0.1, "c": 0.2, "unknown": 0.9})
    found = rates(given, EVERYONE_ELSE)
    others = [found[g] for g in "bc"]
    pooled = sum(row.errors for row in others) / sum(row.words for row in others)
    assert found["a"].estimate == pytest.approx(found["a"].rate - pooled)
    assert (found["a"].reference_speakers, found["unknown"].estimate) == (27, None)
    two = heard({"a": 12, "b": 27}, {"a": 0.3, "b": 0.1})
    wide, alone = rates(two, EVERYONE_ELSE)["a"], rates(two, "b", Judging(0.025, 1000, 7))["a"]
    assert (wide.lower, wide.upper) == (alone.lower, alone.upper)


@pytest.mark.parametrize(
    ("speakers", "standing", "rate", "limits"),
    [
        (1, "counts only", False, None),
        (4, "described", True, None),
        (9, "exploratory", True, "pointwise"),
        (10, "judged", True, "simultaneous"),
    ],
)
def test_the_number_of_speakers_allows_what_it_allows_of_every_group(speakers, standing, rate, limits):
    row = rates(heard({"a": speakers, "b": 12}, {"a": 0.4, "b": 0.2}), "b")["a"]
    assert (row.standing, row.rate is not None, row.estimate is not None, row.limits) == (standing, rate, rate, limits)
    assert (row.bar is not None) == (limits is not None)


def test_where_nobody_deviates_no_limit_is_made_up():
    row = rates(heard({"a": 12, "b": 12}, {"a": 0.0, "b": 0.0}), "b")["a"]
    assert (row.rate, row.estimate, row.lower, row.upper, row.bar) == (0.0, 0.0, None, None, None)


def test_a_reference_group_that_was_not_transcribed_compares_nothing():
    row = rates(heard({"a": 12}, {"a": 0.2}), "b")["a"]
    assert (row.reference_speakers, row.estimate, row.lower) == (0, None, None)


def test_the_bar_is_never_below_zero():
    row = rates(heard({"a": 40, "b": 40}, {"a": 0.02, "b": 0.7}), "b")["a"]
    assert row.upper < 0 == row.bar


def test_agreement_is_the_same_whoever_comes_first():
    pairs = [("four oh two", "four two"), ("Please", "please"), ("", "um"), ("a b", "a b")]
    (one,), (other,) = (agreement(p, {"basic": Basic()}) for p in (pairs, [(b, a) for a, b in pairs]))
    assert one == other
    assert (one.pairs, one.identical, one.errors, one.words) == (4, 2, 2, 12)
    assert one.disagreement == pytest.approx(4 / 12)
    assert agreement([], {"basic": Basic()})[0].disagreement is None
