"""Downloads a file of which the bytes are known: what was begun is gone on with, and nothing else takes its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import urllib3
from filelock import FileLock, Timeout

from callgap.corpus.files import sha256_of
from callgap.errors import InputError, first_line

_BLOCK = 2**20
_TIMEOUT = urllib3.Timeout(connect=30, read=60)
_COMPLETE, _PART, _BEYOND = 200, 206, 416

Told = Callable[[int], object]


def fetch(address: str, to: Path, sha256: str, told: Told = lambda size: None, size: int | None = None) -> Path:
    """Download a file.

    Its bytes go to a file beside it, `<name>.part`, which stays where the connection breaks: the same call goes on with
    it. The file takes its name once its checksum was found right.

    Args:
        address: of http or https.
        to: the file to make; one that is there is kept if it is the one.
        sha256: of the whole file, hexadecimal.
        told: is called with the size of each block, first of what was there before.
        size: of the whole file in bytes, where it is known: not a block more is taken.

    Returns:
        The file.

    Raises:
        InputError: the server refuses or the connection breaks, another process is at it, or the file is another one.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    lock = to.with_name(f"{to.name}.lock")
    try:
        with FileLock(lock, timeout=0):
            try:
                if to.exists():
                    _require(to, sha256, address)
                else:
                    _fetched(address, to.with_name(f"{to.name}.part"), sha256, told, size).replace(to)
            finally:
                lock.unlink(missing_ok=True)
    except Timeout:
        raise InputError(f"{to} is being fetched by another process; wait for it") from None
    return to


def _fetched(address: str, part: Path, sha256: str, told: Told, size: int | None) -> Path:
    try:
        with part.open("ab") as file:
            _taken(address, file, told, size)
    except InputError:
        if not part.stat().st_size or (size is not None and part.stat().st_size > size):
            part.unlink()
        raise
    try:
        _require(part, sha256, address)
    except InputError as error:
        # Going on with another file's bytes would never end well.
        part.unlink()
        raise InputError(f"{error}; it was not kept") from None
    return part


def _taken(address: str, file: BinaryIO, told: Told, size: int | None) -> None:
    try:
        _append(address, file, told, size)
        if size is not None and file.tell() < size:
            raise OSError(f"the server ended before {size:,} bytes")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        why = first_line(getattr(error, "reason", None) or error)
        again = "the same command goes on with it" if file.tell() else "nothing of it was kept"
        raise InputError(f"{address}: the download stopped after {file.tell():,} bytes: {why}; {again}") from None


def _append(address: str, file: BinaryIO, told: Told, size: int | None) -> None:
    begun = file.tell()
    headers = {"Range": f"bytes={begun}-"} if begun else {}
    pool = urllib3.PoolManager(timeout=_TIMEOUT)
    with pool.request("GET", address, headers=headers, preload_content=False, redirect=True) as answer:
        if begun and answer.status == _BEYOND:
            # All of it is there: the checksum tells whether it is the one.
            told(begun)
            return
        if answer.status == _PART and not str(answer.headers.get("Content-Range", "")).startswith(f"bytes {begun}-"):
            raise InputError(f"{address}: the server sent another part of the file than the one from byte {begun} on")
        if answer.status not in (_COMPLETE, _PART):
            raise InputError(f"{address}: the server answered {answer.status} {answer.reason}")
        if answer.status == _COMPLETE:
            # A server that knows no parts sends all of it.
            file.truncate(0)
            begun = 0
        told(begun)
        for block in _blocks(answer):
            file.write(block)
            told(len(block))
            if size is not None and file.tell() > size:
                raise InputError(f"{address}: the server sends more than the {size:,} bytes of the file; stopped")


def _blocks(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    # The checksum is of the file as it is kept, not of what a server may have compressed on its way.
    yield from answer.stream(_BLOCK, decode_content=False)


def _require(path: Path, sha256: str, address: str) -> None:
    if (found := sha256_of(path)) != sha256:
        raise InputError(f"{path}: its SHA-256 is {found}; accepted: {sha256}, of {address}")
