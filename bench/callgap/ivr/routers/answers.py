"""What a chat model has answered, kept, so that the same text is never asked about twice."""

from __future__ import annotations

import json
import threading
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from callgap.errors import InputError
from callgap.ivr.routers.base import Routed


class Answers:
    """A file of answers to one question about many texts.

    It holds the SHA-256 of each text, and what came of it: neither a caller's words nor a model's.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()

    def known(self, text: str) -> Routed | None:
        """What was answered to a text; None where it was never asked about."""
        return self._known.get(_name(text))

    def keep(self, text: str, found: Routed) -> None:
        """Keep an answer; many threads and processes may do so at once.

        Raises:
            InputError: the file cannot be written.
        """
        name = _name(text)
        row = {"text": name, "intent": found.intent, "confidence": found.confidence, "fault": found.fault}
        line = json.dumps(row, ensure_ascii=True)
        try:
            with self._threads, FileLock(f"{self._path}.lock"):
                with self._path.open("a+b") as file:
                    file.write(self._separated(file.tell()) + line.encode() + b"\n")
                self._known[name] = found
        except OSError as error:
            raise InputError(f"{self._path} cannot be written: {error.strerror}") from None

    def _separated(self, size: int) -> bytes:
        """A new line where the last one was never finished."""
        if not size:
            return b""
        with self._path.open("rb") as file:
            file.seek(size - 1)
            return b"" if file.read(1) == b"\n" else b"\n"

    @cached_property
    def _known(self) -> dict[str, Routed]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        except OSError as error:
            raise InputError(f"{self._path} cannot be used: {error.strerror}") from None
        known: dict[str, Routed] = {}
        for line in lines:
            # A line that a killed run has not finished is asked for again.
            if (read := _read(line)) is not None:
                known.setdefault(*read)
        return known


def _name(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _read(line: bytes) -> tuple[str, Routed] | None:
    try:
        row = json.loads(line)
        confidence = row["confidence"]
        fits = isinstance(row["text"], str) and (confidence is None or isinstance(confidence, float))
        return (row["text"], Routed(row["intent"], confidence, fault=row["fault"])) if fits else None
    except (ValueError, LookupError, TypeError):
        return None
