"""Speech from espeak-ng: the same bytes for the same request, whatever was said before."""

from __future__ import annotations

import atexit
import functools
import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import IO, cast

import espeakng_loader
import numpy as np
import torch

from callgap.audio import Signal
from callgap.corpus import _espeak_server
from callgap.errors import InputError


class Espeak:
    """A running espeak-ng, reached through a process that forks a child per request.

    Attributes:
        sample_rate: Hz of everything it says.
    """

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", _espeak_server.__file__]
        paths = [espeakng_loader.get_library_path(), espeakng_loader.get_data_path()]
        self._process = subprocess.Popen([*command, *paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.sample_rate = int(self._receive())

    def phonemes(self, text: str, voice: str) -> list[list[str]]:
        """How a voice would say a text.

        Args:
            text: what is said.
            voice: name of an espeak-ng voice.

        Returns:
            Per word, its phonemes in espeak-ng's mnemonics; a stress mark stands before its phoneme.

        Raises:
            InputError: there is no such voice.
        """
        answer = self._ask({"kind": "phonemes", "voice": voice, "text": text}).decode()
        return [word.split(_espeak_server.SEPARATOR) for word in answer.split(" ") if word]

    def speak(self, text: str, voice: str, *, pitch: int, rate: int, phonemes: bool = False) -> Signal:
        """Say a text.

        Args:
            text: the text, or phoneme mnemonics if `phonemes`.
            voice: an espeak-ng voice, with `+variant` for another speaker.
            pitch: 0 to 100.
            rate: words per minute.
            phonemes: whether `text` holds mnemonics of the voice's phoneme table.

        Returns:
            float32 `[sample]` in [-1, 1] at `sample_rate`.

        Raises:
            InputError: there is no such voice.
        """
        request = {"kind": "speech", "voice": voice, "text": text, "pitch": pitch, "rate": rate, "phonemes": phonemes}
        pcm = np.frombuffer(self._ask(request), dtype="<i2")
        return torch.from_numpy(pcm.astype(np.float32) / 32768)

    def close(self) -> None:
        """End the process."""
        cast(IO[bytes], self._process.stdin).close()
        cast(IO[bytes], self._process.stdout).close()
        self._process.wait()

    def _ask(self, request: dict[str, object]) -> bytes:
        message = json.dumps(request).encode()
        stream = cast(IO[bytes], self._process.stdin)
        stream.write(struct.pack("<I", len(message)) + message)
        stream.flush()
        answer = self._receive()
        if answer[:1] != b"+":
            raise InputError(answer[1:].decode())
        return answer[1:]

    def _receive(self) -> bytes:
        stream = cast(IO[bytes], self._process.stdout)
        head = stream.read(4)
        if len(head) < 4:
            raise RuntimeError(f"espeak-ng ended with status {self._process.wait()}")
        return stream.read(struct.unpack("<I", head)[0])


@functools.cache
def espeak() -> Espeak:
    """The espeak-ng of this process, started at the first call and ended with the process."""
    started = Espeak()
    atexit.register(started.close)
    return started


@functools.cache
def phoneme_table(name: str) -> frozenset[str]:
    """The phoneme mnemonics that a table of espeak-ng defines, with those of the tables it builds on.

    Args:
        name: of the table, for example `en-us` or `fr`.

    Returns:
        The mnemonics.

    Raises:
        InputError: there is no such table.
    """
    data = (Path(espeakng_loader.get_data_path()) / "phontab").read_bytes()
    tables: list[tuple[str, int, frozenset[str]]] = []
    position = 4
    for _ in range(data[0]):
        count, base = data[position], data[position + 1]
        label = data[position + 4 : position + 36].split(b"\0")[0].decode()
        position += 36
        mnemonics = frozenset(
            data[p : p + 4].rstrip(b"\0").decode("latin-1") for p in range(position, position + 16 * count, 16)
        )
        position += 16 * count
        tables.append((label, base, mnemonics | tables[base - 1][2] if base else mnemonics))
    for label, _, mnemonics in tables:
        if label == name:
            return mnemonics
    raise InputError(f"espeak-ng has no phoneme table {name!r}")
