"""African Accented French (OpenSLR SLR57): French read and spoken in Cameroon, Gabon and Niger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal, NamedTuple

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import FAULT, Published, Row, text_of


class _Part(NamedTuple):
    split: str
    subcorpus: str
    style: str
    transcript: str
    recordings: str


_PARTS = (
    _Part("test", "ca16", "read", "test/ca16/prompts.txt", "test/ca16"),
    _Part("devtest", "ca16", "read", "devtest/ca16_read/conditioned.txt", "devtest/ca16"),
    _Part("dev", "niger", "", "dev/niger_west_african_fr/transcripts.txt", "dev/niger_west_african_fr"),
    _Part("train", "ca16", "read", "train/ca16_read/conditioned.txt", "train/ca16"),
    _Part("train", "ca16", "conversation", "train/ca16_conv/transcripts.txt", "train/ca16"),
    _Part("train", "yaounde", "", "train/yaounde/fn_text.txt", "train/yaounde"),
)
# Soldiers of several countries met at Libreville; nothing in the files says who is from which.
_COUNTRIES = {"yaounde": "Cameroon", "niger": "Niger"}
_IN_PATHS = ("niger", "yaounde")
"""Subcorpora whose lines name a recording by a path, the folder of which is the speaker's."""
_STYLES = ("read", "answers")

Recordings = Mapping[tuple[str, str], Sequence[Path]]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AfricanAccentedFrenchCorpus(Published):
    """Prompts, answers and conversations in French, recorded in three places.

    Attributes:
        split: of the corpus, which is also the place: dev is all of Niger, test and devtest all of Libreville.
    """

    split: Literal["test", "devtest", "dev", "train", "all"] = "test"
    corpus: ClassVar[str] = "african-accented-french"
    layout: ClassVar[str] = "transcripts/test/ca16/prompts.txt, ... and speech/test/ca16/<speaker>/*.wav, ..."

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the folder holds transcripts beside speech."""
        return (folder / "transcripts").is_dir() and (folder / "speech").is_dir()

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per line of the split's transcripts, in their order; a recording without a line is no utterance."""
        for part in _PARTS:
            if self.split in (part.split, "all"):
                yield from _rows(folder, part)


def _rows(folder: Path, part: _Part) -> Iterator[Row]:
    recordings = _recordings(folder / "speech" / part.recordings)
    seen: Counter[str] = Counter()
    for name, text in _lines(folder / "transcripts" / part.transcript):
        if part.subcorpus in _IN_PATHS and len(name.parts) == 1:
            # A heading: the first line of the list of Yaoundé is none of its recordings.
            continue
        row = _row(folder, part, name, recordings)
        key = str(row["utterance_id"])
        seen[key] += 1
        again = {"utterance_id": f"{key}-{seen[key]}", FAULT: "repeated_line"} if seen[key] > 1 else {}
        yield {**row, "text": text, **again}


def _lines(path: Path) -> Iterator[tuple[PurePosixPath, str]]:
    # A text may hold any character but a line feed, so that other ends of lines are none here.
    for line in text_of(path).split("\n"):
        name, *text = line.split(maxsplit=1) or [""]
        if name:
            yield PurePosixPath(name), " ".join(text).strip()


def _row(folder: Path, part: _Part, name: PurePosixPath, recordings: Recordings) -> dict[str, str | None]:
    # Styles are folders only in Yaoundé, where one name may stand for two recordings.
    folder_style = next((style for style in _STYLES if style in name.parts), "") if part.subcorpus == "yaounde" else ""
    style, stem, speaker = folder_style or part.style, name.stem, _speaker(part, name)
    found = recordings.get((folder_style, stem), ())
    kept = [path for path in found if path.parent.name == speaker] or found
    return {
        "path": kept[0].relative_to(folder).as_posix() if len(kept) == 1 else "",
        "utterance_id": "-".join(filter(None, (part.split, part.subcorpus, speaker, style, stem))),
        "speaker_id": f"{part.subcorpus}-{speaker}" if speaker else "",
        "subcorpus": part.subcorpus,
        "style": style,
        "country": _COUNTRIES.get(part.subcorpus, ""),
        "split": part.split,
        FAULT: None if len(kept) == 1 else "several_recordings" if kept else "missing_audio",
    }


def _speaker(part: _Part, name: PurePosixPath) -> str:
    if part.subcorpus in _IN_PATHS:
        return name.parent.name
    fields = name.stem.split("_")
    # As their folders are called: by three fields of the name in the test set, elsewhere by the third.
    return "_".join(fields[:3] if part.split == "test" else fields[2:3])


def _recordings(folder: Path) -> Recordings:
    found: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() == ".wav" and not path.name.startswith("._"):
            first = path.relative_to(folder).parts[0]
            found.setdefault((first if first in _STYLES else "", path.stem), []).append(path)
    return found
