"""Results of an alignment: its operations and their counts."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import torch
from torch import Tensor

# The rule by which equal numbers of errors are split, the only one there is; README.md states it.
TIES: Final = "jiwer"


class EditOperation(IntEnum):
    """What happened to a token; the value is the code in `Alignment.operations`."""

    HIT = 0
    SUBSTITUTION = 1
    DELETION = 2
    INSERTION = 3


@dataclass(frozen=True, eq=False)
class EditCounts:
    """Edits of each pair.

    Attributes:
        hits: Int64 tensor [pair], reference tokens recognized.
        substitutions: Int64 tensor [pair], reference tokens recognized as another.
        deletions: Int64 tensor [pair], reference tokens without a counterpart.
        insertions: Int64 tensor [pair], hypothesis tokens without a counterpart.
    """

    hits: Tensor
    substitutions: Tensor
    deletions: Tensor
    insertions: Tensor

    @property
    def errors(self) -> Tensor:
        """Substitutions + deletions + insertions, int64 [pair]."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def reference_tokens(self) -> Tensor:
        """Length of each reference, hits + substitutions + deletions, int64 [pair]."""
        return self.hits + self.substitutions + self.deletions

    def gather(self, index: Tensor) -> "EditCounts":
        """Select pairs.

        Args:
            index: Int64 tensor [selected] of pair numbers, repeats allowed.

        Returns:
            Counts [selected].
        """
        return EditCounts(self.hits[index], self.substitutions[index], self.deletions[index], self.insertions[index])


@dataclass(frozen=True, eq=False)
class Alignment:
    """Operations of each pair in reading order, laid end to end.

    Attributes:
        operations: Uint8 tensor [operation] of `EditOperation` codes.
        offsets: Int64 tensor [pair + 1]; pair `p` holds `operations[offsets[p]:offsets[p + 1]]`.
    """

    operations: Tensor
    offsets: Tensor

    def of_pair(self, pair: int) -> tuple[EditOperation, ...]:
        """List the operations of one pair in reading order.

        Args:
            pair: Number of the pair, from 0.

        Returns:
            One operation per aligned position.

        Raises:
            IndexError: If there is no such pair.
        """
        pairs = len(self.offsets) - 1
        if not 0 <= pair < pairs:
            raise IndexError(f"pair {pair} of {pairs}; accepted is 0 to {pairs - 1}")
        codes = self.operations[self.offsets[pair] : self.offsets[pair + 1]].tolist()
        return tuple(EditOperation(code) for code in codes)

    def counts(self) -> EditCounts:
        """Count the operations of each pair.

        Returns:
            Counts [pair].
        """
        kinds = len(EditOperation)
        pairs = len(self.offsets) - 1
        numbers = torch.arange(pairs, device=self.offsets.device)
        pair = torch.repeat_interleave(numbers, self.offsets.diff())
        table = torch.bincount(pair * kinds + self.operations, minlength=pairs * kinds)
        by_kind = table.reshape(pairs, kinds).T.contiguous()
        return EditCounts(
            hits=by_kind[EditOperation.HIT],
            substitutions=by_kind[EditOperation.SUBSTITUTION],
            deletions=by_kind[EditOperation.DELETION],
            insertions=by_kind[EditOperation.INSERTION],
        )
