"""Which contrasts a report leads with, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from callgap.fairness import CONTRADICTORY, UNKNOWN
from callgap.report.wording import ENDPOINTS, gravity
from callgap.verdict.words import INSUFFICIENT

Row = Mapping[str, Any]

_SPEAKERS_TO_JUDGE = 10
_FOLDED_FROM = 7

UNJUDGED = (UNKNOWN, CONTRADICTORY)
"""Groups that are counted and shown, never judged."""


def distinct(values: Iterable[Any]) -> list[Any]:
    """Drop repetitions.

    Args:
        values: hashable.

    Returns:
        Each of them once, in the order of first appearance.
    """
    return list(dict.fromkeys(values))


def has_limits(row: Row) -> bool:
    """Tell whether a contrast has a lower and an upper limit.

    Args:
        row: of `contrasts`.

    Returns:
        True where both stand.
    """
    return row["difference_lower"] is not None and row["difference_upper"] is not None


def speakers_to_judge(policy: Row) -> int:
    """Say how many speakers a verdict needs on each side.

    Args:
        policy: its `minimum_speakers` counts.

    Returns:
        The fewest with which any verdict may be said.
    """
    declared = policy.get("minimum_speakers", _SPEAKERS_TO_JUDGE)
    return int(min(declared.values()) if isinstance(declared, dict) else declared)


def is_too_small(row: Row, policy: Row) -> bool:
    """Tell whether a contrast has too few speakers for any verdict.

    Args:
        row: of `contrasts`.
        policy: as in `speakers_to_judge`.

    Returns:
        True where a side has too few of them.
    """
    if row["verdict"] is None:
        return bool(min(row["group_speakers"], row["reference_speakers"]) < speakers_to_judge(policy))
    return bool(row["verdict"] == INSUFFICIENT)


def folded(contrasts: Iterable[Row], policy: Row) -> list[str]:
    """Name the groups that a reader need not see first.

    Args:
        contrasts: rows of one attribute.
        policy: as in `speakers_to_judge`.

    Returns:
        Those that are too small on every endpoint; none of them where nothing else could be shown and they are few.
    """
    rows = list(contrasts)
    large = {row["group"] for row in rows if not is_too_small(row, policy)}
    small = [group for group in distinct(row["group"] for row in rows) if group not in large]
    return small if large or len(small) >= _FOLDED_FROM else []


def primary_endpoints(contrasts: Sequence[Row], policy: Row) -> list[str]:
    """Name the endpoints that the policy judges.

    Args:
        contrasts: rows of `contrasts`.
        policy: its `endpoints` counts; without it every endpoint is primary.

    Returns:
        Those that occur, in the order in which reports prefer them.

    Raises:
        KeyError: an endpoint has no words to be told in.
    """
    present = {row["endpoint"] for row in contrasts}
    if unknown := present - ENDPOINTS.keys():
        raise KeyError(f"no words for the endpoints {sorted(unknown)}; known: {', '.join(ENDPOINTS)}")
    declared = set(policy.get("endpoints") or present)
    return [endpoint for endpoint in ENDPOINTS if endpoint in present & declared]


def under_primary_normalizer(contrasts: Sequence[Row], policy: Row) -> list[Row]:
    """Leave out what repeats a contrast under another normalizer.

    Args:
        contrasts: rows of `contrasts`.
        policy: its `primary_normalizer` counts; without it the first that occurs.

    Returns:
        The rows under that normalizer, and those that depend on none.
    """
    named = [row["normalizer"] for row in contrasts if row["normalizer"] is not None]
    primary = policy.get("primary_normalizer") or next(iter(named), None)
    return [row for row in contrasts if row["normalizer"] in (None, primary)]


def by_supported_harm(contrasts: Iterable[Row]) -> list[Row]:
    """Put the contrasts first that a reader has to know.

    Args:
        contrasts: rows of `contrasts`.

    Returns:
        The gravest verdict first, then what has a lower limit above 0, then by endpoint, then by the lower limit.
    """
    order = list(ENDPOINTS)

    def key(row: Row) -> tuple[int, bool, int, float]:
        lower = float("-inf") if row["difference_lower"] is None else row["difference_lower"]
        return gravity(row["verdict"]), lower <= 0, order.index(row["endpoint"]), -lower

    return sorted(contrasts, key=key)


def groups_by_harm(contrasts: Iterable[Row]) -> list[str]:
    """Order groups for every table and plot of one attribute.

    Args:
        contrasts: rows of one attribute.

    Returns:
        Each group once, the one with the gravest verdict first.
    """
    return distinct(row["group"] for row in by_supported_harm(contrasts))
