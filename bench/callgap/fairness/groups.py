"""The table `groups`: what was counted, and the rates that the number of speakers allows to show."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd

from callgap.fairness.evidence import Evidence
from callgap.fairness.standing import DESCRIBED, Standing
from callgap.group_records import GROUPS
from callgap.records import Status

EVERYONE = "everyone"
_COVARIATES = ("duration_s", "snr_db", "speaking_rate", "f0", "bandwidth_hz", "clipping")


def group_rows(evidence: Evidence) -> list[dict[str, object]]:
    """One row for everyone, then one per attribute and group, in alphabetical order.

    Args:
        evidence: of one run.

    Returns:
        Rows of the table `groups` without limits.
    """
    everyone = {speaker: EVERYONE for speaker in set(evidence.speakers.values())}
    rows = []
    for attribute, groups in {EVERYONE: everyone, **evidence.membership}.items():
        for group in sorted(set(groups.values())):
            members = {speaker for speaker, of in groups.items() if of == group}
            rows.append(_row(evidence, attribute, group, members))
    return rows


def _row(evidence: Evidence, attribute: str, group: str, members: set[str]) -> dict[str, object]:
    standing = Standing.of(len(members))
    row: dict[str, object] = {
        "attribute": attribute,
        "group": group,
        "system": evidence.system,
        "condition": evidence.condition,
        "standing": standing.value,
        "speakers": len(members),
        **_counts(evidence, members),
    }
    if len(members) >= DESCRIBED:
        shown = {name: frame for name, frame in evidence.by_speaker.items() if name in GROUPS.names}
        row |= {name: _rate(frame, members) for name, frame in shown.items()}
        row |= _covariates(evidence, members) | _wer_variants(evidence, members) | _rejection(evidence, members)
    return row


def _counts(evidence: Evidence, members: set[str]) -> dict[str, object]:
    heard = evidence.heard_rows
    heard = heard[heard["speaker_id"].isin(members)]
    words = evidence.observations["wer"]
    requests = evidence.observations["human_not_reached"]
    calls = evidence.observations["not_completed"]
    probes = evidence.probe_rows
    reasons = heard[heard["status"] == Status.EXCLUDED]["reason"].value_counts().sort_index()
    statuses = {status.value: int((heard["status"] == status).sum()) for status in Status}
    return {
        "utterances": len(heard),
        "words": int(words[words["speaker_id"].isin(members)]["denominator"].sum()),
        "calls": int(calls["speaker_id"].isin(members).sum()),
        "human_requests": int(requests["speaker_id"].isin(members).sum()),
        "false_accept_probes": int((probes["speaker_id"].isin(members) & (probes["status"] == Status.OK)).sum()),
        "excluded_reasons": json.dumps({str(k): int(v) for k, v in reasons.items()}) if len(reasons) else None,
        **statuses,
    }


def _rate(sums: pd.DataFrame, members: set[str]) -> float | None:
    total = sums[sums.index.isin(members)].sum()
    return float(total["numerator"] / total["denominator"]) if total["denominator"] > 0 else None


def _wer_variants(evidence: Evidence, members: set[str]) -> dict[str, float | None]:
    words = evidence.by_speaker["wer"]
    mine = words[words.index.isin(members)]
    return {
        "wer_speaker_mean": float((mine["numerator"] / mine["denominator"]).mean()) if len(mine) else None,
        "wer_lost_deleted": _rate(evidence.charged_words, members),
    }


def _rejection(evidence: Evidence, members: set[str]) -> dict[str, float | None]:
    rates = rejection_counts(evidence, members)
    return {
        "false_reject": rates["rejected"] / rates["in_grammar"] if rates["in_grammar"] else None,
        "false_accept": rates["accepted"] / rates["out_of_grammar"] if rates["out_of_grammar"] else None,
    }


def rejection_counts(evidence: Evidence, members: set[str] | None = None) -> Mapping[str, int]:
    """How often the recognizer refused what it should take, and took what it should refuse.

    Args:
        evidence: of one run.
        members: speakers to look at; None for all.

    Returns:
        `in_grammar`, of which `rejected`; `out_of_grammar`, of which `accepted`. Only utterances with a text count,
        and one is accepted that the service takes for a phrase of the grammar. Without a service nothing is counted.
    """
    counts: dict[str, int] = {}
    for texts, total, part, accepted in (
        (evidence.heard_rows, "in_grammar", "rejected", False),
        (evidence.probe_rows, "out_of_grammar", "accepted", True),
    ):
        rows = texts[(texts["status"] == Status.OK) & (texts["speaker_id"].isin(members) if members else True)]
        rows = rows[rows["grammar_id"].isin(evidence.phrases.keys())]
        taken = [
            " ".join(text.lower().split()) in evidence.phrases[grammar]
            for text, grammar in zip(rows["text"], rows["grammar_id"], strict=True)
        ]
        counts[total] = len(rows)
        counts[part] = taken.count(accepted)
    return counts


def _covariates(evidence: Evidence, members: set[str]) -> dict[str, float | None]:
    frame = evidence.covariate_rows
    frame = frame[frame["speaker_id"].isin(members)]
    means = frame.groupby("speaker_id")[list(_COVARIATES)].mean().mean()
    return {name: None if pd.isna(means[name]) else float(means[name]) for name in _COVARIATES}
