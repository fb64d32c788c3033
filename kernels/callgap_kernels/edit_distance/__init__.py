"""Hits, substitutions, deletions and insertions of token sequences, pair by pair and per speaker."""

from callgap_kernels.edit_distance.confusions import NO_TOKEN, Confusions, count_confusions
from callgap_kernels.edit_distance.counts import TIES, Alignment, EditCounts, EditOperation
from callgap_kernels.edit_distance.dispatch import align, count_edits
from callgap_kernels.edit_distance.error_counter import ErrorCounter, SpeakerErrors
from callgap_kernels.edit_distance.texts import count_errors

__all__ = [
    "NO_TOKEN",
    "TIES",
    "Alignment",
    "Confusions",
    "EditCounts",
    "EditOperation",
    "ErrorCounter",
    "SpeakerErrors",
    "align",
    "count_confusions",
    "count_edits",
    "count_errors",
]
