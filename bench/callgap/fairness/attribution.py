"""How much of a gap moves with what was measured of the recordings. It explains a gap; it never acquits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_numeric_dtype
from scipy.stats import t as student

from callgap.fairness.evidence import Evidence
from callgap.fairness.sandwich import Coefficient, poisson, robust

SPEAKERS_PER_DF = 10
"""Speakers of the smaller side for each degree of freedom that covariates take."""

COVARIATES = {
    "snr_db": "signal-to-noise ratio",
    "device": "device",
    "speaking_rate": "speaking rate",
    "duration_s": "duration",
    "bandwidth_hz": "bandwidth",
}
"""What may lie on the path from group to error, in the order in which it is adjusted for; the words a reader sees."""

_LOGARITHMIC = {"speaking_rate", "duration_s", "bandwidth_hz"}
_MEASURED = 0.95
_CLOSING = "This explains the gap; it does not excuse it."


@dataclass(frozen=True)
class Estimate:
    """Group over reference, as the logarithm of the ratio of their rates.

    Attributes:
        log_ratio: natural logarithm.
        lower: pointwise limit.
        upper: pointwise limit.
        df: Satterthwaite degrees of freedom.
    """

    log_ratio: float
    lower: float
    upper: float
    df: float


@dataclass(frozen=True)
class Attribution:
    """The gap between a group and its reference, in total and with covariates held equal.

    Attributes:
        covariates: those held equal, in order.
        left_out: by covariate, why it was not.
        coverage: share of the denominators in the utterances looked at, those that carry all covariates.
        total: without covariates.
        adjusted: with them.
        total_points: group's rate minus the reference's, on the same utterances.
        adjusted_points: mean over the group's denominators of its fitted rate minus the one it would have in the
            reference (average marginal difference on the group); total_points and this share their group rate.
        share: 1 - adjusted_points / total_points; above 1 or below 0 where holding covariates equal turns or widens
            the gap. None where the limits of the total hold no gap: a share of nothing is nothing.
        reason: why nothing could be said; None where something was.
    """

    covariates: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    coverage: float | None = None
    total: Estimate | None = None
    adjusted: Estimate | None = None
    total_points: float | None = None
    adjusted_points: float | None = None
    share: float | None = None
    reason: str | None = None

    @property
    def line(self) -> str:
        """The attribution in plain words, for the column `attribution`."""
        if self.reason is not None or self.total is None or self.adjusted is None:
            return f"{self.reason}. An explanation would not excuse the gap."
        ratios = [float(np.exp(v)) for v in (self.total.log_ratio, self.adjusted.log_ratio)]
        limits = [float(np.exp(v)) for v in (self.adjusted.lower, self.adjusted.upper)]
        parts = [
            f"{self._share_in_words()}: held equal, {_points(self.total_points)} points become "
            f"{_points(self.adjusted_points)} and the ratio {ratios[0]:.2f} becomes {ratios[1]:.2f} "
            f"({limits[0]:.2f} to {limits[1]:.2f})."
        ]
        if self.coverage is not None and self.coverage < 1:
            parts.append(f"Looked at: {min(self.coverage, 0.999):.1%} of the denominators.")
        parts += [f"Left out: {_label(name)} ({why})." for name, why in self.left_out.items()]
        return " ".join([*parts, _CLOSING])

    def row(self) -> dict[str, object]:
        """Columns of the table `attributions`, without those that name the contrast."""
        estimates = {
            f"{name}_{column}": getattr(estimate, column) if estimate else None
            for name, estimate in (("total", self.total), ("adjusted", self.adjusted))
            for column in ("log_ratio", "lower", "upper", "df")
        }
        return {
            "covariates": ", ".join(self.covariates) or None,
            "left_out": "; ".join(f"{name}: {why}" for name, why in self.left_out.items()) or None,
            "coverage": self.coverage,
            **estimates,
            "total_points": self.total_points,
            "adjusted_points": self.adjusted_points,
            "share": self.share,
            "reason": self.reason,
            "line": self.line,
        }

    def _share_in_words(self) -> str:
        names = _listed([_label(name) for name in self.covariates])
        if self.share is None:
            return f"No share is stated, for there may be no gap; with {names}"
        if self.share < 0:
            return f"None of the gap moves with {names}"
        if self.share > 1:
            return f"More than all of the gap moves with {names}"
        return f"{self.share:.0%} of the gap moves with {names}"


def covariates_of(evidence: Evidence) -> pd.DataFrame:
    """The covariates of a run's utterances, in the order in which they are adjusted for.

    Args:
        evidence: of one run; a column `device` of its utterances is one too.

    Returns:
        By utterance id, one column per covariate that the run has a column for; empty cells were not measured. A
        duration that no measurement gave is the one that the corpus states.
    """
    told = evidence.utterances.to_pandas().set_index("utterance_id")
    measured = evidence.covariates.to_pandas().set_index("utterance_id").reindex(told.index)
    measured["duration_s"] = measured["duration_s"].astype("float64").fillna(told["duration_s"].astype("float64"))
    both = measured if "device" not in told else measured.assign(device=told["device"])
    return both[[name for name in COVARIATES if name in both]]


def attributed(
    observed: pd.DataFrame,
    covariates: pd.DataFrame,
    group: Collection[str],
    reference: Collection[str],
    *,
    pooled: bool = True,
    alpha: float = 0.05,
) -> Attribution:
    """Estimate how much of a gap moves with the covariates.

    Errors are regressed on the group and the covariates by Poisson regression with offset log N and an independence
    working model, so that without covariates the ratio is exactly that of the pooled rates; shares of utterances are
    the modified Poisson of Zou (2004, Am. J. Epidemiol. 159:702). Standard errors are CR2 with speakers as clusters
    (`sandwich.robust`). Where speakers weigh equally, a speaker's sums are divided by the speaker's denominator.
    Seconds, hertz and words per second enter as logarithms, names as indicators.

    Covariates enter in the order of the columns, whole, while there are ten speakers of the smaller side for each
    degree of freedom; the first that does not fit ends it, so that no choice rests on the result. One that less than
    95 % of either side's denominators carry is not held equal; utterances that lack one held equal are looked at
    neither in the total nor adjusted.

    Args:
        observed: one endpoint's `speaker_id`, `utterance_id`, `numerator`, `denominator`, one row per utterance.
        covariates: by utterance id (the index), one column per covariate, numbers or names.
        group: speaker ids.
        reference: speaker ids, none of the group's.
        pooled: a ratio of sums over speakers; False weighs speakers equally.
        alpha: two-sided error rate of each limit by itself.

    Returns:
        The attribution; what cannot be fitted says why and raises nothing.
    """
    rows = observed[(observed["denominator"] > 0) & observed["speaker_id"].isin([*group, *reference])]
    rows = rows.assign(group=rows["speaker_id"].isin(list(group))).reset_index(drop=True)
    values = covariates.reindex(rows["utterance_id"]).reset_index(drop=True)
    smaller = int(min(rows.loc[rows["group"] == side, "speaker_id"].nunique() for side in (True, False)))
    coded, left_out = _coded(values, rows)
    if not coded:
        return Attribution(left_out=left_out, reason="Not adjustable: no covariates were measured")
    held, too_many = _affordable(coded, smaller // SPEAKERS_PER_DF)
    left_out |= {name: f"{smaller} speakers allow no more" for name in too_many}
    if not held:
        return Attribution(left_out=left_out, reason=_too_few(smaller, coded))
    columns = np.hstack([coded[name] for name in held])
    complete = np.isfinite(columns).all(axis=1)
    coverage = float(rows["denominator"][complete].sum() / rows["denominator"].sum())
    result = _fitted(rows[complete], columns[complete], pooled, alpha)
    if isinstance(result, str):
        return Attribution(tuple(held), left_out, coverage, reason=f"Not adjustable: {result}")
    total, adjusted, rates = result
    points, remaining = rates[0] - rates[1], float(rates[0] * -np.expm1(-adjusted.log_ratio))
    # Where everybody errs alike, rounding may leave limits that exclude 0 around a gap that is 0.
    apart = points != 0 and (total.lower > 0 or total.upper < 0)
    share = 1 - remaining / points if apart else None
    return Attribution(tuple(held), left_out, coverage, total, adjusted, points, remaining, share)


def _coded(values: pd.DataFrame, rows: pd.DataFrame) -> tuple[dict[str, npt.NDArray[np.float64]], dict[str, str]]:
    coded, left_out = {}, {}
    for name in values.columns:
        column = values[name]
        if name in _LOGARITHMIC:
            number = column.astype("float64")
            column = np.log(number.where(number > 0))
        there = column.notna()
        found = rows["denominator"].where(there, 0).groupby(rows["group"]).sum()
        if (found < _MEASURED * rows["denominator"].groupby(rows["group"]).sum()).any():
            left_out[str(name)] = "not measured" if not there.any() else "measured on too few"
        elif column.nunique() < 2:
            left_out[str(name)] = "the same everywhere"
        else:
            coded[str(name)] = _standard(column) if is_numeric_dtype(column) else _indicators(column)
    return coded, left_out


def _too_few(smaller: int, coded: Mapping[str, npt.NDArray[np.float64]]) -> str:
    name, columns = next(iter(coded.items()))
    return (
        f"Not adjustable: the smaller side has {smaller} speakers, and to hold {_label(name)} equal takes "
        f"{SPEAKERS_PER_DF * columns.shape[1]}"
    )


def _standard(column: pd.Series) -> npt.NDArray[np.float64]:
    number = column.astype("float64")
    scaled: npt.NDArray[np.float64] = ((number - number.mean()) / number.std()).to_numpy()[:, None]
    return scaled


def _indicators(column: pd.Series) -> npt.NDArray[np.float64]:
    levels = column.value_counts().sort_index().sort_values(ascending=False, kind="stable").index[1:]
    indicators = np.stack([(column == level).to_numpy(dtype=np.float64) for level in levels], axis=1)
    indicators[column.isna().to_numpy()] = np.nan
    return indicators


def _affordable(coded: Mapping[str, npt.NDArray[np.float64]], budget: int) -> tuple[list[str], list[str]]:
    spent = np.cumsum([columns.shape[1] for columns in coded.values()])
    count = int(np.searchsorted(spent, budget, side="right"))
    names = list(coded)
    return names[:count], names[count:]


def _fitted(
    rows: pd.DataFrame, columns: npt.NDArray[np.float64], pooled: bool, alpha: float
) -> tuple[Estimate, Estimate, tuple[float, float]] | str:
    speaker, _ = pd.factorize(rows["speaker_id"])
    events, exposure = (rows[name].to_numpy(dtype=np.float64) for name in ("numerator", "denominator"))
    if not pooled:
        each = np.bincount(speaker, exposure)[speaker]
        events, exposure = events / each, exposure / each
    inside = rows["group"].to_numpy(dtype=bool)
    if min(events[side].sum() for side in (inside, ~inside)) <= 0:
        return "a side without a single error has no ratio"
    base = np.stack([np.ones(len(rows)), inside.astype(np.float64)], axis=1)
    estimates = []
    for design in (base, np.hstack([base, columns])):
        coefficients = poisson(design, events, exposure)
        if coefficients is None:
            return "the covariates cannot be told from the group, or from each other"
        found = robust(design, events, exposure, coefficients, speaker, place=1)
        if found is None:
            return "one speaker alone determines a covariate"
        estimates.append(_estimate(found, alpha))
    mine, theirs = (float(events[side].sum() / exposure[side].sum()) for side in (inside, ~inside))
    return estimates[0], estimates[1], (mine, theirs)


def _estimate(found: Coefficient, alpha: float) -> Estimate:
    reach = float(student.ppf(1 - alpha / 2, found.df)) * found.standard_error
    return Estimate(found.estimate, found.estimate - reach, found.estimate + reach, found.df)


def _points(value: float | None) -> str:
    return "?" if value is None else f"{100 * value:.1f}"


def _label(name: str) -> str:
    return COVARIATES.get(name, name)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
