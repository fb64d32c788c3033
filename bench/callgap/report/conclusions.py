"""What a reader may and may not conclude from one run, in words that its verdicts, its card and its policy give."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.report.comparisons import (
    UNJUDGED,
    Row,
    by_supported_harm,
    distinct,
    is_too_small,
    speakers_to_judge,
    under_primary_normalizer,
)
from callgap.report.data_faults import withheld
from callgap.report.figures import points, span
from callgap.report.wording import ENDPOINTS, GRADES, NOT_JUDGED, callers
from callgap.verdict.words import BETTER, CANNOT_TELL, DISADVANTAGED, UNCERTAIN, UNFIT, WITHIN

_NAMED = 8


@dataclass(frozen=True)
class Conclusions:
    """Sentences of one run.

    Attributes:
        may: what may be concluded.
        may_not: what may not.
        certainty: what the limits hold for and what the verdicts rest on.
    """

    may: tuple[str, ...]
    may_not: tuple[str, ...]
    certainty: tuple[str, ...]


def conclusions(report: Row) -> Conclusions:
    """Say what may be concluded.

    Args:
        report: as `summarize` made it.

    Returns:
        Sentences; where the figures may not be published, nothing may be concluded.
    """
    if reason := withheld(report.get("faults", ())):
        return Conclusions((), (f"Anything: {reason}",), ())
    rows = [
        row
        for row in under_primary_normalizer(report["contrasts"], report["policy"])
        if row["endpoint"] in report["endpoints"]
    ]
    return Conclusions(
        tuple(_may(report, rows)),
        tuple([*_may_not_of_verdicts(report, rows), *_may_not_of_data(report, rows)]),
        tuple(_certainty(report, rows)),
    )


@dataclass(frozen=True)
class _Question:
    """The contrasts of one attribute and endpoint with one reference that got one verdict."""

    attribute: str
    endpoint: str
    reference: str
    rows: tuple[Row, ...]

    @property
    def about(self) -> str:
        return f"{_words(self.attribute)}, {ENDPOINTS[self.endpoint].name.lower()}"

    @property
    def groups(self) -> str:
        return _named(row["group"] for row in self.rows)

    @property
    def gaps(self) -> str:
        return _named(_with_limits(row) for row in self.rows)


def _questions(rows: Sequence[Row], verdict: str) -> list[_Question]:
    asked: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row["verdict"] == verdict:
            asked[row["attribute"], row["endpoint"], row["reference"]].append(row)
    return [_Question(*key, tuple(by_supported_harm(found))) for key, found in asked.items()]


def _may(report: Row, rows: Sequence[Row]) -> Iterator[str]:
    told = {
        DISADVANTAGED: "are served worse than {}, by more than the margin of {:g} points",
        UNCERTAIN: "are served worse than {}; whether by more than the margin of {:g} points is open",
        WITHIN: "are served like {}, to within the margin of {:g} points",
        BETTER: "are served better than {}, by more than the margin of {:g} points",
    }
    who = "these synthetic voices" if report["card"]["synthetic"] else "these callers"
    found = [
        f"That {who} {words.format(callers(asked.reference), 100 * asked.rows[0]['margin'])} ({asked.about}): "
        f"{asked.gaps}."
        for verdict, words in told.items()
        for asked in _questions(rows, verdict)
    ]
    yield from found
    for asked in _questions(rows, UNFIT):
        yield f"That the system fails {callers(asked.reference)}, the reference, itself ({asked.about})."
    if not found:
        yield "No gap, and no absence of one: no verdict here says so of any group."
    yield f"How often {_system(report)} erred in these recordings: the rates count what it wrote."


def _may_not_of_verdicts(report: Row, rows: Sequence[Row]) -> Iterator[str]:
    for asked in _questions(rows, UNFIT):
        yield f"Fairness from any gap to {callers(asked.reference)}, whom the system itself fails ({asked.about})."
    for asked in _questions(rows, CANNOT_TELL):
        yield (
            f"Whether these are served worse than {callers(asked.reference)}, alike or better ({asked.about}): "
            f"{asked.groups}. “{CANNOT_TELL}” is no verdict and acquits nobody."
        )
    for attribute in distinct(row["attribute"] for row in rows):
        own = [row for row in rows if row["attribute"] == attribute]
        sizes = sorted(own, key=lambda row: -row["group_speakers"])
        small = distinct(row["group"] for row in sizes if is_too_small(row, report["policy"]))
        if small:
            needed = speakers_to_judge(report["policy"])
            yield (
                f"Anything about {_counted(len(small), 'group')} by {_words(attribute)} without {needed} speakers on "
                f"each side: {_named(small)}."
            )
        for reason in distinct(row["reason"] for row in own if row["verdict"] is None and row["reason"]):
            yield f"A verdict by {_words(attribute)} ({NOT_JUDGED}): {reason}"
    if len({(row["attribute"], row["group"]) for row in rows}) > 1:
        yield "Which of two compared groups is served worse: limits are against the reference, not between groups."


def _may_not_of_data(report: Row, rows: Sequence[Row]) -> Iterator[str]:
    card = report["card"]
    if card["synthetic"]:
        yield "Anything about people: synthetic voices are a stress test."
    elif card["text_source"] == "prompt":
        measured = any(row["reference_error"] is not None for row in rows)
        yield (
            "How much of a gap is the recognizer's and how much the readers': the references are prompts, and one "
            f"group may depart from them more often than another. This was {'' if measured else 'not '}measured."
        )
    if any(row["reference"] == EVERYONE_ELSE for row in rows):
        yield "A gap to any one group, where the reference is everyone else: each group has other people beside it."
    persons = {name for name, attribute in report["attributes"].items() if attribute["of_person"]}
    unsorted = [row for row in report["exclusions"] if row["group"] in UNJUDGED and row["speakers"]]
    unknown = [row for row in unsorted if row["attribute"] in persons]
    if unknown:
        told = "; ".join(f"{_words(row['attribute'])} {row['group']}: {row['speakers']}" for row in unknown)
        yield f"Anything about speakers without one known group ({told})."
    for name, attribute in report["attributes"].items():
        if not attribute["of_person"]:
            yield f"That {_words(name)} is a disadvantage of anybody: a condition is described, never judged."
    if faults := len(card["known_faults"]):
        yield f"Anything that {_counted(faults, 'known fault')} of the corpus could make (see About the data)."
    yield f"Anything about another version or locale than {_system(report)}, other speech, or other callers."


def _certainty(report: Row, rows: Sequence[Row]) -> Iterator[str]:
    policy = report["policy"]
    judged = [row for row in rows if row["limits"] == "simultaneous"]
    if judged and policy.get("alpha"):
        yield (
            f"Limits hold at {100 * (1 - policy['alpha']):g}% for all groups large enough to be judged and all primary "
            f"endpoints of one attribute together. Attributes are judged side by side, each at this level"
            f"{_several(report)}."
        )
    names = distinct(row["normalizer"] for row in report["contrasts"] if row["normalizer"] is not None)
    if len(names) > 1:
        yield f"A verdict on words has to hold under {len(names)} ways of writing them: {', '.join(names)}."
    elif names:
        yield f"Only one way of writing words was declared ({names[0]}); a verdict on words needs two."
    for grade, count in sorted(Counter(row["evidence_grade"] for row in judged if row["evidence_grade"]).items()):
        yield f"Evidence grade {grade} ({_counted(count, 'comparison')}): {GRADES[grade]}."


def _several(report: Row) -> str:
    attributes = {row["attribute"] for row in report["contrasts"]}
    return f" ({len(attributes)} of them here)" if len(attributes) > 1 else ""


def _with_limits(row: Row) -> str:
    limits = span(row["difference_lower"], row["difference_upper"])
    return f"{row['group']} {points(row['difference'])} points ({limits})"


def _named(names: Iterable[str]) -> str:
    every = list(names)
    rest = len(every) - _NAMED
    return ", ".join(every[:_NAMED]) + (f", and {rest} more" if rest > 0 else "")


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _system(report: Row) -> str:
    recognizer = report["provenance"].get("recognizer")
    if not isinstance(recognizer, dict) or not recognizer.get("id"):
        return "this recognizer"
    locale = recognizer.get("locale")
    return f"{recognizer['id']} (locale {locale})" if locale else str(recognizer["id"])


def _words(name: str) -> str:
    return name.replace("_", " ")
