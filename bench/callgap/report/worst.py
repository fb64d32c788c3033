"""The utterances that went worst, group by group, for a reader who wants to hear what the numbers mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from callgap.report.findings import Findings

_PROBE = "-without-"
"""In the name of a grammar from which the spoken phrase was taken away."""


def worst_utterances(findings: Findings, limit: int) -> list[dict[str, Any]]:
    """List the utterances with the most errors per word.

    Args:
        findings: of the run.
        limit: per attribute and group.

    Returns:
        One row per attribute, group and utterance, the worst first; an utterance without errors is not listed.
    """
    wrong = sorted(
        _errors(findings), key=lambda row: (-row["errors"] / row["words"], -row["errors"], row["utterance_id"])
    )
    spoken = {row["utterance_id"]: row for row in _columns(findings.utterances, "utterance_id", "speaker_id", "text")}
    listed = []
    for attribute, groups in findings.membership.items():
        for group, rows in _first_of_each(wrong, spoken, groups, limit).items():
            listed += [{"attribute": attribute, "group": group, **row} for row in rows]
    heard, ended = _heard(findings, {row["utterance_id"] for row in listed}), _ended(findings)
    return [
        row
        | {"reference": spoken[row["utterance_id"]]["text"], "recognized": heard.get(row["utterance_id"])}
        | ended.get(row["utterance_id"], {"expected": None, "reached": None, "outcome": None})
        for row in listed
    ]


def _columns(table: Any, *names: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.select(list(names)).to_pylist()
    return rows


def _errors(findings: Findings) -> list[dict[str, Any]]:
    scores = findings.scores.filter(pc.field("unit") == "word")
    normalizers = scores["normalizer"].to_pylist()
    primary = findings.policy.get("primary_normalizer") or next(iter(normalizers), None)
    wanted = ("utterance_id", "reference_tokens", "hits", "errors")
    rows = _columns(scores.filter(pc.field("normalizer") == primary), *wanted)
    # Without texts (published rates) there is nothing to read: no counts, no row.
    counted = (row for row in rows if row["hits"] is not None and row["reference_tokens"])
    found = [
        {
            "utterance_id": row["utterance_id"],
            "words": row["reference_tokens"],
            "errors": int(row["errors"]),
        }
        for row in counted
    ]
    return [row for row in found if row["errors"]]


def _first_of_each(
    wrong: list[dict[str, Any]], spoken: Mapping[str, Any], groups: Mapping[str, str], limit: int
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in wrong:
        group = groups.get(spoken[row["utterance_id"]]["speaker_id"], "unknown")
        if len(found[group]) < limit:
            found[group].append(row)
    return dict(sorted(found.items()))


def _heard(findings: Findings, wanted: set[str]) -> dict[str, str]:
    rows = _columns(findings.hypotheses, "utterance_id", "grammar_id", "text")
    own = (row for row in rows if row["utterance_id"] in wanted and _PROBE not in row["grammar_id"])
    heard: dict[str, str] = {}
    for row in own:
        heard.setdefault(row["utterance_id"], row["text"])
    return heard


def _ended(findings: Findings) -> dict[str, dict[str, Any]]:
    ended: dict[str, dict[str, Any]] = {}
    for row in _columns(findings.outcomes, "call_id", "expected", "reached", "outcome"):
        ended[row.pop("call_id")] = row
    return ended
