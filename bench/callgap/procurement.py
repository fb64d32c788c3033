"""The procurement table: every system of a publication in one row per attribute, and what was not tested."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from callgap.comparing import Compared, compare_runs, told_ranks
from callgap.fairness import CONTRADICTORY, UNKNOWN
from callgap.fairness.groups import EVERYONE
from callgap.fairness.ranking import Ranks, SystemRates
from callgap.fairness.standing import JUDGED, MARGIN
from callgap.finished import Finished
from callgap.report.comparisons import by_supported_harm, under_primary_normalizer
from callgap.report.figures import ABSENT, number, percent, points, span
from callgap.report.wording import ENDPOINTS, GRADES

Row = Mapping[str, Any]

_TEXT, _REAL, _COUNT = pa.string(), pa.float64(), pa.int64()
SYSTEMS = pa.schema(
    [
        *((name, _TEXT) for name in ("corpus", "condition", "attribute", "endpoint", "normalizer", "estimand")),
        *((name, _TEXT) for name in ("group", "reference", "first", "second")),
        *((name, _REAL) for name in ("first_value", "second_value")),
        *((f"difference{end}", _REAL) for end in ("", "_lower", "_upper")),
        *((f"difference_lost_deleted{end}", _REAL) for end in ("", "_lower", "_upper")),
        ("finding", _TEXT),
        *((name, _COUNT) for name in ("speakers", "utterances", "utterances_left_out")),
    ]
)
"""One row per question and pair of systems. Limits hold for all pairs of an attribute together; `estimand` is overall,
group, gap (difference of the gaps to the reference) or worst group."""

PROCUREMENT = pa.schema(
    [
        *((name, _TEXT) for name in ("system", "locale", "corpus", "condition", "attribute", "reference")),
        *((name, _COUNT) for name in ("speakers", "utterances")),
        *((f"overall_wer{end}", _REAL) for end in ("", "_lower", "_upper")),
        *((f"overall_rank_{end}", _COUNT) for end in ("best", "worst")),
        ("worst_group", _TEXT),
        *((f"worst_group_wer{end}", _REAL) for end in ("", "_lower", "_upper")),
        *((f"worst_group_rank_{end}", _COUNT) for end in ("best", "worst")),
        *((f"gap{end}", _REAL) for end in ("", "_lower", "_upper")),
        *((name, _REAL) for name in ("ratio", "unusable", "completion")),
        *((name, _TEXT) for name in ("verdict", "verdict_on", "evidence_grade", "not_tested")),
    ]
)
"""One row per system and attribute of persons. `gap` and `ratio` are the worst group's against the reference group."""


@dataclass(frozen=True)
class Procurement:
    """What a publication says about systems.

    Attributes:
        systems: rows of `SYSTEMS`; none where no two systems can be compared.
        table: rows of `PROCUREMENT`.
        markdown: the table for a buyer, with how to read it.
    """

    systems: pa.Table
    table: pa.Table
    markdown: str


_COMPARED = "compared"
"""Speakers over whom systems are compared: in systems.csv, and told where they are not all."""


def procurement(runs: Sequence[Finished]) -> Procurement:
    """Put the systems of a publication side by side.

    Args:
        runs: finished. Those of one corpus, condition and normalizer with the same attributes are compared.

    Returns:
        The tables.

    Raises:
        InputError: a run is damaged, or runs of one corpus differ in what its speakers said.
    """
    alike: dict[tuple[object, ...], list[Finished]] = defaultdict(list)
    for run in runs:
        alike[_kind(run)].append(run)
    pairs: list[Row] = []
    rows: list[Row] = []
    for kind in alike.values():
        for attribute in kind[0].attributes:
            compared = _compared(kind, attribute)
            if compared:
                named = {"corpus": _corpus(kind[0]), "normalizer": kind[0].normalizer}
                pairs += [named | row for row in compared.rows()]
            rows += [_row(run, attribute, compared) for run in kind]
    return Procurement(
        systems=pa.Table.from_pylist([dict(row) for row in pairs], schema=SYSTEMS),
        table=pa.Table.from_pylist([dict(row) for row in rows], schema=PROCUREMENT),
        markdown=_markdown(rows),
    )


def _kind(run: Finished) -> tuple[object, ...]:
    corpus = run.report["provenance"]["corpus"]
    return corpus.get("fingerprint"), corpus["name"], run.condition, run.normalizer, tuple(run.attributes.items())


def _compared(runs: Sequence[Finished], attribute: str) -> Compared | None:
    # Of a system that was run twice nobody knows which run is meant.
    comparable = len(runs) > 1 and len({run.system for run in runs}) == len(runs)
    return compare_runs(runs, attribute) if comparable else None


def _corpus(run: Finished) -> str:
    return str(run.report["provenance"]["corpus"]["name"])


def _row(run: Finished, attribute: str, compared: Compared | None) -> Row:
    report = run.report
    alone = compare_runs([run], attribute)
    own = alone.systems.systems[0]
    ranked = next((row for row in compared.systems.systems if row.system == run.system), None) if compared else None
    everyone = next(row for row in report["groups"] if row["attribute"] == EVERYONE)
    judged = under_primary_normalizer(report["contrasts"], report["policy"])
    rows = [row for row in judged if row["attribute"] == attribute]
    return {
        "system": run.system,
        "locale": report["provenance"]["recognizer"].get("locale"),
        "corpus": _corpus(run),
        "condition": run.condition,
        "attribute": attribute,
        "reference": run.attributes[attribute],
        "speakers": everyone["speakers"],
        "utterances": everyone["utterances"],
        "overall_wer": own.overall.value,
        "overall_wer_lower": own.overall.lower,
        "overall_wer_upper": own.overall.upper,
        **_worst(own, rows),
        **_ranks("overall_rank", ranked.overall_ranks if ranked else None),
        **_ranks("worst_group_rank", ranked.worst_ranks if ranked else None),
        "unusable": everyone["unusable"],
        "completion": None if everyone["not_completed"] is None else 1 - everyone["not_completed"],
        **_verdict(rows, report["policy"]["endpoints"]),
        "not_tested": "; ".join(not_tested(run, attribute)),
        _COMPARED: compared.systems.speakers if compared else None,
    }


def _worst(own: SystemRates, rows: Iterable[Row]) -> Row:
    if own.worst is None:
        return {}
    gap = next((r for r in rows if r["group"] == own.worst_group and r["endpoint"] == "wer"), None)
    gaps = ("difference", "difference_lower", "difference_upper", "ratio")
    return {
        "worst_group": own.worst_group,
        "worst_group_wer": own.worst.value,
        "worst_group_wer_lower": own.worst.lower,
        "worst_group_wer_upper": own.worst.upper,
        **({name.replace("difference", "gap"): gap[name] for name in gaps} if gap else {}),
    }


def _ranks(name: str, ranks: Ranks | None) -> Row:
    return {f"{name}_best": ranks.best, f"{name}_worst": ranks.worst} if ranks else {}


def _verdict(rows: Iterable[Row], endpoints: Iterable[str]) -> Row:
    judged = by_supported_harm(row for row in rows if row["endpoint"] in endpoints and row["verdict"])
    if not judged:
        return {}
    first = judged[0]
    return {
        "verdict": first["verdict"],
        "verdict_on": f"{first['group']}, {first['endpoint']}",
        "evidence_grade": first["evidence_grade"],
    }


def not_tested(run: Finished, attribute: str) -> list[str]:
    """Say what a run leaves open about the speakers of an attribute.

    Args:
        run: finished.
        attribute: of persons.

    Returns:
        One clause each.
    """
    report = run.report
    groups = [row for row in report["groups"] if row["attribute"] == attribute]
    few = [r for r in groups if r["speakers"] < JUDGED and r["group"] not in (UNKNOWN, CONTRADICTORY)]
    found = []
    if few:
        names = ", ".join(row["group"] for row in few[:6]) + (", ..." if len(few) > 6 else "")
        speakers = sum(row["speakers"] for row in few)
        many = "1 group" if len(few) == 1 else f"{len(few)} groups"
        found.append(f"{many} with fewer than {JUDGED} speakers ({speakers} in all): {names}")
    for name in (UNKNOWN, CONTRADICTORY):
        found += [f"{row['speakers']} speakers with {name} {attribute}" for row in groups if row["group"] == name]
    if run.attributes[attribute] is None:
        found.append("gaps: no reference group was declared")
    choices, card = report["provenance"]["choices"], report["card"]
    if choices["channel"] == "clean":
        found.append("a telephone channel")
    if not report["service"]:
        found.append("calls: no menu, no routing")
    if card["speech_condition"] == "read":
        found.append("spontaneous speech: sentences were read")
    if card["text_source"] == "prompt":
        found.append("readers' own slips: prompts are taken for what was said")
    return found


_READING = (
    "How to read it. Every row is one system and one grouping of the same speakers. Word error rate (WER) counts words "
    "replaced, dropped and added per word said; less is better. The range beneath a figure is its 95 % limits, from "
    "resampling speakers. *Rank* is every place that the system may have among the systems of its table: ranks "
    "compare systems on the same speakers, so they say more than whether two ranges overlap; systems.csv has every two "
    "systems. The worst group's limits are those of the highest rate of "
    f"any group with at least {MARGIN} speakers (or {JUDGED}, where fewer than two groups have {MARGIN}), whichever "
    "that is. The gap is the worst group's rate less the "
    "reference group's, in points."
)
_NOT_CONCLUDED = (
    "What cannot be concluded. *cannot tell* is no clean bill, and where no gap was found there may still be "
    "one: it may be too small for the number of speakers. Nothing follows for groups, channels and tasks under *not "
    "tested*, for other versions or locales of a system, nor for any single caller."
)
_COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("system", lambda r: r["system"] if r["locale"] in (None, "not stated") else f"{r['system']} ({r['locale']})"),
    ("overall WER", lambda r: _limited(percent(r["overall_wer"]), r, "overall_wer")),
    ("rank", lambda r: _rank(r, "overall_rank")),
    ("worst group", lambda r: r.get("worst_group") or ABSENT),
    ("its WER", lambda r: _limited(percent(r.get("worst_group_wer")), r, "worst_group_wer")),
    ("rank", lambda r: _rank(r, "worst_group_rank")),
    ("gap", lambda r: _limited(points(r.get("gap")), r, "gap")),
    ("ratio", lambda r: number(r.get("ratio"), 2)),
    ("unusable", lambda r: percent(r["unusable"])),
    ("completion", lambda r: percent(r["completion"])),
    ("gravest verdict", lambda r: f"{r['verdict']} ({r['verdict_on']})" if r.get("verdict") else ABSENT),
    ("grade", lambda r: r.get("evidence_grade") or ABSENT),
)


def _counted(row: Row) -> str:
    counted = f"{number(row['speakers'])} speakers, {number(row['utterances'])} utterances."
    compared = row[_COMPARED]
    if compared is None or compared == row["speakers"]:
        return counted
    return (
        f"{counted} Systems are compared over the {number(compared)} speakers whose words count for every one of them."
    )


def _limited(figure: str, row: Row, name: str) -> str:
    limits = span(row.get(f"{name}_lower"), row.get(f"{name}_upper"))
    return f"{figure}<br>{limits}" if limits else figure


def _rank(row: Row, name: str) -> str:
    best = row.get(f"{name}_best")
    return ABSENT if best is None else told_ranks(Ranks(best, row[f"{name}_worst"]))


def _markdown(rows: Sequence[Row]) -> str:
    by_part: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_part[row["corpus"], row["condition"], row["attribute"]].append(row)
    lines = ["# Systems side by side", "", _READING, "", _NOT_CONCLUDED]
    for (corpus, condition, attribute), own in by_part.items():
        reference = own[0]["reference"]
        against = f", gaps against {reference}" if reference else ""
        lines += ["", f"## {_md(corpus)}, {_md(condition)}, by {_md(attribute)}{_md(against)}", ""]
        lines += [_counted(own[0]), ""]
        lines += ["| " + " | ".join(name for name, _ in _COLUMNS) + " |", "|" + "---|" * len(_COLUMNS)]
        for row in sorted(own, key=lambda r: r["overall_wer"]):
            lines.append("| " + " | ".join(_md(cell(row)) for _, cell in _COLUMNS) + " |")
        untested = dict.fromkeys(row["not_tested"] for row in own)
        lines += ["", *(f"Not tested: {_md(text)}." for text in untested if text)]
    grades = sorted({row["evidence_grade"] for row in rows if row.get("evidence_grade")})
    lines += ["", *(f"Grade {grade}: {GRADES[grade]}." for grade in grades)]
    used = sorted({row["verdict_on"].rpartition(", ")[2] for row in rows if row.get("verdict")})
    lines += [f"{name}: {ENDPOINTS[name].definition}" for name in used if name in ENDPOINTS]
    return "\n".join(lines).rstrip() + "\n"


def _md(text: str) -> str:
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("&lt;br&gt;", "<br>").replace("|", "\\|").replace("*", "\\*")
