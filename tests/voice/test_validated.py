"""Measures that already treat a group otherwise, before anything is altered, are found out."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from callgap.errors import InputError
from callgap.records import table
from callgap.voice import calibration, validated, voiceprints
from callgap.voice_records import VOICES


def case(lower=0.0, spread=(0.3, 0.3), speakers=12, utterances=6, seed=0):
    """Two groups; the second is rated lower, and its utterances lie more or less scattered around each speaker."""
    random = np.random.default_rng(seed)
    rows, of, groups = [], {}, {}
    for place, group in enumerate(("us", "fr")):
        for s in range(speakers):
            name = f"{group}{s}"
            groups[name], center = group, random.standard_normal(24)
            level = 3 + 0.1 * random.standard_normal() - lower * place
            for u in range(utterances):
                vector = center + spread[place] * np.sqrt(24) * random.standard_normal(24) / 2
                of[f"{name}-{u}"] = name
                rating = level + 0.1 * random.standard_normal()
                rows.append({"utterance_id": f"{name}-{u}", "status": "ok", "dnsmos_overall": rating})
                rows[-1]["embedding"] = (vector / np.linalg.norm(vector)).tolist()
    return table(rows, VOICES), of, groups


def by_measure(found):
    return {row.measure: row for row in found}


def test_measures_that_are_fit_are_not_accused():
    found = by_measure(validated(*case(), "us"))
    assert set(found) == {"dnsmos_overall", "speaker_error"}
    assert {row.finding for row in found.values()} == {"no difference shown"}
    assert not any(row.deltas_only for row in found.values())
    assert "no difference shown between fr and us" in found["dnsmos_overall"].line


def test_a_group_that_is_rated_lower_unaltered_is_told_in_deltas_only():
    row = by_measure(validated(*case(lower=0.4), "us"))["dnsmos_overall"]
    assert row.finding == "lower"
    assert row.deltas_only
    assert row.line.startswith("DNSMOS (overall) is lower for fr than for us before anything is altered (-0.")
    assert row.difference == pytest.approx(-0.4, abs=0.15)


def test_a_group_whose_speakers_are_told_apart_less_well_is_found():
    voices, of, groups = case(spread=(0.3, 1.4))
    row = by_measure(validated(voices, of, groups, "us"))["speaker_error"]
    assert row.finding == "higher"
    ours = voiceprints(voices, of).of_speakers(frozenset(s for s, g in groups.items() if g == "fr"))
    assert row.equal_error_rate == calibration(ours).rate
    assert row.value > row.reference_value


def test_limits_are_welchs_for_all_rows_at_once():
    voices, of, groups = case(lower=0.05)
    row = by_measure(validated(voices, of, groups, "us"))["dnsmos_overall"]
    means = {}
    for item in voices.to_pylist():
        means.setdefault(of[item["utterance_id"]], []).append(item["dnsmos_overall"])
    sides = [[np.mean(v) for s, v in means.items() if groups[s] == group] for group in ("fr", "us")]
    expected = ttest_ind(*sides, equal_var=False).confidence_interval(1 - 0.05 / 2)
    assert (row.lower, row.upper) == pytest.approx((expected.low, expected.high))
    assert (row.speakers, row.reference_speakers) == (12, 12)


def test_too_few_speakers_are_told_in_deltas_only():
    voices, of, groups = case(speakers=2)
    row = by_measure(validated(voices, of, groups, "us"))["dnsmos_overall"]
    assert row.finding == "too few speakers"
    assert row.deltas_only
    assert row.difference is None
    assert (
        "cannot be validated for fr (it is known of 2 of its speakers and of 2 of us; 3 of each are needed)" in row.line
    )


def test_a_reference_that_nobody_is_in_is_refused():
    with pytest.raises(InputError, match="found 'uk'; accepted: fr, us"):
        validated(*case(), "uk")
