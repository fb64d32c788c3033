"""A table that its makers publish: read where the user has put it, or fetched when the user asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import pooch
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.errors import InputError, first_line


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class RemoteTable:
    """One file of a public repository. Nothing is read or fetched before `path` is called.

    Attributes:
        name: of the file, with its folder in the repository: `input/Matched_WER.csv`.
        folder: name below `$CALLGAP_DATA`, `../shared/data` and the user's cache.
        home: address of the repository's files, with `{revision}` where the revision stands.
        revision: commit, tag or branch to fetch; `HEAD` is the newest of the default branch.
        sha256: of the file, in hexadecimal; None accepts any, `digest` says which was read.
        root: the repository, or the folder that holds the file; None looks where `folder` says.
        download: fetch the file into the user's cache when it is nowhere else.
        cache: folder to fetch into; None takes the user's cache.
        stage: key of the configuration below which these stand, for messages.
    """

    name: str
    folder: str
    home: str
    revision: str = "HEAD"
    sha256: str | None = None
    root: Path | None = None
    download: bool = False
    cache: Path | None = None
    stage: str = "corpus"

    @cached_property
    def path(self) -> Path:
        """Where the file lies, fetched if need be.

        Raises:
            InputError: it is nowhere, cannot be fetched, or is not the pinned one.
        """
        found = self._found()
        if found is None:
            if not self.download:
                raise InputError(
                    f"{Path(self.name).name} lies neither in {' nor in '.join(map(str, self._places()))}: give "
                    f"{self.stage}.root=FOLDER, set CALLGAP_DATA to the folder that holds "
                    f"{self.folder}/, or let it be fetched with {self.stage}.download=true"
                )
            return self._fetched()
        if self.sha256 is not None and self._digest_of(found) != self.sha256:
            raise InputError(f"{found}: its SHA-256 is {self._digest_of(found)}, {self.stage}.sha256 is {self.sha256}")
        return found

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file that is read, in hexadecimal."""
        return self._digest_of(self.path)

    @property
    def read_revision(self) -> str:
        """What is known of the version that is read; of a file that the user has put there only its bytes are."""
        fetched = self._found() is None
        return f"{self.revision if fetched else 'not stated'}, sha256:{self.digest}"

    def _found(self) -> Path | None:
        if self.root is not None:
            for place in (self.root / self.name, self.root / Path(self.name).name):
                if place.is_file():
                    return place
            raise InputError(f"{self.stage}.root={self.root} holds neither {self.name} nor {Path(self.name).name}")
        return next((place for place in self._places() if place.is_file()), None)

    def _places(self) -> Iterator[Path]:
        bases = [Path(os.environ["CALLGAP_DATA"])] if "CALLGAP_DATA" in os.environ else []
        for base in [*bases, Path("../shared/data")]:
            yield base / self.folder / Path(self.name).name
            yield base / self.folder / self.name

    def _fetched(self) -> Path:
        url = f"{self.home.format(revision=self.revision)}{self.name}"
        store = (self.cache or Path(pooch.os_cache("callgap"))) / self.folder / self.revision
        try:
            known = f"sha256:{self.sha256}" if self.sha256 else None
            return Path(pooch.retrieve(url, known, fname=Path(self.name).name, path=store))
        except (OSError, ValueError) as error:
            raise InputError(f"{url} cannot be fetched: {first_line(error)}") from None

    @staticmethod
    def _digest_of(path: Path) -> str:
        try:
            return sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
