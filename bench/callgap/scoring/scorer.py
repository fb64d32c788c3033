"""Counts the errors of every hypothesis under every normalizer, in words and in characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import pyarrow as pa
from pydantic import ConfigDict, model_validator
from pydantic.dataclasses import dataclass

from callgap.errors import one_of
from callgap.records import LOST, SCORES, Status, table
from callgap_kernels import count_errors

Unit = Literal["word", "character"]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Scorer:
    """How texts are compared.

    Attributes:
        primary: the normalizer that figures are given under.
        normalizers: by name; a verdict wants at least two.
        units: what is counted.
    """

    primary: str
    normalizers: Mapping[str, Any]
    units: tuple[Unit, ...]

    @model_validator(mode="after")
    def _primary_and_words_are_declared(self) -> Self:
        if self.primary not in self.normalizers:
            raise ValueError(f"primary: found {self.primary!r}; {one_of(self.primary, self.normalizers)}")
        if "word" not in self.units:
            raise ValueError(f"units: found {list(self.units)}; `word` must be among them, rates of groups rest on it")
        return self

    def score(self, references: Sequence[tuple[str, str]], hypotheses: Mapping[str, Mapping[str, Any]]) -> pa.Table:
        """Score one hypothesis per utterance.

        Args:
            references: utterance id and what was said, in the order of the result.
            hypotheses: rows of the table `hypotheses` by utterance id; `excluded` utterances are left out, and those
                whose text the recognizer owes have null counts.

        Returns:
            Table `scores`, ordered by normalizer, unit and utterance.
        """
        judged = [(u, text) for u, text in references if hypotheses[u]["status"] != Status.EXCLUDED]
        rows: list[dict[str, object]] = []
        for name, normalize in self.normalizers.items():
            raw = [hypotheses[u]["text"] or "" for u, _ in judged]
            normalized = {text: normalize(text) for text in {*raw, *(text for _, text in judged)}}
            said = [normalized[text] for _, text in judged]
            understood = [normalized[text] for text in raw]
            for unit in self.units:
                counts = count_errors(said, understood, unit=unit)
                columns = [counts.hits, counts.substitutions, counts.deletions, counts.insertions]
                numbers = zip(*(column.tolist() for column in columns), strict=True)
                for (utterance, _), heard, number in zip(judged, understood, numbers, strict=True):
                    rows.append(_row(utterance, name, unit, hypotheses[utterance], heard, number))
        return table(rows, SCORES)

    def versions(self) -> dict[str, str]:
        """The version of each normalizer, for the provenance of a run."""
        return {name: normalizer.version() for name, normalizer in self.normalizers.items()}


def _row(
    utterance: str,
    normalizer: str,
    unit: Unit,
    hypothesis: Mapping[str, Any],
    heard: str,
    counts: tuple[int, int, int, int],
) -> dict[str, object]:
    hits, substitutions, deletions, insertions = counts
    row: dict[str, object] = {"utterance_id": utterance, "normalizer": normalizer, "unit": unit}
    row["reference_tokens"] = hits + substitutions + deletions
    if hypothesis["status"] in LOST:
        return row
    return row | {
        "hits": hits,
        "substitutions": substitutions,
        "deletions": deletions,
        "insertions": insertions,
        "empty": not heard,
    }
