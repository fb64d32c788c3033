"""Each doubt takes exactly the verdicts that it shakes, and says what would change it."""

import pytest

from callgap.verdict.doubts import Doubts
from callgap.verdict.words import BETTER, DISADVANTAGED, UNCERTAIN, WITHIN

LIMITS = {DISADVANTAGED: (0.1, 0.2), UNCERTAIN: (0.02, 0.2), WITHIN: (-0.02, 0.02), BETTER: (-0.2, -0.1)}
ALL = set(LIMITS)


@pytest.fixture(autouse=True)
def proven(monkeypatch):
    monkeypatch.setattr("callgap.verdict.doubts.is_offered", lambda verdict, *speakers: True)


def row_of(verdict, **more):
    lower, upper = LIMITS[verdict]
    own = {"difference_lower": lower, "difference_upper": upper, "difference": (lower + upper) / 2}
    sizes = {"group_speakers": 40, "reference_speakers": 40}
    return {"endpoint": "wer", "normalizer": "basic", "method": "bootstrap-t"} | sizes | own | more


def shaken(others=None, **more):
    """The verdicts that a change takes away, or whose size it does."""
    gone = set()
    for verdict in LIMITS:
        row = row_of(verdict, **more)
        doubts = Doubts(row, 0.05, [row | (others or {}) | {"normalizer": "none"}])
        found = doubts.of(verdict) or (doubts.of_size() if verdict == DISADVANTAGED else None)
        if found:
            assert all(found)
            gone.add(verdict)
    return gone


def test_nothing_is_doubted_without_a_reason():
    assert shaken() == set()


def test_exact_limits_never_say_that_groups_are_alike():
    assert shaken(method="korn-graubard") == {WITHIN}


@pytest.mark.parametrize(("worth", "gone"), [(29.9, {WITHIN}), (30.0, set()), (None, set())])
def test_alike_needs_thirty_effective_speakers(worth, gone):
    assert shaken(group_effective_speakers=worth) == gone
    assert shaken(reference_effective_speakers=worth) == gone


def charged(lower, upper):
    ends = {"_lower": lower, "_upper": upper, "": (lower + upper) / 2}
    return {f"difference_lost_charged{end}": value for end, value in ends.items()}


@pytest.mark.parametrize(
    ("limits", "gone"),
    [
        ((0.06, 0.2), {WITHIN, BETTER}),
        ((0.04, 0.2), {DISADVANTAGED, WITHIN, BETTER}),
        ((-0.01, 0.2), ALL),
        ((-0.02, 0.02), {DISADVANTAGED, UNCERTAIN, BETTER}),
        ((-0.2, -0.06), {DISADVANTAGED, UNCERTAIN, WITHIN}),
    ],
)
def test_lost_texts_charged_must_support_the_same(limits, gone):
    assert shaken(**charged(*limits)) == gone


def test_lost_texts_whose_charge_has_no_limits_support_nothing():
    assert shaken(difference_lost_charged=0.15) == ALL


@pytest.mark.parametrize(
    ("limits", "gone"),
    [
        ((0.01, 0.2), {WITHIN, BETTER}),
        ((-0.01, 0.2), ALL),
        ((None, None), ALL),
        ((-0.02, 0.02), {DISADVANTAGED, UNCERTAIN, BETTER}),
        ((-0.2, -0.04), {DISADVANTAGED, UNCERTAIN, WITHIN, BETTER}),
    ],
)
def test_another_normalizer_must_exclude_zero_likewise_or_give_the_same(limits, gone):
    other = dict(zip(("difference_lower", "difference_upper"), limits, strict=True))
    assert shaken(other) == gone


def test_calls_have_no_normalizer_and_words_need_two():
    for normalizer, doubted in ((None, False), ("basic", True)):
        row = row_of(DISADVANTAGED, normalizer=normalizer)
        assert bool(Doubts(row, 0.05, []).of(DISADVANTAGED)) == doubted


@pytest.mark.parametrize(
    ("alone", "gone"),
    [(0.026, set()), (0.025, {DISADVANTAGED}), (0.0, {DISADVANTAGED, UNCERTAIN}), (-0.1, {DISADVANTAGED, UNCERTAIN})],
)
def test_a_gap_needs_more_than_one_speaker(alone, gone):
    assert shaken(difference_leave_one_out=alone) == gone


def test_speaker_means_count_only_where_they_differ_by_more_than_the_margin():
    assert shaken(difference_speaker_mean=0.105) == {WITHIN, BETTER}
    row = row_of(UNCERTAIN, difference_speaker_mean=0.07)
    assert Doubts(row, 0.05, [row]).of(UNCERTAIN) is None
    row = row_of(DISADVANTAGED, difference_speaker_mean=0.04)
    assert "weighted" in Doubts(row, 0.05, [row]).of_size()[0]


@pytest.mark.parametrize(
    ("bar", "gone"), [(0.01, set()), (0.02, {UNCERTAIN}), (0.1, {DISADVANTAGED, UNCERTAIN}), (None, set())]
)
def test_a_gap_must_exceed_the_error_of_the_references(bar, gone):
    assert shaken(reference_error=bar) == gone
