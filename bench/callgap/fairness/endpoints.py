"""Endpoints: a numerator and a denominator per utterance. Comparisons know nothing else. Higher is worse, always."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from callgap.fairness.call_endpoints import CALL_ENDPOINTS
from callgap.fairness.endpoint import Endpoint, Observe, fraction
from callgap.records import Status

_UNUSABLE_WORDS = 5
"""References shorter than this are scored as exact command errors."""


def _errors(scores: pd.DataFrame) -> pd.Series:
    return scores["errors"].astype("int64") if scores["hits"].notna().all() else scores["errors"]


def _rate_of(unit: str) -> Observe:
    def observe(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
        rows = scores[(scores["unit"] == unit) & scores["errors"].notna()]
        return fraction(rows, _errors(rows), rows["reference_tokens"])

    return observe


def _unusable(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    words = scores[(scores["unit"] == "word") & scores["errors"].notna()]
    rows = words[words["reference_tokens"] >= _UNUSABLE_WORDS]
    return fraction(rows, 2 * _errors(rows) > rows["reference_tokens"])


def _command_error(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    words = scores[(scores["unit"] == "word") & scores["errors"].notna()]
    rows = words[words["reference_tokens"] < _UNUSABLE_WORDS]
    return fraction(rows, _errors(rows) > 0)


def _flagged(flag: str) -> Observe:
    def observe(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
        rows = scores[(scores["unit"] == "word") & scores[flag].notna()]
        return fraction(rows, rows[flag].astype(bool))

    return observe


def _status(status: Status) -> Observe:
    def observe(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
        rows = scores[(scores["unit"] == "word") & scores["status"].notna()]
        return fraction(rows, rows["status"] == status)

    return observe


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
        *CALL_ENDPOINTS,
    )
}
"""Every endpoint by name."""

OF_TEXTS = frozenset({"cer", "empty", "hallucinated", "wrong_language"})
"""Endpoints that published word error rates say nothing of."""

CONTRASTED = tuple(name for name, of in ENDPOINTS.items() if of.is_worse and not of.is_mean)
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
    # A walked call says whether a person was the first thing asked for; of any other, its end does.
    asked = calls["asked_for_human"]
    calls["asked_for_human"] = asked.where(asked.notna(), calls["expected"] == human)
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
