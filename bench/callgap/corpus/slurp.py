"""SLURP's test set: requests to a home assistant, each heard by a close and a distant microphone at once."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.corpus.card import Card, load_card
from callgap.corpus.described import STRICT
from callgap.corpus.files import require_pinned
from callgap.corpus.table import silent
from callgap.errors import InputError
from callgap.records import table, utterances_schema

CLOSE, DISTANT = "close", "distant"
_ENDING, _CLOSE_ENDING = ".flac", "-headset.flac"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SlurpCorpus:
    """Recordings by pair. Nobody says who speaks: each pair is counted as if it were a speaker of its own.

    Attributes:
        root: the folder that holds `test.jsonl`.
        strict: end the run where a recording cannot be used.
        sha256: by file of the folder, what it must be; None accepts any.
    """

    root: Path
    strict: bool = False
    sha256: Mapping[str, str] | None = None
    has_audio: ClassVar[bool] = False

    @cached_property
    def card(self) -> Card:
        """What is known of the recordings."""
        return load_card("slurp")

    def utterances(self) -> pa.Table:
        """The table `utterances`, in the order of the file; a recording without its pair is excluded as `no_pair`.

        Raises:
            InputError: a file is missing or not the pinned one, or a line is not what the layout has.
        """
        return self._utterances

    def load(self, utterances: pa.Table) -> Iterator[AudioBatch]:
        """Items without a sample: stored texts are scored."""
        yield from silent(utterances)

    def revision(self) -> str:
        """The card's."""
        return self.card.revision

    def fingerprint(self) -> str:
        """SHA-256 over the rows."""
        return hashlib.sha256(json.dumps(self._utterances.to_pylist(), sort_keys=True).encode()).hexdigest()

    def faults(self) -> list[dict[str, object]]:
        """What no table of results shows: that pairs of recordings stand where speakers should."""
        rows = self._utterances.select(["speaker_id", "fault"]).to_pylist()
        kept = [row for row in rows if row["fault"] is None]
        pairs = len({row["speaker_id"] for row in kept})
        return [
            {
                "attribute": None,
                "group": None,
                "fault": "no_speaker_ids",
                "share": None,
                "speakers": pairs,
                "utterances": len(kept),
                "detail": f"Nobody says who speaks. Each of the {pairs:,} pairs of recordings stands where a speaker "
                "should, and people spoke many: limits hold for other pairs of these people, not for other people. "
                f"{len(rows) - len(kept):,} recordings without a pair are excluded and counted.",
                "consequence": "not judged",
            }
        ]

    @cached_property
    def _utterances(self) -> pa.Table:
        require_pinned(self.root, self.sha256)
        found = list(self._recordings())
        prompts: dict[str, dict[str, str]] = defaultdict(dict)
        for file, prompt in found:
            pair, distance = _pair(file)
            prompts[pair][distance] = str(prompt["slurp_id"])
        paired = {pair for pair, of in prompts.items() if len(of) == 2 and len(set(of.values())) == 1}
        return table([self._row(file, prompt, paired) for file, prompt in found], utterances_schema(["distance"]))

    def _row(self, file: str, prompt: dict[str, Any], paired: set[str]) -> dict[str, object]:
        pair, distance = _pair(file)
        return {
            "utterance_id": file,
            "speaker_id": pair,
            "role": "caller",
            "prompt_id": str(prompt["slurp_id"]),
            "text": prompt["sentence"],
            "text_source": self.card.text_source,
            "language": self.card.language,
            "sample_rate": self.card.sample_rate,
            "intent": f"{prompt['scenario']}_{prompt['action']}",
            "slots": [],
            "session_id": pair,
            "fault": None if pair in paired else "no_pair",
            "distance": distance,
        }

    def _recordings(self) -> Iterator[tuple[str, dict[str, Any]]]:
        path = self.root / "test.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read: {error}") from None
        seen: set[str] = set()
        for number, line in enumerate(lines, start=1):
            try:
                prompt = json.loads(line)
                files = [str(recording["file"]) for recording in prompt["recordings"]]
                {name: prompt[name] for name in ("slurp_id", "sentence", "scenario", "action")}
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{path}, line {number}: accepted: a JSON object with slurp_id, sentence, scenario, action and "
                    "recordings, each with its file"
                ) from None
            for file in files:
                if file in seen or not file.endswith(_ENDING):
                    raise InputError(f"{path}, line {number}: found {file!r}; accepted: each .flac file once")
                seen.add(file)
                yield file, prompt


def _pair(file: str) -> tuple[str, str]:
    """The name that both recordings of a pair share, and by which of the microphones this one was made."""
    close = file.endswith(_CLOSE_ENDING)
    return file.removesuffix(_CLOSE_ENDING if close else _ENDING), CLOSE if close else DISTANT
