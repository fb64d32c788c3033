"""The content of report.json, from which the page and the Markdown are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from callgap.fairness.groups import EVERYONE
from callgap.records import LOST
from callgap.report.comparisons import UNJUDGED, Row, primary_endpoints
from callgap.report.figures import plain
from callgap.report.findings import Findings, ReportOptions
from callgap.report.headline import headline
from callgap.report.worst import worst_utterances

_UNALTERED = "identity"
_LOST = ("failed", "refused", "missing", "excluded")


def summarize(findings: Findings, options: ReportOptions) -> dict[str, object]:
    """Put together what a report says.

    Args:
        findings: of one run.
        options: of the user.

    Returns:
        Plain JSON values; a number that is not known is None, never 0.

    Raises:
        TypeError: the policy, service or provenance holds a value that JSON has no word for.
    """
    contrasts = plain(findings.contrasts.to_pylist(), "contrasts")
    groups = plain(findings.groups.to_pylist(), "groups")
    policy = plain(findings.policy, "policy")
    beside = {name: plain(content.to_pylist(), name) for name, content in findings.beside.items()}
    reasons, faults = _reasons(findings), beside.get("faults", ())
    first = headline(contrasts, groups, policy, findings.card, findings.attributes, faults, reasons)
    return {
        "name": findings.name,
        "headline": first.text,
        "headline_verdict": first.verdict,
        "headline_endpoint": first.endpoint,
        "headline_notes": list(first.notes),
        "counts": _counts(findings),
        "attributes": plain(findings.attributes, "attributes"),
        "endpoints": primary_endpoints(contrasts, policy),
        "groups": groups,
        "contrasts": contrasts,
        **beside,
        "rejection": plain(findings.provenance.get("rejection"), "provenance.rejection"),
        "confidence": plain(findings.provenance.get("confidence"), "provenance.confidence"),
        "worst": plain(worst_utterances(findings, options.worst), "worst"),
        "exclusions": _exclusions(findings, groups),
        "card": plain(findings.card, "card"),
        "service": plain(findings.service, "service"),
        "policy": policy,
        "provenance": plain(findings.provenance, "provenance"),
    }


def _reasons(findings: Findings) -> dict[str, int] | None:
    """Why utterances that were altered have no text; None where nothing was altered."""
    choices = findings.provenance.get("choices")
    if not isinstance(choices, Mapping) or choices.get("alteration", _UNALTERED) == _UNALTERED:
        return None
    rows = findings.hypotheses.select(["utterance_id", "status", "reason"]).to_pylist()
    found = {row["utterance_id"]: row["reason"] for row in rows if row["status"] in LOST and row["reason"]}
    return dict(Counter(found.values()).most_common())


def _counts(findings: Findings) -> dict[str, int]:
    return {
        "speakers": len(findings.utterances["speaker_id"].unique()),
        "utterances": findings.utterances.num_rows,
        "calls": findings.outcomes.num_rows,
    }


def _exclusions(findings: Findings, groups: Sequence[Row]) -> list[dict[str, Any]]:
    of_groups = (row for row in groups if row["attribute"] != EVERYONE)
    rows = [_exclusion(row) for row in of_groups if any(row[status] for status in _LOST)]
    shown = {(row["attribute"], row["group"]) for row in rows}
    for attribute, membership in findings.membership.items():
        speakers = Counter(membership.values())
        rows += [
            {"attribute": attribute, "group": group, "speakers": speakers[group], "excluded_reasons": None}
            | dict.fromkeys(_LOST, None)
            for group in UNJUDGED
            if speakers[group] and (attribute, group) not in shown
        ]
    return rows


def _exclusion(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in ("attribute", "group", "speakers", *_LOST, "excluded_reasons")}
