"""Arrow arrays by what they offer, so that pyarrow need not be installed."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TEXT_TYPES: Final = ("large_string", "string")
LIST_TYPES: Final = ("large_list<int32>", "list<int32>")


@dataclass(frozen=True, eq=False)
class Utf8:
    """Texts in the memory of an Arrow array.

    Attributes:
        data: UTF-8 of the whole array, uint8 [byte], at least 8 bytes.
        bounds: Text `t` is `data[bounds[t]:bounds[t + 1]]`, int64 [text + 1].
    """

    data: NDArray[np.uint8]
    bounds: NDArray[np.int64]


class _Memory:
    """Memory of an Arrow buffer as numpy takes it, kept alive by this object.

    numpy would mark it as read-only, and torch warns of such arrays; nothing here writes to it.
    """

    def __init__(self, buffer: Any, dtype: type[np.generic], first: int, length: int) -> None:
        self._owner = buffer
        item = np.dtype(dtype)
        address = buffer.address + first * item.itemsize
        self.__array_interface__ = {"data": (address, False), "shape": (length,), "typestr": item.str, "version": 3}


def is_arrow(values: Any) -> bool:
    """Tell whether something is an Arrow array or a chunked one."""
    return hasattr(values, "type") and (hasattr(values, "buffers") or hasattr(values, "chunks"))


def utf8_chunks(name: str, texts: Any) -> list[Utf8]:
    """Take the texts of an Arrow array without copying them.

    Args:
        name: Name of the argument, for messages.
        texts: Arrow array of `large_string` or `string`, or a chunked one; slices too. The offsets of `string` are
            copied, to int64.

    Returns:
        One entry per chunk.

    Raises:
        ValueError: If the type is another, a text is null, or an offset is wrong; the message names the item.
    """
    if str(texts.type) not in TEXT_TYPES:
        raise ValueError(f"{name} is an Arrow array of {texts.type}; accepted are {' and '.join(TEXT_TYPES)}")
    chunks, done = [], 0
    for chunk in _chunks(texts):
        null = _first_null(chunk)
        if null is not None:
            raise ValueError(f"{name}[{done + null}] is null; accepted is a text")
        chunks.append(_utf8(f"{name}[{done}:{done + len(chunk)}]", chunk))
        done += len(chunk)
    return chunks


def list_tensors(lists: Any) -> tuple[Tensor, Tensor]:
    """Take the values and offsets of an Arrow array of lists; see `Ragged.from_arrow`.

    Args:
        lists: Arrow array.

    Returns:
        All values of the array, int32 [value], and the offsets of its lists, int64 [list + 1].

    Raises:
        ValueError: As `Ragged.from_arrow`.
    """
    kind = str(getattr(lists, "type", type(lists).__name__))
    outer = kind.partition("<")[0]
    inner = getattr(getattr(lists, "type", None), "value_type", None)
    if not is_arrow(lists) or f"{outer}<{inner}>" not in LIST_TYPES:
        raise ValueError(f"lists is {kind}; accepted are Arrow arrays of {' and '.join(LIST_TYPES)}")
    chunks = _chunks(lists)
    if len(chunks) != 1:
        raise ValueError(f"lists has {len(chunks)} chunks; accepted is 1: call combine_chunks()")
    chunk = chunks[0]
    null = _first_null(chunk)
    if null is not None:
        raise ValueError(f"pair {null} is null; accepted is a list")
    offsets = _offsets(chunk, wide=outer == "large_list")
    values = chunk.values
    _require_no_null(values, offsets)
    data = _view(values.buffers()[1], np.int32, values.offset, len(values))
    return torch.from_numpy(data), torch.from_numpy(offsets)


def _chunks(values: Any) -> list[Any]:
    return list(values.chunks) if hasattr(values, "chunks") else [values]


def _view(buffer: Any, dtype: type[np.generic], first: int, length: int) -> NDArray[Any]:
    # An empty array may come without a buffer.
    if buffer is None or length == 0:
        return np.zeros(length, dtype)
    return np.require(_Memory(buffer, dtype, first, length), requirements="A")


def _offsets(chunk: Any, wide: bool) -> NDArray[np.int64]:
    buffer = chunk.buffers()[1]
    if buffer is None or buffer.size == 0:
        return np.zeros(1, np.int64)
    offsets = _view(buffer, np.int64 if wide else np.int32, chunk.offset, len(chunk) + 1)
    return offsets.astype(np.int64, copy=False)


def _utf8(name: str, chunk: Any) -> Utf8:
    bounds = _offsets(chunk, wide=str(chunk.type) == "large_string")
    buffer = chunk.buffers()[2]
    size = buffer.size if buffer is not None else 0
    if bounds[0] < 0 or bounds[-1] > size or (bounds[1:] < bounds[:-1]).any():
        raise ValueError(f"{name} has offsets that decrease or leave its {size} bytes; accepted are valid Arrow arrays")
    data = _view(buffer, np.uint8, 0, size)
    return Utf8(data if size >= 8 else np.pad(data, (0, 8)), bounds)


def _first_null(array: Any) -> int | None:
    if array.null_count == 0:
        return None
    bitmap = np.frombuffer(array.buffers()[0], np.uint8)
    valid = np.unpackbits(bitmap, bitorder="little")[array.offset : array.offset + len(array)]
    return int(np.argmin(valid))


def _require_no_null(values: Any, offsets: NDArray[np.int64]) -> None:
    if values.null_count == 0:
        return
    # Nulls outside of all lists, as a slice may have them, are no tokens.
    first, last = int(offsets[0]), int(offsets[-1])
    null = _first_null(values.slice(first, last - first))
    if null is not None:
        pair = int(np.searchsorted(offsets, first + null, side="right")) - 1
        raise ValueError(f"pair {pair}, position {first + null - int(offsets[pair])}: token is null; accepted is an id")
