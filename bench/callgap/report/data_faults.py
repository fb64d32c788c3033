"""Faults of the data as a report shows them: before any number, what forbids most first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callgap.fairness.faults import Consequence, unpublished
from callgap.report.wording import CONSEQUENCES

Row = Mapping[str, Any]


@dataclass(frozen=True)
class FaultsView:
    """The faults with one consequence.

    Attributes:
        title: of the consequence.
        meaning: one sentence.
        forbids: whether no figure may be published.
        details: one sentence per fault.
    """

    title: str
    meaning: str
    forbids: bool
    details: tuple[str, ...]


def withheld(faults: Sequence[Row]) -> str | None:
    """Say why a whole run must not be published.

    Args:
        faults: rows of `faults`.

    Returns:
        The detail of the fault that forbids it; None where none does, or only for some groups.
    """
    return unpublished(faults).get((None, None))


def is_withheld(faults: Sequence[Row], attribute: str, group: str) -> bool:
    """Tell whether the figures of one group must not be published.

    Args:
        faults: rows of `faults`.
        attribute: of the group.
        group: its name.

    Returns:
        True where a fault of the run, of the attribute or of the group forbids it.
    """
    forbidden = unpublished(faults)
    return any(place in forbidden for place in ((None, None), (attribute, None), (attribute, group)))


def faults_view(faults: Sequence[Row]) -> tuple[FaultsView, ...]:
    """Arrange faults by what they do to the verdicts.

    Args:
        faults: rows of `faults`.

    Returns:
        One view per consequence that occurs, the gravest first.
    """
    found = []
    for consequence, (title, meaning) in CONSEQUENCES.items():
        details = tuple(str(row["detail"]) for row in faults if row["consequence"] == consequence)
        if details:
            found.append(FaultsView(title, meaning, consequence is Consequence.NOT_PUBLISHED, details))
    return tuple(found)
