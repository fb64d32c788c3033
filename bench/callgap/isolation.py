"""Runs a program that nothing is known about: limited in time and output, and gone afterwards with its session."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from callgap.errors import InputError

LARGEST_OUTPUT = 2**20
"""Bytes of standard output after which a program is killed."""

_ALWAYS_PASSED = ("PATH", "LANG", "HOME")
_CHUNK = 65536
_LOOK_S = 0.05


class ProgramError(Exception):
    """A program gave no output that counts; the message is a reason code."""


@dataclass(frozen=True)
class Exchange:
    """What a program answered to pieces that it was given one after the other.

    Attributes:
        output: all bytes.
        seconds: per piece, from when it was given until what was owed by then had come.
    """

    output: bytes
    seconds: tuple[float, ...]


def program_at(name: str, key: str) -> str:
    """The absolute path of a program.

    Args:
        name: on the PATH, or a path.
        key: of the configuration, for the message.

    Raises:
        InputError: there is none.
    """
    found = shutil.which(name)
    if found is None:
        raise InputError(f"{key}: found no program {name!r}; accepted: a name on the PATH, or a path")
    return str(Path(found).absolute())


def check_arguments(command: Sequence[str], placeholders: Mapping[str, str], key: str) -> None:
    """Check what a program is called with.

    Args:
        command: program and arguments.
        placeholders: by name, what stands in their place and what it is for: each must occur.
        key: of the configuration, for the messages.

    Raises:
        InputError: there is no such program, a placeholder is not there, or a path is relative.
    """
    program_at(command[0], key)
    for name, meaning in placeholders.items():
        if not any(f"{{{name}}}" in argument for argument in command[1:]):
            raise InputError(f"{key}: found {' '.join(command)!r}; an argument must hold {{{name}}}, {meaning}")
    for argument in command[1:]:
        path = Path(argument)
        if not path.is_absolute() and (path.suffix or len(path.parts) > 1) and path.exists():
            raise InputError(
                f"{key}: found {argument!r}, but the program runs in a folder of its own; write the absolute path"
            )


def check_environment(names: Sequence[str], key: str) -> None:
    """Check that variables that a program is meant to see are set.

    Raises:
        InputError: one is not.
    """
    for name in names:
        if name not in os.environ:
            raise InputError(f"{key}: the variable {name!r} is not set")


def environment_of(names: Sequence[str]) -> dict[str, str]:
    """What a program sees: PATH, LANG, HOME and the variables that are named, as far as they are set."""
    return {name: os.environ[name] for name in (*_ALWAYS_PASSED, *names) if name in os.environ}


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
        _ended(process, deadline)
    return printed


def exchanged(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    pieces: Sequence[bytes],
    owed: Sequence[int],
    *,
    timeout_s: float,
) -> Exchange:
    """Give a program its input piece by piece, each only when what it owes for those before has come.

    Args:
        command: program (absolute path) and arguments; it reads standard input and writes standard output.
        folder: in which it runs.
        environment: all that it sees.
        pieces: what it is given.
        owed: per piece, how many bytes must have come before the next is given.
        timeout_s: seconds that it may take for all.

    Returns:
        Its output, to the end that follows on the end of its input.

    Raises:
        ProgramError: `timeout`, `too_much_output` (of more than twice what is owed in the end), `ended_early`,
            `exit_<status>`, `signal_<number>` or `not_started`.
    """
    deadline = time.monotonic() + timeout_s
    with _started(command, folder, environment, stdin=subprocess.PIPE) as process:
        pipe = _Pipe(process, 2 * owed[-1] + _CHUNK, deadline)
        seconds = []
        for piece, due in zip(pieces, owed, strict=True):
            begin = time.perf_counter()
            pipe.give(piece)
            pipe.take(due)
            seconds.append(time.perf_counter() - begin)
        output = pipe.finish()
        _ended(process, deadline)
    return Exchange(output, tuple(seconds))


class _Pipe:
    """Both ends of a running program, neither of which may block for longer than to the deadline."""

    def __init__(self, process: subprocess.Popen[bytes], most: int, deadline: float) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._most, self._deadline = process, most, deadline
        self._input, self._output = process.stdin, process.stdout
        os.set_blocking(self._input.fileno(), False)
        self._came = bytearray()

    def give(self, piece: bytes) -> None:
        """Write a piece, and read meanwhile, since a program may wait for a reader."""
        left = memoryview(piece)
        while left:
            _, writable = self._wait(write=True)
            if writable:
                with contextlib.suppress(BlockingIOError):
                    left = left[self._write(left) :]

    def take(self, due: int) -> None:
        """Read until so many bytes have come in all."""
        while len(self._came) < due:
            self._wait(write=False)

    def finish(self) -> bytes:
        """End the input and read what still comes."""
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        with contextlib.suppress(_EndedError):
            while True:
                self._wait(write=False)
        return bytes(self._came)

    def _write(self, piece: memoryview) -> int:
        try:
            return os.write(self._input.fileno(), piece)
        except BrokenPipeError:
            self._give_up()
            raise ProgramError("ended_early") from None

    def _wait(self, *, write: bool) -> tuple[bool, bool]:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise ProgramError("timeout")
        writing = [self._input] if write else []
        readable, writable, _ = select.select([self._output], writing, [], left)
        if readable:
            chunk = os.read(self._output.fileno(), _CHUNK)
            if not chunk:
                self._give_up(to_finish=self._input.closed)
                raise _EndedError("ended_early")
            self._came += chunk
            if len(self._came) > self._most:
                raise ProgramError("too_much_output")
        return bool(readable), bool(writable)

    def _give_up(self, *, to_finish: bool = False) -> None:
        """Where a program went away before its time, say how rather than that."""
        if not to_finish:
            _ended(self._process, self._deadline)


class _EndedError(ProgramError):
    pass


def _ended(process: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        status = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise ProgramError("timeout") from None
    if status:
        raise ProgramError(f"exit_{status}" if status > 0 else f"signal_{-status}")


@contextlib.contextmanager
def _started(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=stdin,
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
