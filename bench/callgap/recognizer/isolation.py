"""Runs a program that nothing is known about: limited in time and output, and gone afterwards with all it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

LARGEST_OUTPUT = 2**20
"""Bytes of standard output after which a program is killed."""

_CHUNK = 65536
_LOOK_S = 0.05


class ProgramError(Exception):
    """A program gave no output that counts; the message is a reason code."""


def output_of(command: Sequence[str], folder: Path, environment: Mapping[str, str], *, timeout_s: float) -> bytes:
    """Run a program to its end, in a session of its own and without standard input.

    Args:
        command: program (absolute path) and arguments.
        folder: in which it runs.
        environment: all that it sees.
        timeout_s: seconds that it may take.

    Returns:
        Its standard output. What it leaves running is killed, unless that began a session of its own.

    Raises:
        ProgramError: `timeout`, `too_much_output`, `exit_<status>`, `signal_<number>` or `not_started`.
    """
    deadline = time.monotonic() + timeout_s
    with _started(command, folder, environment) as process:
        printed = _read(process, deadline)
        try:
            status = process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise ProgramError("timeout") from None
    if status:
        raise ProgramError(f"exit_{status}" if status > 0 else f"signal_{-status}")
    return printed


@contextlib.contextmanager
def _started(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
    except OSError:
        raise ProgramError("not_started") from None
    with process:
        try:
            yield process
        finally:
            # A group without a living process is one that macOS may not signal.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _read(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    assert process.stdout is not None
    pipe, printed = process.stdout.fileno(), bytearray()
    while (left := deadline - time.monotonic()) > 0:
        # Looked at first: what was printed before the end is in the pipe by then.
        ended = process.poll() is not None
        ready, _, _ = select.select([pipe], [], [], 0 if ended else min(left, _LOOK_S))
        chunk = os.read(pipe, _CHUNK) if ready else b""
        printed += chunk
        if len(printed) > LARGEST_OUTPUT:
            raise ProgramError("too_much_output")
        # What the program started may hold the pipe open after its end.
        if not chunk and (ready or ended):
            return bytes(printed)
    raise ProgramError("timeout")
