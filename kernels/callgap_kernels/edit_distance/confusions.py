"""Which words are lost, and as what they come out: tokens of an alignment counted by group."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from callgap_kernels.edit_distance.counts import Alignment, EditOperation
from callgap_kernels.tokens import Ragged

# Stands where an insertion has no reference token, or a deletion no hypothesis token.
NO_TOKEN: Final = -1


@dataclass(frozen=True, eq=False)
class Confusions:
    """How often a token was recognized as another, by group; one row per combination that occurs, in ascending order.

    Attributes:
        group: Int64 tensor [row].
        said: Int64 tensor [row], a reference token, or `NO_TOKEN` for insertions.
        heard: Int64 tensor [row], a hypothesis token, or `NO_TOKEN` for deletions; a hit has `heard` equal to `said`.
        count: Int64 tensor [row], at least 1.
    """

    group: Tensor
    said: Tensor
    heard: Tensor
    count: Tensor


def count_confusions(reference: Ragged, hypothesis: Ragged, alignment: Alignment, group: Tensor) -> Confusions:
    """Count what became of each reference token, for each group of pairs.

    Args:
        reference: What was said, one sequence per pair.
        hypothesis: What was recognized, one sequence per pair.
        alignment: Their alignment.
        group: Int64 tensor [pair], the group of each pair, 0 or more.

    Returns:
        Counts of (group, said, heard) on the device of the alignment; they add up to the number of operations.

    Raises:
        ValueError: If the numbers of pairs differ, the alignment is not of these sequences, or a group is negative.

    Example:
        >>> said, heard = Ragged.from_sequences([[7, 8], [7, 8]]), Ragged.from_sequences([[7], [7, 9]])
        >>> table = count_confusions(said, heard, align(said, heard), torch.tensor([0, 1]))
        >>> [tuple(row) for row in zip(*(c.tolist() for c in (table.group, table.said, table.heard)), strict=True)]
        [(0, 7, 7), (0, 8, -1), (1, 7, 7), (1, 8, 9)]
    """
    lengths = alignment.offsets.diff()
    _require_groups(group, pairs=len(lengths))
    operations = alignment.operations
    said = _tokens(reference, operations, EditOperation.INSERTION, alignment)
    heard = _tokens(hypothesis, operations, EditOperation.DELETION, alignment)
    # Numbers that sort as the rows do: groups and pairs of tokens by rank, so that no product leaves 64 bits.
    tokens = int(torch.cat([said, heard, said.new_zeros(1)]).max()) + 2
    together, which = torch.unique((said + 1) * tokens + heard + 1, return_inverse=True)
    groups, rank = torch.unique(group.to(operations.device), return_inverse=True)
    distinct = max(1, len(together))
    rows, count = torch.unique(torch.repeat_interleave(rank, lengths) * distinct + which, return_counts=True)
    pair = together[rows % distinct]
    return Confusions(group=groups[rows // distinct], said=pair // tokens - 1, heard=pair % tokens - 1, count=count)


def _tokens(sequences: Ragged, operations: Tensor, absent: EditOperation, alignment: Alignment) -> Tensor:
    """Lay the tokens of a side along the operations; every operation but `absent` uses one."""
    used = operations != int(absent)
    ends = torch.cat([used.new_zeros(1, dtype=torch.int64), used.cumsum(0)])[alignment.offsets]
    offsets = sequences.offsets.to(operations.device)
    if not torch.equal(ends.diff(), offsets.diff()):
        raise ValueError("the alignment is not of these sequences: it uses another number of tokens")
    tokens = torch.full(operations.shape, NO_TOKEN, dtype=torch.int64, device=operations.device)
    # Operations are in reading order, so the tokens of all pairs follow one another.
    tokens[used] = sequences.values.to(operations.device)[offsets[0] : offsets[-1]].long()
    return tokens


def _require_groups(group: Tensor, pairs: int) -> None:
    if not isinstance(group, Tensor):
        raise ValueError(f"group is {type(group).__name__}; accepted is a tensor, int64 ({pairs},), one per pair")
    if group.dtype != torch.int64 or group.shape != (pairs,):
        raise ValueError(f"group is {group.dtype} {tuple(group.shape)}; accepted is int64 ({pairs},), one per pair")
    negative = torch.nonzero(group < 0)
    if len(negative):
        pair = int(negative[0])
        raise ValueError(f"pair {pair}: group is {int(group[pair])}; accepted is 0 or more")
