"""How far the references of a run are from what was said, by group, and what of a gap that may be.

A word error rate is counted against references. Where these are prompts, a speaker who deviates is charged to the
recognizer. By the triangle inequality of edit distance the charge of a group is at most its reference error rate: the
edits between reference and transcription over the words of the references, the denominator of the word error rate. Of
a gap the references can make up the difference of the two groups' rates, provided that they are charged alike (a
recognizer that hears a deviation in one group hears it in the other). A gap must exceed the upper limit of that
difference, and not its estimate: what a small sample cannot exclude is not excluded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from callgap.errors import InputError
from callgap.run_directory import RunDirectory

_TABLE, _NOTES = REFERENCE_ERRORS = "reference_error.csv", "reference_error.json"
Key = tuple[str, str, str | None, str]


@dataclass(frozen=True)
class ReferenceErrorRate:
    """The references of one group against what was said, under one normalizer.

    Attributes:
        attribute: of the group.
        group: the group.
        reference: the group that it is compared with; None compares nothing.
        normalizer: of both texts.
        standing: what the number of speakers allows to say.
        speakers: with a transcription.
        utterances: with a transcription.
        words: of the references of these utterances.
        errors: words substituted, left out and added by the speakers.
        listened: utterances that were heard or could not be.
        not_heard: of these, how many could not be; they are in none of the numbers above.
        rate: errors over words, pooled; None below two speakers.
        reference_speakers: with a transcription, on the other side.
        estimate: differential reference error, the rate less that of the reference group.
        lower: its speaker-level limit; None below five speakers on a side, or where a side has no variance.
        upper: the same.
        limits: `simultaneous` over the groups of the attribute, or `pointwise` below ten speakers.
    """

    attribute: str
    group: str
    reference: str | None
    normalizer: str
    standing: str
    speakers: int
    utterances: int
    words: int
    errors: int
    listened: int
    not_heard: int
    rate: float | None = None
    reference_speakers: int | None = None
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    limits: str | None = None

    @property
    def key(self) -> Key:
        """What a contrast is found by: attribute, group, reference and normalizer."""
        return self.attribute, self.group, self.reference, self.normalizer

    @property
    def bar(self) -> float | None:
        """What a word error gap must exceed: the upper limit, at least 0; None where it is not known."""
        return None if self.upper is None else max(0.0, self.upper)


@dataclass(frozen=True)
class Agreement:
    """Two transcriptions of the same utterances under one normalizer.

    Attributes:
        normalizer: of both.
        pairs: utterances with two transcriptions.
        identical: of these, with the same words.
        errors: edits between the two.
        words: of both together.
    """

    normalizer: str
    pairs: int
    identical: int
    errors: int
    words: int

    @property
    def disagreement(self) -> float | None:
        """Edits over the mean number of words of the two; None without words."""
        return 2 * self.errors / self.words if self.words else None


def store(
    run: RunDirectory, attribute: str, rows: Sequence[ReferenceErrorRate], notes: Mapping[str, Any]
) -> tuple[Path, Path]:
    """Keep the reference errors of an attribute in a run; those of its other attributes stay.

    Args:
        run: the run.
        attribute: whose groups `rows` are of.
        rows: one per normalizer and group.
        notes: what else is known of the sample, as plain values; no text and no speaker.

    Returns:
        The table (CSV) and the notes (JSON), in which the rows stand as well.
    """
    content = _stored(run.path)
    content[attribute] = {**notes, "rows": [asdict(row) for row in rows]}
    content = dict(sorted(content.items()))
    names = [field.name for field in fields(ReferenceErrorRate)]
    every = [row for part in content.values() for row in part["rows"]]
    run.write_table(_TABLE, pa.table({name: [row[name] for row in every] for name in names}))
    run.write_json(_NOTES, content)
    return run.path / _TABLE, run.path / _NOTES


def differential_reference_error(run: Path) -> dict[Key, ReferenceErrorRate]:
    """What `callgap sample read` has found out about the references of a run.

    Args:
        run: a run directory.

    Returns:
        By attribute, group, reference and normalizer, as a contrast of the endpoint `wer` is named; empty where no
        sample was read.

    Raises:
        InputError: the file is damaged.
    """
    try:
        rows = [ReferenceErrorRate(**row) for part in _stored(run).values() for row in part["rows"]]
    except (KeyError, TypeError):
        raise InputError(f"{run / _NOTES} is damaged: read the sample again with callgap sample read") from None
    return {row.key: row for row in rows if row.group != row.reference}


def _stored(run: Path) -> dict[str, Any]:
    path = run / _NOTES
    if not path.is_file():
        return {}
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{path} is damaged: delete it and read the sample again") from None
    return content
