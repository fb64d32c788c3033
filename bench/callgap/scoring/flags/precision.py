"""How often each rule is right on pairs of texts that were written and labelled for it.

The pairs are made up: invented callers, no recording and no recognizer's output. They show what a rule does to the
cases that it could confuse, not how often those cases occur.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from scipy.stats import binomtest

from callgap.scoring.flags.finding import HALLUCINATION, Flags, Rule, flag_texts

_LABELLED = Path(__file__).resolve().parents[1] / "labelled" / "flags.jsonl"


@dataclass(frozen=True)
class LabelledPair:
    """Two texts, and what a person sees in them.

    Attributes:
        kind: what the pair is an example of.
        language: BCP 47 tag of what was spoken.
        reference: what was said.
        hypothesis: what a recognizer might have made of it.
        hallucinated: whether words are invented.
        wrong_language: whether it is in another language or script.
        findings: rules that ought to fire; none where a flag is right for a reason that no rule is for.
    """

    kind: str
    language: str
    reference: str
    hypothesis: str
    hallucinated: bool
    wrong_language: bool
    findings: tuple[Rule, ...]


@dataclass(frozen=True)
class RulePrecision:
    """Counts of one rule, or of one flag whatever the rule.

    Attributes:
        rule: a rule, `hallucinated` or `wrong_language`.
        pairs: labelled pairs in all.
        labelled: pairs in which the rule ought to fire.
        found: of those, pairs in which it did.
        flagged: pairs in which it fired.
        true_positives: of those, pairs in which the flag is right.
        undetermined: pairs in which the flag is null.
    """

    rule: str
    pairs: int
    labelled: int
    found: int
    flagged: int
    true_positives: int
    undetermined: int

    @property
    def precision(self) -> float | None:
        """Share of the flagged that is right; None where nothing was flagged."""
        return self.true_positives / self.flagged if self.flagged else None

    @property
    def recall(self) -> float | None:
        """Share of the labelled that was found; None where nothing is labelled."""
        return self.found / self.labelled if self.labelled else None

    @property
    def precision_limits(self) -> tuple[float, float] | None:
        """95 % limits of the precision (Clopper & Pearson 1934)."""
        return _limits(self.true_positives, self.flagged)

    @property
    def recall_limits(self) -> tuple[float, float] | None:
        """95 % limits of the recall (Clopper & Pearson 1934)."""
        return _limits(self.found, self.labelled)


@lru_cache(maxsize=1)
def labelled_pairs() -> tuple[LabelledPair, ...]:
    """The pairs that callgap ships, in the order of their file."""
    rows = map(json.loads, _LABELLED.read_text(encoding="utf-8").splitlines())
    return tuple(LabelledPair(**row | {"findings": tuple(map(Rule, row["findings"]))}) for row in rows)


def measure_precision(pairs: Sequence[LabelledPair] | None = None) -> list[RulePrecision]:
    """Flag labelled pairs and count what is right.

    Args:
        pairs: labelled pairs; None takes those that callgap ships.

    Returns:
        One row per rule, then one per flag.
    """
    pairs = labelled_pairs() if pairs is None else pairs
    flags = flag_texts([p.reference for p in pairs], [p.hypothesis for p in pairs], [p.language for p in pairs])
    return [
        *(_of_rule(rule, pairs, flags) for rule in Rule),
        *(_of_flag(name, pairs, flags) for name in ("hallucinated", "wrong_language")),
    ]


def _of_rule(rule: Rule, pairs: Sequence[LabelledPair], flags: Sequence[Flags]) -> RulePrecision:
    name = "hallucinated" if rule in HALLUCINATION else "wrong_language"
    fired = [rule in flag.rules for flag in flags]
    return _counted(rule.value, [rule in pair.findings for pair in pairs], fired, name, pairs, flags)


def _of_flag(name: str, pairs: Sequence[LabelledPair], flags: Sequence[Flags]) -> RulePrecision:
    fired = [getattr(flag, name) is True for flag in flags]
    return _counted(name, [getattr(pair, name) for pair in pairs], fired, name, pairs, flags)


def _counted(
    rule: str,
    labelled: Sequence[bool],
    fired: Sequence[bool],
    name: str,
    pairs: Sequence[LabelledPair],
    flags: Sequence[Flags],
) -> RulePrecision:
    return RulePrecision(
        rule=rule,
        pairs=len(pairs),
        labelled=sum(labelled),
        found=sum(one and other for one, other in zip(labelled, fired, strict=True)),
        flagged=sum(fired),
        true_positives=sum(one and getattr(pair, name) for one, pair in zip(fired, pairs, strict=True)),
        undetermined=sum(getattr(flag, name) is None for flag in flags),
    )


def _limits(successes: int, trials: int) -> tuple[float, float] | None:
    if not trials:
        return None
    limits = binomtest(successes, trials).proportion_ci(confidence_level=0.95, method="exact")
    return float(limits.low), float(limits.high)
