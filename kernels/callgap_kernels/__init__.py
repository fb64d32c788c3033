"""Scoring core of callgap: edit distance over token sequences and resampling over speakers."""

from callgap_kernels.edit_distance import (
    Alignment,
    EditCounts,
    EditOperation,
    align,
    count_edits,
    count_errors,
)
from callgap_kernels.resampling import BootstrapT, ContrastEstimates, GroupEstimates, bootstrap_t
from callgap_kernels.tokens import Ragged

__all__ = [
    "Alignment",
    "BootstrapT",
    "ContrastEstimates",
    "EditCounts",
    "EditOperation",
    "GroupEstimates",
    "Ragged",
    "align",
    "bootstrap_t",
    "count_edits",
    "count_errors",
]
