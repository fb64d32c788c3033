"""Endpoints that are counted in calls, logged or simulated."""

from __future__ import annotations

import pandas as pd

from callgap.fairness.endpoint import Endpoint, Observe, fraction

ATTEMPTS = (1, 2, 3)
"""Within so many attempts a call may be completed, or a number understood."""


def _ended(outcome: str) -> Observe:
    def observe(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
        return fraction(outcomes, outcomes["outcome"] == outcome)

    return observe


def not_completed(outcomes: pd.DataFrame) -> pd.Series:
    """Whether each call did not do what it was for: a walked service says so itself, of any other the end does."""
    astray = outcomes["reached"] != outcomes["expected"]
    return astray.where(outcomes["completed"].isna(), ~outcomes["completed"].fillna(False).astype(bool)).astype(bool)


def _not_completed(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    return fraction(outcomes, not_completed(outcomes))


def _not_within(attempts: int) -> Observe:
    def observe(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
        # A log that counts no attempts tells nothing of them, nor do turns at several nodes.
        rows = outcomes[outcomes["turns"].notna() & outcomes["service"].isna()]
        late = (rows["reached"] != rows["expected"]) | (rows["turns"] > attempts)
        return fraction(rows, late)

    return observe


def _mean_of(column: str) -> Observe:
    def observe(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
        rows = outcomes[outcomes[column].notna()]
        whole = (rows[column] % 1 == 0).all()
        return fraction(rows, rows[column].astype("int64") if whole else rows[column])

    return observe


def _until_human(column: str) -> Observe:
    """Of calls that asked for a person and reached one, how long it took."""

    def observe(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
        return _mean_of(column)(_, outcomes[_asked(outcomes)])

    return observe


def _human_not_reached(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    rows = outcomes[_asked(outcomes)]
    # Of a walked call it is known whether a person answered, be it at another desk; of any other, where it ended.
    elsewhere = rows["reached"] != rows["expected"]
    return fraction(rows, elsewhere.where(rows["service"].isna(), rows["human_turns"].isna()).astype(bool))


def _asked(outcomes: pd.DataFrame) -> pd.Series:
    return outcomes["asked_for_human"].fillna(False).astype(bool)


def _some(column: str) -> Observe:
    """Of walked calls, those with any."""

    def observe(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
        rows = outcomes[outcomes[column].notna()]
        return fraction(rows, rows[column].astype("float64") > 0)

    return observe


def _not(column: str) -> Observe:
    def observe(_: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
        rows = outcomes[outcomes[column].notna()]
        return fraction(rows, ~rows[column].astype(bool))

    return observe


CALL_ENDPOINTS = (
    Endpoint("routed", False, _ended("routed"), of_calls=True, is_worse=False),
    Endpoint("misrouted", False, _ended("misrouted"), of_calls=True),
    Endpoint("not_understood", False, _ended("not_understood"), of_calls=True),
    Endpoint("human", False, _ended("human"), of_calls=True, is_worse=False),
    Endpoint("not_completed", False, _not_completed, of_calls=True, owed=True),
    Endpoint("human_not_reached", False, _human_not_reached, of_calls=True, owed=True),
    *(Endpoint(f"not_within_{n}", False, _not_within(n), of_calls=True, owed=True) for n in ATTEMPTS),
    Endpoint("reprompts_per_call", False, _mean_of("reprompts"), of_calls=True, is_mean=True),
    Endpoint("seconds_per_call", False, _mean_of("seconds"), of_calls=True, is_mean=True),
    Endpoint("wrong_priority", False, _some("wrong_priority"), of_calls=True),
    Endpoint("no_match", False, _some("no_matches"), of_calls=True),
    Endpoint("gave_up", False, _some("gave_up"), of_calls=True),
    Endpoint("human_turns", False, _until_human("human_turns"), of_calls=True, is_mean=True),
    Endpoint("human_seconds", False, _until_human("human_seconds"), of_calls=True, is_mean=True),
    Endpoint("contained", False, _some("contained"), of_calls=True, is_worse=False),
    *(Endpoint(f"digits_wrong_{n}", False, _not(f"digits_exact_{n}"), of_calls=True) for n in ATTEMPTS),
    Endpoint("wrong_number", False, _some("wrong_number_accepted"), of_calls=True),
    Endpoint("critical_missed", False, _not("critical_heard"), of_calls=True),
    Endpoint("confident_error", False, _some("confident_error"), of_calls=True),
)
