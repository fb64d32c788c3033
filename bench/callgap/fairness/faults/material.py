"""What the checks look at: one frame with a row per utterance, and the words in which a fault is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from callgap.errors import InputError, one_of
from callgap.fairness.evidence import Evidence
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN

SOURCES = ("corpus", "source")
"""Columns that, where a corpus has them, say which collection an utterance is from."""

_COLUMNS = (
    *("utterance_id", "speaker_id", "text", "prompt_id", "language", "duration_s", "session_id"),
    *("audio", "audio_channel", "audio_begin_s", "audio_end_s"),
)


class Consequence(StrEnum):
    """What a fault does to the verdicts."""

    SHOWN = "shown"
    NOT_JUDGED = "not judged"
    NOT_PUBLISHED = "not published"


@dataclass(frozen=True)
class Fault:
    """A row of the table `faults`.

    Attributes:
        fault: code.
        consequence: for the attribute or group named, or for the whole run where neither is.
        detail: one sentence.
        speakers: whom it concerns.
        utterances: likewise.
        share: of what the sentence says; None where there is none.
        attribute: None where it is not of one.
        group: None where it is of the whole attribute, or of everyone.
    """

    fault: str
    consequence: Consequence
    detail: str
    speakers: int
    utterances: int
    share: float | None = None
    attribute: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Part:
    """Some of the utterances.

    Attributes:
        frame: all utterances.
        places: which of its rows.
        attribute: None for everyone.
        group: likewise.
    """

    frame: pd.DataFrame
    places: NDArray[np.intp]
    attribute: str | None = None
    group: str | None = None

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Its rows of the frame."""
        return self.frame.iloc[self.places]

    @cached_property
    def speakers(self) -> int:
        """Who speaks in it."""
        return int(self.frame["speaker_id"].array[self.places].unique().size)

    @property
    def name(self) -> str:
        """For sentences."""
        return "everyone" if self.group is None else f"{self.attribute} {self.group}"


@dataclass(frozen=True)
class Material:
    """The utterances of one run with what was heard in them.

    Attributes:
        evidence: of the run.
        references: by attribute, the group that the others are compared with; a name that is no group, such as
            `everyone else`, and None stand for all other speakers whose group is known.
        sources: columns of `utterances` that say which collection an utterance is from.
    """

    evidence: Evidence
    references: Mapping[str, str | None]
    sources: tuple[str, ...]

    @staticmethod
    def of(evidence: Evidence, references: Mapping[str, str | None], sources: Sequence[str] | None) -> Material:
        """Gather what the checks need.

        Raises:
            InputError: a column of `sources` is not in `utterances`.
        """
        known = evidence.utterances.column_names
        if sources is None:
            return Material(evidence, references, tuple(name for name in SOURCES if name in known))
        for name in sources:
            if name not in known:
                raise InputError(f"sources: there is no column {name!r} in `utterances`; {one_of(name, known)}")
        return Material(evidence, references, tuple(sources))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per utterance, in the order of the table.

        Fixed columns and sources, `heard` (the text), `status`, and word `errors` and `words` where it was scored.
        """
        table = self.evidence.utterances
        frame = table.select([*_COLUMNS, *(s for s in self.sources if s not in _COLUMNS)]).to_pandas()
        found = self.evidence.heard.select(["utterance_id", "text", "status"]).to_pandas().set_index("utterance_id")
        words = self.evidence.observations["wer"].set_index("utterance_id")
        ids = frame["utterance_id"]
        frame["heard"], frame["status"] = ids.map(found["text"]), ids.map(found["status"])
        frame["errors"], frame["words"] = ids.map(words["numerator"]), ids.map(words["denominator"])
        return frame

    @cached_property
    def everyone(self) -> Part:
        """All utterances."""
        return Part(self.frame, np.arange(len(self.frame)))

    @cached_property
    def groups(self) -> list[tuple[Part, Part]]:
        """Each known group of each attribute, and those that it is compared with; for a reference, all others."""
        return [
            pair for attribute, members in self.evidence.membership.items() for pair in self._groups(attribute, members)
        ]

    def _groups(self, attribute: str, members: Mapping[str, str]) -> Iterator[tuple[Part, Part]]:
        of = self.frame["speaker_id"].map(members)
        codes, names = pd.factorize(of.where(~of.isin([UNKNOWN, CONTRADICTORY])), sort=True)
        places = {str(name): np.flatnonzero(codes == code) for code, name in enumerate(names)}
        reference = self.references.get(attribute)
        for code, name in enumerate(names):
            one = reference in places and reference != name
            others = places[str(reference)] if one else np.flatnonzero((codes >= 0) & (codes != code))
            yield Part(self.frame, places[name], attribute, name), Part(self.frame, others, attribute)


def percent(share: float) -> str:
    """A share as a percentage, fine enough not to be 0 where something was found."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"
