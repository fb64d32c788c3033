"""A gap due to content alone vanishes when standardized, and the reweighted sums give the textbook rate."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from callgap.fairness.standardization import LEAST_COMMON, standardized, within_speaker


def observations(rows):
    """From (speaker, stratum, errors, words) the observations, and the stratum of each utterance."""
    frame = pd.DataFrame(rows, columns=["speaker_id", "stratum", "numerator", "denominator"])
    frame["utterance_id"] = [f"u{i}" for i in range(len(frame))]
    return frame.drop(columns="stratum"), dict(zip(frame["utterance_id"], frame["stratum"], strict=True))


def spoken(rng, *, group_clinical=0.8, reference_clinical=0.3, gap=0.0, speakers=40, utterances=25):
    """Speakers whose errors depend on the domain, and on the group by `gap` log units."""
    rows = []
    for side, share in (("g", group_clinical), ("r", reference_clinical)):
        for number in range(speakers):
            own = rng.normal(0, 0.2)
            for _ in range(utterances):
                domain = "clinical" if rng.random() < share else "general"
                words = int(rng.integers(5, 20))
                rate = (0.4 if domain == "clinical" else 0.1) * np.exp(own + gap * (side == "g"))
                rows.append((f"{side}{number}", domain, int(rng.poisson(rate * words)), words))
    return observations(rows)


def sides(observed):
    names = set(observed["speaker_id"])
    return {n for n in names if n.startswith("g")}, {n for n in names if n.startswith("r")}


def rate(frame):
    return frame["numerator"].sum() / frame["denominator"].sum()


def test_worked_example_by_hand():
    # Reference: 10/100 in a, 30/100 in b. The group's words: 30 in a, 90 in b, hence 1/4 of 0.10 + 3/4 of 0.30 = 0.25.
    observed, strata = observations(
        [("g1", "a", 6, 30), ("g1", "b", 18, 40), ("g2", "b", 27, 50), ("r1", "a", 10, 100), ("r2", "b", 30, 100)]
    )
    found = standardized(observed, strata, {"g1", "g2"}, {"r1", "r2"})
    assert rate(found.frame_reference) == pytest.approx(0.25)
    assert rate(found.frame_group) == pytest.approx(51 / 120)
    assert found.frame_reference["denominator"].to_dict() == pytest.approx({"r1": 50, "r2": 150})
    assert found.effective_reference_speakers == pytest.approx(200**2 / (50**2 + 150**2))
    assert found.reason is None
    assert (found.common_group, found.common_reference, found.strata) == (1.0, 1.0, 2)


def test_equals_a_saturated_poisson_model_of_the_reference_averaged_over_the_group():
    observed, strata = spoken(np.random.default_rng(1), gap=0.3)
    group, reference = sides(observed)
    found = standardized(observed, strata, group, reference)
    stratum = observed["utterance_id"].map(strata)
    design = np.stack([np.ones(len(observed)), (stratum == "clinical").to_numpy(float)], axis=1)
    theirs = observed["speaker_id"].isin(reference).to_numpy()
    words = observed["denominator"].to_numpy(float)
    model = GLM(
        observed["numerator"].to_numpy(float)[theirs],
        design[theirs],
        family=Poisson(),
        offset=np.log(words[theirs]),
    ).fit(tol=1e-12)
    expected = np.average(np.exp(design[~theirs] @ model.params), weights=words[~theirs])
    assert rate(found.frame_reference) == pytest.approx(expected, rel=1e-9)
    own = observed[~theirs]
    assert rate(found.frame_group) == pytest.approx(own["numerator"].sum() / own["denominator"].sum())


@pytest.mark.parametrize("pooled", [True, False])
def test_a_gap_wholly_due_to_domain_vanishes(pooled):
    observed, strata = spoken(np.random.default_rng(2), speakers=150)
    group, reference = sides(observed)
    by_side = observed.groupby(observed["speaker_id"].isin(group))[["numerator", "denominator"]].sum()
    rates = by_side["numerator"] / by_side["denominator"]
    assert rates[True] - rates[False] > 0.1
    found = standardized(observed, strata, group, reference, pooled=pooled)
    assert rate(found.frame_group) - rate(found.frame_reference) == pytest.approx(0, abs=0.02)


def test_a_gap_that_is_not_of_the_domain_stays():
    observed, strata = spoken(np.random.default_rng(3), gap=np.log(1.5), speakers=150)
    found = standardized(observed, strata, *sides(observed))
    assert rate(found.frame_group) / rate(found.frame_reference) == pytest.approx(1.5, rel=0.08)


def test_the_same_mix_on_both_sides_changes_nothing():
    rows = [(s, d, e, 10) for s, e in (("g1", 3), ("g2", 5), ("r1", 1), ("r2", 2)) for d in ("a", "b")]
    observed, strata = observations(rows)
    found = standardized(observed, strata, {"g1", "g2"}, {"r1", "r2"})
    assert found.frame_reference["numerator"].to_dict() == {"r1": 2.0, "r2": 4.0}
    assert found.frame_reference["denominator"].to_dict() == {"r1": 20.0, "r2": 20.0}


def test_equal_weights_standardize_the_mean_of_speaker_rates():
    # A speaker of many words weighs as much as one of few.
    rows = [
        ("g1", "a", 10, 100),
        ("g2", "b", 1, 2),
        ("r1", "a", 300, 1000),
        ("r2", "b", 4, 5),
        ("r3", "a", 1, 10),
        ("r3", "b", 2, 10),
    ]
    observed, strata = observations(rows)
    found = standardized(observed, strata, {"g1", "g2"}, {"r1", "r2", "r3"}, pooled=False)
    assert rate(found.frame_group) == pytest.approx((0.1 + 0.5) / 2)
    # Average speaker of either side: half in a, half in b; the reference is the plain mean of its speakers' rates.
    assert rate(found.frame_reference) == pytest.approx((0.3 + 0.8 + 3 / 20) / 3)
    assert found.frame_group["denominator"].tolist() == [1.0, 1.0]
    # What was counted stays at hand.
    assert found.frame_group["events"].tolist() == [10.0, 1.0]
    assert found.frame_reference["trials"].to_dict() == {"r1": 1000.0, "r2": 5.0, "r3": 20.0}


def test_strata_of_one_side_are_left_out_on_both_and_counted():
    rows = [
        ("g1", "a", 1, 60),
        ("g1", "only g", 40, 40),
        ("r1", "a", 6, 70),
        ("r1", "only r", 20, 20),
        ("r2", None, 9, 10),
    ]
    observed, strata = observations(rows)
    found = standardized(observed, strata, {"g1"}, {"r1", "r2"})
    assert (found.common_group, found.common_reference, found.strata) == (0.6, 0.7, 1)
    assert rate(found.frame_group) == pytest.approx(1 / 60)
    assert rate(found.frame_reference) == pytest.approx(6 / 70)
    assert list(found.frame_reference.index) == ["r1"]


@pytest.mark.parametrize(
    ("words", "named"), [((49, 51, 100, 0), "49% of the group"), ((100, 0, 49, 51), "49% of the reference")]
)
def test_under_half_common_is_refused_by_name(words, named):
    observed, strata = observations(
        [("g", "a", 1, words[0]), ("g", "x", 1, words[1]), ("r", "a", 1, words[2]), ("r", "y", 1, words[3])]
    )
    found = standardized(observed, strata, {"g"}, {"r"})
    assert found.frame_group is None
    assert found.frame_reference is None
    assert named in found.reason
    assert min(found.common_group, found.common_reference) < LEAST_COMMON


def test_nothing_in_common_and_nobody_there_is_refused_and_raises_nothing():
    observed, strata = observations([("g", "a", 1, 10), ("r", "b", 1, 10)])
    for group, reference in (({"g"}, {"r"}), (set(), {"r"}), ({"g"}, {"nobody"})):
        assert standardized(observed, strata, group, reference).reason.startswith("not standardized: 0% of")


def test_a_speaker_on_both_sides_is_an_error():
    observed, strata = observations([("g", "a", 1, 10)])
    with pytest.raises(ValueError, match="found 1 in both"):
        standardized(observed, strata, {"g"}, {"g"})


def test_afrispeech_standardized_for_domain_equals_the_formula(data):
    file = data / "afrispeech200" / "intron-open-test-openai_whisper_large-wer-0.39-5471.csv"
    if not file.is_file():
        pytest.skip("AfriSpeech-200 transcripts are not at hand")
    table = pd.read_csv(file)
    words = table["reference"].str.split().str.len()
    observed = pd.DataFrame(
        {
            "speaker_id": table["user_ids"],
            "utterance_id": table["audio_paths"],
            "numerator": table["wer"] * words,
            "denominator": words,
        }
    )
    strata = dict(zip(table["audio_paths"], table["domain"], strict=True))
    group = set(table.loc[table["accent"] == "swahili", "user_ids"])
    reference = set(table["user_ids"]) - group
    found = standardized(observed, strata, group, reference)
    table = table.assign(errors=observed["numerator"], words=words, own=table["user_ids"].isin(group))
    sums = table.groupby(["own", "domain"])[["errors", "words"]].sum()
    mix = sums.loc[True, "words"] / sums.loc[True, "words"].sum()
    expected = (mix * sums.loc[False, "errors"] / sums.loc[False, "words"]).sum()
    assert rate(found.frame_reference) == pytest.approx(expected, rel=1e-12)
    assert (found.common_group, found.common_reference) == (1.0, 1.0)


def test_within_speaker_keeps_the_speakers_of_both_conditions_in_one_order():
    rows = [
        ("s2", "a", 1, 10),
        ("s2", "b", 2, 20),
        ("s1", "a", 3, 30),
        ("s1", "a", 1, 10),
        ("s1", "b", 0, 5),
        ("only a", "a", 9, 9),
        ("only b", "b", 9, 9),
        ("neither", None, 9, 9),
    ]
    observed, condition = observations(rows)
    found = within_speaker(observed, condition, "a", "b")
    assert list(found.frame_a.index) == list(found.frame_b.index) == ["s1", "s2"]
    sums = ["numerator", "denominator"]
    assert found.frame_a[sums].to_dict("list") == {"numerator": [4.0, 1.0], "denominator": [40.0, 10.0]}
    assert found.frame_b[sums].to_dict("list") == {"numerator": [0.0, 2.0], "denominator": [5.0, 20.0]}
    assert found.left_out == 2
    equal = within_speaker(observed, condition, "a", "b", pooled=False)
    assert equal.frame_a[sums].to_dict("list") == {"numerator": [0.1, 0.1], "denominator": [1.0, 1.0]}
    assert len(within_speaker(observed, condition, "a", "nowhere").frame_a) == 0
    with pytest.raises(ValueError, match="found 'a' twice"):
        within_speaker(observed, condition, "a", "a")
