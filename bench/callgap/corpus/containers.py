"""What the container of a recording says of its own length, which the decoder does not check."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

_UNSTATED = 0x7FFFF000
"""Programs that write to a pipe cannot go back to state the length; they leave 0, or a number from this one on."""
_CHUNKS = 1000
_OGG_PAGE = 65307
_CHUNKED = {b"RIFF": ("<", b"data"), b"RF64": ("<", b"data"), b"RIFX": (">", b"data"), b"FORM": (">", b"SSND")}


def ends_early(stream: BinaryIO) -> bool:
    """Whether a file holds less sound than its container promises.

    WAV (also RIFX and RF64), AIFF and AU state a number of bytes; the last page of an Ogg stream says that it is the
    last (RFC 3533, section 6). Of other formats nothing is said here: their decoders notice.

    Args:
        stream: the file, from any position.

    Returns:
        True where the promise is broken; a length that a pipe left unstated promises nothing.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    magic = stream.read(4)
    if magic == b"OggS":
        return _ogg_is_open(stream, size)
    if magic == b".snd":
        begin, promised = _numbers(stream, ">II")
        return begin + promised > size and promised < _UNSTATED
    place, promised = _sound_chunk(stream)
    return place > 0 and place + promised > size and not _UNSTATED <= promised < 2**32


def readable(stream: BinaryIO) -> BinaryIO | Unclosed:
    """A file as libsndfile can read it.

    Args:
        stream: the file, from any position.

    Returns:
        The stream at its beginning; where a WAV file's header states neither its own length nor any sound, though
        bytes follow, one that leaves the length unstated.
    """
    place, promised = _sound_chunk(stream)
    stream.seek(0)
    magic, whole = struct.unpack("<4sI", stream.read(8).ljust(8, b"\0"))
    stream.seek(0)
    open_ended = whole + 8 <= place or whole >= _UNSTATED
    return Unclosed(stream, place) if magic == b"RIFF" and place and not promised and open_ended else stream


def _sound_chunk(stream: BinaryIO) -> tuple[int, int]:
    # Offset of the first sample's byte (0 in a format without chunks) and the number of bytes that the header states.
    stream.seek(0)
    order, wanted = _CHUNKED.get(stream.read(4), ("", b""))
    place, long_size = 12, 0
    for _ in range(_CHUNKS if order else 0):
        stream.seek(place)
        head = stream.read(8)
        if len(head) < 8:
            break
        (size,) = struct.unpack(f"{order}I", head[4:])
        if head[:4] == wanted:
            return place + 8, long_size or size
        if head[:4] == b"ds64":
            long_size = _numbers(stream, "<QQ")[1]
        place += 8 + size + size % 2
    return 0, 0


def states_frames(stream: BinaryIO) -> bool:
    """Whether an MP3 file states how long it is; without a Xing or Info header its length is an estimate."""
    stream.seek(0)
    head = stream.read(10)
    tag = 0
    if head[:3] == b"ID3" and len(head) == 10:
        # Sizes of ID3v2 hold seven bits per byte.
        tag = 10 + sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    stream.seek(tag)
    frame = stream.read(256)
    return b"Xing" in frame or b"Info" in frame


class Unclosed:
    """A WAV file whose header states no bytes of sound though they follow, read as if it left the length unstated."""

    def __init__(self, stream: BinaryIO, place: int) -> None:
        self._stream, self._place = stream, place - 4

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of a file."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """As of a file."""
        return self._stream.tell()

    def read(self, size: int = -1) -> bytes:
        """As of a file, with the size of the chunk replaced by its largest value."""
        begin = self._stream.tell()
        found = bytearray(self._stream.read(size))
        for byte in range(max(self._place, begin), min(self._place + 4, begin + len(found))):
            found[byte - begin] = 0xFF
        return bytes(found)

    def write(self, data: bytes) -> int:
        """Refused: recordings are read."""
        raise OSError("a recording is never written")


def _numbers(stream: BinaryIO, form: str) -> tuple[int, ...]:
    found = stream.read(struct.calcsize(form))
    return struct.unpack(form, found.ljust(struct.calcsize(form), b"\0"))


def _ogg_is_open(stream: BinaryIO, size: int) -> bool:
    begin = max(0, size - 2 * _OGG_PAGE)
    stream.seek(begin)
    tail = stream.read()
    page = tail.rfind(b"OggS")
    if page < 0 or len(tail) < page + 27:
        return True
    lacing = tail[page + 27 : page + 27 + tail[page + 26]]
    whole = page + 27 + tail[page + 26] + sum(lacing) <= len(tail)
    return not (whole and tail[page + 5] & 4)
