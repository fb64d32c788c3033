"""Callers who say who they are: what was heard, three times over, against the records that a service holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import Field
from pydantic.dataclasses import dataclass

from callgap.errors import InputError
from callgap.ivr.identities import values_of
from callgap.ivr.logged import STRICT, Logged
from callgap.records import LOST, OUTCOMES, Status, table
from callgap.tables import read_table

ITEMS = ("postcode", "name", "dob")
OWN, OTHER = "own record", "another record"

Turn = Mapping[str, Any]


@dataclass(frozen=True, config=STRICT)
class Authentication(Logged):
    """Takes a caller for whoever the records say has said what was heard.

    Asked for each item by itself, the service takes the first alternative of the first attempt that is the item of some
    record. Asked for a record, it takes after each round of attempts the record of which all three items are among the
    alternatives heard so far, the best ranked one first.

    Attributes:
        file: the records, with columns `scenario_id`, `postcode`, `name` and `dob`.
        language: in which items are read, `en` or `pl`.
        ask: `item` for one call per dialogue and item, `record` for one call per dialogue.
        attempts: how often an item is asked for.
        alternatives: of each n-best list, how many are looked at.
    """

    file: Path | None = None
    language: Literal["en", "pl"] = "en"
    ask: Literal["item", "record"] = "item"
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    alternatives: Annotated[int, Field(ge=1)] = 20

    def check(self) -> None:
        """Read the records.

        Raises:
            InputError: they cannot be read or lack a column, or an item of one is none.
        """
        len(self._records)

    def outcomes(self, utterances: pa.Table, hypotheses: pa.Table) -> pa.Table:
        """What became of the calls: the caller's own record, another one, or none.

        Raises:
            InputError: the records cannot be read or lack a column, or a caller's record is not among them.
        """
        heard = {row["utterance_id"]: row for row in hypotheses.to_pylist()}
        calls: dict[tuple[str, ...], list[Turn]] = defaultdict(list)
        for said in utterances.to_pylist():
            found = heard.get(said["utterance_id"])
            if found is not None and found["status"] != Status.EXCLUDED:
                key = (said["session_id"], said["intent"]) if self.ask == "item" else (said["session_id"],)
                calls[key].append(said | {"heard": found["n_best"] or [], "lost": Status(found["status"]) in LOST})
        return table([self._call(sorted(turns, key=_order)) for turns in calls.values()], OUTCOMES)

    def _call(self, turns: Sequence[Turn]) -> dict[str, object]:
        first = turns[0]
        call = {"call_id": first["utterance_id"], "speaker_id": first["speaker_id"], "expected": OWN}
        if any(turn["lost"] for turn in turns):
            return call | {"nodes": [], "turns": 0, "reprompts": 0, "outcome": "lost"}
        record = dict(first["slots"])["record"]
        if record not in self._records:
            raise InputError(f"{self._path} has no record for the call {first['utterance_id']}")
        rounds: dict[int, list[Turn]] = defaultdict(list)
        for turn in turns:
            if turn["take"] < self.attempts:
                rounds[turn["take"]].append(turn)
        tried, reached = self._tried([rounds[take] for take in sorted(rounds)], record)
        return call | {
            "nodes": [str(first["intent"]) if self.ask == "item" else "record", *([reached] if reached else [])],
            "turns": tried,
            "reprompts": tried - 1,
            "outcome": self.ended(OWN, reached).value,
            "reached": reached,
        }

    def _tried(self, rounds: Sequence[Sequence[Turn]], record: str) -> tuple[int, str | None]:
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for tried, turns in enumerate(rounds, start=1):
            for turn in turns:
                for rank, value in enumerate(self._known(turn)):
                    found[turn["intent"]].setdefault(value, rank)
            accepted = self._item(found, record) if self.ask == "item" else self._whole(found, record)
            if accepted:
                return tried, accepted
        return len(rounds), None

    def _item(self, found: Mapping[str, Mapping[str, int]], record: str) -> str | None:
        for item, ranks in found.items():
            return OWN if next(iter(ranks)) == self._records[record][item] else OTHER
        return None

    def _whole(self, found: Mapping[str, Mapping[str, int]], record: str) -> str | None:
        names = [{name for value in found.get(item, ()) for name in self._owners[item][value]} for item in ITEMS]
        if not (matching := set.intersection(*names)):
            return None
        best = min(matching, key=lambda name: (sum(found[i][self._records[name][i]] for i in ITEMS), name))
        return OWN if best == record else OTHER

    def _known(self, turn: Turn) -> list[str]:
        """The values that some record has, in the order of the alternatives."""
        item = turn["intent"]
        heard = turn["heard"][: self.alternatives]
        values = (value for text in heard for value in values_of(item, text, self.language))
        return [value for value in dict.fromkeys(values) if value in self._owners[item]]

    @cached_property
    def _records(self) -> dict[str, dict[str, str]]:
        cells = read_table(self._path)
        for name in ("scenario_id", *ITEMS):
            if name not in cells.column_names:
                raise InputError(
                    f"{self._path}: the column {name!r} is missing; found: {', '.join(cells.column_names)}"
                )
        return {row["scenario_id"]: self._read(row) for row in cells.to_pylist()}

    def _read(self, row: Mapping[str, str]) -> dict[str, str]:
        found = {item: values_of(item, row[item], self.language) for item in ITEMS}
        for item, values in found.items():
            if not values:
                # The cell is not quoted: it says where a person lives, or when one was born.
                raise InputError(f"{self._path}: the {item} of the record {row['scenario_id']!r} cannot be read")
        return {item: values[0] for item, values in found.items()}

    @cached_property
    def _owners(self) -> dict[str, dict[str, set[str]]]:
        owners: dict[str, dict[str, set[str]]] = {item: defaultdict(set) for item in ITEMS}
        for name, record in self._records.items():
            for item, value in record.items():
                owners[item][value].add(name)
        return {item: dict(of) for item, of in owners.items()}

    @property
    def _path(self) -> Path:
        if self.file is None:
            raise InputError("ivr.file: found nothing; accepted: the table of records")
        return self.file


def _order(turn: Turn) -> tuple[int, int]:
    return turn["take"], ITEMS.index(turn["intent"])
