"""HarperValleyBank: simulated calls to a bank, agent and caller on recordings of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import FAULT, Published, Row, text_of
from callgap.errors import InputError, first_line

_SIDES = {"1": "caller", "2": "agent"}
_MARKER = re.compile(r"\[[a-z ]*\]")
_SWAPPED = ("d73be060c5994ae3", "50f57d300f104fa3", "0cae8d624dc04b47")
"""Calls whose two recordings are each other's, as issue 4 of the repository says."""

Found = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class HarperValleyBankCorpus(Published):
    """What was said in the calls, segment by segment, as people wrote it down.

    Attributes:
        side: whose words.
    """

    side: Literal["caller", "agent", "both"] = "caller"
    corpus: ClassVar[str] = "harper-valley-bank"
    layout: ClassVar[str] = "data/transcript/<call>.json, data/metadata/<call>.json and data/audio/<side>/<call>.wav"

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the folder is the repository."""
        return all((folder / "data" / name).is_dir() for name in ("transcript", "metadata"))

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per segment of the side, ordered by call and by the call's transcript."""
        data = folder / "data"
        for path in sorted((data / "transcript").glob("[!.]*.json")):
            described = data / "metadata" / path.name
            call = _object(described) if described.is_file() else {}
            for place, segment in enumerate(_segments(path), start=1):
                # Roles and channels disagree in hundreds of segments; the channel is what was recorded.
                side = _SIDES.get(str(segment.get("channel_index")), "")
                if not side or self.side in (side, "both"):
                    yield _row(path.stem, place, side, segment, call)


def _row(sid: str, place: int, side: str, segment: Found, call: Found) -> Row:
    begin, end = _span(segment)
    return {
        "path": f"data/audio/{side}/{sid}.wav" if side else "",
        "utterance_id": f"{sid}-{place:04d}",
        "speaker_id": _speaker(call, side),
        "session_id": sid,
        "text": " ".join(_MARKER.sub(" ", str(segment.get("human_transcript") or "")).split()),
        "begin_s": begin,
        "end_s": end,
        "side": side,
        "task": _task(call),
        FAULT: _fault(sid, side, begin),
    }


def _fault(sid: str, side: str, begin: str) -> str | None:
    if sid in _SWAPPED:
        return "swapped_sides"
    if not side:
        return "no_such_channel"
    return None if begin else "bad_segment"


def _span(segment: Found) -> tuple[str, str]:
    # The makers' own loader counts from start_ms, though their description says so of offset_ms.
    start, duration = segment.get("start_ms"), segment.get("duration_ms")
    if not isinstance(start, int | float) or not isinstance(duration, int | float):
        return "", ""
    return str(start / 1000), str((start + duration) / 1000)


def _speaker(call: Found, side: str) -> str:
    person = call.get(side)
    speaker = person.get("speaker_id") if isinstance(person, Mapping) else None
    return "" if speaker is None else str(speaker)


def _task(call: Found) -> str:
    tasks = call.get("tasks")
    first = tasks[0] if isinstance(tasks, list) and tasks else None
    return str(first.get("task_type") or "") if isinstance(first, Mapping) else ""


def _segments(path: Path) -> list[Found]:
    found = _json(path)
    if not isinstance(found, list) or not all(isinstance(segment, Mapping) for segment in found):
        raise InputError(f"{path} holds no segments; accepted: a JSON list of objects")
    return found


def _object(path: Path) -> Found:
    found = _json(path)
    if not isinstance(found, Mapping):
        raise InputError(f"{path} does not describe a call; accepted: a JSON object")
    return found


def _json(path: Path) -> object:
    try:
        return json.loads(text_of(path))
    except ValueError as error:
        raise InputError(f"{path} is no JSON: {first_line(error)}") from None
