"""The first line of a report: its answer, in words that claim no more than the verdict does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from callgap.corpus.card import Attribute, Card
from callgap.fairness.groups import EVERYONE
from callgap.records import LOST, Status
from callgap.report.comparisons import (
    UNJUDGED,
    Row,
    by_supported_harm,
    distinct,
    has_limits,
    primary_endpoints,
    speakers_to_judge,
    under_primary_normalizer,
)
from callgap.report.data_faults import withheld
from callgap.report.figures import in_hundred
from callgap.report.wording import ENDPOINTS, NOT_JUDGED, PROMPTS, SYNTHETIC, callers, gravity
from callgap.verdict.words import INSUFFICIENT, UNFIT, WITHIN

_GROUPS_NAMED = 6


@dataclass(frozen=True)
class Headline:
    """The first line and what has to stand right under it.

    Attributes:
        text: one sentence.
        verdict: that it rests on; None where nothing could be judged.
        endpoint: that it rests on; None likewise.
        notes: sentences.
    """

    text: str
    verdict: str | None
    endpoint: str | None
    notes: tuple[str, ...]


def headline(
    contrasts: Sequence[Row],
    groups: Sequence[Row],
    policy: Row,
    card: Card,
    attributes: Mapping[str, Attribute] | None = None,
    faults: Sequence[Row] = (),
    reasons: Mapping[str, int] | None = None,
) -> Headline:
    """Answer the question of a run in one sentence.

    Args:
        contrasts: rows of `contrasts`.
        groups: rows of `groups`.
        policy: as in `Findings`.
        card: of the corpus.
        attributes: those that were examined; None takes the card's.
        faults: rows of `faults`.
        reasons: of utterances that were altered and have no text, how many have which; None where nothing was altered.

    Returns:
        First that the figures may not be published; then an unfit system; else the gravest verdict, then the first
        declared endpoint whose limits exclude 0, and of its gaps the one with the largest lower limit. It need not be
        the largest gap of the report.
    """
    primary = primary_endpoints(contrasts, policy)
    rows = [row for row in under_primary_normalizer(contrasts, policy) if row["endpoint"] in primary]
    caveats = (*_caveats(card), *_lost(groups, reasons))
    if reason := withheld(faults):
        return Headline(f"Not to be published: {reason}", None, None, tuple(_caveats(card)))
    if nothing := _no_text(groups):
        return Headline(nothing, None, None, caveats)
    if unfit := [row for row in rows if row["verdict"] == UNFIT]:
        row = max([row for row in unfit if _breaks_policy(row, policy)] or unfit, key=_reference_rate)
        return Headline(_unfit(row), UNFIT, row["endpoint"], (*caveats, *_reason(row)))
    if judged := [row for row in rows if has_limits(row) and row["verdict"] not in (INSUFFICIENT, None)]:
        row = by_supported_harm(judged)[0]
        notes = (*caveats, *_tally(row, rows), *_reason(row))
        return Headline(_compared(row), row["verdict"], row["endpoint"], notes)
    examined = card.attributes if attributes is None else attributes
    if examined and not rows and all(one.reference is None or not one.of_person for one in examined.values()):
        return Headline(_described(groups, examined), None, None, caveats)
    return Headline(_nothing_judged(rows, groups, policy), None, None, caveats)


def _caveats(card: Card) -> Iterator[str]:
    if card.synthetic:
        yield SYNTHETIC
        return
    yield f"What this may show: {card.may_conclude}"
    if card.text_source == "prompt":
        yield PROMPTS


def _everyone(groups: Sequence[Row]) -> Row:
    return next((row for row in groups if row["attribute"] == EVERYONE), {})


def _no_text(groups: Sequence[Row]) -> str | None:
    row = _everyone(groups)
    if not row.get("utterances") or row.get("ok") != 0:
        return None
    became = ", ".join(f"{row[status]} {status}" for status in (*LOST, Status.EXCLUDED) if row.get(status))
    return f"Nothing was understood of anybody: none of {row['utterances']} utterances has a text ({became})."


def _lost(groups: Sequence[Row], reasons: Mapping[str, int] | None) -> Iterator[str]:
    row = _everyone(groups)
    if not any(row.get(status) for status in LOST):
        return
    became = ", ".join(f"{row[status]} {status}" for status in LOST if row.get(status))
    if reasons is not None:
        named = ", ".join(f"{reason} {count}" for reason, count in reasons.items())
        yield (
            f"Of {row['utterances']} utterances some have no text, by a failure of the alteration or of the "
            f"recognizer: {became}{f' ({named})' if named else ''}."
        )
    else:
        yield f"Of {row['utterances']} utterances the recognizer owes the text of some: {became}."


def _breaks_policy(row: Row, policy: Row) -> bool:
    threshold = policy.get(f"unfit_{row['endpoint']}")
    return threshold is not None and _reference_rate(row) > threshold


def _reference_rate(row: Row) -> float:
    return float(row["reference_rate"] or 0.0)


def _unfit(row: Row) -> str:
    endpoint, rate = ENDPOINTS[row["endpoint"]], row["reference_rate"]
    if rate is None:
        return "Unfit for everyone: the reference group is served too badly for a gap to tell of fairness."
    (failing,) = in_hundred(rate)
    verb = endpoint.one if failing == "1" else endpoint.many
    return (
        f"Unfit for everyone: of 100 {endpoint.counted} by {callers(row['reference'])}, the reference group, {failing} "
        f"{verb}; no fairness is read from a gap."
    )


def _compared(row: Row) -> str:
    lower, upper = row["difference_lower"], row["difference_upper"]
    told = _no_difference(row) if lower <= 0 <= upper else _difference(row)
    grade = f"; grade {row['evidence_grade']}" if row["evidence_grade"] else ""
    speakers = f"{row['group_speakers']} and {row['reference_speakers']} speakers"
    lead = f"Of 100 {ENDPOINTS[row['endpoint']].counted} by {callers(row['group'])}"
    return f"{lead}, {told}; verdict: {row['verdict']}; {speakers}{grade}."


def _difference(row: Row) -> str:
    endpoint, difference = ENDPOINTS[row["endpoint"]], row["difference"]
    near, far = sorted((row["difference_lower"], row["difference_upper"]), key=abs)
    amount, least, most = in_hundred(difference, near, far)
    verb = endpoint.one if amount == "1" else endpoint.many
    direction = "more" if difference > 0 else "fewer"
    return f"{amount} {direction} ({least} to {most}) {verb} than of {callers(row['reference'])}"


def _no_difference(row: Row) -> str:
    lower, upper = row["difference_lower"], row["difference_upper"]
    least, most = in_hundred(lower, upper)
    low = f"{least} fewer" if lower < 0 else least
    high = f"{most} more" if upper > 0 else most
    within = "beyond the margin " if row["verdict"] == WITHIN else ""
    return (
        f"no difference {within}from {callers(row['reference'])} can be told: between {low} and {high} "
        f"{ENDPOINTS[row['endpoint']].many}"
    )


def _tally(chosen: Row, rows: Sequence[Row]) -> Iterator[str]:
    same = [row for row in rows if all(row[key] == chosen[key] for key in ("attribute", "endpoint", "reference"))]
    counts = Counter(row["verdict"] for row in same)
    if len(same) > 1:
        told = "; ".join(f"{counts[verdict]} {verdict or NOT_JUDGED}" for verdict in sorted(counts, key=gravity))
        yield f"The {len(same)} groups compared by {_words(chosen['attribute'])} on this: {told}."


def _reason(row: Row) -> Iterator[str]:
    if row["reason"]:
        yield f"Why this verdict: {row['reason']}"


def _described(groups: Sequence[Row], attributes: Mapping[str, Attribute]) -> str:
    names = " and ".join(_words(name) for name in attributes)
    told = f"groups by {names} are described, not compared: no reference group was declared."
    if not any(one.of_person for one in attributes.values()):
        told = f"{names} tells calls apart and not persons: it is described, never judged."
    everyone = _everyone(groups)
    endpoint = next((name for name in ("wer", "not_completed") if everyone.get(name) is not None), None)
    if endpoint is None:
        return told[0].upper() + told[1:]
    (wrong,) = in_hundred(everyone[endpoint])
    words = ENDPOINTS[endpoint]
    return f"Of 100 {words.counted} of all speakers {wrong} {words.one if wrong == '1' else words.many}; {told}"


def _nothing_judged(rows: Sequence[Row], groups: Sequence[Row], policy: Row) -> str:
    persons = [row for row in groups if row["attribute"] != EVERYONE and row["group"] not in UNJUDGED]
    attributes = " or ".join(_words(name) for name in distinct(row["attribute"] for row in persons)) or "group"
    needed = speakers_to_judge(policy)
    if all(row["speakers"] < needed for row in persons):
        return f"Too few speakers to compare any {attributes}: no group has {needed} ({_sizes(persons)})."
    references = {(row["attribute"], row["reference"]) for row in rows}
    declared = [row for row in persons if (row["attribute"], row["group"]) in references]
    if declared and all(row["speakers"] < needed for row in declared):
        return f"Too few speakers to compare any {attributes}: no reference has {needed} ({_sizes(declared)})."
    return f"No {attributes} can be compared: no difference has limits that the policy accepts."


def _sizes(groups: Sequence[Row]) -> str:
    largest = sorted(groups, key=lambda row: -row["speakers"])
    named = ", ".join(f"{row['group']} {row['speakers']}" for row in largest[:_GROUPS_NAMED])
    rest = len(largest) - _GROUPS_NAMED
    return f"{named}, and {rest} more" if rest > 0 else named or "no speakers at all"


def _words(name: str) -> str:
    return name.replace("_", " ")
