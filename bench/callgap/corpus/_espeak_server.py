"""A process of its own that speaks through espeak-ng, started as a program: requests in, sound out.

What espeak-ng says depends on what its process said before, and initializing it anew does not cure that. So this
process initializes the library once, never speaks itself, and forks a child for each request. It has one thread and
imports nothing but the standard library and the path of the shared library, so a fork costs little and is safe.
It ends when its standard input is closed, hence with the process that started it.

Wire format, both directions: a 4-byte little-endian length, then that many bytes. A request is JSON:
`{"kind": "phonemes", "voice": ..., "text": ...}` or `{"kind": "speech", "voice": ..., "text": ..., "pitch": ...,
"rate": ..., "phonemes": bool}`. The answer is one byte, `+` or `-`, then UTF-8 phonemes, 16-bit mono PCM, or the
reason.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import struct
import sys
from typing import BinaryIO

_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_UTF8, _PHONEMES = 0x1, 0x100
_RATE, _PITCH = 1, 3
SEPARATOR = "\x1f"

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def _initialize(library_path: str, data_path: str) -> tuple[ctypes.CDLL, int]:
    library = ctypes.CDLL(library_path)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    sample_rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data_path.encode(), _DO_NOT_EXIT)
    if sample_rate <= 0:
        raise SystemExit(f"espeak-ng does not find its voices in {data_path}")
    return library, sample_rate


def _phonemes(library: ctypes.CDLL, text: str) -> bytes:
    rest, clauses = ctypes.c_char_p(text.encode()), []
    while rest.value:
        clauses.append(library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, ord(SEPARATOR) << 8))
    return b" ".join(clauses)


def _speech(library: ctypes.CDLL, text: str, pitch: int, rate: int, phonemes: bool) -> bytes:
    sound = bytearray()

    def collect(samples: object, count: int, _events: object) -> int:
        if samples and count > 0:
            sound.extend(ctypes.string_at(samples, 2 * count))  # type: ignore[arg-type]
        return 0

    callback = _Callback(collect)
    library.espeak_SetSynthCallback(callback)
    # Voices with breath draw random numbers, which espeak-ng otherwise seeds from the clock.
    library.espeak_ng_SetRandSeed(ctypes.c_long(1))
    library.espeak_SetParameter(_RATE, rate, 0)
    library.espeak_SetParameter(_PITCH, pitch, 0)
    encoded = (f"[[{text}]]" if phonemes else text).encode()
    library.espeak_Synth(encoded, len(encoded) + 1, 0, 0, 0, _UTF8 | (_PHONEMES if phonemes else 0), None, None)
    library.espeak_Synchronize()
    return bytes(sound)


def _answer(library: ctypes.CDLL, request: dict[str, object]) -> bytes:
    if library.espeak_SetVoiceByName(str(request["voice"]).encode()) != 0:
        return b"-espeak-ng has no voice " + str(request["voice"]).encode()
    if request["kind"] == "phonemes":
        return b"+" + _phonemes(library, str(request["text"]))
    pitch, rate = int(str(request["pitch"])), int(str(request["rate"]))
    return b"+" + _speech(library, str(request["text"]), pitch, rate, bool(request["phonemes"]))


def _in_child(library: ctypes.CDLL, request: dict[str, object]) -> bytes:
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(readable)
            with os.fdopen(writable, "wb") as out:
                out.write(_answer(library, request))
            code = 0
        finally:
            os._exit(code)
    os.close(writable)
    with os.fdopen(readable, "rb") as answers:
        answer = answers.read()
    _, ended = os.waitpid(child, 0)
    return answer if ended == 0 and answer else b"-the child that spoke ended with wait status %d" % ended


def _read(stream: BinaryIO) -> bytes | None:
    head = stream.read(4)
    return stream.read(struct.unpack("<I", head)[0]) if len(head) == 4 else None


def main() -> None:
    """Answer requests until standard input ends; the first message sent is the sample rate in Hz."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    library, sample_rate = _initialize(sys.argv[1], sys.argv[2])
    requests, answers = sys.stdin.buffer, sys.stdout.buffer

    def send(message: bytes) -> None:
        answers.write(struct.pack("<I", len(message)) + message)
        answers.flush()

    send(str(sample_rate).encode())
    while (message := _read(requests)) is not None:
        send(_in_child(library, json.loads(message)))


if __name__ == "__main__":
    main()
