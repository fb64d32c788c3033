"""Arrow arrays of lists become tensors over the same memory."""

from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest

from callgap_kernels import Ragged

LISTS = [[1, 2], [], [3], [4, 5, 6]]
TYPES = [pa.large_list(pa.int32()), pa.list_(pa.int32())]


def sequences(ragged: Ragged) -> list[list[int]]:
    values, offsets = ragged.values.tolist(), ragged.offsets.tolist()
    return [values[start:end] for start, end in pairwise(offsets)]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_sequences_are_the_lists(kind: pa.DataType) -> None:
    assert sequences(Ragged.from_arrow(pa.array(LISTS, kind))) == LISTS


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_values_and_large_offsets_lie_in_arrow_memory(kind: pa.DataType) -> None:
    lists = pa.array(LISTS, kind)
    ragged = Ragged.from_arrow(lists)
    _, offsets, _, values = lists.buffers()
    assert ragged.values.data_ptr() == values.address
    assert (ragged.offsets.data_ptr() == offsets.address) == (kind == TYPES[0])


@pytest.mark.parametrize("kind", TYPES, ids=str)
@pytest.mark.parametrize(("start", "length"), [(0, 2), (1, 2), (2, 2), (3, 1), (4, 0), (0, 0)])
def test_a_slice_shares_the_memory_of_the_whole(kind: pa.DataType, start: int, length: int) -> None:
    lists = pa.array(LISTS, kind)
    ragged = Ragged.from_arrow(lists.slice(start, length))
    assert sequences(ragged) == LISTS[start : start + length]
    assert ragged.values.data_ptr() == lists.buffers()[3].address


def test_values_that_are_a_slice_themselves_are_found() -> None:
    values = pa.array([9, 9, 1, 2, 3], pa.int32()).slice(2)
    lists = pa.LargeListArray.from_arrays(pa.array([0, 1, 3], pa.int64()), values)
    ragged = Ragged.from_arrow(lists)
    assert sequences(ragged) == [[1], [2, 3]]
    assert ragged.values.data_ptr() == values.buffers()[1].address + 2 * 4


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_no_lists_are_no_sequences(kind: pa.DataType) -> None:
    assert sequences(Ragged.from_arrow(pa.array([], kind))) == []
    assert sequences(Ragged.from_arrow(pa.array([[], []], kind))) == [[], []]


def test_the_tensors_keep_the_memory_alive() -> None:
    before = pa.total_allocated_bytes()
    ragged = Ragged.from_arrow(pa.array([list(range(100_000))], TYPES[0]))
    assert pa.total_allocated_bytes() - before >= 400_000
    assert ragged.values.sum() == sum(range(100_000))
    del ragged
    assert pa.total_allocated_bytes() == before


def test_one_chunk_is_taken_and_several_are_refused() -> None:
    lists = pa.array(LISTS, TYPES[0])
    assert sequences(Ragged.from_arrow(pa.chunked_array([lists]))) == LISTS
    with pytest.raises(ValueError, match=r"lists has 2 chunks; accepted is 1: call combine_chunks\(\)"):
        Ragged.from_arrow(pa.chunked_array([lists, lists]))


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_nulls_are_refused_by_place(kind: pa.DataType) -> None:
    with pytest.raises(ValueError, match="pair 1 is null; accepted is a list"):
        Ragged.from_arrow(pa.array([[0], [1], None, []], kind).slice(1))
    with pytest.raises(ValueError, match="pair 1, position 2: token is null"):
        Ragged.from_arrow(pa.array([[None], [1, 2], [3, 4, None]], kind).slice(1))


def test_nulls_outside_of_a_slice_do_not_matter() -> None:
    lists = pa.array([None, [None], [1, 2], [None]], TYPES[0])
    assert sequences(Ragged.from_arrow(lists.slice(2, 1))) == [[1, 2]]


@pytest.mark.parametrize(
    "lists",
    [pa.array([[1]], pa.list_(pa.int64())), pa.array([1], pa.int32()), pa.array([[1]], pa.list_(pa.int32(), 1)), [[1]]],
    ids=str,
)
def test_another_type_is_refused_by_name(lists: Any) -> None:
    with pytest.raises(
        ValueError, match=r"lists is .*; accepted are Arrow arrays of large_list<int32> and list<int32>"
    ):
        Ragged.from_arrow(lists)


def test_a_negative_token_is_refused_by_place() -> None:
    with pytest.raises(ValueError, match="pair 1, position 0: token is -4"):
        Ragged.from_arrow(pa.array([[1], [-4]], TYPES[0]))
