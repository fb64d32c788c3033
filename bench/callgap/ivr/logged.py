"""Calls whose end is known already: read from a log, or worked out from what was stored of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.errors import InputError, one_of
from callgap.ivr.outcome import Outcome
from callgap.ivr.service import NoService
from callgap.records import LOST, OUTCOMES, Status, table
from callgap.tables import read_table, row_name

STRICT = ConfigDict(extra="forbid")
NOWHERE = ("", "na", "n/a", "nan", "none", "null")
"""Cells that say that a call ended nowhere."""
MOST_ATTEMPTS = 1000
"""Of one call: a larger number was meant for something else."""
MOST_SECONDS = 1_000_000
"""Of one call, eleven days: a larger number was meant for something else."""
_SECONDS = f"seconds from 0 on, up to {MOST_SECONDS:,}"


@dataclass(frozen=True, config=STRICT)
class Logged(NoService):
    """No menu is walked: each call already has its end.

    Attributes:
        label: what the calls are called in a table of results, where a walked service has its channel.
        human: the destination at which a person answers; empty where there is none.
    """

    label: str = "as-logged"
    human: str = ""

    @abstractmethod
    def check(self) -> None:
        """Read what is stored, so that its faults come before anything is written.

        Raises:
            InputError: it cannot be read, or holds what it may not.
        """

    @abstractmethod
    def outcomes(self, utterances: pa.Table, hypotheses: pa.Table) -> pa.Table:
        """What became of the calls.

        Args:
            utterances: table `utterances`.
            hypotheses: table `hypotheses`.

        Returns:
            Table `outcomes`, in the order of the utterances; those excluded as input begin no call.
        """

    def ended(self, expected: str, reached: str | None) -> Outcome:
        """How a call ended.

        Args:
            expected: destination that was asked for.
            reached: where it ended; None for nowhere.
        """
        if reached is None:
            return Outcome.NOT_UNDERSTOOD
        if self.human and reached == self.human:
            return Outcome.HUMAN
        return Outcome.ROUTED if reached == expected else Outcome.MISROUTED


@dataclass(frozen=True, config=STRICT)
class CallLog(Logged):
    """Looks up where each call ended; what it was for is the utterance's intent.

    Attributes:
        file: a table (`.csv`, `.tsv`, `.jsonl` or `.parquet`).
        key: column with the id of the call; None where calls are known by the number of their row.
        by: column of `utterances` that `key` names; by `prompt_id`, all calls with one prompt ended alike.
        reached: columns with the destination, joined by underscores; empty, NA, N/A, nan and none are nowhere.
        attempts: column with the number of attempts, from 1; None for none.
        seconds: column with how long the call took; None for none.
    """

    file: Path | None = None
    key: str | None = "utterance_id"
    by: Literal["utterance_id", "prompt_id"] = "utterance_id"
    reached: Annotated[tuple[str, ...], Field(min_length=1)] = ("reached",)
    attempts: str | None = None
    seconds: str | None = None

    def check(self) -> None:
        """Read the file.

        Raises:
            InputError: as `outcomes`.
        """
        len(self._rows)

    def ends(self) -> set[str]:
        """Every destination at which some call ended.

        Raises:
            InputError: as `outcomes`.
        """
        return {row["reached"] for row in self._rows.values() if row["reached"] is not None}

    def outcomes(self, utterances: pa.Table, hypotheses: pa.Table) -> pa.Table:
        """What became of the calls; one without a row, or whose text the recognizer owed, is `lost`.

        Raises:
            InputError: the file cannot be read, lacks a column, names a call twice, or holds a number that is none.
        """
        statuses = dict(zip(hypotheses["utterance_id"].to_pylist(), hypotheses["status"].to_pylist(), strict=True))
        rows = []
        for said in utterances.select(["utterance_id", "speaker_id", "prompt_id", "intent"]).to_pylist():
            status = statuses.get(said["utterance_id"])
            if status is not None and status != Status.EXCLUDED:
                rows.append(self._call(said, lost=Status(status) in LOST))
        return table(rows, OUTCOMES)

    def _call(self, said: Mapping[str, Any], *, lost: bool) -> dict[str, object]:
        call = {"call_id": said["utterance_id"], "speaker_id": said["speaker_id"], "expected": said["intent"]}
        logged = None if lost else self._rows.get(said[self.by])
        if logged is None:
            return call | {"nodes": [], "turns": 0, "reprompts": 0, "outcome": Outcome.LOST.value}
        reached, attempts = logged["reached"], logged["attempts"]
        return call | {
            "nodes": [] if reached is None else [reached],
            "turns": attempts,
            "reprompts": None if attempts is None else attempts - 1,
            "outcome": self.ended(said["intent"], reached).value,
            "reached": reached,
            "seconds": logged["seconds"],
        }

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        cells = self._cells
        found: dict[str, dict[str, Any]] = {}
        for row, values in enumerate(cells.to_pylist()):
            # As the corpus names a row that bears no id.
            name = ((values[self.key] or "").strip() if self.key else "") or f"row-{row + 1:06d}"
            if name in found:
                raise InputError(f"{row_name(self._path, row)}: {name!r} stands in {self.key!r} more than once")
            reached = "_".join((values[column] or "").strip() for column in self.reached)
            found[name] = {
                "reached": None if reached.lower() in NOWHERE else reached,
                "attempts": self._attempts(values, row),
                "seconds": self._number(values, self.seconds, row, _SECONDS),
            }
        return found

    @cached_property
    def _cells(self) -> pa.Table:
        cells = read_table(self._path)
        for name in (self.key, *self.reached, self.attempts, self.seconds):
            if name is not None and name not in cells.column_names:
                raise InputError(f"{self._path}: there is no column {name!r}; {one_of(name, cells.column_names)}")
        return cells

    @property
    def _path(self) -> Path:
        if self.file is None:
            raise InputError("ivr.file: found nothing; accepted: the table that says where calls ended")
        return self.file

    def _attempts(self, values: Mapping[str, str | None], row: int) -> int | None:
        accepted = f"a whole number of attempts from 1 on, up to {MOST_ATTEMPTS:,}"
        found = self._number(values, self.attempts, row, accepted)
        if found is not None and not (1 <= found <= MOST_ATTEMPTS and found.is_integer()):
            raise self._fault(values, str(self.attempts), row, accepted)
        return None if found is None else int(found)

    def _number(self, values: Mapping[str, str | None], column: str | None, row: int, accepted: str) -> float | None:
        cell = (values[column] or "").strip() if column else ""
        if cell.lower() in NOWHERE:
            return None
        try:
            # Python would read 1_0, and the digits of other scripts.
            found = float(cell) if cell.isascii() and "_" not in cell else -1.0
        except ValueError:
            found = -1.0
        if not 0 <= found <= MOST_SECONDS:
            raise self._fault(values, str(column), row, accepted)
        return found

    def _fault(self, values: Mapping[str, str | None], column: str, row: int, accepted: str) -> InputError:
        place = f"{row_name(self._path, row)}, column {column!r}"
        return InputError(f"{place}: found {values[column]!r}; accepted: {accepted}, or nothing")
