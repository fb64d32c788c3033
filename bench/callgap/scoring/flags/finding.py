"""Applies every rule to every pair of texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from callgap.scoring.flags import hallucination, language
from callgap.scoring.flags.words import words_of
from callgap_kernels import Ragged, align


class Rule(StrEnum):
    """What shows a finding: the first three that words are invented, the last two another language."""

    SILENCE = "text on silence"
    LOOP = "loop"
    BURST = "insertion burst"
    SCRIPT = "other script"
    LANGUAGE = "other language"


HALLUCINATION = frozenset({Rule.SILENCE, Rule.LOOP, Rule.BURST})
"""The rules behind `hallucinated`; the others are behind `wrong_language`."""


@dataclass(frozen=True)
class Flags:
    """Findings about the recognizer in one text.

    Attributes:
        hallucinated: whether it holds words that nobody said; None where the texts do not tell.
        wrong_language: whether it is in another language or script than was spoken; None where the texts do not tell.
        rules: those that fired.
    """

    hallucinated: bool | None
    wrong_language: bool | None
    rules: tuple[Rule, ...] = ()


UNDETERMINED = Flags(None, None)
"""Of a text that the recognizer owes, or a reference that is not published."""


def flag_texts(
    references: Sequence[str | None], hypotheses: Sequence[str | None], languages: Sequence[str | None]
) -> list[Flags]:
    """Search recognized texts for invented words and for another language.

    Args:
        references: what was said, as written, before any normalizer; a tag such as `[silence]` is no speech.
        hypotheses: what was recognized, one per reference; None where there is none.
        languages: BCP 47 tag of what was spoken, one per reference; None where it is unknown.

    Returns:
        Flags, in the order of the texts.

    Raises:
        ValueError: the lengths differ.

    Example:
        >>> flag_texts(["yes please"], ["no no no no no no no no"], ["en-US"])[0].rules
        (<Rule.LOOP: 'loop'>,)
    """
    pairs = [
        None if reference is None or hypothesis is None else (words_of(reference), words_of(hypothesis))
        for reference, hypothesis in zip(references, hypotheses, strict=True)
    ]
    operations = _alignments(pairs)
    return [
        UNDETERMINED
        if pair is None or reference is None
        else _flags(reference, pair[0], pair[1], spoken, operations.get(index))
        for index, (reference, pair, spoken) in enumerate(zip(references, pairs, languages, strict=True))
    ]


def _alignments(pairs: Sequence[tuple[list[str], list[str]] | None]) -> dict[int, list[int]]:
    # Only pairs with as many words more as a burst takes: few, so that the others cost nothing.
    long = {
        index: pair
        for index, pair in enumerate(pairs)
        if pair and pair[0] and len(pair[1]) - len(pair[0]) >= hallucination.BURST_WORDS
    }
    if not long:
        return {}
    codes: dict[str, int] = {}
    sides = (
        Ragged.from_sequences([[codes.setdefault(w, len(codes)) for w in pair[side]] for pair in long.values()])
        for side in (0, 1)
    )
    alignment = align(*sides, device="cpu")
    operations, offsets = alignment.operations.tolist(), alignment.offsets.tolist()
    return {index: operations[offsets[at] : offsets[at + 1]] for at, index in enumerate(long)}


def _flags(
    reference: str, said: list[str], heard: list[str], spoken: str | None, operations: list[int] | None
) -> Flags:
    rules = list(_invented(said, heard))
    burst = bool(rules) or (bool(operations) and hallucination.bursts(reference, said, heard, operations or []))
    if burst and not rules:
        rules.append(Rule.BURST)
    wrong: bool | None = language.other_script(said, heard, spoken)
    if wrong:
        rules.append(Rule.SCRIPT)
    # Where nothing was said, no language was spoken.
    elif said:
        wrong = language.other_language(said, heard, spoken)
        if wrong:
            rules.append(Rule.LANGUAGE)
    else:
        wrong = None
    return Flags(burst, wrong, tuple(rules))


def _invented(said: Sequence[str], heard: Sequence[str]) -> Iterator[Rule]:
    if hallucination.invents_on_silence(said, heard):
        yield Rule.SILENCE
    if hallucination.repeats(said, heard):
        yield Rule.LOOP
