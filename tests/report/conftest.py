"""Two runs as a report receives them: thirteen synthetic accents, and six people in four accents."""

from collections.abc import Callable
from typing import Any

import pytest

from callgap import group_records, records
from callgap.corpus import load_card
from callgap.report import Findings

ENDPOINTS = ["misrouted", "not_completed", "wer", "unusable", "human_not_reached"]
HARM = {
    "l2-fr": 0.12,
    "l2-hi": 0.165,
    "l2-es": 0.21,
    "l2-it": 0.06,
    "l2-de": 0.035,
    "en-029": 0.055,
    "en-gb-scotland": 0.02,
    "en-gb": -0.005,
    "en-gb-x-rp": 0.004,
    "en-gb-x-gbclan": 0.013,
    "en-gb-x-gbcwmd": -0.02,
    "en-us-nyc": -0.09,
}
SAID = ["what is my balance", "i lost my card", "opening hours", "can you call me a taxi"]
POLICY = {
    "endpoints": ["misrouted", "not_completed", "wer", "unusable"],
    "primary_normalizer": "whisper-english",
    "minimum_speakers": {"disadvantaged": 10, "within margin": 30},
    "alpha": 0.05,
    "margins": dict.fromkeys(ENDPOINTS, 0.05),
}
SERVICE = {
    "name": "bank",
    "attempts": 3,
    "prompts": {"main": 12, "cards": 6},
    "destinations": ["balance", "cards", "agent"],
}
SCHEMAS = {
    "faults": group_records.FAULTS,
    "omnibus": group_records.OMNIBUS,
    "conditions": group_records.CONDITIONS,
    "confusions": group_records.CONFUSIONS,
    "attributions": group_records.ATTRIBUTIONS,
}
PROVENANCE = {
    "commit": "3f1c2d4b5a69788796a5b4c3d2e1f00112233445",
    "versions": {"callgap": "0.1.0", "torch": "2.11.0", "pocketsphinx": "5.0.4"},
    "corpus": {"revision": "1", "fingerprint": "sha256:9b1c5a"},
    "recognizer": {"id": "pocketsphinx en-us", "revision": "5.0.4", "locale": "en-US"},
    "device": "cpu",
    "seeds": {"corpus": 20, "bootstrap": 5},
    "counts": {"ok": 312, "failed": 2, "excluded": 3},
    "started": "2025-01-01T00:00:00Z",
    "seconds": {"recognizer": 81.2, "scoring": 0.4},
    "rejection": {"in_grammar": 312, "rejected": 31, "out_of_grammar": 156, "accepted": 118},
}


def verdict(difference: float, half: float) -> str:
    lower, upper = difference - half, difference + half
    if lower > 0.05:
        return "disadvantaged"
    if lower > 0:
        return "gap, size uncertain"
    if lower > -0.05 and upper < 0.05:
        return "within margin"
    return "does better" if upper < -0.05 else "cannot tell"


def contrast(group: str, endpoint: str, difference: float, **changed: Any) -> dict[str, Any]:
    half = 0.04 + abs(difference) / 4
    row = {
        "attribute": "accent",
        "group": group,
        "reference": "en-us",
        "endpoint": endpoint,
        "normalizer": "whisper-english" if endpoint == "wer" else None,
        "group_speakers": 12,
        "reference_speakers": 12,
        "group_rate": 0.1 + difference,
        "reference_rate": 0.1,
        "difference": difference,
        "difference_lower": difference - half,
        "difference_upper": difference + half,
        "ratio": (0.1 + difference) / 0.1,
        "ratio_lower": max(0.05, (0.1 + difference) / 0.1 - 0.6),
        "ratio_upper": (0.1 + difference) / 0.1 + 0.9,
        "limits": "simultaneous",
        "method": "bootstrap-t",
        "margin": 0.05,
        "verdict": verdict(difference, half),
        "evidence_grade": "S",
        "reason": f"the limits are {100 * (difference - half):.1f} to {100 * (difference + half):.1f} points, margin 5",
        "what_would_change_it": "30 speakers on each side; recordings of people instead of synthetic voices",
    }
    return row | changed


def group(name: str, speakers: int, rate: float | None, **changed: Any) -> dict[str, Any]:
    limited = rate is not None and speakers >= 5
    row: dict[str, Any] = {
        "attribute": "accent",
        "group": name,
        "standing": "judged" if limited else "described",
        "speakers": speakers,
        "utterances": 24 * speakers,
        "words": 65 * speakers,
        "ok": 24 * speakers,
        "failed": 0,
        "refused": 0,
        "missing": 0,
        "excluded": 0,
        "calls": 22 * speakers,
        "human_requests": 2 * speakers,
        "false_accept_probes": 22 * speakers,
        "duration_s": 1.34,
        "snr_db": 41.0,
        "speaking_rate": 3.2,
        "f0": 141.0,
        "bandwidth_hz": 3650.0,
        "clipping": 0.0,
    }
    rates = ["wer", "wer_speaker_mean", "wer_lost_deleted", "cer", "unusable", "command_error", "empty", "misrouted"]
    rates += ["not_understood", "not_completed", "human_not_reached", "false_reject", "false_accept", "human"]
    row |= dict.fromkeys(rates, rate)
    row |= {"routed": None if rate is None else 1 - rate, "reprompts_per_call": rate}
    if limited:
        row |= {
            f"{name}_{side}": max(0.0, rate + shift)
            for name in ("wer", "misrouted")
            for side, shift in (("lower", -0.04), ("upper", 0.05))
        }
    return row | changed


def tables(rows: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {name: records.table(rows.get(name, []), schema) for name, schema in SCHEMAS.items()}


def findings(corpus: str, contrasts: list[dict[str, Any]], groups: list[dict[str, Any]], **changed: Any) -> Findings:
    """One utterance per speaker and phrase; the k-th phrase is heard with k wrong words."""
    membership = {
        f"{row['group']}/{nr}": row["group"]
        for row in groups
        if row["attribute"] != "everyone"
        for nr in range(row["speakers"])
    }
    spoken = [(speaker, nr, f"{speaker}/{nr}") for speaker in membership for nr in range(len(SAID))]
    heard = {nr: " ".join(["junk"] * nr + text.split()[nr:]) for nr, text in enumerate(SAID)}
    card = load_card(corpus)
    parts: dict[str, Any] = {
        "name": "synthetic-identity-g711u-pocketsphinx-bank",
        "utterances": records.table(
            [{"utterance_id": u, "speaker_id": s, "text": SAID[nr], "role": "caller"} for s, nr, u in spoken],
            records.UTTERANCES,
        ),
        "hypotheses": records.table(
            [
                {"utterance_id": u, "grammar_id": grammar, "text": text, "status": "ok"}
                for _, nr, u in spoken
                for grammar, text in (("main-without-balance", "a probe"), ("main", heard[nr]))
            ],
            records.HYPOTHESES,
        ),
        "scores": records.table(
            [score(u, nr, unit) for _, nr, u in spoken for unit in ("word", "character")], records.SCORES
        ),
        "outcomes": records.table(
            [
                {"call_id": u, "speaker_id": s, "outcome": "misrouted", "reached": "cards", "expected": "balance"}
                for s, _, u in spoken
            ],
            records.OUTCOMES,
        ),
        "groups": records.table(groups, group_records.GROUPS),
        "contrasts": records.table(contrasts, group_records.CONTRASTS),
        "beside": tables({name: changed.pop(name) for name in SCHEMAS if name in changed}),
        "membership": {"accent": membership},
        "card": card,
        "attributes": {"accent": card.attributes["accent"]},
        "policy": POLICY,
        "service": SERVICE,
        "provenance": PROVENANCE,
    }
    return Findings(**(parts | changed))


def score(utterance_id: str, wrong: int, unit: str) -> dict[str, Any]:
    words = len(SAID[wrong].split())
    return {
        "utterance_id": utterance_id,
        "normalizer": "whisper-english",
        "unit": unit,
        "hits": words - wrong,
        "substitutions": wrong,
        "deletions": 0,
        "insertions": 0,
        "errors": wrong,
        "reference_tokens": words,
    }


def _scaled(endpoint: str, harm: float) -> float:
    return (
        harm
        * {"misrouted": 1.0, "not_completed": 1.25, "wer": 0.8, "unusable": 0.55, "human_not_reached": 0.9}[endpoint]
    )


@pytest.fixture
def synthetic() -> Findings:
    contrasts = [contrast(name, end, _scaled(end, harm)) for end in ENDPOINTS for name, harm in HARM.items()]
    contrasts += [contrast(name, "wer", harm, normalizer="basic") for name, harm in HARM.items()]
    groups = [
        group("en-us", 12, 0.1, standing="reference"),
        *(group(name, 12, 0.1 + harm) for name, harm in HARM.items()),
    ]
    groups.append(group("everyone", 156, 0.14, attribute="everyone"))
    groups[3] |= {"excluded": 3, "excluded_reasons": '{"missing_audio": 3}', "ok": 283, "failed": 2}
    return findings("synthetic", contrasts, groups)


@pytest.fixture
def people() -> Findings:
    nothing = {key: None for key in contrast("", "wer", 0.0) if key.startswith(("difference", "ratio", "group_rate"))}
    few = nothing | {
        "reference": "USA/neutral",
        "verdict": "insufficient data",
        "evidence_grade": "C",
        "limits": None,
        "reason": "too few speakers: 1 and 2, 10 are needed on each side",
        "what_would_change_it": "10 speakers on each side",
    }
    sizes = {"USA/neutral": 2, "GRC/Athens": 1, "BEL/French": 2, "DEU/German": 1}
    contrasts = [
        contrast(name, end, 0.0) | few | {"group_speakers": sizes[name], "reference_speakers": 2}
        for end in ENDPOINTS
        for name in sizes
        if name != "USA/neutral"
    ]
    groups = [group(name, speakers, None if speakers == 1 else 0.31) for name, speakers in sizes.items()]
    groups.append(group("everyone", 6, 0.31, attribute="everyone"))
    return findings("fsdd", contrasts, groups, name="fsdd-identity-g711u-pocketsphinx-bank")


@pytest.fixture
def with_contrasts() -> Callable[..., Findings]:
    """Builds findings of two groups from rows like `contrast`'s."""

    def build(*rows: tuple[str, str, float, dict[str, Any]], corpus: str = "synthetic", **changed: Any) -> Findings:
        names = dict.fromkeys(["en-us", *(name for name, *_ in rows)])
        contrasts = [contrast(name, endpoint, difference, **row) for name, endpoint, difference, row in rows]
        sizes = {name: row.get("group_speakers", 12) for name, _, _, row in rows}
        groups = [group(name, sizes.get(name, 12), 0.1) for name in names]
        return findings(corpus, contrasts, groups, **changed)

    return build
