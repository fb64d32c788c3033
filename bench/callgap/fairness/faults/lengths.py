"""Short references that decide a mean of utterances."""

from __future__ import annotations

from collections.abc import Iterator

from callgap.fairness.faults.material import Consequence, Fault, Material, Part, percent
from callgap.fairness.standing import JUDGED

SHORT = 5
"""Words; a shorter reference is scored as an exact command error."""

MUCH = 0.05
"""Difference of a mean of utterances from the pooled rate: the default margin of WER."""


def short_references(material: Material) -> Iterator[Fault]:
    """Everyone, and groups large enough to be judged, where short references pull the mean of utterances away."""
    for part in (material.everyone, *(group for group, _ in material.groups)):
        if part.speakers >= JUDGED and (fault := _dominated(part)):
            yield fault


def _dominated(part: Part) -> Fault | None:
    rows = part.rows[part.rows["words"] > 0]
    short = rows["words"] < SHORT
    if not short.any() or short.all():
        return None
    rate = rows["errors"] / rows["words"]
    pooled = float(rows["errors"].sum() / rows["words"].sum())
    away = abs(float(rate.mean()) - pooled)
    # What short references add: without them the mean is that of the long ones.
    added = abs(float(rate.mean() - rate[~short].mean()))
    if away <= MUCH or added <= MUCH:
        return None
    share = float(short.mean())
    return Fault(
        "short_references",
        Consequence.SHOWN,
        f"{percent(share)} of the utterances of {part.name} have fewer than {SHORT} words and pull the mean of "
        f"utterances to {rate.mean():.2f}, where errors per word are {pooled:.2f}: the pooled rate is the one to read.",
        part.speakers,
        int(short.sum()),
        share,
        part.attribute,
        part.group,
    )
