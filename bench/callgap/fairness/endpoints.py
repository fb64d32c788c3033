"""Endpoints: a numerator and a denominator per utterance. Comparisons know nothing else. Higher is worse, always."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
from pandas.api.types import is_float_dtype

from callgap.records import Status

_UNUSABLE_WORDS = 5
"""References shorter than this are scored as exact command errors."""


_MEANS = {"reprompts_per_call", "seconds_per_call"}
"""Numbers per call, which may exceed 1."""

ATTEMPTS = (1, 2, 3)
"""Within so many attempts a call may be completed."""


@dataclass(frozen=True)
class Endpoint:
    """Something that can go wrong for a caller.

    Attributes:
        name: of the endpoint.
        pooled: True for a ratio of sums over speakers (word errors per word); False weighs speakers equally.
        observe: from the scores under one normalizer, with speakers, and the outcomes to `speaker_id`, `utterance_id`,
            `numerator`, `denominator`.
        of_calls: whether it is counted in simulated calls.
        owed: whether an utterance whose text was lost counts as wrong where the loss is charged to the recognizer.
    """

    name: str
    pooled: bool
    observe: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
    of_calls: bool = False
    owed: bool = False

    @property
    def is_share(self) -> bool:
        """Whether an utterance or call counts 0 or 1, so that the rate cannot exceed 1."""
        return not self.pooled and self.name not in _MEANS


def _fraction(rows: pd.DataFrame, numerator: pd.Series, denominator: pd.Series) -> pd.DataFrame:
    key = "utterance_id" if "utterance_id" in rows else "call_id"
    return pd.DataFrame(
        {
            "speaker_id": rows["speaker_id"],
            "utterance_id": rows[key],
            # Published rates times words are no whole numbers: what is one stays one.
            "numerator": numerator if is_float_dtype(numerator) else numerator.astype("int64"),
            "denominator": denominator.astype("int64"),
        }
    )


def _errors(scores: pd.DataFrame) -> pd.Series:
    return scores["errors"].astype("int64") if scores["hits"].notna().all() else scores["errors"]


def _rate_of(unit: str) -> Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]:
    def observe(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
        rows = scores[(scores["unit"] == unit) & scores["errors"].notna()]
        return _fraction(rows, _errors(rows), rows["reference_tokens"])

    return observe


def _unusable(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    words = scores[(scores["unit"] == "word") & scores["errors"].notna()]
    rows = words[words["reference_tokens"] >= _UNUSABLE_WORDS]
    return _fraction(rows, 2 * _errors(rows) > rows["reference_tokens"], pd.Series(1, index=rows.index))


def _command_error(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    words = scores[(scores["unit"] == "word") & scores["errors"].notna()]
    rows = words[words["reference_tokens"] < _UNUSABLE_WORDS]
    return _fraction(rows, _errors(rows) > 0, pd.Series(1, index=rows.index))


def _flagged(flag: str) -> Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]:
    def observe(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
        rows = scores[(scores["unit"] == "word") & scores[flag].notna()]
        return _fraction(rows, rows[flag].astype(bool), pd.Series(1, index=rows.index))

    return observe


def _status(status: Status) -> Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]:
    def observe(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
        rows = scores[(scores["unit"] == "word") & scores["status"].notna()]
        return _fraction(rows, rows["status"] == status, pd.Series(1, index=rows.index))

    return observe


def _ended(outcome: str) -> Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]:
    def observe(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
        return _fraction(outcomes, outcomes["outcome"] == outcome, pd.Series(1, index=outcomes.index))

    return observe


def _not_completed(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    return _fraction(outcomes, outcomes["reached"] != outcomes["expected"], pd.Series(1, index=outcomes.index))


def _not_within(attempts: int) -> Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]:
    def observe(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
        # A log that counts no attempts tells nothing of them.
        rows = outcomes[outcomes["turns"].notna()]
        late = (rows["reached"] != rows["expected"]) | (rows["turns"] > attempts)
        return _fraction(rows, late, pd.Series(1, index=rows.index))

    return observe


def _mean_of(column: str) -> Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]:
    def observe(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
        rows = outcomes[outcomes[column].notna()]
        whole = (rows[column] % 1 == 0).all()
        return _fraction(rows, rows[column].astype("int64") if whole else rows[column], pd.Series(1, index=rows.index))

    return observe


def _human_not_reached(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    rows = outcomes[outcomes["asked_for_human"]]
    return _fraction(rows, rows["reached"] != rows["expected"], pd.Series(1, index=rows.index))


ENDPOINTS = {
    endpoint.name: endpoint
    for endpoint in (
        Endpoint("wer", True, _rate_of("word"), owed=True),
        Endpoint("cer", True, _rate_of("character"), owed=True),
        Endpoint("unusable", False, _unusable, owed=True),
        Endpoint("command_error", False, _command_error, owed=True),
        Endpoint("empty", False, _flagged("empty")),
        Endpoint("hallucinated", False, _flagged("hallucinated")),
        Endpoint("wrong_language", False, _flagged("wrong_language")),
        Endpoint("text_failed", False, _status(Status.FAILED)),
        Endpoint("text_refused", False, _status(Status.REFUSED)),
        Endpoint("text_missing", False, _status(Status.MISSING)),
        Endpoint("routed", False, _ended("routed"), of_calls=True),
        Endpoint("misrouted", False, _ended("misrouted"), of_calls=True),
        Endpoint("not_understood", False, _ended("not_understood"), of_calls=True),
        Endpoint("human", False, _ended("human"), of_calls=True),
        Endpoint("not_completed", False, _not_completed, of_calls=True, owed=True),
        Endpoint("human_not_reached", False, _human_not_reached, of_calls=True, owed=True),
        *(Endpoint(f"not_within_{n}", False, _not_within(n), of_calls=True, owed=True) for n in ATTEMPTS),
        Endpoint("reprompts_per_call", False, _mean_of("reprompts"), of_calls=True),
        Endpoint("seconds_per_call", False, _mean_of("seconds"), of_calls=True),
    )
}
"""Every endpoint by name."""

OF_TEXTS = frozenset({"cer", "empty", "hallucinated", "wrong_language"})
"""Endpoints that published word error rates say nothing of."""

_DESCRIPTIVE = {"routed", "human", *_MEANS}
CONTRASTED = tuple(name for name in ENDPOINTS if name not in _DESCRIPTIVE)
"""Endpoints that are shares and of which more is worse: these can be compared and judged."""


def observe(
    scores: pa.Table,
    outcomes: pa.Table,
    speakers: dict[str, str],
    human: str,
    *,
    statuses: Mapping[str, str] | None = None,
    charged: bool = False,
) -> dict[str, pd.DataFrame]:
    """Observe every endpoint.

    Args:
        scores: table `scores`, of one normalizer.
        outcomes: table `outcomes`.
        speakers: by utterance id, who speaks.
        human: the destination at which a person answers.
        statuses: by utterance id, what became of it; None leaves the endpoints that count statuses empty.
        charged: count what was lost as the recognizer's error (all words deleted, the call not completed), and only
            the endpoints of which that can be said; otherwise what was lost is left out.

    Returns:
        By endpoint: one row per utterance that it concerns, with integer numerator and denominator; the numerator is
        float64 where rates were published and no texts.
    """
    counted = scores.to_pandas()
    counted["speaker_id"] = counted["utterance_id"].map(speakers)
    counted["status"] = counted["utterance_id"].map(dict(statuses or {}))
    calls = outcomes.to_pandas()
    if charged:
        counted["errors"] = counted["errors"].fillna(counted["reference_tokens"].astype("float64"))
    else:
        calls = calls[calls["outcome"] != "lost"].copy()
    calls["asked_for_human"] = calls["expected"] == human
    return {
        name: endpoint.observe(counted, calls) for name, endpoint in ENDPOINTS.items() if endpoint.owed or not charged
    }


def per_speaker(observed: pd.DataFrame, pooled: bool) -> pd.DataFrame:
    """Sum an endpoint's observations by speaker.

    Args:
        observed: what `observe` gave for the endpoint.
        pooled: keep the sums; else each speaker counts once, with the speaker's own rate.

    Returns:
        Columns `numerator` and `denominator`, and `events` and `trials`, the sums themselves, by speaker id; speakers
        without a denominator are absent.
    """
    sums = observed.groupby("speaker_id", sort=True)[["numerator", "denominator"]].sum()
    sums = sums[sums["denominator"] > 0].astype("float64")
    counts = {"events": sums["numerator"], "trials": sums["denominator"]}
    if pooled:
        return sums.assign(**counts)
    return pd.DataFrame(
        {"numerator": sums["numerator"] / sums["denominator"], "denominator": 1.0, **counts}, index=sums.index
    )


def capped(sums: pd.DataFrame, cap: float | None) -> pd.DataFrame:
    """Limit what one speaker contributes to a ratio of sums.

    Args:
        sums: what `per_speaker` gave.
        cap: most that a speaker weighs, as a multiple of the median speaker's denominator; None for no limit.

    Returns:
        The same rows; numerator and denominator of a speaker with more are scaled down to the limit, so that the rate
        of the speaker stays.
    """
    if cap is None or not len(sums):
        return sums
    most = cap * float(sums["denominator"].median())
    scale = (most / sums["denominator"]).clip(upper=1.0)
    return sums.assign(numerator=sums["numerator"] * scale, denominator=sums["denominator"] * scale)
