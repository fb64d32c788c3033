"""AudioMNIST: sixty people who say the digits, fifty times each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import Published, Row, text_of
from callgap.errors import InputError, first_line

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_META = "audioMNIST_meta.txt"
_FILE = re.compile(r"(\d)_(\d\d)_(\d{1,2})\.wav")
_COPIED = {"accent": "accent", "gender": "gender", "native speaker": "native_speaker", "origin": "origin"}
_UNKNOWN_AGE = "1234"
"""What the table says of a speaker whose age is not known."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AudioMnistCorpus(Published):
    """Single English digits, read in offices in Berlin.

    Attributes:
        takes: how many of each speaker's takes of a digit to use, from the first on.
    """

    takes: int = 50
    corpus: ClassVar[str] = "audiomnist"
    layout: ClassVar[str] = f"data/{_META} and data/01/0_01_0.wav, ..."

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the folder is the repository, or its folder data/."""
        return (folder / _META).is_file() or (folder / "data" / _META).is_file()

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per recording whose name has the published form, ordered by speaker, digit and take."""
        data = folder if (folder / _META).is_file() else folder / "data"
        speakers = _speakers(data / _META)
        found = (_FILE.fullmatch(path.name) for path in data.glob("[0-9][0-9]/*.wav"))
        for speaker, digit, take in sorted((name[2], int(name[1]), int(name[3])) for name in found if name):
            if take >= self.takes:
                continue
            name = f"{digit}_{speaker}_{take}"
            yield {
                "path": (data / speaker / f"{name}.wav").relative_to(folder).as_posix(),
                "utterance_id": name,
                "speaker_id": speaker,
                "text": DIGITS[digit],
                "prompt_id": f"digit-{digit}",
                "intent": f"digit-{digit}",
                "take": str(take),
                **speakers.get(speaker, {}),
            }


def _speakers(path: Path) -> dict[str, dict[str, str]]:
    try:
        found = json.loads(text_of(path))
    except ValueError as error:
        raise InputError(f"{path} does not describe its speakers as JSON by number: {first_line(error)}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} does not describe its speakers as JSON by number: found a {type(found).__name__}")
    return {speaker: _facts(facts, f"{path}, speaker {speaker!r}") for speaker, facts in found.items()}


def _facts(facts: object, where: str) -> dict[str, str]:
    if not isinstance(facts, dict):
        raise InputError(f"{where}: found {facts!r}; accepted: an object with accent, age, gender, ...")
    stated = {ours: facts.get(theirs, "") for theirs, ours in (_COPIED | {"age": "age"}).items()}
    for name, value in stated.items():
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise InputError(f"{where}: {name} is {value!r}; accepted: a text or a whole number")
    found = {name: str(value) for name, value in stated.items()}
    return {**found, "age": "" if found["age"] == _UNKNOWN_AGE else found["age"]}
