"""Texts that are refused, by name and place, on both paths."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from callgap_kernels.tokens import encode, encode_pairs


@pytest.fixture(params=["plain", "fast"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    worth_s = {"plain": 1e9, "fast": -1.0}[request.param]
    monkeypatch.setattr(encode, "_tier", encode.Tier(worth_s=worth_s))
    return str(request.param)


@pytest.mark.parametrize("item", [None, float("nan"), b"a", 3, ["a"], pa.scalar("a")])
@pytest.mark.parametrize("unit", ["word", "character"])
@pytest.mark.usefixtures("path")
def test_an_item_that_is_no_text_is_refused_by_index(item: Any, unit: str) -> None:
    texts = ["a"] * 3_000
    with pytest.raises(ValueError, match=rf"hypotheses\[2500\] is {type(item).__name__}; accepted is str"):
        encode_pairs(texts, [*texts[:2_500], item, *texts[2_501:]], unit)


@pytest.mark.parametrize("unit", ["word", "character"])
@pytest.mark.usefixtures("path")
def test_a_null_is_refused_by_index_in_the_whole(unit: str) -> None:
    array = pa.array(["x", "a", None, "b"], pa.large_string()).slice(1)
    with pytest.raises(ValueError, match=r"references\[1\] is null; accepted is a text"):
        encode_pairs(array, ["a"] * 3, unit)
    with pytest.raises(ValueError, match=r"references\[4\] is null"):
        encode_pairs(pa.chunked_array([array.slice(2), array.slice(2), array.slice(2), array]), ["a"] * 6, unit)


@pytest.mark.parametrize("array", [pa.array([1]), pa.array([b"a"]), pa.array(["a"]).dictionary_encode(), pa.nulls(1)])
def test_an_arrow_array_of_no_texts_is_refused_by_type(array: Any) -> None:
    with pytest.raises(ValueError, match=r"references is an Arrow array of .*; accepted are large_string and string"):
        encode_pairs(array, ["a"])


class OtherArrow:
    """What is asked of an Arrow array, from a library that is not pyarrow and checks nothing."""

    type = "large_string"
    offset = null_count = 0

    def __init__(self, offsets: list[int], text: bytes) -> None:
        self._length = len(offsets) - 1
        self._buffers = [None, pa.py_buffer(np.array(offsets, np.int64)), pa.py_buffer(text)]

    def __len__(self) -> int:
        return self._length

    def buffers(self) -> list[Any]:
        return self._buffers


def test_an_array_of_another_library_is_read() -> None:
    encoded = encode_pairs(OtherArrow([0, 1, 3], b"a b"), ["a", "b"])
    assert encoded.reference.values.tolist() == encoded.hypothesis.values.tolist() == [0, 1]


@pytest.mark.parametrize("offsets", [[0, 3, 1], [0, 1, 99], [-1, 0, 1], [0, 99, 3], [0, -1, 1]])
def test_an_arrow_array_with_wrong_offsets_is_refused(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match=r"references\[0:2\] has offsets that decrease or leave its 3 bytes"):
        encode_pairs(OtherArrow(offsets, b"abc"), ["a", "b"])


def test_one_text_in_place_of_a_list_is_refused() -> None:
    with pytest.raises(ValueError, match="references is one str; accepted is a sequence of str"):
        encode_pairs("abc", ["a", "b", "c"])


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="1 references and 3 hypotheses; accepted are equal numbers"):
        encode_pairs(["a"], pa.array(["a", "b", "c"]))


def test_an_unknown_unit_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(ValueError, match="unit is 'phone'; accepted are 'word', 'character'"):
        encode_pairs(["a"], ["a"], "phone")


def test_no_thread_is_refused() -> None:
    with pytest.raises(ValueError, match="threads is 0; accepted is a whole number from 1 on"):
        encode_pairs(["a"], ["a"], threads=0)


@pytest.mark.usefixtures("path")
def test_str_subclasses_and_tuples_are_texts() -> None:
    encoded = encode_pairs((np.str_("pay bill"),), np.array(["bill pay"]))
    assert encoded.reference.values.tolist() == [0, 1]
    assert encoded.hypothesis.values.tolist() == [1, 0]
