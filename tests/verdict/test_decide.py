"""Verdicts follow the table of limits and margin, and are held back while unproven."""

import functools
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.verdict import Grade, decide, grade
from callgap.verdict.words import by_limits

LIMITS = st.floats(-1, 1)


@functools.cache
def default_policy():
    return units(plain(composed([])))["verdict"]


@pytest.fixture(scope="module")
def policy():
    return default_policy()


def contrast(lower=0.1, upper=0.2, speakers=(12, 12), ratio=2.0, **more):
    return {
        "endpoint": "wer", "reference": "r", "normalizer": "basic",
        "group_speakers": speakers[0], "reference_speakers": speakers[1],
        "difference": None if lower is None else (lower + upper) / 2,
        "difference_lower": lower, "difference_upper": upper, "ratio": ratio,
    } | more  # fmt: skip


def under_two(row):
    return [row | {"normalizer": "none"}]


SERVED = {"wer": 0.1, "not_completed": 0.1}


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [
        (0.06, 0.20, "disadvantaged"),
        (0.05, 0.20, "gap, size uncertain"),
        (0.01, 0.04, "gap, size uncertain"),
        (-0.04, 0.04, "within margin"),
        (-0.05, 0.04, "cannot tell"),
        (-0.04, 0.05, "cannot tell"),
        (-0.20, -0.06, "does better"),
        (-0.20, 0.20, "cannot tell"),
    ],
)
def test_the_table_of_verdicts(lower, upper, verdict):
    assert by_limits(lower, upper, 0.05) == verdict


@pytest.fixture
def proven(monkeypatch):
    monkeypatch.setattr(sys.modules["callgap.verdict.doubts"], "is_offered", lambda verdict, *speakers: True)


@given(LIMITS, LIMITS, st.sampled_from([0.02, 0.05]))
def test_the_verdicts_mirror_each_other_but_for_the_size_of_an_advantage(a, b, margin):
    lower, upper = min(a, b), max(a, b)
    there, back = by_limits(lower, upper, margin), by_limits(-upper, -lower, margin)
    mirrored = {"disadvantaged": "does better", "within margin": "within margin"}
    if there in mirrored and not (there == "within margin" and upper < 0):
        assert back == mirrored[there]


@given(LIMITS, LIMITS, st.integers(0, 400), st.integers(0, 400))
def test_nothing_is_said_with_numbers_of_speakers_for_which_it_is_not_proven(a, b, mine, theirs):
    row = contrast(min(a, b), max(a, b), (mine, theirs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["callgap.verdict.doubts"], "is_offered", lambda verdict, *speakers: False)
        judgment = decide(row, SERVED, default_policy(), under_two(row))
    assert judgment.verdict in {"cannot tell", "insufficient data"}
    assert judgment.reason
    assert judgment.what_would_change_it


def test_a_supported_gap_says_why_it_is_not_called_one(policy, monkeypatch):
    monkeypatch.setattr(sys.modules["callgap.verdict.doubts"], "is_offered", lambda verdict, *speakers: False)
    judgment = decide(contrast(), SERVED, policy, under_two(contrast()))
    assert judgment.verdict == "cannot tell"
    assert "+10.0 and +20.0 points (margin 5)" in judgment.reason
    assert "2.00 times" in judgment.reason
    assert "its error rate is not proven (results/evidence/cells.csv)" in judgment.reason


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [(0.1, 0.2, "disadvantaged"), (0.01, 0.2, "gap, size uncertain"), (-0.02, 0.02, "within margin"),
     (-0.2, -0.1, "does better"), (-0.2, 0.1, "cannot tell")],
)  # fmt: skip
def test_a_proven_verdict_is_offered(policy, proven, lower, upper, verdict):
    row = contrast(lower, upper, (30, 30))
    assert decide(row, SERVED, policy, under_two(row)).verdict == verdict


def test_a_disadvantage_that_is_not_proven_may_still_be_a_gap(policy, monkeypatch):
    offered = {"gap, size uncertain"}
    monkeypatch.setattr(
        sys.modules["callgap.verdict.doubts"], "is_offered", lambda verdict, *speakers: verdict in offered
    )
    judgment = decide(contrast(), SERVED, policy, under_two(contrast()))
    assert judgment.verdict == "gap, size uncertain"
    assert "not disadvantaged: with speakers worth 12 and 12" in judgment.reason


@pytest.mark.parametrize(("ratio", "flagged"), [(1.24, False), (1.25, True), (None, False)])
def test_large_ratios_are_flagged_and_decide_nothing(policy, proven, ratio, flagged):
    row = contrast(-0.02, 0.02, (30, 30), ratio)
    judgment = decide(row, SERVED, policy, under_two(row))
    assert judgment.verdict == "within margin"
    assert ("times the reference's rate" in judgment.reason) == flagged


def test_what_forbids_a_verdict_comes_before_everything(policy):
    row = contrast(speakers=(1, 1), not_judged="group and corpus are one")
    judgment = decide(row, {"wer": 0.9}, policy)
    assert (judgment.verdict, judgment.reason) == (None, "group and corpus are one")


@pytest.mark.parametrize(
    ("mine", "theirs", "word"),
    [(9, 30, "exploratory"), (30, 9, "exploratory"), (4, 30, "no limits"), (1, 1, "no limits")],
)
def test_too_few_speakers_come_before_the_limits(policy, mine, theirs, word):
    judgment = decide(contrast(speakers=(mine, theirs)), SERVED, policy)
    assert judgment.verdict == "insufficient data"
    assert word in judgment.reason
    assert f"{mine} and {theirs} speakers" in judgment.reason


@pytest.mark.parametrize(("theirs", "verdict"), [(10, "unfit for everyone"), (9, "insufficient data")])
def test_a_system_that_fails_ten_speakers_of_the_reference_is_unfit_whatever_the_size_of_the_group(
    policy, theirs, verdict
):
    assert decide(contrast(speakers=(3, theirs)), {"wer": 0.9}, policy).verdict == verdict


@pytest.mark.parametrize(
    ("rates", "word"), [({"wer": 0.51}, "51% of its words"), ({"not_completed": 0.31}, "31% of its calls")]
)
def test_a_system_that_fails_the_reference_group_is_unfit_for_everyone(policy, rates, word):
    judgment = decide(contrast(), rates, policy)
    assert judgment.verdict == "unfit for everyone"
    assert word in judgment.reason


def test_without_limits_one_cannot_tell(policy):
    assert decide(contrast(None, None), SERVED, policy).verdict == "cannot tell"


@pytest.mark.parametrize(
    ("synthetic", "transcribed", "mine", "theirs", "expected"),
    [
        (True, True, 100, 100, Grade.S),
        (False, True, 30, 30, Grade.A),
        (False, True, 29, 300, Grade.B),
        (False, True, 10, 10, Grade.B),
        (False, True, 9, 300, Grade.C),
        (False, False, 300, 300, Grade.C),
    ],
)
def test_grades(synthetic, transcribed, mine, theirs, expected):
    found = grade(synthetic=synthetic, transcribed=transcribed, group_speakers=mine, reference_speakers=theirs)
    assert found is expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("verdict.margins.wer=0", "verdict.margins.wer: found 0"),
        ("+verdict.margins.charm=0.1", "found 'charm'"),
        ("verdict.ratio_flag=high", "verdict.ratio_flag: found 'high'"),
    ],
)
def test_a_faulty_policy_is_one_sentence(change, message):
    with pytest.raises(InputError, match=re.escape(message)):
        units(plain(composed([change])))
