"""Counts the errors of every hypothesis under every normalizer, in words and in characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import pyarrow as pa
from pydantic import ConfigDict, model_validator
from pydantic.dataclasses import dataclass

from callgap.errors import InputError, one_of
from callgap.records import LOST, SCORES, Status, table
from callgap.scoring.flags import flag_texts
from callgap.scoring.published import NAME, Published, published_row
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

    def check(self, *, textless: bool) -> None:
        """Refuse to normalize what has no text, and to leave to publishers what has one.

        Args:
            textless: whether there are published error rates and no texts.

        Raises:
            InputError: it would.
        """
        given = [name for name, normalizer in self.normalizers.items() if isinstance(normalizer, Published)]
        if textless and (len(given) < len(self.normalizers) or self.units != ("word",)):
            raise InputError(
                f"scoring: found the normalizers {', '.join(self.normalizers)} in units of {', '.join(self.units)} for "
                "published error rates, which have no text; accepted: scoring=published"
            )
        if given and not textless:
            raise InputError(
                f"scoring.normalizers.{given[0]}: these are texts, which nobody has scored yet; accepted: a normalizer "
                f"of callgap, as in scoring=default ({NAME} is for error rates without texts)"
            )

    def score(
        self,
        references: Sequence[tuple[str, str | None]],
        hypotheses: Mapping[str, Mapping[str, Any]],
        words: Mapping[str, int | None] | None = None,
        languages: Mapping[str, str | None] | None = None,
    ) -> pa.Table:
        """Score one hypothesis per utterance.

        Args:
            references: utterance id and what was said, in the order of the result; None where only an error rate is
                published.
            hypotheses: rows of the table `hypotheses` by utterance id; `excluded` utterances are left out, and those
                whose text the recognizer owes have null counts.
            words: by utterance id, how many words were said, where that is not published.
            languages: by utterance id, BCP 47 tag of what was spoken; None leaves other languages in the same script
                undetermined.

        Returns:
            Table `scores`, ordered by normalizer, unit and utterance.

        Raises:
            InputError: the normalizers do not fit: see `check`.
        """
        said = [(u, text) for u, text in references if hypotheses[u]["status"] != Status.EXCLUDED]
        judged = [(u, text) for u, text in said if text is not None]
        if len(judged) < len(said):
            self.check(textless=True)
            known = words or {}
            published = [
                published_row(u, name, hypotheses[u], known.get(u)) for name in self.normalizers for u, _ in said
            ]
            return table(published, SCORES)
        if said:
            self.check(textless=False)
        rows: list[dict[str, object]] = []
        flags = _flagged(judged, hypotheses, languages or {})
        for name, normalize in self.normalizers.items():
            raw = [hypotheses[u]["text"] or "" for u, _ in judged]
            normalized = {text: normalize(text) for text in {*raw, *(text for _, text in judged)}}
            spoken = [normalized[text] for _, text in judged]
            understood = [normalized[text] for text in raw]
            for unit in self.units:
                counts = count_errors(spoken, understood, unit=unit)
                columns = [counts.hits, counts.substitutions, counts.deletions, counts.insertions]
                numbers = zip(*(column.tolist() for column in columns), strict=True)
                for (utterance, _), heard, number in zip(judged, understood, numbers, strict=True):
                    row = _row(utterance, name, unit, hypotheses[utterance], heard, number)
                    rows.append(row | flags[utterance])
        return table(rows, SCORES)

    def versions(self) -> dict[str, str]:
        """The version of each normalizer, for the provenance of a run."""
        return {name: normalizer.version() for name, normalizer in self.normalizers.items()}


def _flagged(
    judged: Sequence[tuple[str, str]],
    hypotheses: Mapping[str, Mapping[str, Any]],
    languages: Mapping[str, str | None],
) -> dict[str, dict[str, object]]:
    # Once per utterance: findings are about the recognizer and not about a normalizer.
    heard = [None if hypotheses[u]["status"] in LOST else hypotheses[u]["text"] or "" for u, _ in judged]
    flags = flag_texts([text for _, text in judged], heard, [languages.get(u) for u, _ in judged])
    return {
        u: {"hallucinated": flag.hallucinated, "wrong_language": flag.wrong_language}
        for (u, _), flag in zip(judged, flags, strict=True)
    }


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
        "errors": float(substitutions + deletions + insertions),
        "empty": not heard,
    }
