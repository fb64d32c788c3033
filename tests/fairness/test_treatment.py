"""Both sides of a comparison hold the right speakers, weighted as declared."""

import numpy as np
import pandas as pd
import pytest

from callgap.fairness import CONTRADICTORY, UNKNOWN
from callgap.fairness.contrasts import Compared, charged_figures, figures, left_out
from callgap.fairness.endpoints import capped
from callgap.fairness.gaps import Pair, Resampling
from callgap.fairness.standardization import standardized
from callgap.fairness.treatment import Treatment, known

GROUPS = {f"{group}{k}": group for group in "abc" for k in range(12)} | {"x": UNKNOWN, "y": CONTRADICTORY}
PLAN = Resampling(0.05, 400, 1)


@pytest.fixture(scope="module")
def observed():
    """Ten utterances of each speaker, of prompts p0 to p4."""
    random = np.random.default_rng(6)
    rows = [
        {"speaker_id": speaker, "utterance_id": f"{speaker}-{take}", "numerator": int(random.integers(0, 5)),
         "denominator": int(random.integers(5, 15)), "prompt": f"p{random.integers(0, 5)}"}
        for speaker in GROUPS for take in range(10)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def treated(observed, reference="a", *, cap=None, standardize=False, endpoint="wer"):
    strata = dict(zip(observed["utterance_id"], observed["prompt"], strict=True)) if standardize else None
    return Treatment({endpoint: observed.drop(columns="prompt")}, GROUPS, reference, cap, strata)


def test_everyone_else_is_every_other_speaker_of_a_known_group(observed):
    of = treated(observed, "everyone else")
    assert of.others("b") == {speaker for speaker, group in GROUPS.items() if group in "ac"}
    pair = of.pair("b", "wer")
    assert set(pair.reference.names) == of.others("b")
    assert set(pair.group.names) == of.members["b"]


def test_with_two_groups_everyone_else_is_the_other_one(observed):
    groups = {speaker: group for speaker, group in GROUPS.items() if group != "c"}
    of = Treatment({"wer": observed}, groups, "everyone else", None, None)
    there, back = of.pair("a", "wer"), of.pair("b", "wer")
    assert (there.group.names, there.reference.names) == (back.reference.names, back.group.names)
    assert there.gap == pytest.approx(-back.gap)


def test_groups_have_one_and_the_same_reference(observed):
    of = treated(observed)
    assert of.pair("b", "wer").reference is of.pair("c", "wer").reference
    assert known(of.members) == ["a", "b", "c"]


def test_rates_are_those_of_the_rows(observed):
    pair = treated(observed).pair("b", "wer")
    sums = (
        observed.assign(group=observed["speaker_id"].map(GROUPS)).groupby("group")[["numerator", "denominator"]].sum()
    )
    rates = sums["numerator"] / sums["denominator"]
    assert pair.gap == pytest.approx(rates["b"] - rates["a"])
    assert (pair.group.events, pair.group.trials) == tuple(sums.loc["b"])


def test_a_share_weighs_speakers_equally(observed):
    rows = observed.assign(numerator=(observed["numerator"] > 2).astype(int), denominator=1)
    rows = pd.concat([rows, rows[rows["speaker_id"] == "b0"]])
    side = treated(rows, endpoint="unusable").pair("b", "unusable").group
    own = rows[rows["speaker_id"].str.startswith("b")].groupby("speaker_id")["numerator"].mean()
    assert side.rate == pytest.approx(own.mean())
    assert side.effective_speakers == pytest.approx(12)
    assert side.trials == 130


def test_the_cap_is_a_multiple_of_the_median_speaker_and_keeps_each_speakers_rate():
    sums = pd.DataFrame(
        {"numerator": [1.0, 2, 30], "denominator": [10.0, 20, 600], "events": [1.0, 2, 30], "trials": [10.0, 20, 600]}
    )
    held = capped(sums, 5)
    assert held["denominator"].tolist() == [10, 20, 100]
    assert (held["numerator"] / held["denominator"]).tolist() == pytest.approx([0.1, 0.1, 0.05])
    assert held["events"].tolist() == [1, 2, 30]
    pd.testing.assert_frame_equal(capped(sums, None), sums)
    assert capped(sums.iloc[:0], 5).empty


@pytest.mark.parametrize("reference", ["a", "everyone else"])
def test_a_standardized_pair_is_that_of_the_formula(observed, reference):
    of = treated(observed, reference, standardize=True)
    pair = of.pair("b", "wer")
    found = standardized(of.observed["wer"], of.strata, of.members["b"], of.others("b"))
    rates = [
        frame["numerator"].sum() / frame["denominator"].sum() for frame in (found.frame_group, found.frame_reference)
    ]
    assert [pair.group.rate, pair.reference.rate] == pytest.approx(rates)
    assert pair.reference.rate != treated(observed, reference).pair("b", "wer").reference.rate
    assert pair.reference.events == found.frame_reference["events"].sum()
    assert not of.shared


def test_what_cannot_be_standardized_is_refused_with_its_reason(observed):
    apart = observed.assign(prompt=observed["speaker_id"].str[0] + observed["prompt"])
    compared = Compared(treated(apart, standardize=True), ["wer"], PLAN)
    assert compared.pairs == compared.gaps == {}
    assert set(compared.refused) == {("b", "wer"), ("c", "wer")}
    assert "0% of the group's" in compared.refused["b", "wer"]


@pytest.mark.parametrize("silent", ["a", "b"])
def test_a_side_of_which_nothing_was_observed_is_shown_without_a_rate(observed, silent):
    heard = observed[~observed["speaker_id"].str.startswith(silent)]
    compared = Compared(treated(heard), ["wer"], PLAN)
    row = figures(compared, ("b", "wer"))
    assert row["group_speakers" if silent == "b" else "reference_speakers"] == 0
    assert not {"group_rate", "difference", "limits"} & row.keys()
    assert compared.detectable(("b", "wer"), 0.05) is None
    assert charged_figures(compared, ("b", "wer")) == {"difference_lost_charged": None}
    assert charged_figures(compared, ("d", "wer")) == {}


def test_leaving_one_out_is_the_nearest_gap_to_none_on_either_side(observed):
    pair = treated(observed).pair("b", "wer")
    gaps = []
    for side in ("group", "reference"):
        of = getattr(pair, side)
        for place in range(of.speakers):
            kept = np.arange(of.speakers) != place
            rate = of.numerator[kept].sum() / of.denominator[kept].sum()
            gaps.append(rate - pair.reference.rate if side == "group" else pair.group.rate - rate)
    assert left_out(pair) == pytest.approx(min(gaps) if pair.gap >= 0 else max(gaps))
    assert left_out(Pair(pair.reference, pair.group)) == pytest.approx(-left_out(pair))
