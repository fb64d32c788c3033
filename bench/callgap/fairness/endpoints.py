"""Endpoints: a numerator and a denominator per utterance. Comparisons know nothing else. Higher is worse, always."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

_UNUSABLE_WORDS = 5
"""References shorter than this are scored as exact command errors."""


@dataclass(frozen=True)
class Endpoint:
    """Something that can go wrong for a caller.

    Attributes:
        name: of the endpoint.
        pooled: True for a ratio of sums over speakers (word errors per word); False weighs speakers equally.
        observe: from the scores under one normalizer, with speakers, and the outcomes to `speaker_id`, `utterance_id`,
            `numerator`, `denominator`.
        of_calls: whether it is counted in simulated calls.
    """

    name: str
    pooled: bool
    observe: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
    of_calls: bool = False


def _fraction(rows: pd.DataFrame, numerator: pd.Series, denominator: pd.Series) -> pd.DataFrame:
    key = "utterance_id" if "utterance_id" in rows else "call_id"
    return pd.DataFrame(
        {
            "speaker_id": rows["speaker_id"],
            "utterance_id": rows[key],
            "numerator": numerator.astype("int64"),
            "denominator": denominator.astype("int64"),
        }
    )


def _errors(scores: pd.DataFrame) -> pd.Series:
    return scores["substitutions"] + scores["deletions"] + scores["insertions"]


def _rate_of(unit: str) -> Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]:
    def observe(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
        rows = scores[(scores["unit"] == unit) & scores["hits"].notna()]
        return _fraction(rows, _errors(rows), rows["reference_tokens"])

    return observe


def _unusable(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    words = scores[(scores["unit"] == "word") & scores["hits"].notna()]
    rows = words[words["reference_tokens"] >= _UNUSABLE_WORDS]
    return _fraction(rows, 2 * _errors(rows) > rows["reference_tokens"], pd.Series(1, index=rows.index))


def _command_error(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    words = scores[(scores["unit"] == "word") & scores["hits"].notna()]
    rows = words[words["reference_tokens"] < _UNUSABLE_WORDS]
    return _fraction(rows, _errors(rows) > 0, pd.Series(1, index=rows.index))


def _empty(scores: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    rows = scores[(scores["unit"] == "word") & scores["hits"].notna()]
    return _fraction(rows, rows["empty"].astype(bool), pd.Series(1, index=rows.index))


def _ended(outcome: str) -> Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]:
    def observe(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
        return _fraction(outcomes, outcomes["outcome"] == outcome, pd.Series(1, index=outcomes.index))

    return observe


def _not_completed(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    return _fraction(outcomes, outcomes["reached"] != outcomes["expected"], pd.Series(1, index=outcomes.index))


def _reprompts(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    return _fraction(outcomes, outcomes["reprompts"], pd.Series(1, index=outcomes.index))


def _human_not_reached(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    rows = outcomes[outcomes["asked_for_human"]]
    return _fraction(rows, rows["reached"] != rows["expected"], pd.Series(1, index=rows.index))


ENDPOINTS = {
    endpoint.name: endpoint
    for endpoint in (
        Endpoint("wer", True, _rate_of("word")),
        Endpoint("cer", True, _rate_of("character")),
        Endpoint("unusable", False, _unusable),
        Endpoint("command_error", False, _command_error),
        Endpoint("empty", False, _empty),
        Endpoint("routed", False, _ended("routed"), of_calls=True),
        Endpoint("misrouted", False, _ended("misrouted"), of_calls=True),
        Endpoint("not_understood", False, _ended("not_understood"), of_calls=True),
        Endpoint("human", False, _ended("human"), of_calls=True),
        Endpoint("not_completed", False, _not_completed, of_calls=True),
        Endpoint("human_not_reached", False, _human_not_reached, of_calls=True),
        Endpoint("reprompts_per_call", False, _reprompts, of_calls=True),
    )
}
"""Every endpoint by name."""

_DESCRIPTIVE = {"routed", "human", "reprompts_per_call"}
CONTRASTED = tuple(name for name in ENDPOINTS if name not in _DESCRIPTIVE)
"""Endpoints that are shares and of which more is worse: these can be compared and judged."""


def observe(scores: pa.Table, outcomes: pa.Table, speakers: dict[str, str], human: str) -> dict[str, pd.DataFrame]:
    """Observe every endpoint.

    Args:
        scores: table `scores`, of one normalizer.
        outcomes: table `outcomes`; calls whose text was lost are left out.
        speakers: by utterance id, who speaks.
        human: the destination at which a person answers.

    Returns:
        By endpoint: one row per utterance that it concerns, with integer numerator and denominator.
    """
    counted = scores.to_pandas()
    counted["speaker_id"] = counted["utterance_id"].map(speakers)
    calls = outcomes.to_pandas()
    calls = calls[calls["outcome"] != "lost"].copy()
    calls["asked_for_human"] = calls["expected"] == human
    return {name: endpoint.observe(counted, calls) for name, endpoint in ENDPOINTS.items()}


def per_speaker(observed: pd.DataFrame, pooled: bool) -> pd.DataFrame:
    """Sum an endpoint's observations by speaker.

    Args:
        observed: what `observe` gave for the endpoint.
        pooled: keep the sums; else each speaker counts once, with the speaker's own rate.

    Returns:
        Columns `numerator` and `denominator` by speaker id; speakers without a denominator are absent.
    """
    sums = observed.groupby("speaker_id", sort=True)[["numerator", "denominator"]].sum()
    sums = sums[sums["denominator"] > 0].astype("float64")
    if pooled:
        return sums
    return pd.DataFrame({"numerator": sums["numerator"] / sums["denominator"], "denominator": 1.0}, index=sums.index)
