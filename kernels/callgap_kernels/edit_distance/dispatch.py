"""Which path a batch takes: plain reference, numba on the CPU, Triton on CUDA. The results are the same."""

from typing import Final

import torch

from callgap_kernels.device import choose_device
from callgap_kernels.edit_distance import reference as plain
from callgap_kernels.edit_distance.counts import TIES, Alignment, EditCounts
from callgap_kernels.options import require_whole
from callgap_kernels.tier import Tier
from callgap_kernels.tokens import Ragged

# What the plain path costs, and how large a matrix it may hold.
_PLAIN_PAIR_S: Final = 40e-6
_PLAIN_TOKEN_S: Final = 8e-6
_PLAIN_CELL_S: Final = 6e-9
_PLAIN_LONGEST: Final = 1_000

_tier = Tier(worth_s=4.0)


def align(
    reference: Ragged, hypothesis: Ragged, *, device: str | None = None, threads: int = 1, ties: str = TIES
) -> Alignment:
    """Align each hypothesis with its reference at the fewest edits, ties resolved as jiwer does.

    Args:
        reference: What was said, one sequence per pair.
        hypothesis: What was recognized, one sequence per pair.
        device: "cpu", "cuda" or "cuda:N"; None takes the variable CALLGAP_DEVICE, else the CPU.
        threads: Threads of the CPU path.
        ties: "jiwer", the rule that splits equal numbers of errors (README.md of this package).

    Returns:
        Operations of each pair in reading order, on the device.

    Raises:
        ValueError: If the numbers of pairs differ, or `device`, `threads` or `ties` is not accepted.

    Example:
        >>> said, heard = Ragged.from_sequences([[7, 8, 9]]), Ragged.from_sequences([[7, 9]])
        >>> [operation.name for operation in align(said, heard).of_pair(0)]
        ['HIT', 'DELETION', 'HIT']
    """
    place = _place(reference, hypothesis, device, threads, ties)
    if place.type == "cuda":
        from callgap_kernels.edit_distance import cuda

        return cuda.align(reference, hypothesis, device=place)
    reference, hypothesis = reference.to(place), hypothesis.to(place)
    if not _is_large(reference, hypothesis):
        return plain.align(reference, hypothesis)
    from callgap_kernels.edit_distance import cpu

    return cpu.align(reference, hypothesis, threads=threads)


def count_edits(
    reference: Ragged, hypothesis: Ragged, *, device: str | None = None, threads: int = 1, ties: str = TIES
) -> EditCounts:
    """Count hits, substitutions, deletions and insertions per pair.

    Args:
        reference: What was said, one sequence per pair.
        hypothesis: What was recognized, one sequence per pair.
        device: "cpu", "cuda" or "cuda:N"; None takes the variable CALLGAP_DEVICE, else the CPU.
        threads: Threads of the CPU path.
        ties: "jiwer", the rule that splits equal numbers of errors (README.md of this package).

    Returns:
        Counts as int64 tensors [pair], on the device.

    Raises:
        ValueError: If the numbers of pairs differ, or `device`, `threads` or `ties` is not accepted.

    Example:
        >>> said, heard = Ragged.from_sequences([[7, 8, 9]]), Ragged.from_sequences([[7, 9, 9, 5]])
        >>> count_edits(said, heard).errors
        tensor([2])
    """
    place = _place(reference, hypothesis, device, threads, ties)
    if place.type == "cuda":
        from callgap_kernels.edit_distance import cuda

        return cuda.count_edits(reference, hypothesis, device=place)
    reference, hypothesis = reference.to(place), hypothesis.to(place)
    if not _is_large(reference, hypothesis):
        return plain.align(reference, hypothesis).counts()
    from callgap_kernels.edit_distance import cpu

    return cpu.count_edits(reference, hypothesis, threads=threads)


def require_options(device: str | None, threads: int, ties: str) -> torch.device:
    """Refuse options that no path takes.

    Args:
        device: Name of a device, or None.
        threads: Threads of the CPU path.
        ties: Name of the rule.

    Returns:
        Where the operation runs.

    Raises:
        ValueError: If an option is not accepted.
    """
    if ties != TIES:
        raise ValueError(f"ties is {ties!r}; accepted is {TIES!r}")
    require_whole("threads", threads, 1)
    return choose_device(device)


def _place(reference: Ragged, hypothesis: Ragged, device: str | None, threads: int, ties: str) -> torch.device:
    place = require_options(device, threads, ties)
    for name, side in (("reference", reference), ("hypothesis", hypothesis)):
        if not isinstance(side, Ragged):
            raise ValueError(f"{name} is {type(side).__name__}; accepted is Ragged, as Ragged.from_sequences makes it")
    if len(reference) != len(hypothesis):
        raise ValueError(f"{len(reference)} references and {len(hypothesis)} hypotheses; accepted are equal numbers")
    return place


def _is_large(reference: Ragged, hypothesis: Ragged) -> bool:
    """Whether the batch belongs to the compiled path."""
    if not len(reference):
        return False
    if _tier.compiled(0.0):
        return True
    said, heard = reference.offsets.diff(), hypothesis.offsets.diff()
    if max(int(said.max()), int(heard.max())) > _PLAIN_LONGEST:
        return True
    cells = float((said.double() * heard.double()).sum())
    tokens = float((said.sum() + heard.sum()).item())
    return _tier.compiled(len(reference) * _PLAIN_PAIR_S + tokens * _PLAIN_TOKEN_S + cells * _PLAIN_CELL_S)
