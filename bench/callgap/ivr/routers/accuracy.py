"""How often a router is right on clean text that it has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from callgap.errors import InputError
from callgap.ivr.routers.base import STAGE, Routed
from callgap.ivr.routers.texts import Text, distinct


@dataclass(frozen=True)
class Checked:
    """Counts of one intent.

    Attributes:
        intent: None is everything out of scope.
        texts: that were routed.
        correct: routed to the intent; out of scope, refused.
        refused: taken for out of scope.
        owed: to which the router owed an answer; they count as not correct.
    """

    intent: str | None
    texts: int
    correct: int
    refused: int
    owed: int = 0

    @property
    def share(self) -> float | None:
        """Correct among all, between 0 and 1; None without a text."""
        return self.correct / self.texts if self.texts else None


@dataclass(frozen=True)
class Accuracy:
    """A router on clean text that it was not trained with and that chose none of its settings.

    Attributes:
        of: name of the set of texts.
        by_intent: counts of every intent that the texts have, sorted by name.
        out_of_scope: counts of the texts that have none.
        known: test texts that were left out because training or validation holds the same one.
    """

    of: str
    by_intent: tuple[Checked, ...]
    out_of_scope: Checked
    known: int

    @property
    def in_scope(self) -> Checked:
        """Counts over all intents."""
        return Checked(None, *(sum(counts) for counts in zip(*map(_counts, self.by_intent), strict=True)))

    @property
    def in_scope_accuracy(self) -> float | None:
        """Share of the texts with an intent that are routed to it; a refused one is wrong."""
        return self.in_scope.share

    @property
    def out_of_scope_recall(self) -> float | None:
        """Share of the texts without an intent that are refused; None where the set has none."""
        return self.out_of_scope.share

    @property
    def worst(self) -> Checked:
        """The intent with the lowest share, the first by name of several."""
        return min(self.by_intent, key=lambda found: (found.share or 0.0, str(found.intent)))

    def sentence(self) -> str:
        """The two figures in words, with their counts."""
        inside = self.in_scope
        words = f"clean text ({self.of}): {inside.correct} of {inside.texts} texts routed right ({inside.share:.1%})"
        outside = self.out_of_scope
        if outside.share is None:
            return f"{words}; no text out of scope was tried"
        return f"{words}, {outside.correct} of {outside.texts} out of scope refused ({outside.share:.1%})"

    def plain(self) -> dict[str, object]:
        """As plain values, for the report: counts, and shares that are None where there is nothing to share."""
        return {
            "of": self.of,
            "in_scope": _plain(self.in_scope),
            "out_of_scope": _plain(self.out_of_scope),
            "by_intent": {str(found.intent): _plain(found) for found in self.by_intent},
            "known_texts_left_out": self.known,
            "sentence": self.sentence(),
        }


def measured(
    route: Callable[[Sequence[str]], list[Routed]], of: str, test: Sequence[Text], seen: Sequence[Text]
) -> Accuracy:
    """Check a router.

    Args:
        route: as `Router.route`.
        of: name of the set of texts.
        test: texts with their intents as the router names them; None is out of scope.
        seen: texts of training and validation: a test text that is among them is left out and counted.

    Returns:
        The counts.

    Raises:
        InputError: no text with an intent remains.
    """
    fresh = distinct(test, seen)
    if not any(text.intent for text in fresh):
        raise InputError(
            f"{STAGE}: {of} holds no test text with an intent that training lacks, so that the router's accuracy "
            "cannot be shown; accepted: a set of texts whose part `test` holds some"
        )
    texts: Counter[str | None] = Counter(text.intent for text in fresh)
    correct: Counter[str | None] = Counter()
    refused: Counter[str | None] = Counter()
    owed: Counter[str | None] = Counter()
    for text, found in zip(fresh, route([text.text for text in fresh]), strict=True):
        if found.fault is not None:
            owed[text.intent] += 1
            continue
        correct[text.intent] += found.intent == text.intent
        refused[text.intent] += found.intent is None

    def checked(intent: str | None) -> Checked:
        return Checked(intent, texts[intent], correct[intent], refused[intent], owed[intent])

    named = sorted(intent for intent in texts if intent is not None)
    return Accuracy(of, tuple(map(checked, named)), checked(None), len(test) - len(fresh))


def _counts(found: Checked) -> tuple[int, int, int, int]:
    return found.texts, found.correct, found.refused, found.owed


def _plain(found: Checked) -> dict[str, int | float | None]:
    return {
        "texts": found.texts,
        "correct": found.correct,
        "refused": found.refused,
        "owed": found.owed,
        "share": found.share,
    }
