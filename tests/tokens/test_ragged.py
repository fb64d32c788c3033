"""What a Ragged refuses, and that it says where."""

import pytest
import torch
from torch import Tensor

from callgap_kernels import Ragged


def int32(*values: int) -> Tensor:
    return torch.tensor(values, dtype=torch.int32)


def int64(*values: int) -> Tensor:
    return torch.tensor(values, dtype=torch.int64)


def test_sequences_lie_end_to_end() -> None:
    ragged = Ragged.from_sequences([[4, 5], [], [6]])
    assert ragged.values.tolist() == [4, 5, 6]
    assert ragged.offsets.tolist() == [0, 2, 2, 3]
    assert len(ragged) == 3


@pytest.mark.parametrize(
    ("values", "offsets", "message"),
    [
        (int64(1), int64(0, 1), "values has dtype torch.int64; accepted is torch.int32"),
        (int32(1), int32(0, 1), "offsets has dtype torch.int32; accepted is torch.int64"),
        (int32(1).reshape(1, 1), int64(0, 1), r"values has shape \(1, 1\)"),
        (int32(), int64(), "offsets is empty"),
        (int32(1), int64(1, 1), r"offsets\[0\] is 1; accepted is 0"),
        (int32(1, 2), int64(0, 2, 1, 2), "pair 1 starts at offset 2 and ends before it, at 1"),
        (int32(1, 2, 3), int64(0, 2), "the last offset is 2; accepted is the number of tokens, 3"),
        (int32(1, 2, -7), int64(0, 1, 1, 3), "pair 2, position 1: token is -7; accepted is 0 or more"),
    ],
)
def test_a_broken_tensor_is_refused_by_place(values: Tensor, offsets: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Ragged(values, offsets)
