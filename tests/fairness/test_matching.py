"""Koenecke et al.'s matching and figures on a table in their columns, and what they cannot show."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.discrete.discrete_model import Logit

from callgap.fairness.matching import SYSTEMS, match, propensity, snippet_means, unusable


def published(seed=0, snippets=(600, 900), *, shared=False):
    """Snippets in the columns of Matched_WER.csv; the reference is older and its snippets are longer."""
    rng = np.random.default_rng(seed)
    parts = []
    for flag, count in zip((1, 0), snippets, strict=True):
        speaker = rng.integers(0, 30, size=count)
        ages = rng.integers(27, 90, size=30)
        parts.append(
            pd.DataFrame(
                {
                    "basefile": [f"{'bw'[flag == 0]}{s}" for s in speaker],
                    "black_flag": flag,
                    "age": ages[speaker],
                    "female_flag": speaker % 2,
                    "source": rng.choice(["DCB", "PRV"] if flag else ["SAC", "HUM"] + ["DCB"] * shared, size=count),
                    "duration": rng.uniform(5, 40 if flag else 50, size=count),
                    "wordcount": rng.integers(1, 60, size=count),
                    **{
                        f"clean_{name}_wer": rng.gamma(2, (0.17 if flag else 0.1) * (1 + place / 5), size=count)
                        for place, name in enumerate(SYSTEMS)
                    },
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    table["segment_filename"] = [f"segment{i}" for i in range(len(table))]
    return table


def test_propensity_scores_equal_a_logit_written_out():
    table = published()
    age = table["age"]
    columns = [np.ones(len(table)), age, table["female_flag"], np.log(table["duration"])]
    # Their bands are open below and closed above: (25, 35], ..., (85, 95].
    for upper in range(35, 96, 10):
        band = ((age > upper - 10) & (age <= upper)).astype(float)
        if band.any():
            columns.append(band)
    design = np.stack([np.asarray(c, dtype=float) for c in columns], axis=1)
    _, triangle = np.linalg.qr(design)
    design = design[:, np.abs(np.diag(triangle)) > 1e-8]
    oracle = Logit(table["black_flag"].to_numpy(), design).fit(disp=0, tol=1e-12, method="newton")
    np.testing.assert_allclose(propensity(table), oracle.predict(), rtol=1e-5)


def test_pairs_are_disjoint_within_the_caliper_and_each_the_nearest_then_free():
    table = published(1)
    found = match(table, caliper=0.01)
    reach = 0.01 * found.scores.std()
    assert len(found.group) == len(found.reference) > 100
    assert len(found.group) + found.unmatched == (table["black_flag"] == 1).sum()
    assert found.group.index.is_unique
    assert found.reference.index.is_unique
    assert (found.group["black_flag"] == 1).all()
    assert (found.reference["black_flag"] == 0).all()
    mine, theirs = found.scores[found.group.index], found.scores[found.reference.index]
    distance = np.abs(mine.to_numpy() - theirs.to_numpy())
    assert distance.max() <= reach
    assert (np.diff(mine) <= 0).all()
    free = found.scores[table["black_flag"] == 0]
    for score, partner, gap in zip(mine, theirs.index, distance, strict=True):
        assert gap == np.abs(free - score).min()
        free = free.drop(partner)
    left = found.scores[(table["black_flag"] == 1) & ~table.index.isin(found.group.index)]
    assert all(np.abs(free - score).min() > reach for score in left)


def test_the_caliper_is_in_standard_deviations_and_a_narrower_one_pairs_fewer():
    table = published(2)
    counts = [len(match(table, caliper=width).group) for width in (0.0, 0.001, 0.1, 100.0)]
    assert counts == sorted(counts)
    assert counts[1] < counts[2] < counts[3] == (table["black_flag"] == 1).sum()


def test_matching_balances_what_it_matches():
    table = published(3)
    found = match(table, caliper=0.01)
    before = table.groupby("black_flag")["duration"].mean()
    after = found.group["duration"].mean() - found.reference["duration"].mean()
    assert abs(after) < abs(before[1] - before[0]) / 2


def test_it_is_said_that_group_and_corpus_coincide_only_where_they_do():
    apart, mixed = match(published(4)), match(published(4, shared=True))
    assert apart.shared_sources == ()
    assert "Group and corpus coincide" in apart.line
    assert mixed.shared_sources == ("DCB",)
    assert "coincide" not in mixed.line
    assert "For replication only." in mixed.line


def test_snippets_without_a_value_are_counted_and_not_matched():
    table = published(5)
    table.loc[:9, "age"] = np.nan
    table.loc[10, "duration"] = 0.0
    found = match(table)
    assert found.unscored == 11
    assert not set(range(11)) & set(found.group.index)


def test_an_age_band_of_one_side_alone_finds_no_partner_and_raises_nothing():
    table = published(6)
    old = (table["black_flag"] == 1) & (table["basefile"].isin(["b0", "b1"]))
    table["age"] = table["age"].clip(upper=84)
    table.loc[old, "age"] = 90
    found = match(table)
    assert not (found.group["age"] == 90).any()


def test_snippet_means_weigh_snippets_and_not_words():
    table = pd.DataFrame(
        {
            "black_flag": [1, 1, 0],
            "clean_google_wer": [1.0, 0.0, 0.2],
            "clean_apple_wer": [0.5, 0.3, np.nan],
            "wordcount": [1, 99, 10],
        }
    )
    found = snippet_means(table)
    assert found.loc[1, "google"] == 0.5
    assert found.loc[1, "apple"] == pytest.approx(0.4)
    assert found.loc[1, "average"] == pytest.approx(0.45)
    assert found.loc[0, "average"] == pytest.approx(0.2)
    assert found["snippets"].to_dict() == {0: 1, 1: 2}


def test_their_rule_for_unusable_beside_ours():
    rates = {f"clean_{name}_wer": [0.4, 0.6, 0.6, 2.0, 0.1] for name in SYSTEMS}
    table = pd.DataFrame(
        {
            **rates,
            "black_flag": 1,
            "basefile": ["a", "a", "a", "b", "b"],
            "wordcount": [10, 10, 10, 4, 10],
        }
    )
    table.loc[0, "clean_google_wer"] = 1.0  # average 0.52
    found = unusable(table).loc[1]
    # Theirs: four of five snippets, among them the one of four words.
    assert found["average_of_systems"] == pytest.approx(4 / 5)
    # Ours: two of three of one speaker and none of one of the other; for Google three of three.
    assert found["apple"] == pytest.approx((2 / 3 + 0) / 2)
    assert found["google"] == pytest.approx((1 + 0) / 2)
    assert unusable(table.assign(wordcount=4)).loc[1, "apple"] is not None
    assert np.isnan(unusable(table.assign(wordcount=4)).loc[1, "apple"])
    table.loc[1, "clean_ibm_wer"] = np.nan
    assert unusable(table).loc[1, "average_of_systems"] == pytest.approx(3 / 4)


def test_a_rate_of_exactly_one_half_is_usable():
    table = pd.DataFrame({"black_flag": [0], "basefile": ["a"], "wordcount": [8], "clean_google_wer": [0.5]})
    assert unusable(table).loc[0].tolist() == [0.0, 0.0]


def test_what_is_absent_is_named():
    with pytest.raises(ValueError, match="has no column age"):
        match(published().drop(columns="age"))
    with pytest.raises(ValueError, match="must hold both 0 and 1"):
        match(published().query("black_flag == 1"))
    with pytest.raises(ValueError, match="no column clean_<system>_wer"):
        snippet_means(pd.DataFrame({"black_flag": [1]}))
    with pytest.raises(ValueError, match="row labels must be unique"):
        match(pd.concat([published(), published()]))
