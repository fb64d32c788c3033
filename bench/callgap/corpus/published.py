"""What readers of published corpora share: a folder in its makers' layout becomes a table with callgap's columns."""

from __future__ import annotations

import tarfile
import zipfile
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar

import pyarrow as pa
from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT, Recorded, located
from callgap.corpus.rows import Source
from callgap.errors import InputError, first_line

FAULT = "fault"
"""The cell of a row that says why its utterance cannot be used."""

OUTSIDE = "outside_folder"
"""The fault of a recording that a table names outside the corpus's own folder: it is never opened."""

Row = Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Published(Recorded):
    """Recordings in the layout in which their makers publish them.

    Attributes:
        root: the folder that the archive was unpacked into, or its one folder; None looks for `place`.
        place: path below `$CALLGAP_DATA` and `../shared/data`, where `root` is None.
    """

    root: Path | None = None
    place: str | None = None
    corpus: ClassVar[str]
    """Its name: of its choice in conf/corpus and of its folder in datasets/."""
    layout: ClassVar[str]
    """What its folder holds, in a few words that follow "accepted: a folder that holds"."""

    @classmethod
    @abstractmethod
    def fits(cls, folder: Path) -> bool:
        """Whether a folder has the layout."""

    @abstractmethod
    def rows(self, folder: Path) -> Iterator[Row]:
        """Read the folder's tables; no recording is opened.

        Args:
            folder: it has the layout.

        Yields:
            One row per utterance: cells by the names of `callgap.corpus.rows.KNOWN` (`path` relative to the folder),
            by `fault`, and by any other name, which can be grouped by.

        Raises:
            InputError: a table is missing or does not have its published form.
        """

    @cached_property
    def source(self) -> Source:
        """The folder's tables as one.

        Raises:
            InputError: the folder is not there, has another layout, or holds no utterance.
        """
        folder = self.folder
        rows = list(self.rows(folder))
        if not rows:
            raise InputError(f"{folder} holds no utterance of {self.corpus}; accepted: {self.layout}")
        faults = [row.get(FAULT) or (OUTSIDE if leads_out(row.get("path")) else None) for row in rows]
        names = [name for name in dict.fromkeys(name for row in rows for name in row) if name != FAULT]
        cells = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
        return Source(str(folder), cells, folder, faults=faults)

    @cached_property
    def folder(self) -> Path:
        """The folder that has the layout: `root`, or a folder in it.

        Raises:
            InputError: it is an archive, or neither it nor one of its folders has the layout.
        """
        root = located("corpus.root", self.root, self.place).resolve()
        if root.is_file() and (tarfile.is_tarfile(root) or zipfile.is_zipfile(root)):
            raise InputError(
                f"corpus.root={root} is an archive; unpack it first: callgap corpus unpack {root} --to FOLDER"
            )
        if not root.is_dir():
            raise InputError(f"corpus.root={root} is no folder; accepted: a folder that holds {self.layout}")
        found = fitting(type(self), root)
        if found is None:
            raise InputError(
                f"corpus.root={root} does not have the layout of {self.corpus}; accepted: a folder that holds "
                f"{self.layout}"
            )
        return found

    def _title(self) -> str:
        return self.corpus

    def _beside(self) -> Path:
        return self.folder / "card.yaml"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Speakerless(Published):
    """A corpus of which nobody says who speaks: each recording stands where a speaker should, and nothing is judged."""

    def faults(self) -> list[dict[str, object]]:
        """What no table of results shows: that recordings stand where speakers should."""
        rows = self.utterances().select(["speaker_id", FAULT]).to_pylist()
        kept = [row for row in rows if row[FAULT] is None]
        return [
            {
                "attribute": None,
                "group": None,
                "fault": "no_speaker_ids",
                "share": None,
                "speakers": len({row["speaker_id"] for row in kept}),
                "utterances": len(kept),
                "detail": f"Nobody says who speaks. Each of the {len(kept):,} recordings stands where a speaker "
                "should, and people made many: limits hold for other recordings of these people, not for other people.",
                "consequence": "not judged",
            }
        ]


def fitting(reader: type[Published], root: Path) -> Path | None:
    """The folder that a reader can read: the given one, or the first of its folders.

    An archive unpacks into one folder of its own, so either may be given.
    """
    candidates = [root, *(place for place in sorted(root.iterdir()) if place.is_dir() and place.name[0] not in "._")]
    return next((folder for folder in candidates if reader.fits(folder)), None)


def leads_out(path: str | None) -> bool:
    """Whether a path in a table of somebody else's leads out of the corpus's folder."""
    parts = PurePosixPath((path or "").replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts


def text_of(path: Path) -> str:
    """A text file's content.

    Raises:
        InputError: it cannot be read, or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or first_line(error)}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: the bytes at {error.start} are not UTF-8; save the file as UTF-8") from None
