"""Token sequences of unequal length in two flat tensors."""

from array import array
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from itertools import accumulate, chain
from numbers import Integral
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from callgap_kernels.tokens import arrow

TOKEN_LIMIT: Final = 2**31


@dataclass(frozen=True, eq=False)
class Ragged:
    """One token sequence per pair.

    The first sequence need not begin at the first value, nor the last one end at the last value: a slice of an Arrow
    array shares all values of the array. Sequences are found through `offsets` only.

    Attributes:
        values: Int32 tensor [value], no token of a sequence negative.
        offsets: Int64 tensor [pair + 1]; sequence `p` is `values[offsets[p]:offsets[p + 1]]`.

    Raises:
        ValueError: If a dtype, a shape, an offset or a token breaks the above; the message names the pair.
    """

    values: Tensor
    offsets: Tensor

    def __post_init__(self) -> None:
        """Refuse tensors that describe no sequences."""
        _require_vector("values", self.values, torch.int32)
        _require_vector("offsets", self.offsets, torch.int64)
        if self.values.device != self.offsets.device:
            raise ValueError(f"values is on {self.values.device} and offsets on {self.offsets.device}; accepted is one")
        _require_bounds(self.offsets, len(self.values))
        _require_no_negative(self.values, self.offsets)

    @classmethod
    def from_sequences(cls, sequences: Sequence[Sequence[int]]) -> "Ragged":
        """Lay sequences of token ids end to end.

        Args:
            sequences: One sequence of ids from 0 to 2**31 - 1 per pair.

        Returns:
            The same sequences as tensors on the CPU.

        Raises:
            ValueError: If a token is no such id; the message names pair and position.
        """
        sequences = list(sequences)
        for pair, sequence in enumerate(sequences):
            if not isinstance(sequence, Sized):
                raise ValueError(f"pair {pair} is {type(sequence).__name__}; accepted is a sequence of token ids")
        offsets = [0, *accumulate(map(len, sequences))]
        try:
            values = array("i", chain.from_iterable(sequences))
        except (OverflowError, TypeError):
            _refuse_no_id(sequences)
            raise
        return cls(torch.from_numpy(np.array(values, dtype=np.int32)), torch.tensor(offsets, dtype=torch.int64))

    @classmethod
    def from_arrow(cls, lists: Any) -> "Ragged":
        """Take the sequences of an Arrow array without copying its values.

        The tensors lie in the memory of the array, which they keep alive. Arrow memory is shared: do not write to
        them.

        Args:
            lists: Arrow array `large_list<int32>`, or a chunked one of a single chunk; slices too. Of `list<int32>`
                only the offsets are copied, to int64.

        Returns:
            The same sequences as tensors on the CPU.

        Raises:
            ValueError: If the type is another, a list or a token is null (the message names the pair), or a token is
                negative.
        """
        return cls(*arrow.list_tensors(lists))

    @classmethod
    def trusted(cls, values: Tensor, offsets: Tensor) -> "Ragged":
        """Make a Ragged of what a kernel has just made, without looking at it.

        Args:
            values: Int32 tensor as in the class.
            offsets: Int64 tensor as in the class.

        Returns:
            A Ragged over the same tensors.
        """
        ragged = object.__new__(cls)
        object.__setattr__(ragged, "values", values)
        object.__setattr__(ragged, "offsets", offsets)
        return ragged

    def to(self, device: str | torch.device) -> "Ragged":
        """Copy to a device, values outside of all sequences left behind.

        Args:
            device: A device of torch.

        Returns:
            The same sequences on the device; itself if they are there.
        """
        place = torch.device(device)
        if self.values.device == place:
            return self
        first, last = int(self.offsets[0]), int(self.offsets[-1])
        return Ragged.trusted(self.values[first:last].to(place), (self.offsets - first).to(place))

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.offsets) - 1


def _require_vector(name: str, tensor: Tensor, dtype: torch.dtype) -> None:
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{name} is {type(tensor).__name__}; accepted is a tensor of {dtype}")
    if tensor.dtype != dtype:
        raise ValueError(f"{name} has dtype {tensor.dtype}; accepted is {dtype}")
    if tensor.ndim != 1:
        raise ValueError(f"{name} has shape {tuple(tensor.shape)}; accepted is one dimension")
    if not tensor.is_contiguous():
        raise ValueError(f"{name} has stride {tensor.stride(0)}; accepted is 1: call contiguous()")


def _require_bounds(offsets: Tensor, values: int) -> None:
    if len(offsets) == 0:
        raise ValueError("offsets is empty; accepted is one entry more than there are pairs")
    if (offsets[1:] < offsets[:-1]).any():
        pair = int(torch.nonzero(offsets[1:] < offsets[:-1])[0])
        start, end = int(offsets[pair]), int(offsets[pair + 1])
        raise ValueError(f"pair {pair} starts at offset {start} and ends before it, at {end}")
    if offsets[0] < 0:
        raise ValueError(f"pair 0 starts at offset {int(offsets[0])}; accepted is 0 or more")
    if offsets[-1] > values:
        pair = max(int(torch.searchsorted(offsets, values, right=True)) - 1, 0)
        end = int(offsets[min(pair + 1, len(offsets) - 1)])
        raise ValueError(f"pair {pair} ends at offset {end}; accepted is up to the number of values, {values}")


def _require_no_negative(values: Tensor, offsets: Tensor) -> None:
    first, last = int(offsets[0]), int(offsets[-1])
    used = values[first:last]
    if len(used) and used.min() < 0:
        value = first + int(torch.nonzero(used < 0)[0])
        pair = int(torch.searchsorted(offsets, value, right=True)) - 1
        position = value - int(offsets[pair])
        raise ValueError(f"pair {pair}, position {position}: token is {int(values[value])}; accepted is 0 or more")


def _refuse_no_id(sequences: Sequence[Sequence[int]]) -> None:
    for pair, sequence in enumerate(sequences):
        for position, token in enumerate(sequence):
            if not isinstance(token, Integral) or not 0 <= token < TOKEN_LIMIT:
                accepted = f"an int from 0 to {TOKEN_LIMIT - 1}"
                raise ValueError(f"pair {pair}, position {position}: token is {token!r}; accepted is {accepted}")
