"""The words for what an alteration did to recognition: what became of a gap, who was helped, who was harmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from callgap.report.comparisons import UNJUDGED, Row
from callgap.report.endpoint_words import ENDPOINTS
from callgap.report.figures import number, percent, points, span

ALL = "all"
"""Attribute and group of everyone."""

CANNOT_TELL, MOVES = "cannot tell", "moves"
CONTENT = "content_changed"
CHANGED_TEXT = "Share of the words of the text before; some changes are corrections, some are errors."
_NARROWED = ("closes", "narrows", "harms the reference")
_WIDENED = ("widens", "moves to the reference")

FINDINGS = {
    "closes": ("within", "The gap is gone: what is left is within the margin, limits included."),
    "narrows": ("better", "The gap is smaller, limits included, and some of it is left."),
    "stays": ("open", "Any change of the gap is smaller than the margin, limits included."),
    "widens": ("disadvantaged", "The gap is larger, limits included."),
    MOVES: ("gap", "It narrows for one group and widens for another."),
    "reverses": ("gap", "Who was served better is served worse now, limits included."),
    "moves to the reference": ("gap", "The reference was served no better before, and falls further behind."),
    "harms the reference": (
        "disadvantaged",
        "The gap is smaller because the reference is served worse; no gain is shown.",
    ),
    CANNOT_TELL: ("few", "The limits leave it open, or too few speakers are there."),
}
"""By finding its color and its meaning."""

_ARROW = "\N{RIGHTWARDS ARROW}"

READING = (
    "Each alteration is compared with the same utterances without it, under the same recognizer and line. A finding "
    "holds with its limits; where it says cannot tell, neither harm nor benefit is ruled out. Points are percentage "
    "points; more is worse."
)

READINGS = (
    "One reading: a voice without its accent may spare a caller, or an agent, discrimination at that moment.",
    "The other reading: it may confirm that an accent is a fault, erase who somebody is, and leave the discrimination "
    "and the recognizer as they are.",
    "These figures decide between the two readings neither way, and this report endorses neither.",
)
CONDITIONS_OF_USE = (
    ("Consent", "The person whose voice is altered has to agree to it beforehand, and be free to refuse."),
    ("Disclosure", "Whoever hears an altered voice has to be told that it is one."),
    (
        "Synthetic voices",
        "Where the voices are synthetic, this is a stress test of recognizer and alteration, and says nothing about "
        "people.",
    ),
    (
        "To be checked by counsel",
        "anti-discrimination law; labor law and the rights of staff representatives; data protection, biometric data "
        "included; rights in one's own voice; duties to mark altered or synthetic sound; recording of calls.",
    ),
)


def mark(finding: str | None) -> str:
    """Color of a finding."""
    return FINDINGS.get(finding or CANNOT_TELL, FINDINGS[CANNOT_TELL])[0]


def comparable(rows: Iterable[Row]) -> list[Row]:
    """Rows of groups that have a gap: not everyone, not the reference, not those of whom no group is known."""
    return [
        row
        for row in rows
        if row["attribute"] != ALL and row["group"] not in (*UNJUDGED, row["reference"]) and row["finding"] is not None
    ]


def widest(rows: Sequence[Row]) -> Row | None:
    """The group with the widest gap before the alteration, of those with limits where there are any."""
    gaps = [row for row in comparable(rows) if row["gap_before"] is not None]
    limited = [row for row in gaps if row["gap_change_lower"] is not None]
    return max(limited or gaps, key=lambda row: float(row["gap_before"]), default=None)


def outcome(rows: Sequence[Row]) -> str:
    """What became of the gaps of one attribute: of the widest one, unless one narrows while another widens."""
    found = {row["finding"] for row in comparable(rows)}
    if found.intersection(_NARROWED) and found.intersection(_WIDENED):
        return MOVES
    row = widest(rows)
    return str(row["finding"]) if row else CANNOT_TELL


def gap_sentences(rows: Sequence[Row]) -> Iterator[str]:
    """Say what became of the gaps of one attribute, measure, recognizer and line, the widest first.

    Args:
        rows: of `EFFECTS`.
    """
    found = comparable(rows)
    if not found:
        yield "No gap can be told: no group was compared with a reference."
        return
    if outcome(rows) == MOVES:
        narrowed, widened = (_named(found, which) for which in (_NARROWED, _WIDENED))
        name = ENDPOINTS[found[0]["measure"]].name
        yield f"{name}: the gap moves; it gets smaller for {narrowed} and wider for {widened}."
    of = {row["group"]: row for row in rows}
    told = [row for row in found if row["finding"] != CANNOT_TELL]
    for row in sorted(told, key=lambda row: -abs(row["gap_before"] or 0.0)):
        yield _gap(row, of.get(row["reference"]))
    yield from _untold([row for row in found if row["finding"] == CANNOT_TELL])


def change_sentences(rows: Sequence[Row], speakers: str = "speakers") -> Iterator[str]:
    """Say who was helped and who was harmed, the reference group and everyone too.

    Args:
        rows: of one attribute, measure, recognizer and line, and those of everyone.
        speakers: what they are called.
    """
    shown = [row for row in rows if row["group"] not in UNJUDGED and row["change"] is not None]
    if not shown:
        return
    name = ENDPOINTS[shown[0]["measure"]].name
    for finding in ("helped", "harmed"):
        own = [row for row in shown if row["change_finding"] == finding]
        if own:
            yield f"{name}, {finding}: {'; '.join(_change(row, speakers) for row in own)}{_beyond(own[0])}."
    open_ = [row for row in shown if row["change_finding"] not in ("helped", "harmed")]
    if open_ and len(open_) == len(shown):
        yield f"{name}: of nobody can it be told whether the alteration helped or harmed: {_changes(open_)}."
    elif open_:
        yield f"{name}: it cannot be told of {_changes(open_)}."


def beside_sentence(rows: Sequence[Row]) -> str:
    """Say what became of an endpoint that is none of the declared ones; empty where it was not measured.

    Args:
        rows: of one attribute, measure, recognizer and line, and those of everyone.
    """
    shown = [row for row in rows if row["group"] not in UNJUDGED and row["change"] is not None]
    if not shown:
        return ""
    told = [f"{who(row)} {_arrow(row)} ({row['change_finding']})" for row in shown if row["attribute"] == ALL]
    groups = [row for row in shown if row["attribute"] != ALL]
    for finding in ("helped", "harmed"):
        if own := [row for row in groups if row["change_finding"] == finding]:
            told.append(f"{finding}: {_changes(own)}")
    for finding in FINDINGS:
        own = [row for row in groups if row["finding"] == finding]
        if own and finding not in (CANNOT_TELL, MOVES):
            told.append(f"the gap {finding} for {', '.join(str(row['group']) for row in own)}")
    return f"{ENDPOINTS[shown[0]['measure']].name}: {'; '.join(told)}." if told else ""


def content_sentence(rows: Sequence[Row]) -> str:
    """Say how much of the recognized text changed; empty where it was not measured."""
    found = [row for row in rows if row["value_after"] is not None and row["group"] not in UNJUDGED]
    if not found:
        return ""
    everyone = [row for row in found if row["attribute"] == ALL]
    groups = sorted((row for row in found if row["attribute"] != ALL), key=lambda row: -float(row["value_after"]))
    named = ", ".join(f"{row['group']} {percent(row['value_after'])}" for row in groups)
    whole = f"{percent(everyone[0]['value_after'])} of the words over everyone" if everyone else ""
    of = f" ({named})" if whole and named else named
    return f"other words than before were recognized after: {whole}{of}."


def instead_sentence(row: Row | None, others: Sequence[Row], *, systems: int) -> str:
    """Say whether another recognizer does as much without an alteration.

    Args:
        row: of `EFFECTS`, word error rate of one group.
        others: of the table `instead`, for the same group, recognizer and line.
        systems: recognizers that were examined on the line.
    """
    if systems < 2:
        return "Whether another recognizer would have done as much is not known: one recognizer was examined."
    if row is None or not others:
        return "Whether another recognizer would have done as much is not known: too few speakers to compare them."
    return " ".join(_instead(row, other) for other in others)


def who(row: Row) -> str:
    """Name the group of a row."""
    return "everyone" if row["attribute"] == ALL else str(row["group"])


def _named(rows: Iterable[Row], findings: Sequence[str]) -> str:
    return " and ".join(str(row["group"]) for row in rows if row["finding"] in findings)


def _gap(row: Row, reference: Row | None) -> str:
    group, other = row["group"], row["reference"]
    worse = other if (row["gap_after"] or 0.0) < 0 else group
    verbs = {
        "stays": "stays as it is",
        "reverses": f"reverses, {worse} is served worse now",
        "moves to the reference": f"moves to the reference, {other} falls further behind",
        "harms the reference": f"is smaller because {other} is served worse{_own(reference)}; that "
        f"{group} is served better is not shown{_own(row)}",
    }
    verb = verbs.get(row["finding"], row["finding"])
    name = ENDPOINTS[row["measure"]].name
    return f"{name}, {group} against {other}: the gap {verb}{_why(row)}; {_gaps(row)}.{_ratio(row)}"


def _why(row: Row) -> str:
    # That the reference was harmed has its own words.
    told = row["reason"] and row["finding"] != "harms the reference"
    return f" ({row['reason']})" if told else ""


def _gaps(row: Row) -> str:
    before, after = (f"{points(row[name])}{_limits(row, name)}" for name in ("gap_before", "gap_after"))
    return f"points more than the reference {before} {_ARROW} {after}, change {_limited(row, 'gap_change')}"


def _ratio(row: Row) -> str:
    if row["gap_ratio_before"] is None or row["gap_ratio_after"] is None:
        return ""
    told = f" As a ratio of rates {number(row['gap_ratio_before'], 2)} {_ARROW} {number(row['gap_ratio_after'], 2)}"
    finding = row["ratio_finding"]
    if finding is None or finding == row["finding"]:
        return f"{told}."
    said = "it cannot be told" if finding == CANNOT_TELL else f"the finding is: {finding}"
    return f"{told}; on that scale {said}."


def _own(row: Row | None) -> str:
    return f" ({_arrow(row)})" if row else ""


def _arrow(row: Row) -> str:
    return f"{percent(row['value_before'])} {_ARROW} {percent(row['value_after'])}"


def _limited(row: Row, name: str) -> str:
    return f"{points(row[name])}{_limits(row, name)}"


def _limits(row: Row, name: str) -> str:
    limits = span(row[f"{name}_lower"], row[f"{name}_upper"])
    return f" ({limits})" if limits else ""


def _untold(rows: Sequence[Row]) -> Iterator[str]:
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        gaps = f"{points(row['gap_before'])} {_ARROW} {points(row['gap_after'])}"
        of = str(row["group"]) if row["gap_after"] is None else f"{row['group']} ({gaps})"
        reasons.setdefault((ENDPOINTS[row["measure"]].name, row["reason"] or ""), []).append(of)
    for (name, reason), groups in reasons.items():
        why = f": {reason}" if reason else ""
        yield f"{name}: it cannot be told what became of the gap of {', '.join(groups)}{why}."


def _change(row: Row, speakers: str) -> str:
    return f"{who(row)} ({_arrow(row)}, {_limited(row, 'change')} points; {_counted(row, speakers)})"


def _counted(row: Row, speakers: str) -> str:
    better, worse, many = (row[name] for name in ("speakers_better", "speakers_worse", "speakers"))
    if better is None or worse is None:
        return f"{number(many)} {speakers}"
    return f"of {number(many)} {speakers} {number(better)} better, {number(worse)} worse"


def _beyond(row: Row) -> str:
    if row["margin"] is None or row["speakers_better"] is None:
        return ""
    return f" (better and worse: by more than {number(100 * row['margin'], 1)} points)"


def _changes(rows: Iterable[Row]) -> str:
    return ", ".join(f"{who(row)} ({_arrow(row)})" for row in rows)


def _instead(row: Row, other: Row) -> str:
    rates = f"{percent(other['other_value'])} against {percent(other['altered_value'])}"
    limits = span(other["difference_lower"], other["difference_upper"])
    change = f"{points(other['difference'])} points{f' ({limits})' if limits else ''}"
    lead = f"Without any alteration, {other['other_system']}"
    behind = f"{other['system']} after it"
    if other["finding"] == "lower":
        return (
            f"{lead} gets fewer words of {who(other)} wrong than {behind} ({rates}; {change}): for this group the "
            "choice of the recognizer does more than the alteration."
        )
    if other["finding"] == "higher":
        return f"{lead} gets more words of {who(other)} wrong than {behind} ({rates}; {change})."
    return (
        f"It cannot be told whether {other['other_system']} without any alteration or {behind} gets fewer words of "
        f"{who(other)} wrong ({rates}; {change})."
    )
