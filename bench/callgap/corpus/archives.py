"""Unpacks the archive of a corpus: all of it or nothing, and never a file outside its folder."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tarfile import EOFHeaderError, HeaderError, ReadError  # type: ignore[attr-defined]
from typing import IO, Self

from callgap.errors import InputError, first_line

MOST_BYTES = 10**12
"""A corpus holds no more than a terabyte."""

MOST_MEMBERS = 20_000_000
_RATIO = 200
"""Recordings hardly shrink, and tables of text shrink tenfold; what grows further was made to fill a disk."""

_SPARED_BYTES = 2**27
_FIRST_SHOWN = 32
_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
_BLOCK = 2**20
_BROKEN = (EOFError, OSError, tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError)

Told = Callable[[int], object]


def unpack(archive: Path, to: Path, *, nested: bool = False, told: Told = lambda size: None) -> Path:
    """Unpack an archive into a folder that does not exist yet.

    Everything is written into a folder beside it, which takes its name when the last file is there: an error or an
    interruption leaves nothing behind.

    Args:
        archive: `.tar`, also compressed with gzip, bzip2 or xz, or `.zip`.
        to: the folder to make.
        nested: archives inside are unpacked too, each into the folder that holds it, and are not kept.
        told: is called with the size of each block that was written.

    Returns:
        The folder.

    Raises:
        InputError: the folder exists, the archive is none, is cut off, holds a path or a link that leads out of it or
            anything that is neither file nor folder, or is a bomb.
    """
    if not archive.is_file():
        raise InputError(f"{archive}: there is no such file; accepted: an archive")
    require_new(to)
    aside = Path(tempfile.mkdtemp(dir=to.parent, prefix=f".{to.name}-", suffix=".partial"))
    try:
        budget = _Budget(archive, shutil.disk_usage(aside).free)
        _unpack(archive, aside, budget, told)
        while nested and (inner := _archives(aside)):
            for place in inner:
                _unpack(place, place.parent, budget, told)
                place.unlink()
        # The folder of mkdtemp can be read by its owner alone.
        aside.chmod(0o755)
        aside.replace(to)
    except InputError as error:
        shutil.rmtree(aside, ignore_errors=True)
        # An archive inside is named by its place in the outer one.
        raise InputError(str(error).replace(f"{aside}{os.sep}", f"{archive}{os.sep}")) from None
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return to


def require_new(folder: Path) -> None:
    """Make the folder that a new one is to lie in.

    Raises:
        InputError: the new one is there already, or its place cannot be made.
    """
    if folder.exists():
        raise InputError(f"{folder} is there already; accepted: a folder that does not exist yet")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {folder.parent}: {error.strerror}") from None


def _archives(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.name.endswith(_ENDINGS) and path.is_file())


def _unpack(archive: Path, into: Path, budget: _Budget, told: Told) -> None:
    try:
        for name, stream in _members(archive):
            target = _inside(into, name, archive)
            budget.one_more()
            if stream is None:
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(stream, target, budget, told)
        if not any(into.iterdir()):
            raise InputError(f"{archive} holds nothing; fetch it again")
    except _BROKEN as error:
        if isinstance(error, OSError) and error.filename:
            # A name that is too long, or stands for a file and a folder: nothing of where it was to be written.
            name = Path(error.filename).name[:80]
            raise InputError(f"{archive} cannot be unpacked: {error.strerror}: {name!r}") from None
        raise InputError(f"{archive} cannot be unpacked: {first_line(error)}; fetch it again") from None


class _Budget:
    """How much an archive may still unpack to."""

    def __init__(self, archive: Path, free: int) -> None:
        self.archive = archive
        self._ratio = _RATIO * archive.stat().st_size + _SPARED_BYTES
        self._free = free
        self._bytes = self._members = 0

    def one_more(self) -> None:
        """Count a member."""
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise InputError(f"{self.archive} holds more than {MOST_MEMBERS:,} files; it is no archive of a corpus")

    def take(self, size: int) -> None:
        """Count what is about to be written."""
        self._bytes += size
        if self._bytes > min(self._ratio, MOST_BYTES):
            raise InputError(
                f"{self.archive} unpacks to more than {min(self._ratio, MOST_BYTES):,} bytes, {_RATIO} times its size "
                "and more: it was made to fill a disk; nothing was unpacked"
            )
        if self._bytes > self._free:
            raise InputError(
                f"{self.archive} unpacks to more than the {self._free:,} bytes that are left on the disk; nothing was "
                "unpacked"
            )


def _write(stream: IO[bytes], target: Path, budget: _Budget, told: Told) -> None:
    try:
        with target.open("xb") as file:
            while block := stream.read(_BLOCK):
                budget.take(len(block))
                file.write(block)
                told(len(block))
    except FileExistsError:
        raise InputError(
            f"{budget.archive} holds {target.name!r} twice in one folder; accepted: each file once"
        ) from None


def _inside(folder: Path, name: str, archive: Path) -> Path:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or parts == (".",):
        return folder
    if ".." in parts or parts[0].startswith("/") or ":" in parts[0] or any(ord(sign) < _FIRST_SHOWN for sign in name):
        raise InputError(f"{archive} holds the path {name!r}, which leads out of its folder; nothing was unpacked")
    return folder.joinpath(*parts)


Member = tuple[str, IO[bytes] | None]


def _members(archive: Path) -> Iterator[Member]:
    if zipfile.is_zipfile(archive):
        yield from _of_zip(archive)
        return
    with _tar(archive) as members:
        yield from _of_tar(archive, members)


def _of_zip(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refused(archive, member.filename)
            if member.flag_bits & 1:
                raise InputError(f"{archive} is encrypted; accepted: an archive without a password")
            if member.is_dir():
                yield member.filename, None
            else:
                with file.open(member) as stream:
                    yield member.filename, stream


def _of_tar(archive: Path, members: tarfile.TarFile) -> Iterator[Member]:
    for member in members:
        if member.isdir():
            yield member.name, None
        elif member.isreg():
            stream = members.extractfile(member)
            assert stream is not None
            yield member.name, stream
        else:
            raise _refused(archive, member.name)


def _refused(archive: Path, name: str) -> InputError:
    return InputError(
        f"{archive} holds {name!r}, which is a link or a device; accepted: files and folders; nothing was unpacked"
    )


@contextmanager
def _tar(archive: Path) -> Iterator[tarfile.TarFile]:
    # Read forward only: tarfile would otherwise decompress everything to list it, and again to unpack it.
    with archive.open("rb") as raw, _decompressed(raw) as stream, _opened(archive, stream) as found:
        yield found
        # A file that is cut off behind its last member has a checksum that is still to be read.
        while stream.read(_BLOCK):
            pass


class _Whole(tarfile.TarInfo):
    """A header; where there is none, tarfile would take a damaged or missing one for the end of the archive."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        """The next header of an archive."""
        try:
            return super().fromtarfile(tarfile)
        except EOFHeaderError:
            raise
        except HeaderError as error:
            raise ReadError(f"it is cut off or damaged ({first_line(error)})") from None


def _opened(archive: Path, stream: IO[bytes]) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=stream, mode="r|", tarinfo=_Whole)
    except ReadError:
        raise InputError(f"{archive} is no archive; accepted: .tar, .tar.gz, .tar.bz2, .tar.xz and .zip") from None


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    magic = raw.read(6)
    raw.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(raw)
    if magic.startswith(b"\xfd7zXZ"):
        return lzma.LZMAFile(raw)
    return raw
