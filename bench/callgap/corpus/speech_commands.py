"""Speech Commands v0.02: volunteers who say single English words to a web page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import FAULT, Published, Row, text_of
from callgap.errors import InputError

Split = Literal["test", "validation", "train", "all"]

_LISTS: dict[Split, str] = {"test": "testing_list.txt", "validation": "validation_list.txt"}
_FILE = re.compile(r"(?P<word>[a-z]+)/(?P<speaker>[0-9a-f]{8})_nohash_(?P<take>[0-9]{1,9})\.wav")
_NOISE = "_background_noise_"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SpeechCommandsCorpus(Published):
    """Single English words; of the people who say them nothing is known but which recordings share a speaker.

    Attributes:
        split: whose recordings to use; `train` has those that neither list names.
    """

    split: Split = "test"
    corpus: ClassVar[str] = "speech-commands"
    layout: ClassVar[str] = f"{', '.join(_LISTS.values())} and yes/0a1b2c3d_nohash_0.wav, ..."

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether both lists are there; no list names what is for training."""
        return all((folder / name).is_file() for name in _LISTS.values())

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per recording, ordered by word, speaker and take, whether it is there or only listed."""
        listed = {place: split for split, name in _LISTS.items() for place in _listed(folder / name)}
        places = set(listed)
        if self.split in ("train", "all"):
            places |= {path.relative_to(folder).as_posix() for path in folder.glob("[!._]*/*.wav")}
        for place in sorted(places, key=_order):
            split = listed.get(place, "train")
            if self.split in ("all", split):
                yield {**_row(place), "split": split}


def _listed(path: Path) -> Iterator[str]:
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        place = line.strip().removeprefix("./")
        if not place or place.startswith(_NOISE):
            continue
        if place.startswith("/") or ".." in place.split("/") or not place.endswith(".wav"):
            raise InputError(
                f"{path}, line {number}: found {place!r}; accepted: a recording below its folder, as "
                "yes/0a1b2c3d_nohash_0.wav"
            )
        yield place


def _order(place: str) -> tuple[str, str, int]:
    found = _FILE.fullmatch(place)
    return (found["word"], found["speaker"], int(found["take"])) if found else (place, "", 0)


def _row(place: str) -> Row:
    # The same file name stands in the folders of many words.
    named = {"path": place, "utterance_id": place.removesuffix(".wav")}
    found = _FILE.fullmatch(place)
    if found is None:
        return {**named, "speaker_id": "", FAULT: "unknown_file_name"}
    word = found["word"]
    return {
        **named,
        "speaker_id": found["speaker"],
        "text": word,
        "word": word,
        "prompt_id": word,
        "intent": word,
        "take": found["take"],
    }
