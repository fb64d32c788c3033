"""Evidence grades: how far a result speaks about people, apart from what it says."""

from __future__ import annotations

from enum import StrEnum

from callgap.fairness.standing import JUDGED, MARGIN


class Grade(StrEnum):
    """From real callers in numbers to synthetic voices."""

    A = "A"
    B = "B"
    C = "C"
    S = "S"


def grade(*, synthetic: bool, transcribed: bool, group_speakers: int, reference_speakers: int) -> Grade:
    """Grade the evidence of one contrast.

    Args:
        synthetic: voices or conversations that are no person's.
        transcribed: the references were transcribed from the audio, not taken from the prompts.
        group_speakers: of the group.
        reference_speakers: of the reference group.

    Returns:
        S for synthetic; A for real speakers, transcribed references and at least 30 speakers on each side; B for at
        least 10 on each side; C for fewer, or for prompts taken as references.
    """
    if synthetic:
        return Grade.S
    fewest = min(group_speakers, reference_speakers)
    if not transcribed or fewest < JUDGED:
        return Grade.C
    return Grade.A if fewest >= MARGIN else Grade.B
