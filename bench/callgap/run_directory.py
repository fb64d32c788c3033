"""A run on disk: written piece by piece, each piece whole or absent, so that a killed run can go on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import yaml
from filelock import FileLock, Timeout

from callgap.errors import InputError, first_line
from callgap.records import COVARIATES, HYPOTHESES, TIMINGS
from callgap.voice_records import VOICES

FORMAT = 1
_NOTES = ("name", "choices", "overrides", "fingerprint", "corpus", "recognizer")
_REPORTED = ("policy", "attributes", "groups", "contrasts", "card", "provenance", "worst")
_STREAMS = {"timings": TIMINGS, "covariates": COVARIATES, "voices": VOICES, "hypotheses": HYPOTHESES}
# A part counts once its hypotheses are there, so they are written last.
_WHERE_MEASURED = "voices"
SITTINGS = "sittings.json"
"""How much was heard in how much time, by each process that worked on the run."""


@dataclass(frozen=True)
class Part:
    """What some utterances gave: rows of `hypotheses`, `timings`, `covariates` and `voices`.

    Attributes:
        hypotheses: one row per utterance and grammar.
        timings: likewise.
        covariates: of the utterances that were measured too.
        voices: of those whose voices were.
        audio_s: seconds of sound that the recognizer was given; no part of any result.
    """

    hypotheses: pa.Table
    timings: pa.Table
    covariates: pa.Table
    voices: pa.Table
    audio_s: float = 0.0


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run."""

    path: Path

    @classmethod
    def create(cls, path: Path, config: Mapping[str, Any], provenance: Mapping[str, Any]) -> RunDirectory:
        """Begin a run.

        Args:
            path: a folder that does not hold a run yet.
            config: resolved.
            provenance: for `run.json`.

        Returns:
            The directory.

        Raises:
            InputError: the folder holds a run already.
        """
        if (path / "run.json").exists():
            raise InputError(f"{path} holds a run already: go on with it by resume={path}, or choose another folder")
        directory = cls(path)
        for stream in _STREAMS.keys() - {_WHERE_MEASURED}:
            (path / stream).mkdir(parents=True, exist_ok=True)
        directory.write_text("config.yaml", yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True))
        directory.write_json("run.json", {"format": FORMAT, **provenance})
        return directory

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """Open a run that was begun.

        Args:
            path: of the run directory.

        Returns:
            The directory.

        Raises:
            InputError: it is no run directory, or one of another version.
        """
        directory = cls(path)
        try:
            found = directory.provenance().get("format")
        except (OSError, ValueError, AttributeError):
            raise InputError(f"{path} is no run directory: it has no readable run.json") from None
        if found != FORMAT:
            raise InputError(
                f"{path}/run.json, key format: found {found!r}, accepted: {FORMAT}; run it again with this version"
            )
        missing = [key for key in _NOTES if key not in directory.provenance()]
        if missing:
            raise InputError(f"{path}/run.json lacks the keys {', '.join(missing)}: begin a new run")
        return directory

    def provenance(self) -> dict[str, Any]:
        """The content of `run.json`."""
        content: dict[str, Any] = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        return content

    def config(self) -> dict[str, Any]:
        """The content of `config.yaml`."""
        path = self.path / "config.yaml"
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise InputError(f"{path} cannot be read: {first_line(error)}") from None
        if not isinstance(content, dict):
            raise InputError(f"{path} holds no configuration, found {type(content).__name__}")
        return content

    def report(self) -> dict[str, Any]:
        """The content of `report.json`.

        Raises:
            InputError: the run was not finished, or the file is damaged.
        """
        path = self.path / "report.json"
        mend = f"make it again with callgap score {self.path}"
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(
                f"{self.path} has no report.json: the run was not finished, go on with resume={self.path}"
            ) from None
        except ValueError:
            raise InputError(f"{path} is damaged; {mend}") from None
        if missing := [key for key in _REPORTED if key not in content]:
            raise InputError(f"{path} lacks the key {missing[0]}; {mend}")
        return content

    def sittings(self) -> list[dict[str, Any]]:
        """What each process that worked on the run noted of its speed; empty where none heard anything.

        Raises:
            InputError: the file is damaged.
        """
        path = self.path / SITTINGS
        try:
            content: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["sittings"]
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError):
            raise InputError(f"{path} is damaged; remove it, only the speed of the run is lost with it") from None
        return content

    def write_part(self, part: Part) -> None:
        """Keep what some utterances gave."""
        number = 1 + max((int(path.stem.split("-")[1]) for path in self._parts("hypotheses")), default=-1)
        for stream in _STREAMS:
            rows: pa.Table = getattr(part, stream)
            if stream == _WHERE_MEASURED and not rows.num_rows:
                continue
            (self.path / stream).mkdir(exist_ok=True)
            self.write_table(f"{stream}/part-{number:05d}.parquet", rows)

    def read_parts(self, stream: str) -> pa.Table:
        """All rows of one stream, in the order in which they were written.

        Args:
            stream: `hypotheses`, `timings`, `covariates` or `voices`.

        Returns:
            The rows of those parts whose hypotheses are there.
        """
        names = [path.name for path in self._parts("hypotheses")]
        # A part without voices had none to measure: what there is was written before its hypotheses.
        there = [name for name in names if stream != _WHERE_MEASURED or (self.path / stream / name).is_file()]
        parts = [_parquet(self.path / stream / name, _STREAMS[stream]) for name in there]
        return pa.concat_tables([_STREAMS[stream].empty_table(), *parts])

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write a table whole: Parquet, or CSV if the name says so."""
        with self._aside(name) as path:
            if name.endswith(".csv"):
                pa.csv.write_csv(table, path, pa.csv.WriteOptions(quoting_style="needed"))
            else:
                pq.write_table(table, path, compression="zstd")

    def read_table(self, name: str) -> pa.Table:
        """Read a Parquet table of this run.

        Raises:
            InputError: the run was not finished, or the file is damaged.
        """
        path = self.path / name
        if not path.is_file():
            raise InputError(f"{self.path} has no {name}: the run was not finished, go on with resume={self.path}")
        return _parquet(path)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file whole."""
        with self._aside(name) as path:
            path.write_text(text, encoding="utf-8")

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON file whole."""
        self.write_text(name, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from writing into the run; the system frees the lock of a process that is killed.

        Raises:
            InputError: another process is writing into it.
        """
        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise InputError(f"{self.path} is being written by another process: wait for it to end") from None
        try:
            yield
        finally:
            lock.release()

    def _parts(self, stream: str) -> list[Path]:
        return sorted((self.path / stream).glob("part-*.parquet"))

    @contextmanager
    def _aside(self, name: str) -> Iterator[Path]:
        target = self.path / name
        aside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            yield aside
            aside.replace(target)
        except OSError as error:
            raise InputError(
                f"{target} cannot be written: {error.strerror or error}; what was finished before is kept"
            ) from None
        finally:
            aside.unlink(missing_ok=True)


def runs_in(path: Path) -> list[Path]:
    """The run directories that a path stands for.

    Args:
        path: a run directory, or the folder of a sweep or an audit.

    Returns:
        The path itself, or the runs in it in the order in which the sweep did them.
    """
    if (path / "run.json").exists() or not path.is_dir():
        return [path]
    inside = (child.parent for child in path.glob("*/run.json"))
    return sorted(inside, key=lambda run: (len(run.name.split("-")[0]), run.name)) or [path]


FAILED = "failed.json"
"""Of a sweep: which of its runs failed, and why."""


def failed_in(path: Path) -> dict[str, str]:
    """The runs of a sweep that failed and were not finished since.

    Args:
        path: the folder of a sweep, or anything else, in which nothing failed.

    Returns:
        By the name of the run, why.
    """
    file = path / FAILED
    if not file.is_file():
        return {}
    try:
        failed: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{file} is damaged: {first_line(error)}; run the sweep again") from None
    return {name: why for name, why in failed.items() if not (path / name / "report.json").exists()}


def _parquet(path: Path, schema: pa.Schema | None = None) -> pa.Table:
    try:
        return pq.read_table(path, schema=schema)
    except (OSError, pa.ArrowException) as error:
        mend = f"remove {path.name} from the folder hypotheses and go on with resume=" if schema else "begin a new run"
        raise InputError(f"{path} is missing or damaged ({first_line(error)}); {mend}") from None
