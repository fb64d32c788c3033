"""What is said to move with covariates does; the total gap never changes; errors and degrees of freedom are exact."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.linalg import block_diag, sqrtm
from statsmodels.genmod.cov_struct import Independence
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_estimating_equations import GEE

from callgap.fairness.attribution import Attribution, attributed, covariates_of
from callgap.fairness.sandwich import MANCL_DEROUEN, poisson, robust
from callgap.group_records import ATTRIBUTIONS
from callgap.records import table


def spoken(seed, *, speakers=(60, 60), utterances=20, gap=0.0, snr_shift=-6.0, slope=-0.06):
    """A group (g) with lower SNR than its reference (r); errors rise by `gap` with the group, by `slope` per dB."""
    rng = np.random.default_rng(seed)
    rows = []
    for side, count in zip("gr", speakers, strict=True):
        for number in range(count):
            own, level = rng.normal(0, 0.2), 25 + (side == "g") * snr_shift + rng.normal(0, 4)
            for take in range(utterances):
                snr, words = level + rng.normal(0, 3), int(rng.integers(5, 20))
                rate = 0.15 * np.exp(own + gap * (side == "g") + slope * (snr - 25))
                name = f"{side}{number}-{take}"
                rows.append((f"{side}{number}", name, rng.poisson(rate * words), words, snr, rng.uniform(1, 6)))
    columns = ["speaker_id", "utterance_id", "numerator", "denominator", "snr_db", "duration_s"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame[columns[:4]], frame.set_index("utterance_id")[["snr_db", "duration_s"]]


def sides(observed):
    names = sorted(set(observed["speaker_id"]))
    return [n for n in names if n.startswith("g")], [n for n in names if n.startswith("r")]


def model(seed=5, speakers=(6, 9)):
    """A design with an offset, speakers of unequal size, and the fit."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 12, size=sum(speakers))
    speaker = np.repeat(np.arange(len(sizes)), sizes)
    group = (speaker < speakers[0]).astype(float)
    design = np.stack([np.ones(len(speaker)), group, rng.normal(group, 1), rng.normal(size=len(speaker))], axis=1)
    exposure = rng.integers(5, 20, size=len(speaker)).astype(float)
    rate = 0.2 * np.exp(0.3 * group + 0.2 * design[:, 2] + rng.normal(0, 0.4, len(sizes))[speaker])
    events = rng.poisson(rate * exposure).astype(float)
    return design, events, exposure, speaker, poisson(design, events, exposure)


def test_mancl_and_derouen_errors_equal_statsmodels():
    design, events, exposure, speaker, coefficients = model()
    oracle = GEE(
        events, design, groups=speaker, family=Poisson(), cov_struct=Independence(), offset=np.log(exposure)
    ).fit(cov_type="bias_reduced", ctol=1e-10)
    np.testing.assert_allclose(coefficients, oracle.params, rtol=1e-7)
    for place in range(4):
        found = robust(design, events, exposure, coefficients, speaker, place, correction=MANCL_DEROUEN)
        assert found.standard_error == pytest.approx(oracle.bse[place], rel=1e-6)


def dense(design, events, exposure, speaker, coefficients):
    """CR2 covariance, its mean under the working model, and per coefficient the matrix of the quadratic form."""
    fitted = exposure * np.exp(design @ coefficients)
    working, derivative = np.diag(fitted), fitted[:, None] * design
    bread = np.linalg.inv(design.T @ derivative)
    residual_maker = np.eye(len(fitted)) - derivative @ bread @ design.T
    blocks = [np.ix_(speaker == s, speaker == s) for s in np.unique(speaker)]
    adjust = [np.real(np.linalg.inv(sqrtm(residual_maker[b]))) for b in blocks]
    parts = [bread @ design[speaker == s].T @ a for s, a in zip(np.unique(speaker), adjust, strict=True)]
    residuals = events - fitted
    meat = [p @ residuals[speaker == s] for s, p in zip(np.unique(speaker), parts, strict=True)]
    spread = residual_maker @ working @ residual_maker.T
    rows = [
        np.stack([block_diag(*[p[[c]] for p in parts])[i] for i in range(len(parts))]) for c in range(design.shape[1])
    ]
    forms = [r @ spread @ r.T for r in rows]
    return sum(np.outer(m, m) for m in meat), bread, forms


def test_cr2_errors_and_degrees_of_freedom_equal_dense_matrices():
    design, events, exposure, speaker, coefficients = model()
    covariance, bread, forms = dense(design, events, exposure, speaker, coefficients)
    for place, form in enumerate(forms):
        found = robust(design, events, exposure, coefficients, speaker, place)
        assert found.standard_error == pytest.approx(np.sqrt(covariance[place, place]), rel=1e-9)
        assert found.df == pytest.approx(np.trace(form) ** 2 / np.sum(form**2), rel=1e-9)
        # What defines CR2: under the working model its mean is the model's variance (Pustejovsky & Tipton 2018).
        assert np.trace(form) == pytest.approx(bread[place, place], rel=1e-9)


@pytest.mark.parametrize(("few", "many"), [(3, 27), (5, 5), (10, 20)])
def test_two_groups_of_equal_speakers_have_the_published_degrees_of_freedom(few, many):
    # Imbens & Kolesar 2016 (Rev. Econ. Stat. 98:701, section II.C): HC2 with a single binary regressor.
    group = np.repeat([1.0, 0.0], [few, many])
    events = np.where(np.arange(few + many) % 2 == 0, 3.0, 5.0)
    events[group == 1] += 4 - events[group == 1].mean()
    events[group == 0] += 4 - events[group == 0].mean()
    design, exposure = np.stack([np.ones(few + many), group], axis=1), np.full(few + many, 20.0)
    found = robust(design, events, exposure, poisson(design, events, exposure), np.arange(few + many), 1)
    expected = (few + many) ** 2 * (few - 1) * (many - 1) / (few**2 * (few - 1) + many**2 * (many - 1))
    assert found.df == pytest.approx(expected, rel=1e-6)
    # On the log scale at one rate, HC2 is Welch's error divided by the rate.
    variances = [events[group == g].var(ddof=1) / (group == g).sum() for g in (0, 1)]
    assert found.standard_error == pytest.approx(np.sqrt(sum(variances)) / 4, rel=1e-6)


@pytest.mark.parametrize("pooled", [True, False])
def test_the_total_is_the_ratio_of_rates_and_points_add_up(pooled):
    observed, covariates = spoken(1, gap=0.3)
    group, reference = sides(observed)
    found = attributed(observed, covariates, group, reference, pooled=pooled)
    sums = observed.groupby("speaker_id")[["numerator", "denominator"]].sum()
    rates = {}
    for name, side in (("g", group), ("r", reference)):
        own = sums.loc[side]
        each = own["numerator"] / own["denominator"]
        rates[name] = own["numerator"].sum() / own["denominator"].sum() if pooled else each.mean()
    assert found.total.log_ratio == pytest.approx(np.log(rates["g"] / rates["r"]), rel=1e-6)
    assert found.total_points == pytest.approx(rates["g"] - rates["r"])
    # Holding nothing equal, the formula for points gives back the whole gap.
    assert rates["g"] * -np.expm1(-found.total.log_ratio) == pytest.approx(found.total_points, rel=1e-6)


def test_a_gap_that_moves_with_noise_is_attributed_and_the_total_is_unchanged():
    observed, covariates = spoken(2, snr_shift=-8, speakers=(100, 100))
    group, reference = sides(observed)
    found = attributed(observed, covariates, group, reference)
    unrelated = attributed(observed, covariates[["duration_s"]], group, reference)
    assert found.total.lower > 0
    assert found.total == unrelated.total
    assert found.share == pytest.approx(1, abs=0.3)
    assert found.adjusted.lower < 0 < found.adjusted.upper
    assert unrelated.share == pytest.approx(0, abs=0.05)
    assert found.line.endswith("This explains the gap; it does not excuse it.")


def test_a_gap_of_the_group_alone_is_not_attributed_to_noise():
    observed, covariates = spoken(3, snr_shift=0, gap=0.5, speakers=(100, 100))
    found = attributed(observed, covariates, *sides(observed))
    assert found.share == pytest.approx(0, abs=0.2)
    assert found.adjusted.lower < 0.5 < found.adjusted.upper
    assert found.line.startswith("None of the gap moves with signal-to-noise ratio and duration")


def test_no_share_of_a_gap_that_may_be_none():
    observed, covariates = spoken(4, snr_shift=0)
    found = attributed(observed, covariates, *sides(observed))
    assert found.total.lower < 0 < found.total.upper
    assert found.share is None
    assert "there may be no gap" in found.line


@pytest.mark.parametrize("pooled", [True, False])
def test_where_every_word_is_wrong_for_everybody_there_is_no_gap_to_share(pooled):
    # Of these speakers rounding leaves limits on one side of 0.
    observed, covariates = spoken(9, snr_shift=0)
    everything = observed.assign(numerator=observed["denominator"])
    found = attributed(everything, covariates, *sides(observed), pooled=pooled)
    assert (found.total_points, found.share) == (0, None)


@pytest.mark.parametrize(
    ("speakers", "held"), [(9, ()), (10, ("snr_db",)), (19, ("snr_db",)), (20, ("snr_db", "duration_s"))]
)
def test_one_degree_of_freedom_per_ten_speakers_of_the_smaller_side_in_order(speakers, held):
    observed, covariates = spoken(6, speakers=(60, speakers))
    found = attributed(observed, covariates, *sides(observed))
    assert found.covariates == held
    if held == ():
        assert found.reason.startswith("Not adjustable: the smaller side has 9 speakers")
        assert found.total is None
    if held == ("snr_db",):
        assert found.left_out == {"duration_s": f"{speakers} speakers allow no more"}
        assert f"Left out: duration ({speakers} speakers allow no more)" in found.line


def test_names_take_a_degree_of_freedom_per_level_beyond_the_first():
    observed, covariates = spoken(7, speakers=(20, 20))
    device = covariates.assign(device=["abc"[i % 3] for i in range(len(covariates))])
    assert attributed(observed, device[["device"]], *sides(observed)).covariates == ("device",)
    few = attributed(observed, device[["device"]], sides(observed)[0][:19], sides(observed)[1])
    assert "to hold device equal takes 20" in few.reason


def cases():
    observed, covariates = spoken(8, speakers=(20, 20), utterances=5)
    group, _ = sides(observed)
    inside = covariates.index.str.startswith("g")
    none = observed.assign(numerator=np.where(observed["speaker_id"].isin(group), 0, observed["numerator"]))
    alone = covariates.assign(device=np.where(covariates.index.str.startswith("g0-"), "b", "a"))
    yield "group itself", observed, covariates.assign(device=np.where(inside, "b", "a"))[["device"]], "told from"
    yield "twice", observed, covariates[["snr_db"]].assign(again=covariates["snr_db"]), "told from"
    yield "one speaker", observed, alone[["device"]], "one speaker alone"
    yield "no errors", none, covariates, "without a single error"
    yield "nothing measured", observed, pd.DataFrame({"snr_db": None}, index=covariates.index), "no covariates were"
    yield "no columns", observed, covariates[[]], "no covariates were measured"
    yield "constant", observed, covariates.assign(snr_db=20.0)[["snr_db"]], "no covariates were measured"
    yield "nobody", observed[~observed["speaker_id"].isin(group)], covariates, "has 0 speakers"


@pytest.mark.parametrize(("observed", "covariates", "said"), [pytest.param(*c[1:], id=c[0]) for c in cases()])
def test_what_cannot_be_adjusted_says_why_and_raises_nothing(observed, covariates, said):
    group, reference = [f"g{i}" for i in range(20)], [f"r{i}" for i in range(20)]
    found = attributed(observed, covariates, group, reference)
    assert found.reason.startswith("Not adjustable: ")
    assert said in found.reason
    assert (found.total, found.adjusted, found.share) == (None, None, None)
    assert found.line.startswith(found.reason)
    assert found.line.endswith("would not excuse the gap.")


def test_an_unmeasured_covariate_is_named_and_utterances_that_lack_one_are_counted():
    observed, covariates = spoken(9)
    some = covariates.assign(bandwidth_hz=None)
    some.iloc[::50, 0] = np.nan
    found = attributed(observed, some, *sides(observed))
    assert found.left_out == {"bandwidth_hz": "not measured"}
    there = observed["utterance_id"].map(some["snr_db"].notna())
    assert found.coverage == pytest.approx(observed["denominator"][there].sum() / observed["denominator"].sum())
    whole = attributed(observed[there], covariates, *sides(observed))
    assert found.total == whole.total
    sparse = covariates.assign(snr_db=covariates["snr_db"].where(np.arange(len(covariates)) % 10 > 0))
    assert attributed(observed, sparse, *sides(observed)).left_out == {"snr_db": "measured on too few"}


def test_seconds_enter_as_logarithms_so_that_their_unit_does_not_matter():
    observed, covariates = spoken(10)
    found, scaled = (
        attributed(observed, covariates.assign(duration_s=covariates["duration_s"] * unit), *sides(observed))
        for unit in (1, 1000)
    )
    assert scaled.adjusted.log_ratio == pytest.approx(found.adjusted.log_ratio, rel=1e-9)


def test_the_row_is_one_of_the_table():
    observed, covariates = spoken(11)
    for found in (attributed(observed, covariates, *sides(observed)), Attribution(reason="Not adjustable: so")):
        row = {"attribute": "accent", "group": "g", "reference": "r", "endpoint": "wer"} | found.row()
        rows = table([row], ATTRIBUTIONS)
        assert isinstance(rows, pa.Table)
        assert rows["line"].to_pylist() == [found.line]
        assert rows["adjusted_df"].to_pylist() == [found.adjusted.df if found.adjusted else None]


def test_covariates_of_a_run_are_those_of_its_utterances_in_the_declared_order():
    utterances = pa.table({"utterance_id": ["a", "b"], "duration_s": [1.0, 2.0], "device": ["phone", None]})
    covariates = pa.table({"utterance_id": ["b"], "snr_db": [20.0], "speaking_rate": [2.0], "duration_s": [2.5],
                           "f0": [120.0], "bandwidth_hz": [4000.0]})  # fmt: skip
    found = covariates_of(SimpleNamespace(utterances=utterances, covariates=covariates))
    assert list(found.columns) == ["snr_db", "device", "speaking_rate", "duration_s", "bandwidth_hz"]
    assert found["duration_s"].to_dict() == {"a": 1.0, "b": 2.5}
    assert found["snr_db"].isna().to_dict() == {"a": True, "b": False}
