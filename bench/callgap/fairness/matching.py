"""Koenecke et al. 2020 (PNAS 117:7684) on a table in their columns: for replication only, never for a verdict.

They matched audio snippets, not speakers, and averaged the snippets' error rates. Here both are repeated so that their
figures can be compared with the ones that weigh words and take the speaker as the unit.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

CALIPER = 0.001
SYSTEMS = ("google", "ibm", "amazon", "msft", "apple")
_UNUSABLE, _SHORT = 0.5, 5
_AGE_BANDS = (0, *range(25, 96, 10), np.inf)
# As theirs: the youngest band and the open one above 95 are not coded.
_BANDS_CODED = slice(1, 8)
_NEEDED = ("black_flag", "age", "female_flag", "duration", "source", "basefile")


@dataclass(frozen=True)
class Matched:
    """Snippets of the group, each with one of the reference.

    Attributes:
        group: rows of the table, of the group (`black_flag` 1), in the order of matching.
        reference: the row matched to each (`black_flag` 0).
        scores: propensity score of every row that could be scored, by the row's label.
        unmatched: snippets of the group without a partner within the caliper.
        unscored: snippets without age, gender or a positive duration.
        speakers: speakers of the matched group and of the matched reference.
        shared_sources: recording projects or places (`source`) that hold snippets of both sides.
    """

    group: pd.DataFrame
    reference: pd.DataFrame
    scores: pd.Series
    unmatched: int
    unscored: int
    speakers: tuple[int, int]
    shared_sources: tuple[str, ...]

    @property
    def line(self) -> str:
        """What was matched and what matching cannot mend, in plain words."""
        told = (
            f"{len(self.group)} pairs of snippets ({self.speakers[0]} speakers of the group, {self.speakers[1]} of the "
            f"reference), {self.unmatched} snippets of the group without a partner. For replication only."
        )
        if self.shared_sources:
            return told
        return (
            f"{told} Group and corpus coincide: no source holds speakers of both, so that a difference between the "
            f"groups cannot be told from one between the corpora, whatever is matched."
        )


def propensity(table: pd.DataFrame) -> pd.Series:
    """Probability that a snippet is of the group, given age, gender and duration.

    Logistic regression without penalty on age, its ten-year bands (coded as theirs, 25 to 95), `female_flag` and the
    logarithm of `duration`. A band that no snippet is in, or that tells nothing beyond the rest, is left out.

    Args:
        table: in their columns; rows without a value are not scored.

    Returns:
        The score, by the row's label.

    Raises:
        ValueError: a column is absent; all rows are of one side.
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    if absent := [name for name in _NEEDED if name not in table]:
        raise ValueError(f"the table has no column {', '.join(absent)}; needed are {', '.join(_NEEDED)}")
    rows = table[table["duration"] > 0].dropna(subset=["black_flag", "age", "female_flag", "duration"])
    side = rows["black_flag"].to_numpy(dtype=np.float64)
    if len(np.unique(side)) != 2:
        raise ValueError(f"black_flag must hold both 0 and 1: found {sorted(set(side.tolist()))}")
    with warnings.catch_warnings():
        # A band with one side alone is told apart perfectly; its scores go to 0 or 1 and find no partner, as in R.
        warnings.simplefilter("ignore")
        fitted = GLM(side, _design(rows), family=Binomial()).fit()
    return pd.Series(np.asarray(fitted.fittedvalues, dtype=np.float64), index=rows.index, name="propensity")


def match(table: pd.DataFrame, caliper: float = CALIPER) -> Matched:
    """Pair each snippet of the group with the nearest of the reference, without replacement.

    As MatchIt, which they used, does: the highest score first, and the caliper in standard deviations of the score
    over all snippets. MatchIt up to version 3 draws at random among those within the caliper, later versions and
    this function take the nearest (of equals the first of the table): counts and means replicate, not single pairs.

    Args:
        table: in their columns, before matching; row labels unique.
        caliper: widest distance of a pair, in standard deviations of the propensity score.

    Returns:
        The pairs, and what they cannot show.

    Raises:
        ValueError: a column is absent; all rows are of one side; a label is there twice.
    """
    if not table.index.is_unique:
        raise ValueError("row labels must be unique: found one twice")
    scores = propensity(table)
    inside = table.loc[scores.index, "black_flag"].to_numpy() == 1
    pairs = _nearest(scores.to_numpy(), inside, caliper * float(scores.std()))
    mine, theirs = (table.loc[scores.index[pairs[:, side]]] for side in (0, 1))
    sources = [set(table.loc[table["black_flag"] == flag, "source"].dropna()) for flag in (1, 0)]
    return Matched(
        group=mine,
        reference=theirs,
        scores=scores,
        unmatched=int(inside.sum()) - len(pairs),
        unscored=len(table) - len(scores),
        speakers=(mine["basefile"].nunique(), theirs["basefile"].nunique()),
        shared_sources=tuple(sorted(str(s) for s in sources[0] & sources[1])),
    )


def snippet_means(table: pd.DataFrame, by: str = "black_flag") -> pd.DataFrame:
    """Mean of the snippets' error rates: a long snippet counts as much as a short one. Replication only.

    Args:
        table: with `clean_<system>_wer` columns, one row per snippet.
        by: column of the groups.

    Returns:
        By group: one column per system found, `average` over the systems (each mean counting once, as theirs), and
        `snippets`.

    Raises:
        ValueError: no system's column is there.
    """
    names = _systems(table)
    means = table.groupby(by)[[f"clean_{name}_wer" for name in names]].mean()
    means.columns = pd.Index(names)
    return means.assign(average=means.mean(axis=1), snippets=table.groupby(by).size())


def unusable(table: pd.DataFrame, by: str = "black_flag") -> pd.DataFrame:
    """Share of snippets that are unusable, by their rule and by ours.

    Theirs: the average of all systems' error rates is above 0.5, on snippets that all systems have a rate for. Ours:
    a system's own error rate is above 0.5 on a reference of at least five words; and speakers weigh equally.

    Args:
        table: with `clean_<system>_wer` columns, `wordcount` and `basefile`, one row per snippet.
        by: column of the groups.

    Returns:
        By group: `average_of_systems` (theirs), and one column per system (ours); a group without a snippet that a
        rule looks at has no share (NaN).

    Raises:
        ValueError: no system's column is there.
    """
    names = _systems(table)
    rates = table[[f"clean_{name}_wer" for name in names]].set_axis(names, axis=1)
    average = rates.mean(axis=1, skipna=False)
    theirs = (average > _UNUSABLE).where(average.notna()).astype("float64").groupby(table[by]).mean()
    long_enough = rates.where(table["wordcount"] >= _SHORT)
    ours = (long_enough > _UNUSABLE).where(long_enough.notna()).astype("float64")
    by_speaker = ours.groupby([table[by], table["basefile"]]).mean()
    return by_speaker.groupby(level=0).mean().assign(average_of_systems=theirs)[["average_of_systems", *names]]


def _systems(table: pd.DataFrame) -> list[str]:
    names = [name for name in SYSTEMS if f"clean_{name}_wer" in table]
    if not names:
        raise ValueError(f"no column clean_<system>_wer; known systems are {', '.join(SYSTEMS)}")
    return names


def _design(rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    age = rows["age"].to_numpy(dtype=np.float64)
    band = np.digitize(age, _AGE_BANDS[1:-1], right=True)
    bands = [(band == number).astype(np.float64) for number in range(len(_AGE_BANDS) - 1)[_BANDS_CODED]]
    told = [np.ones(len(rows)), age, rows["female_flag"].to_numpy(dtype=np.float64), np.log(rows["duration"])]
    design = np.stack(told[:1], axis=1)
    for column in [*told[1:], *bands]:
        wider = np.column_stack([design, np.asarray(column, dtype=np.float64)])
        if np.linalg.matrix_rank(wider) > design.shape[1]:
            design = wider
    return design


def _nearest(scores: npt.NDArray[np.float64], inside: npt.NDArray[np.bool_], reach: float) -> npt.NDArray[np.int64]:
    mine, theirs = np.flatnonzero(inside), np.flatnonzero(~inside)
    free = np.array(scores[theirs])
    pairs = []
    for row in mine[np.argsort(-scores[mine], kind="stable")]:
        distance = np.abs(free - scores[row])
        place = int(distance.argmin())
        if distance[place] <= reach:
            pairs.append((row, theirs[place]))
            free[place] = np.inf
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
