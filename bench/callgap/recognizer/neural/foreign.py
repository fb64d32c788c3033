"""What the files and the code of others raise, as one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from callgap.errors import InputError

FOREIGN = (Exception, SystemExit)
"""What a file or a module of others may raise: nobody lists it, and a checkpoint's own code may even ask to exit.

KeyboardInterrupt is the user's and passes.
"""


@contextmanager
def foreign(problem: str) -> Iterator[None]:
    """Give whatever another's files or code raise the form of a sentence.

    Args:
        problem: begin of the sentence: the checkpoint, the file if it is known, and what cannot be done.

    Raises:
        InputError: anything was raised; an InputError and want of memory pass as they are.
    """
    try:
        yield
    except (InputError, torch.OutOfMemoryError):
        raise
    except FOREIGN as error:
        # A damaged file can break any line of transformers, of the packages below it or of the checkpoint's own code:
        # no list of exceptions would be whole, and each that it lacks is a traceback for whoever gave the file.
        raise InputError(f"{problem}: {said(error)}") from None


@contextmanager
def fitting(name: str, device: torch.device) -> Iterator[None]:
    """Say what to do where a device's memory is too small.

    Args:
        name: of the checkpoint.
        device: that is to hold it.

    Raises:
        InputError: memory ran out.
    """
    try:
        yield
    except torch.OutOfMemoryError:
        raise InputError(
            f"recognizer.checkpoint={name} does not fit into the memory of {device}; try recognizer.dtype=bf16, "
            "another recognizer.device or a smaller checkpoint"
        ) from None


def said(error: BaseException) -> str:
    """The type and the first line of an error, and the line behind it where the first only announces it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = " ".join(lines[:2]) if lines and lines[0].endswith(":") else "".join(lines[:1])
    return f"{type(error).__name__}: {line}" if line else type(error).__name__
