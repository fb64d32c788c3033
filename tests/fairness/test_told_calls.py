"""Odds, shares and the waterfall of walked calls, beside plain counts."""

from dataclasses import replace

import numpy as np
import pytest
from walked import ENDS, evidence_of_calls, walked_calls

from callgap.call_records import ODDS, SHARES, WATERFALL
from callgap.fairness.gaps import Resampling
from callgap.fairness.odds import odds_rows
from callgap.fairness.shares import share_rows
from callgap.fairness.waterfall import waterfall_rows
from callgap.records import table

PLAN = Resampling(0.05, 1000, 1)
CALLS = walked_calls({"a": 11, "b": 12, "c": 1}, calls=12, seed=5)
EVIDENCE = evidence_of_calls(CALLS)
REFERENCES = {"accent": "a"}


def speaker_mean(calls, wrong):
    by_speaker = {}
    for call in calls:
        if call["outcome"] != "lost":
            by_speaker.setdefault(call["speaker_id"], []).append(wrong(call))
    return np.mean([np.mean(found) for found in by_speaker.values()])


def of(group):
    return [call for call in CALLS if call["accent"] == group]


@pytest.mark.parametrize("destination", ENDS)
def test_odds_are_the_two_errors_of_a_destination(destination):
    rows = [row for row in odds_rows(EVIDENCE, REFERENCES, PLAN) if row["destination"] == destination]
    found = {(row["group"], row["error"]): row for row in rows}
    for group in "ab":
        meant = [call for call in of(group) if call["expected"] == destination]
        others = [call for call in of(group) if call["expected"] != destination]
        missed = speaker_mean(meant, lambda call: call["reached"] != destination)
        taken = speaker_mean(others, lambda call: call["reached"] == destination)
        assert found[group, "missed"]["rate"] == pytest.approx(missed)
        assert found[group, "taken_for_it"]["rate"] == pytest.approx(taken)
    for error in ("missed", "taken_for_it"):
        row = found["b", error]
        assert row["difference"] == pytest.approx(row["rate"] - found["a", error]["rate"])
        assert row["difference_lower"] < row["difference"] < row["difference_upper"]
        assert row["limits"] == "simultaneous"
    assert found["c", "missed"].get("rate") is None
    assert table(rows, ODDS).num_rows == len(rows)


def test_nobody_calls_for_a_destination_that_is_none_of_the_callers_wishes():
    rows = odds_rows(EVIDENCE, REFERENCES, PLAN)
    assert {row["destination"] for row in rows} == set(ENDS)


def test_shares_add_up_to_rates_and_gaps():
    others = walked_calls({"a": 11, "b": 12, "c": 1}, calls=12, seed=6)
    replayed = replace(EVIDENCE, outcomes=evidence_of_calls(others).outcomes)
    rows = share_rows(EVIDENCE, replayed, REFERENCES)
    found = {(row["group"], row["endpoint"]): row for row in rows}
    for row in rows:
        assert row["rate_understanding"] + row["rate_recognition"] == pytest.approx(row["rate"])
    for endpoint, wrong in (
        ("not_completed", lambda c: not c["completed"]),
        ("seconds_per_call", lambda c: c["seconds"]),
    ):
        rates = {
            (group, name): speaker_mean([c for c in calls if c["accent"] == group], wrong)
            for group in "ab"
            for name, calls in (("real", CALLS), ("replayed", others))
        }
        row = found["b", endpoint]
        assert row["difference"] == pytest.approx(rates["b", "real"] - rates["a", "real"])
        assert row["understanding"] == pytest.approx(rates["b", "replayed"] - rates["a", "replayed"])
        assert row["recognition"] == pytest.approx(row["difference"] - row["understanding"])
        assert found["a", endpoint].get("difference") is None
    assert "c" not in {group for group, _ in found}
    assert table(rows, SHARES).num_rows == len(rows)


def test_a_recognizer_that_errs_never_has_no_share():
    for row in share_rows(EVIDENCE, EVIDENCE, REFERENCES):
        assert row["rate_recognition"] == 0
        assert row.get("recognition") in (None, 0)


def test_each_stage_of_the_waterfall_holds_the_next():
    rows = waterfall_rows(EVIDENCE, REFERENCES)
    found = {row["group"]: row for row in rows}
    for group in "ab":
        row = found[group]
        assert row["asked"] == 1.0 >= row["understood"] >= row["routed"] >= row["reached"] > 0
        assert row["reached"] == pytest.approx(speaker_mean(of(group), lambda c: c["completed"]))
        assert row["routed"] == pytest.approx(speaker_mean(of(group), lambda c: c["reached"] == c["expected"]))
        lost = speaker_mean(of(group), lambda c: c["gave_up"] and c["reached"] != c["expected"])
        assert row["understood"] == pytest.approx(1 - lost)
    assert found["everyone"]["calls"] == sum(call["outcome"] != "lost" for call in CALLS)
    assert found["c"].get("reached") is None
    assert table(rows, WATERFALL).num_rows == 4
