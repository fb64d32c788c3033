"""Models that are finished while others of the same training are not: kept until all are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from callgap.errors import InputError
from callgap.recognizer.folds import FoldRecord

_PLAN = "plan.json"
_LOCK = ".lock"


@dataclass(frozen=True)
class Unfinished:
    """The folder beside the wanted one in which models wait for each other.

    Attributes:
        path: of the folder.
    """

    path: Path

    def kept(self, name: str) -> tuple[FoldRecord, dict[str, Any]] | None:
        """What is known of a model that was finished before; None where it was not.

        Args:
            name: of its folder.
        """
        note = self._note(name)
        if not note.is_file():
            return None
        told = json.loads(note.read_text(encoding="utf-8"))
        return FoldRecord.model_validate(told["record"]), told["note"]

    def fresh(self, name: str) -> Path:
        """Where a model is to be saved, with nothing of an earlier attempt left.

        Args:
            name: of its folder.
        """
        shutil.rmtree(self.path / name, ignore_errors=True)
        return self.path / name

    def keep(self, name: str, record: FoldRecord, note: Mapping[str, Any]) -> None:
        """Note that a model is finished.

        Args:
            name: of its folder.
            record: what it heard and did not hear.
            note: what `train.json` says of it.
        """
        aside = self.path / f".{name}.tmp"
        aside.write_text(json.dumps({"record": record.model_dump(), "note": dict(note)}), encoding="utf-8")
        aside.replace(self._note(name))

    def become(self, output: Path) -> None:
        """Give the folder its wanted name, without what only an unfinished training needs.

        Args:
            output: to be there.
        """
        for note in [*self.path.glob("*.finished.json"), self.path / _PLAN, self.path / _LOCK]:
            note.unlink(missing_ok=True)
        self.path.rename(output)

    def _note(self, name: str) -> Path:
        return self.path / f"{name}.finished.json"


@contextmanager
def unfinished(output: Path, plan: Mapping[str, object]) -> Iterator[Unfinished]:
    """Open the folder of a training, with the models that the same training finished before it was interrupted.

    Args:
        output: folder that is wanted in the end.
        plan: everything that the weights follow from. Models of another plan are removed.

    Yields:
        The folder, locked. Where it ends with an error, finished models stay; a folder without any is removed.

    Raises:
        InputError: another process is training into it.
    """
    path = output.with_name(f".{output.name}.unfinished")
    path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise InputError(f"train.output={output} is being trained by another process: wait for it to end") from None
    try:
        _begin(path, json.dumps(plan, sort_keys=True))
        yield Unfinished(path)
    finally:
        lock.release()
        if not any(path.glob("*.finished.json")):
            shutil.rmtree(path, ignore_errors=True)


def _begin(path: Path, plan: str) -> None:
    noted = path / _PLAN
    if noted.is_file() and noted.read_text(encoding="utf-8") == plan:
        return
    for entry in path.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != _LOCK:
            entry.unlink()
    noted.write_text(plan, encoding="utf-8")
