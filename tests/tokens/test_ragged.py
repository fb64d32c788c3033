"""What a Ragged refuses, and that it says where."""

import numpy as np
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


def test_sequences_may_be_arrays_and_may_be_none_at_all() -> None:
    assert Ragged.from_sequences([np.array([2**31 - 1])]).values.tolist() == [2**31 - 1]  # type: ignore[list-item]
    assert len(Ragged.from_sequences([])) == 0


@pytest.mark.parametrize("token", [-1, 2**31, 2**64, -(2**64), 1.5, None, "a"])
def test_a_token_that_is_no_id_is_refused_by_place(token: int) -> None:
    with pytest.raises(ValueError, match="pair 1, position 2: token is"):
        Ragged.from_sequences([[1], [0, 0, token]])


def test_values_may_lie_outside_of_all_sequences() -> None:
    ragged = Ragged(int32(-9, 1, 2, -9), int64(1, 2, 3))
    assert len(ragged) == 2


@pytest.mark.parametrize(
    ("values", "offsets", "message"),
    [
        (int64(1), int64(0, 1), "values has dtype torch.int64; accepted is torch.int32"),
        (int32(1), int32(0, 1), "offsets has dtype torch.int32; accepted is torch.int64"),
        (int32(1).reshape(1, 1), int64(0, 1), r"values has shape \(1, 1\)"),
        (int32(1, 2, 3)[::2], int64(0, 2), "values has stride 2; accepted is 1"),
        (int32(), int64(), "offsets is empty"),
        (int32(1), int64(-1, 1), "pair 0 starts at offset -1; accepted is 0 or more"),
        (int32(1, 2), int64(0, 2, 1, 2), "pair 1 starts at offset 2 and ends before it, at 1"),
        (int32(1, 2), int64(0, 2**62, -(2**62)), f"pair 1 starts at offset {2**62} and ends before it, at -{2**62}"),
        (int32(1, 2), int64(0, 2, 3, 4), "pair 1 ends at offset 3; accepted is up to the number of values, 2"),
        (int32(1, 2), int64(0, 1, 2**62), f"pair 1 ends at offset {2**62}; accepted is up to"),
        (int32(1), int64(5), "pair 0 ends at offset 5"),
        (int32(1), int64(5, 6), "pair 0 ends at offset 6"),
        (int32(1, 2, -7), int64(0, 1, 1, 3), "pair 2, position 1: token is -7; accepted is 0 or more"),
        (int32(-9, 1, -7), int64(1, 1, 3), "pair 1, position 1: token is -7; accepted is 0 or more"),
    ],
)
def test_a_broken_tensor_is_refused_by_place(values: Tensor, offsets: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Ragged(values, offsets)


def test_tensors_of_two_devices_are_refused() -> None:
    with pytest.raises(ValueError, match="values is on cpu and offsets on meta"):
        Ragged(int32(1), int64(0, 1).to("meta"))


def test_a_ragged_that_is_on_the_device_stays_itself() -> None:
    ragged = Ragged.from_sequences([[1]])
    assert ragged.to("cpu") is ragged


def test_only_the_sequences_travel_to_a_device() -> None:
    moved = Ragged(int32(9, 1, 2, 9), int64(1, 2, 3)).to("meta")
    assert (moved.values.device.type, len(moved.values), len(moved)) == ("meta", 2, 2)


@pytest.mark.gpu
def test_a_slice_is_the_same_on_a_gpu() -> None:
    moved = Ragged(int32(9, 1, 2, 9), int64(1, 2, 3)).to("cuda")
    assert moved.values.tolist() == [1, 2]
    assert moved.offsets.tolist() == [0, 1, 2]
