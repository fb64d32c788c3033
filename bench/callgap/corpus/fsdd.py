"""The Free Spoken Digit Dataset: six people who say the digits, fifty takes each.

The speakers are known by their first names in the public repository. Here they are s01, s02, ... in the alphabetical
order of those names: nothing that callgap writes holds a name.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pooch
import pyarrow as pa
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.corpus.card import Card, load_card
from callgap.corpus.files import read_batch, sha256_of
from callgap.errors import InputError, first_line
from callgap.records import table, utterances_schema
from callgap.resources import datasets_dir

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class FsddCorpus:
    """Real people saying single digits, 8 kHz.

    Attributes:
        root: the folder with `recordings/` and `metadata.py` (or `speakers.csv`); None looks at `$CALLGAP_DATA/fsdd`
            and then at `../shared/data/fsdd`.
        download: fetch the pinned revision from its public repository into the user's cache when `root` is None and
            neither place holds it.
        home: base address of the pinned revision's files.
        takes: how many of each speaker's 50 takes of a digit to use, from the first on.
        strict: end the run where a recording cannot be heard.
    """

    root: Path | None = None
    download: bool = False
    home: str = ""
    takes: int = 50
    strict: bool = False
    has_audio: ClassVar[bool] = True

    @cached_property
    def card(self) -> Card:
        """What is known of the recordings."""
        return load_card("fsdd")

    def utterances(self) -> pa.Table:
        """The table `utterances`, ordered by speaker, digit and take.

        Raises:
            InputError: the recordings are not there, or the description of the speakers cannot be read.
        """
        rows = list(self._rows())
        if not rows:
            raise InputError(
                f"corpus.root={self._folder} holds no recordings/<digit>_<speaker>_<take>.wav of its speakers"
            )
        return table(rows, utterances_schema(["accent", "gender"]))

    def load(self, utterances: pa.Table) -> Iterator[AudioBatch]:
        """Read some recordings."""
        paths = [self._folder / "recordings" / Path(name).name for name in utterances["audio"].to_pylist()]
        yield read_batch(paths, utterances["utterance_id"].to_pylist(), self.card.sample_rate)

    def revision(self) -> str:
        """The pinned revision, with the number of recordings that differ from it or are missing."""
        pinned = checksums()
        wanted = {name for name in pinned if name != "metadata.py" and int(name.split("_")[2]) < self.takes}
        changed = sum(pinned.get(utterance) != found for utterance, found in self._found.items())
        missing = len(wanted - self._found.keys())
        notes = [f"{n} recordings {what}" for n, what in ((changed, "changed"), (missing, "missing")) if n]
        return ", ".join([self.card.revision, *notes])

    def fingerprint(self) -> str:
        """SHA-256 over the ids and the checksums of the recordings that are used."""
        lines = "".join(f"{utterance} {found}\n" for utterance, found in self._found.items())
        return hashlib.sha256(lines.encode()).hexdigest()

    @cached_property
    def _found(self) -> dict[str, str]:
        return {row["utterance_id"]: sha256_of(Path(row["audio"])) for row in self.utterances().to_pylist()}

    def _rows(self) -> Iterator[dict[str, object]]:
        for number, (name, person) in enumerate(sorted(self._speakers.items()), start=1):
            for digit, word in enumerate(DIGITS):
                for take in range(self.takes):
                    path = self._folder / "recordings" / f"{digit}_{name}_{take}.wav"
                    if not path.is_file():
                        continue
                    yield {
                        "utterance_id": f"{digit}_s{number:02d}_{take}",
                        "speaker_id": f"s{number:02d}",
                        "role": "caller",
                        "prompt_id": f"digit-{digit}",
                        "text": word,
                        "text_source": self.card.text_source,
                        "language": self.card.language,
                        "sample_rate": self.card.sample_rate,
                        "audio": str(path),
                        "intent": f"digit-{digit}",
                        "slots": [],
                        "take": take,
                        "accent": person["accent"],
                        "gender": person["gender"],
                    }

    @cached_property
    def _speakers(self) -> dict[str, dict[str, str]]:
        return read_speakers(self._folder)

    @cached_property
    def _folder(self) -> Path:
        if self.root is not None:
            if not (self.root / "recordings").is_dir():
                raise InputError(f"corpus.root={self.root} has no folder `recordings` of WAV files")
            return self.root
        places = [Path(os.environ["CALLGAP_DATA"])] if "CALLGAP_DATA" in os.environ else []
        places = [place / "fsdd" for place in [*places, Path("../shared/data")]]
        for place in places:
            if (place / "recordings").is_dir():
                return place.resolve()
        if not self.download:
            raise InputError(
                f"corpus=fsdd finds no recordings in {' or '.join(map(str, places))}: give corpus.root=FOLDER, set "
                "CALLGAP_DATA to the folder that holds fsdd/, or let it be fetched with corpus.download=true"
            )
        return fetch(self.home)


def read_speakers(folder: Path) -> dict[str, dict[str, str]]:
    """Read who speaks, from the public repository's `metadata.py` (parsed, never executed) or a `speakers.csv`.

    Args:
        folder: holds one of the two files.

    Returns:
        By first name: `accent` and `gender`.

    Raises:
        InputError: neither file is there, or it has another form.
    """
    script, sheet = folder / "metadata.py", folder / "speakers.csv"
    try:
        if script.is_file():
            people = _dictionary(script.read_text(encoding="utf-8"))
        elif sheet.is_file():
            with sheet.open(encoding="utf-8", newline="") as lines:
                people = {row["speaker"]: row for row in csv.DictReader(lines)}
        else:
            raise InputError(f"{folder} holds neither metadata.py nor speakers.csv, which say who speaks")
        return {name: {"accent": str(p["accent"]), "gender": str(p["gender"])} for name, p in people.items()}
    except (KeyError, SyntaxError, TypeError, UnicodeDecodeError, ValueError, AttributeError) as error:
        source = script if script.is_file() else sheet
        raise InputError(
            f"{source} does not give accent and gender by speaker: {type(error).__name__} {first_line(error)[:40]}"
        ) from None


def _dictionary(source: str) -> Mapping[str, Mapping[str, str]]:
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["metadata"]:
            people: Mapping[str, Mapping[str, str]] = ast.literal_eval(node.value)
            return people
    raise ValueError("nothing is assigned to `metadata`")


def checksums() -> dict[str, str]:
    """SHA-256 by file of the pinned revision: `metadata.py`, and `<digit>_sNN_<take>` for the recordings."""
    lines = (datasets_dir() / "fsdd" / "checksums.txt").read_text(encoding="utf-8").splitlines()
    return dict(reversed(line.split("  ")) for line in lines)  # type: ignore[misc]


def fetch(home: str, cache: Path | None = None) -> Path:
    """Download the pinned revision, each file checked against its checksum.

    Args:
        home: base address of the files.
        cache: folder to download into; None takes the user's cache.

    Returns:
        The folder.

    Raises:
        InputError: a file cannot be fetched, or is not the pinned one.
    """
    registry = checksums()
    folder = cache or Path(pooch.os_cache("callgap")) / "fsdd"
    try:
        _fetch(home, folder, {"metadata.py": registry["metadata.py"]})
        names = sorted(read_speakers(folder))
        recordings = {key: value for key, value in registry.items() if key != "metadata.py"}
        named: dict[str, str] = {}
        for key, value in recordings.items():
            digit, speaker, take = key.split("_")
            named[f"recordings/{digit}_{names[int(speaker[1:]) - 1]}_{take}.wav"] = value
        _fetch(home, folder, named)
    except (OSError, ValueError) as error:
        raise InputError(f"corpus=fsdd cannot be fetched from {home}: {error}") from None
    return folder


def _fetch(home: str, folder: Path, registry: Mapping[str, str]) -> None:
    store = pooch.create(path=folder, base_url=home, registry=dict(registry))
    for name in registry:
        store.fetch(name)
