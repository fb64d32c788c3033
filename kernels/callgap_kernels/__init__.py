"""Scoring core of callgap: edit distance over token sequences and resampling over speakers."""

from callgap_kernels.edit_distance import (
    NO_TOKEN,
    Alignment,
    Confusions,
    EditCounts,
    EditOperation,
    ErrorCounter,
    SpeakerErrors,
    align,
    count_confusions,
    count_edits,
    count_errors,
)
from callgap_kernels.resampling import BootstrapT, ContrastEstimates, GroupEstimates, bootstrap_t
from callgap_kernels.resampling.permutation import ContrastTests, OmnibusTests, Permutation, permute
from callgap_kernels.tier import compile_at_once
from callgap_kernels.tokens import Ragged

__all__ = [
    "NO_TOKEN",
    "Alignment",
    "BootstrapT",
    "Confusions",
    "ContrastEstimates",
    "ContrastTests",
    "EditCounts",
    "EditOperation",
    "ErrorCounter",
    "GroupEstimates",
    "OmnibusTests",
    "Permutation",
    "Ragged",
    "SpeakerErrors",
    "align",
    "bootstrap_t",
    "compile_at_once",
    "count_confusions",
    "count_edits",
    "count_errors",
    "permute",
]
