"""Token sequences of unequal length in two flat tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Ragged:
    """One token sequence per pair, laid end to end.

    Attributes:
        values: Int32 tensor [token], no token negative.
        offsets: Int64 tensor [pair + 1]; sequence `p` is `values[offsets[p]:offsets[p + 1]]`.

    Raises:
        ValueError: If a dtype, a shape, an offset or a token breaks the above; the message names the place.
    """

    values: Tensor
    offsets: Tensor

    def __post_init__(self) -> None:
        """Refuse tensors that describe no sequences."""
        _require_vector("values", self.values, torch.int32)
        _require_vector("offsets", self.offsets, torch.int64)
        _require_partition(self.offsets, len(self.values))
        _require_no_negative(self.values, self.offsets)

    @classmethod
    def from_sequences(cls, sequences: Sequence[Sequence[int]]) -> "Ragged":
        """Lay sequences of token ids end to end.

        Args:
            sequences: One sequence of non-negative ids below 2**31 per pair.

        Returns:
            The same sequences as tensors on the CPU.
        """
        offsets = [0, *accumulate(len(sequence) for sequence in sequences)]
        values = list(chain.from_iterable(sequences))
        return cls(torch.tensor(values, dtype=torch.int32), torch.tensor(offsets, dtype=torch.int64))

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.offsets) - 1


def _require_vector(name: str, tensor: Tensor, dtype: torch.dtype) -> None:
    if tensor.dtype != dtype:
        raise ValueError(f"{name} has dtype {tensor.dtype}; accepted is {dtype}")
    if tensor.ndim != 1:
        raise ValueError(f"{name} has shape {tuple(tensor.shape)}; accepted is one dimension")


def _require_partition(offsets: Tensor, tokens: int) -> None:
    if len(offsets) == 0:
        raise ValueError("offsets is empty; accepted is one entry more than there are pairs")
    if offsets[0] != 0:
        raise ValueError(f"offsets[0] is {int(offsets[0])}; accepted is 0")
    decreasing = torch.nonzero(offsets[1:] < offsets[:-1])
    if len(decreasing):
        pair = int(decreasing[0])
        start, end = int(offsets[pair]), int(offsets[pair + 1])
        raise ValueError(f"pair {pair} starts at offset {start} and ends before it, at {end}")
    if offsets[-1] != tokens:
        raise ValueError(f"the last offset is {int(offsets[-1])}; accepted is the number of tokens, {tokens}")


def _require_no_negative(values: Tensor, offsets: Tensor) -> None:
    negative = torch.nonzero(values < 0)
    if len(negative):
        token = negative[0, 0]
        pair = int(torch.searchsorted(offsets, token, right=True)) - 1
        position = int(token - offsets[pair])
        raise ValueError(f"pair {pair}, position {position}: token is {int(values[token])}; accepted is 0 or more")
