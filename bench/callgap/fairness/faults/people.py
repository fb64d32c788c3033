"""Faults in who speaks: contradictory attributes, and one speaker who is most of a group."""

from __future__ import annotations

from collections.abc import Iterator

from callgap.fairness.faults.material import Consequence, Fault, Material, Part, percent
from callgap.fairness.membership import CONTRADICTORY
from callgap.fairness.standing import EXPLORATORY

LARGE_SHARE = 0.20
"""Of a group's words from one speaker: beyond it a pooled rate leans on that person."""

LARGE_IN_FEW = 2.5
"""Times an equal share: with five speakers everyone has 20 %, which says nothing."""

LARGE_IN_MANY = 10.0
"""Times an equal share: among hundreds, one person may be the largest cluster by far with less than 20 %."""

LEAST_SHARE = 0.02
"""Of a group's words: less than this moves no rate that anyone reads, however many speakers there are."""


def contradictions(material: Material) -> Iterator[Fault]:
    """Speakers whose utterances carry several values of one attribute; of a condition that is as it should be."""
    for attribute in material.references:
        members = material.evidence.membership[attribute]
        several = {speaker for speaker, group in members.items() if group == CONTRADICTORY}
        if several:
            share = len(several) / len(members)
            yield Fault(
                "contradictory_attribute",
                Consequence.NOT_JUDGED,
                f"{len(several):,} of {len(members):,} speakers ({percent(share)}) have several values of {attribute}: "
                "counted and shown as a group, they stand on neither side of a comparison.",
                len(several),
                int(material.frame["speaker_id"].isin(several).sum()),
                share,
                attribute,
                CONTRADICTORY,
            )


def dominant_speakers(material: Material) -> Iterator[Fault]:
    """Groups in which one speaker has far more than an equal share of the words."""
    for part in (material.everyone, *(group for group, _ in material.groups)):
        if fault := _dominated(part):
            yield fault


def _dominated(part: Part) -> Fault | None:
    words = part.rows.groupby("speaker_id")["words"].sum()
    words = words[words > 0]
    count = len(words)
    if count < EXPLORATORY:
        return None
    share = float(words.max() / words.sum())
    large = share > max(LARGE_SHARE, LARGE_IN_FEW / count)
    if not large and share <= max(LEAST_SHARE, LARGE_IN_MANY / count):
        return None
    return Fault(
        "dominant_speaker",
        Consequence.SHOWN,
        f"One of the {count:,} speakers of {part.name} has {percent(share)} of the words, {share * count:.1f} times an "
        "equal share: pooled rates lean on that person.",
        1,
        int((part.rows["speaker_id"] == words.idxmax()).sum()),
        share,
        part.attribute,
        part.group,
    )
