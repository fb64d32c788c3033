"""Pitfalls of rare events, of verdicts and of conditions: each test fails where its remedy is taken away."""

import dataclasses
import sys

import numpy as np
import pytest
from counted import PRIMARY, SECOND, contrasts, counted, drawn, policy, verdicts

from callgap.analyses import with_reference_errors
from callgap.fairness.conditions import conditions
from callgap.fairness.gaps import CAUTION, Resampling
from callgap.fairness.groups import group_rows
from callgap.verdict import decide

PLAN = Resampling(0.05, 1000, 7)


@pytest.fixture(autouse=True)
def proven(monkeypatch):
    """Every verdict counts as proven from five effective speakers on: other remedies are looked at."""
    monkeypatch.setattr(sys.modules["callgap.verdict.doubts"], "is_offered", lambda verdict, *n: min(n) >= 5)


@pytest.fixture(scope="module")
def wide():
    """A gap of about 20 points between 40 speakers each."""
    return drawn({"a": 0.1, "b": 0.3}, 40)


@pytest.fixture(scope="module")
def rows(wide):
    """The contrasts of that gap, under the primary normalizer and the second one."""
    return contrasts(counted(wide))


@pytest.fixture(scope="module")
def alike():
    """No gap between 40 speakers each."""
    return drawn({"a": 0.1, "b": 0.1}, 40)


def judgment(row, **changes):
    row = row | changes
    return decide(row, {"wer": row["reference_rate"]}, policy(), [row | {"normalizer": SECOND}])


@pytest.mark.parametrize("speakers", [10, 40, 300])
def test_no_event_at_all_gives_an_interval_and_never_within_margin(speakers):
    row = verdicts(counted({group: np.zeros((speakers, 2), int) for group in "ab"}))["b"]
    assert row["method"] == "korn-graubard"
    assert row["difference_lower"] < 0 < row["difference_upper"]
    # What Clopper and Pearson allow of as many speakers: the group may have so many, the reference none.
    assert row["difference_upper"] == pytest.approx(1 - (CAUTION * 0.025) ** (1 / speakers), rel=1e-9)
    assert row["verdict"] == "cannot tell"
    assert row["ratio"] is None


def test_four_events_are_not_resampled():
    few = np.zeros((300, 2), int)
    few[:4, 0] = 1
    row = verdicts(counted({"a": drawn({"a": 0.1}, 300)["a"][:, :2], "b": few}))["b"]
    assert (row["method"], row["group_events"]) == ("korn-graubard", 4)
    few[4, 0] = 1
    row = verdicts(counted({"a": drawn({"a": 0.1}, 300)["a"][:, :2], "b": few}))["b"]
    assert (row["method"], row["group_events"]) == ("bootstrap-t", 5)


def test_short_references_do_not_dominate():
    # Every speaker says 40 long sentences with one error and 40 single words, all wrong.
    errors = np.ones((12, 80), int)
    words = np.hstack([np.full((12, 40), 19), np.ones((12, 40), int)])
    found = {row["group"]: row for row in group_rows(counted({"a": errors}, words={"a": words}))}["a"]
    assert found["wer"] == pytest.approx(80 / 800)
    assert np.mean(errors / words) > 0.5
    assert found["unusable"] == 0
    assert found["command_error"] == 1


def test_a_verdict_must_hold_under_every_normalizer(wide, alike):
    for errors, other in ((wide, alike), (alike, wide)):
        row = verdicts(counted(errors, second=other))["b"]
        assert row["verdict"] == "cannot tell"
        assert f"normalizer {SECOND}" in row["reason"]


def test_one_normalizer_is_not_enough(rows):
    assert decide(rows[0], {"wer": 0.1}, policy(), []).verdict == "cannot tell"


@pytest.mark.parametrize("reference", ["a", "everyone else"])
def test_a_system_that_fails_the_reference_is_unfit_before_any_gap_is_read(reference):
    row = verdicts(counted(drawn({"a": 0.55, "b": 0.85, "c": 0.55}, 40)), reference)["b"]
    assert row["verdict"] == "unfit for everyone"
    assert row["difference_lower"] > 0.05


def test_a_reference_that_is_served_is_not_unfit_because_the_group_is_not():
    found = verdicts(counted(drawn({"a": 0.3, "b": 0.9, "c": 0.3}, {"a": 12, "b": 60, "c": 12})), "everyone else")
    assert found["b"]["verdict"] == "disadvantaged"
    assert found["a"]["verdict"] == found["c"]["verdict"] == "unfit for everyone"


@dataclasses.dataclass(frozen=True)
class Barred:
    """What was measured of the references."""

    bar: float


def test_a_gap_must_exceed_what_the_references_may_make_up(rows):
    row, other = map(dict, rows)
    key = ("accent", "b", "a", PRIMARY)
    for bar, verdict in ((0.05, "disadvantaged"), (row["difference_lower"] + 0.01, "cannot tell")):
        with_reference_errors([row, other], {key: Barred(bar)})
        assert "reference_error" not in other
        assert decide(row, {"wer": 0.1}, policy(), [other]).verdict == verdict


@pytest.mark.parametrize(
    "change", [{"p": 0.9, "p_adjusted": 1.0}, {"attribution": "all of it moves with noise"}, {"ratio": 1.01}]
)
def test_what_explains_or_informs_acquits_nobody(rows, change):
    assert judgment(rows[0], **change).verdict == "disadvantaged"


@pytest.mark.parametrize(("speakers", "verdict"), [(29, "cannot tell"), (30, "within margin")])
def test_alike_needs_thirty_speakers_on_each_side(alike, speakers, verdict):
    errors = {"a": alike["a"], "b": alike["b"][:speakers]}
    assert verdicts(counted(errors))["b"]["verdict"] == verdict


def test_limits_hold_for_all_groups_and_endpoints_at_once(wide, rows):
    alone = rows[0]
    errors = wide | {name: wide["b"] for name in "cde"}
    among = contrasts(counted(errors))[0]
    assert among["difference_lower"] < alone["difference_lower"]
    assert among["difference_upper"] > alone["difference_upper"]


def test_a_condition_is_compared_within_speakers():
    # Ten hard speakers use the telephone for nine utterances of ten, ten easy ones for one of ten.
    hard = np.repeat([[5], [1]], 10, axis=0) + np.zeros((1, 10), int)
    line = {"prompt_id": lambda g, s, u: "phone" if (u == 0) == (s >= 10) else "room"}
    rows = conditions(counted({"a": hard}, columns=line), "prompt_id", "room", ["wer"], PLAN)
    assert [(row["speakers"], row["left_out"]) for row in rows] == [(20, 0)]
    # By utterances the telephone would look 32 points worse.
    assert np.mean([5] * 90 + [1] * 10) - np.mean([5] * 10 + [1] * 90) == pytest.approx(3.2)
    assert rows[0]["difference"] == pytest.approx(0, abs=1e-12)
    assert rows[0]["rate"] == rows[0]["reference_rate"] == pytest.approx(0.3)


def test_limits_of_many_values_of_a_condition_have_resamples_enough():
    # Twenty-four comparisons: the tail of each is smaller than any that 1,000 resamples reach.
    random = np.random.default_rng(8)
    errors = {"a": random.integers(0, 4, (12, 50))}
    line = {"prompt_id": lambda g, s, u: f"p{u % 25:02d}"}
    rows = conditions(counted(errors, columns=line), "prompt_id", None, ["wer"], PLAN)
    assert len(rows) == 24
    assert all(row["difference_lower"] < row["difference"] < row["difference_upper"] for row in rows)


def test_more_resamples_are_drawn_where_limits_lie_far_out(monkeypatch):
    drawn_by = []
    kernel = sys.modules["callgap.fairness.gaps"].bootstrap_t

    def spy(*arguments, **options):
        drawn_by.append((options["resamples"], options["alpha"]))
        return kernel(*arguments, **options)

    monkeypatch.setattr(sys.modules["callgap.fairness.gaps"], "bootstrap_t", spy)
    errors = drawn(dict.fromkeys([*"abcdefghijk"], 0.2), 10)
    contrasts(counted(errors))
    assert {(resamples, round(alpha, 9)) for resamples, alpha in drawn_by} == {(5334, 0.00375)}
