"""Error rates that others have published: what they counted is taken as it is, nothing is normalized or aligned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.errors import InputError

NAME = "published"


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Published:
    """Stands for whatever the publishers of the rates applied to their texts, which are not at hand.

    Attributes:
        applied: what they say that they applied, for the provenance of a run.
    """

    applied: str = "not stated"

    def __call__(self, text: str) -> str:
        """Refuse: there is no text to normalize.

        Raises:
            InputError: always.
        """
        raise InputError(f"the normalizer {NAME!r} is the publishers' own and cannot be applied to {text[:40]!r}")

    def version(self) -> str:
        """What the publishers say of it."""
        return f"the publishers' own: {self.applied}"


def published_row(
    utterance: str, normalizer: str, hypothesis: Mapping[str, Any], words: int | None
) -> dict[str, object]:
    """The row of the table `scores` of an utterance whose texts are not published.

    Args:
        utterance: its id.
        normalizer: name that the figures are given under.
        hypothesis: row of the table `hypotheses`.
        words: how many words were said.

    Returns:
        `errors` as the rate times the words, or null where the recognizer owes it; the counts and flags are null.

    Raises:
        InputError: it is not known how many words were said, or a text stands where a rate should.
    """
    if not words:
        raise InputError(f"the utterance {utterance!r} has neither a text nor a number of words to be scored on")
    if hypothesis["text"] is not None:
        raise InputError(f"the utterance {utterance!r} has a recognized text and no reference to be scored on")
    rate = hypothesis.get("error_rate")
    return {
        "utterance_id": utterance,
        "normalizer": normalizer,
        "unit": "word",
        "reference_tokens": words,
        "errors": None if rate is None else rate * words,
    }
