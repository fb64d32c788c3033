"""Finds the faults of a run, and says what they forbid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from callgap.fairness.evidence import Evidence
from callgap.fairness.faults.alignment import misaligned
from callgap.fairness.faults.batches import batch_dependent
from callgap.fairness.faults.design import disjoint_prompts, group_is_corpus, group_is_session
from callgap.fairness.faults.duplicates import duplicate_audio, duplicate_rows
from callgap.fairness.faults.lengths import short_references
from callgap.fairness.faults.losses import empty_bursts, silent_groups, uneven_losses
from callgap.fairness.faults.material import Consequence, Material
from callgap.fairness.faults.people import contradictions, dominant_speakers

Row = dict[str, object]
Place = tuple[str | None, str | None]

CHECKS = (
    misaligned,
    contradictions,
    group_is_corpus,
    group_is_session,
    silent_groups,
    uneven_losses,
    empty_bursts,
    batch_dependent,
    duplicate_audio,
    duplicate_rows,
    dominant_speakers,
    disjoint_prompts,
    short_references,
)
"""In the order of the table: what forbids most comes first."""


def find_faults(
    evidence: Evidence, references: Mapping[str, str | None], sources: Sequence[str] | None = None
) -> list[Row]:
    """Look for faults of the data that a number would hide.

    Args:
        evidence: of one run.
        references: by attribute of persons, the group that the others are compared with; a name that is no group, such
            as `everyone else`, and None stand for all other speakers whose group is known.
        sources: columns of `utterances` that say which collection an utterance is from; None takes `corpus` and
            `source` where they are.

    Returns:
        Rows of the table `faults`; no row names a speaker.

    Raises:
        InputError: a column of `sources` is not in `utterances`.
    """
    material = Material.of(evidence, references, sources)
    return [asdict(fault) | {"consequence": fault.consequence.value} for check in CHECKS for fault in check(material)]


def unjudged(rows: Sequence[Mapping[str, object]]) -> dict[Place, str]:
    """What must be described and not judged.

    Args:
        rows: of the table `faults`.

    Returns:
        By attribute and group, why; the group is None for the whole attribute, both are None for the whole run. What
        must not be published must not be judged either.
    """
    return _reasons(rows, {Consequence.NOT_JUDGED, Consequence.NOT_PUBLISHED})


def unpublished(rows: Sequence[Mapping[str, object]]) -> dict[Place, str]:
    """What must not be published.

    Args:
        rows: of the table `faults`.

    Returns:
        By attribute and group, why; both are None for the whole run.
    """
    return _reasons(rows, {Consequence.NOT_PUBLISHED})


def _reasons(rows: Sequence[Mapping[str, object]], consequences: set[Consequence]) -> dict[Place, str]:
    found: dict[Place, str] = {}
    for row in rows:
        if row["consequence"] in consequences:
            place = (_name(row["attribute"]), _name(row["group"]))
            found.setdefault(place, str(row["detail"]))
    return found


def _name(value: object) -> str | None:
    return None if value is None else str(value)
