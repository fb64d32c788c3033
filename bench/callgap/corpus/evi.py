"""EVI: people who telephone and authenticate themselves, as real recognizers heard them; one row per turn.

The records that callers read from are invented persons'. Nothing of them, and of what was heard, is ever published.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.corpus.call_log import Wordless
from callgap.corpus.card import Card, load_card
from callgap.corpus.described import STRICT
from callgap.corpus.files import require_pinned
from callgap.corpus.rows import UNKNOWN_SPEAKER
from callgap.corpus.table import silent
from callgap.errors import InputError
from callgap.records import table, utterances_schema
from callgap.tables import read_table, row_name

LOCALES = {"en": "en-GB", "pl": "pl-PL"}
ITEMS = ("postcode", "name", "dob")
PLACEHOLDER = "placeholder_speaker"
LARGE = 20
"""Times the dialogues of the next one: no caller calls that often, an id of that many stands for many callers."""

# "ANONYMOUS" on the keys of a telephone, as a number: it stands for a number that was withheld.
_WITHHELD = hashlib.md5(b"+266696687", usedforsecurity=False).hexdigest()
_DIALOGUES = ("dialogue_id", "speaker_id", "scenario_id", "turn_num", "item", "attempt_num")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EviCorpus(Wordless):
    """The turns of one locale; every dialogue asks three times for each of three items, whatever was understood.

    Attributes:
        root: the folder that holds `dialogues.PART.tsv` and `records.PART.csv`.
        part: which locale: `en` (en-GB) or `pl` (pl-PL).
        placeholder: what becomes of the turns whose speaker id stands for many callers: `excluded` and counted, or
            `kept` as if they were one person's.
        strict: end the run where a turn cannot be used.
        sha256: by file of the folder, what it must be; None accepts any.
    """

    root: Path
    part: Literal["en", "pl"] = "en"
    placeholder: Literal["excluded", "kept"] = "excluded"
    strict: bool = False
    sha256: Mapping[str, str] | None = None
    has_audio: ClassVar[bool] = False

    @cached_property
    def card(self) -> Card:
        """What is known of the calls."""
        return load_card("evi").model_copy(update={"language": LOCALES[self.part]})

    def utterances(self) -> pa.Table:
        """The table `utterances`, in the order of the file; `slots` names the record that the caller reads from.

        Raises:
            InputError: a file is missing, not the pinned one or lacks a column, or a cell is none of the layout's.
        """
        return self._utterances

    def load(self, utterances: pa.Table) -> Iterator[AudioBatch]:
        """Items without a sample: the recordings are not published."""
        yield from silent(utterances)

    def revision(self) -> str:
        """The card's."""
        return self.card.revision

    def fingerprint(self) -> str:
        """SHA-256 over the rows."""
        return hashlib.sha256(json.dumps(self._utterances.to_pylist(), sort_keys=True).encode()).hexdigest()

    def faults(self) -> list[dict[str, object]]:
        """What no table of results shows: the id that stands for many callers."""
        if self._stand_in is None:
            return []
        of = [row for row in self._turns if row["speaker_id"] == self._stand_in]
        dialogues, everyone = (len({row["dialogue_id"] for row in rows}) for rows in (of, self._turns))
        known = " (the MD5 of +266696687, ANONYMOUS on a telephone's keys)" if self._stand_in == _WITHHELD else ""
        fate = {"excluded": "excluded and counted", "kept": "kept as if one person's"}[self.placeholder]
        return [
            {
                "attribute": None,
                "group": None,
                "fault": PLACEHOLDER,
                "speakers": 1,
                "utterances": len(of),
                "share": dialogues / everyone,
                "detail": f"One speaker id{known} has {dialogues:,} of {everyone:,} dialogues: it stands for many "
                f"callers. Its turns are {fate}.",
                "consequence": "shown",
            }
        ]

    @cached_property
    def _turns(self) -> list[dict[str, str]]:
        path = self.root / f"dialogues.{self.part}.tsv"
        cells = _require(path, _DIALOGUES)
        rows: list[dict[str, str]] = cells.select(list(_DIALOGUES)).to_pylist()
        for place, row in enumerate(rows):
            if row["item"] not in ITEMS or not (row["attempt_num"] or "").isdecimal():
                raise InputError(
                    f"{row_name(path, place)}: found the item {row['item']!r} and the attempt {row['attempt_num']!r}; "
                    f"accepted: {', '.join(ITEMS)}, and a number from 0 on"
                )
        return rows

    @cached_property
    def _stand_in(self) -> str | None:
        """The id of far more dialogues than any other; None where there is none."""
        first: dict[str, str] = {}
        for row in self._turns:
            first.setdefault(row["dialogue_id"], row["speaker_id"])
        most = Counter(first.values()).most_common(2)
        return most[0][0] if len(most) == 2 and most[0][1] >= LARGE * most[1][1] else None

    @cached_property
    def _utterances(self) -> pa.Table:
        require_pinned(self.root, self.sha256)
        path = self.root / f"records.{self.part}.csv"
        records = {*_require(path, ("scenario_id",))["scenario_id"].to_pylist()}
        return table(
            [self._row(turn, turn["scenario_id"] in records) for turn in self._turns], utterances_schema(["item"])
        )

    def _row(self, turn: dict[str, str], recorded: bool) -> dict[str, object]:
        many = turn["speaker_id"] == self._stand_in and self.placeholder == "excluded"
        return {
            "utterance_id": f"{turn['dialogue_id']}-{turn['turn_num']}",
            "speaker_id": UNKNOWN_SPEAKER if many else turn["speaker_id"],
            "role": "caller",
            "text_source": self.card.text_source,
            "language": self.card.language,
            "intent": turn["item"],
            "slots": [("record", turn["scenario_id"])],
            "take": int(turn["attempt_num"]),
            "session_id": turn["dialogue_id"],
            "fault": PLACEHOLDER if many else None if recorded else "no_such_record",
            "item": turn["item"],
        }


def _require(path: Path, columns: tuple[str, ...]) -> pa.Table:
    cells = read_table(path)
    for name in columns:
        if name not in cells.column_names:
            raise InputError(f"{path}: the column {name!r} is missing; found: {', '.join(cells.column_names)}")
    return cells
