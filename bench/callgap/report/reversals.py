"""Whether systems, or the same system under another locale, turn round who is served worse."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scipy.stats import spearmanr

from callgap.report.comparisons import Row, has_limits, under_primary_normalizer
from callgap.report.figures import number, points, span
from callgap.report.wording import ENDPOINTS, callers
from callgap.verdict.words import UNFIT

_FEWEST_RANKED = 3


@dataclass(frozen=True)
class Told:
    """The gap of one group in one run."""

    system: str
    locale: str
    row: Row

    @property
    def named(self) -> str:
        """System and locale, the gap and its limits."""
        limits = span(self.row["difference_lower"], self.row["difference_upper"])
        unfit = ", which is unfit for everyone" if self.row["verdict"] == UNFIT else ""
        return f"{self.system} (locale {self.locale}){unfit}: {points(self.row['difference'])} points ({limits})"


@dataclass(frozen=True)
class Question:
    """What makes gaps of several runs comparable."""

    corpus: str
    condition: str | None
    attribute: str
    endpoint: str
    reference: str

    @property
    def named(self) -> str:
        """In words."""
        name = ENDPOINTS[self.endpoint].name.lower()
        return f"{self.attribute.replace('_', ' ')}, {name}, beside {callers(self.reference)}"


def reversals(reports: Sequence[Row]) -> tuple[str, ...]:
    """Name the groups whose gap has another sign in another run, and how far the order of groups agrees.

    Args:
        reports: as `summarize` made them, one per run.

    Returns:
        Sentences about these runs: a group is named where the limits exclude 0 on both sides, with simultaneous limits
        within each run. Then, per attribute and endpoint, the condition and the pair of runs in which Spearman's
        correlation of the gaps is lowest.
        None where no two runs asked the same of the same corpus.
    """
    asked = {question: told for question, told in _asked(reports).items() if len(_systems(told)) > 1}
    found = [sentence for question, told in asked.items() for sentence in _turned(question, told)]
    if asked and not found:
        found = ["No group is served worse in one of these runs and better in another with limits that exclude none."]
    return tuple([*found, *_orders(asked)])


def _asked(reports: Sequence[Row]) -> dict[Question, dict[str, list[Told]]]:
    """By question and group, the gaps of every run with simultaneous limits."""
    asked: dict[Question, dict[str, list[Told]]] = defaultdict(lambda: defaultdict(list))
    for report in reports:
        recognizer = report["provenance"].get("recognizer")
        recognizer = recognizer if isinstance(recognizer, dict) else {}
        for row in under_primary_normalizer(report["contrasts"], report["policy"]):
            if row["endpoint"] in report["endpoints"] and _is_comparable(row):
                question = Question(
                    _corpus(report), row["condition"], row["attribute"], row["endpoint"], row["reference"]
                )
                told = Told(str(recognizer.get("id") or report["name"]), recognizer.get("locale") or "not stated", row)
                asked[question][row["group"]].append(told)
    return asked


def _is_comparable(row: Row) -> bool:
    """What may not be judged is not compared either."""
    return row["limits"] == "simultaneous" and row["verdict"] is not None and has_limits(row)


def _corpus(report: Row) -> str:
    corpus = report["provenance"].get("corpus")
    fingerprint = corpus.get("fingerprint") if isinstance(corpus, dict) else None
    return str(fingerprint or report["card"]["title"])


def _systems(groups: dict[str, list[Told]]) -> set[str]:
    return {told.system for gaps in groups.values() for told in gaps}


def _turned(question: Question, groups: dict[str, list[Told]]) -> Iterator[str]:
    for group, gaps in sorted(groups.items()):
        worse = [told.named for told in gaps if told.row["difference_lower"] > 0]
        better = [told.named for told in gaps if told.row["difference_upper"] < 0]
        if worse and better:
            yield (
                f"The choice of system turns round who is served worse, {group} ({question.named}): more errors with "
                f"{'; '.join(worse)}; fewer with {'; '.join(better)}."
            )


def _orders(asked: Mapping[Question, dict[str, list[Told]]]) -> Iterator[str]:
    """A sentence per question, whatever the condition: where the order of the groups agrees least."""
    orders: dict[Question, list[tuple[Question, Order]]] = defaultdict(list)
    for question, told in asked.items():
        if (order := _order(told)) is not None:
            orders[replace(question, condition=None)].append((question, order))
    for whole, found in orders.items():
        question, (rho, first, second, shared) = min(found, key=lambda one: one[1])
        under = f" under {question.condition}, of {len(found)} conditions" if len(found) > 1 else ""
        yield (
            f"The order of the {shared} groups ({whole.named}) agrees least between {first} and {second}{under}: rank "
            f"correlation {number(rho, 2)}, described without limits."
        )


Order = tuple[float, str, str, int]
"""A rank correlation, the two systems, and how many groups both have."""


def _order(groups: dict[str, list[Told]]) -> Order | None:
    """The two systems that agree least."""
    gaps: dict[str, dict[str, float]] = defaultdict(dict)
    for group, found in groups.items():
        for told in found:
            gaps[told.system][group] = told.row["difference"]
    agreed = [
        (rho, first, second, shared)
        for first, second in itertools.combinations(gaps, 2)
        for rho, shared in [_agreement(gaps[first], gaps[second])]
        if rho is not None
    ]
    return min(agreed, default=None)


def _agreement(first: dict[str, float], second: dict[str, float]) -> tuple[float | None, int]:
    shared = sorted(first.keys() & second.keys())
    sides = [[gaps[group] for group in shared] for gaps in (first, second)]
    if len(shared) < _FEWEST_RANKED or any(len(set(side)) < 2 for side in sides):
        return None, len(shared)
    return float(spearmanr(*sides).statistic), len(shared)
