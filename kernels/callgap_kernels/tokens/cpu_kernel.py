"""Words of UTF-8 text to ids in one pass over the bytes, compiled by numba.

Eight bytes are loaded at a time, the first byte lowest. A word of up to eight bytes without NUL is its own key: two
different words have different keys. The key of any other word is a hash with low byte 0, which no word of the first
kind has, and equal hashes are settled by comparing the bytes with those stored.
"""

from typing import Any, Final

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

SPACE: Final = 0x20
FULL: Final = -1

MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
ALL_ONES: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
LOW_BITS: Final = np.uint64(0x0101010101010101)
HIGH_BITS: Final = np.uint64(0x8080808080808080)
LOW_BYTE: Final = np.uint64(0xFF)
LONG_MARK: Final = np.uint64(0x100)
HALF: Final = np.uint64(32)
# The same byte eight times.
ABOVE_SPACE: Final = LOW_BITS * np.uint64(SPACE + 1)
C2: Final = LOW_BITS * np.uint64(0xC2)
E0: Final = LOW_BITS * np.uint64(0xE0)
UP_TO_TWO_LOW_BITS: Final = LOW_BITS * np.uint64(0xFC)


@intrinsic
def _load(typing_context: Any, data: Any, position: Any) -> Any:
    """Eight bytes from any position on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = context.get_value_type(types.uint64).as_pointer()
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        address = builder.gep(array.data, [arguments[1]])
        return builder.load(builder.bitcast(address, word), align=1)

    return types.uint64(data, types.int64), generate


@intrinsic
def _trailing_zeros(typing_context: Any, word: Any) -> Any:
    """Zero bits below the lowest one; 64 if there is none."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], cgutils.false_bit)

    return types.int64(types.uint64), generate


@njit
def _eight(data: Bytes, position: int) -> np.uint64:
    """Eight bytes from a position inside the data on, zeros behind their end; the data have at least eight."""
    last = len(data) - 8
    if position <= last:
        return _load(data, position)  # type: ignore[no-any-return]
    return _load(data, last) >> np.uint64(8 * (position - last))  # type: ignore[no-any-return]


@njit
def _cut(eight: np.uint64, length: int) -> np.uint64:
    """The first one to eight bytes, zeros behind them."""
    return eight & (ALL_ONES >> np.uint64(64 - 8 * length))


@njit
def _stops(eight: np.uint64) -> np.uint64:
    """High bit of each byte at which a word may end: 0x20 and below, and how whitespace beyond ASCII begins.

    Only the lowest mark is exact: a borrow from it may mark bytes above it.
    """
    stops = (eight - ABOVE_SPACE) & ~eight
    if eight & HIGH_BITS:
        c2 = eight ^ C2
        e0_to_e3 = (eight & UP_TO_TWO_LOW_BITS) ^ E0
        stops |= ((c2 - LOW_BITS) & ~c2) | ((e0_to_e3 - LOW_BITS) & ~e0_to_e3)
    return stops & HIGH_BITS


@njit
def _space_at(data: Bytes, position: int, end: int) -> int:
    """Bytes of the whitespace character at a position, one of the 29 that str.split() knows; 0 if there is none."""
    first = data[position]
    if first < 0x80:
        return 1 if first == SPACE or 0x09 <= first <= 0x0D or 0x1C <= first <= 0x1F else 0
    if first == 0xC2 and position + 1 < end:
        return 2 if data[position + 1] == 0x85 or data[position + 1] == 0xA0 else 0
    if first < 0xE1 or first > 0xE3 or position + 2 >= end:
        return 0
    second, third = data[position + 1], data[position + 2]
    if first == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    if first == 0xE3:
        return 3 if second == 0x80 and third == 0x80 else 0
    if second == 0x81:
        return 3 if third == 0x9F else 0
    in_general_punctuation = 0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF
    return 3 if second == 0x80 and in_general_punctuation else 0


@njit
def _word_end(data: Bytes, start: int, end: int, separator: int) -> int:
    """Where the word that begins at `start` ends."""
    position = start
    while position < end:
        stops = _stops(_eight(data, position))
        position += _trailing_zeros(stops) >> 3
        if stops == 0:
            continue
        if position >= end or data[position] == separator or _space_at(data, position, end):
            break
        position += 1
    return min(position, end)


@njit
def _has_nul(key: np.uint64, length: int) -> bool:
    return bool(_cut((key - LOW_BITS) & ~key & HIGH_BITS, length))


@njit
def _long_key(data: Bytes, start: int, length: int) -> np.uint64:
    key = np.uint64(length)
    for index in range(0, length, 8):
        key = (key ^ _cut(_eight(data, start + index), min(8, length - index))) * MULTIPLIER
        key ^= key >> HALF
    return (key & ~LOW_BYTE) | LONG_MARK


@njit
def _same(data: Bytes, start: int, stored: Bytes, stored_start: int, length: int) -> bool:
    for index in range(0, length, 8):
        here = _cut(_eight(data, start + index), min(8, length - index))
        if here != _cut(_eight(stored, stored_start + index), min(8, length - index)):
            return False
    return True


@njit(
    types.int64(
        types.Array(types.uint8, 1, "C", readonly=True),
        types.Array(types.int64, 1, "C", readonly=True),
        types.int64,
        types.int64,
        types.uint64[::1],
        types.uint8[::1],
        types.int64[::1],
        types.int64[::1],
        types.int32[::1],
        types.int64[::1],
    ),
    nogil=True,
)
def intern_words(  # noqa: C901
    data: Bytes,
    bounds: NDArray[np.int64],
    texts: int,
    separator: int,
    table: NDArray[np.uint64],
    stored: Bytes,
    starts: NDArray[np.int64],
    state: NDArray[np.int64],
    ids: NDArray[np.int32],
    ends: NDArray[np.int64],
) -> int:
    """Number the words of a block of texts; a word that is new gets the next id and is stored.

    Args:
        data: UTF-8 of the texts, at least 8 bytes.
        bounds: Where each text begins, and where the last one ends [text + 1]; not read where texts are separated.
        texts: Number of texts.
        separator: Byte that stands between texts and nowhere else, or -1 where `bounds` says where they are.
        table: Hash table, a power of two of slots, each a key and an id; key 0 is an empty slot [2 slot].
        stored: Words in the order of their ids, a space behind each; must have room for twice the bytes of the block.
        starts: Where each stored word begins, and where the next one will [word limit + 1].
        state: Words stored, bytes stored, ids written; kept up to date.
        ids: Ids written so far, and room for those of the block.
        ends: Ids written at the end of each text [text].

    Returns:
        0; or `FULL` if there is no room for another word, with no ids counted as written: call again with a larger
        table.
    """
    slots = len(table) >> 1
    shift = np.uint64(64 - _trailing_zeros(np.uint64(slots)))
    words, used, written = state[0], state[1], state[2]
    position, end = np.int64(0), np.int64(len(data))
    for text in range(texts):
        if separator < 0:
            position, end = bounds[text], bounds[text + 1]
        while position < end:
            start = position
            eight = _eight(data, start)
            first = np.int64(eight & LOW_BYTE)
            if first <= SPACE or first >= 0x80:
                if first == separator:
                    position += 1
                    break
                space = _space_at(data, start, end)
                if space:
                    position += space
                    continue
            # Most words have fewer than eight bytes and one space behind them: one load finds and masks them.
            stops = _stops(eight)
            length = _trailing_zeros(stops) >> 3
            position = start + length
            stop = np.int64(SPACE)
            if position < end:
                stop = np.int64(data[position])
            else:
                length = end - start
            if stop == SPACE:
                position += 1
                key = _cut(eight, length)
            elif stop == separator:
                key = _cut(eight, length)
            else:
                position = _word_end(data, start, end, separator)
                length = position - start
                key = _cut(eight, min(8, length))
                if length > 8 or _has_nul(key, length):
                    key = _long_key(data, start, length)
            slot = np.int64((key * MULTIPLIER) >> shift)
            while True:
                found = table[2 * slot]
                if found == key:
                    number = np.int64(table[2 * slot + 1])
                    if key & LOW_BYTE:
                        break
                    known = starts[number]
                    if starts[number + 1] - known - 1 == length and _same(data, start, stored, known, length):
                        break
                elif found == 0:
                    if words + 1 >= len(starts):
                        return FULL
                    number = words
                    words += 1
                    for index in range(length):
                        stored[used + index] = data[start + index]
                    stored[used + length] = SPACE
                    used += length + 1
                    starts[words] = used
                    table[2 * slot] = key
                    table[2 * slot + 1] = np.uint64(number)
                    state[0], state[1] = words, used
                    break
                slot = (slot + 1) & (slots - 1)
            ids[written] = number
            written += 1
        ends[text] = written
    state[2] = written
    return 0
