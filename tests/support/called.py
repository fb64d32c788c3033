"""Evidence of simulated calls, one utterance each, for tests of rates and of their comparison."""

from callgap.fairness import membership
from callgap.fairness.evidence import Evidence
from callgap.records import COVARIATES, HYPOTHESES, OUTCOMES, SCORES, table, utterances_schema


def evidence(speakers_by_group, *, calls=8, words=10, statuses=None, errors=None):
    """Evidence in which speaker k makes `errors(group, k, call)` word errors and fails as many calls as it says."""
    statuses = statuses or {}
    errors = errors or (lambda group, speaker, call: (speaker + call) % 3 + (group == "b"))
    utterances, heard, scores, outcomes = [], [], [], []
    for group, count in speakers_by_group.items():
        for speaker in range(count):
            for call in range(calls):
                name = f"{group}{speaker}-{call}"
                status = statuses.get(name, "ok")
                utterances.append(
                    {"utterance_id": name, "speaker_id": f"{group}{speaker}", "text": "x", "slots": [], "accent": group}
                )
                reason = "silent" if status == "excluded" else None
                text = "x" if status == "ok" else None
                heard.append(
                    {
                        "utterance_id": name,
                        "grammar_id": "g",
                        "text": text,
                        "status": status,
                        "n_best": [],
                        "reason": reason,
                    }
                )
                if status == "excluded":
                    continue
                wrong = errors(group, speaker, call)
                for unit in ("word", "character"):
                    row = {"utterance_id": name, "normalizer": "none", "unit": unit, "reference_tokens": words}
                    if status == "ok":
                        row |= {
                            "hits": words - wrong,
                            "substitutions": wrong,
                            "deletions": 0,
                            "insertions": 0,
                            "errors": wrong,
                            "empty": False,
                        }
                    scores.append(row)
                end = "lost" if status != "ok" else "misrouted" if wrong > 1 else "routed"
                outcomes.append(
                    {"call_id": name, "speaker_id": f"{group}{speaker}", "nodes": [], "outcome": end, "expected": "x",
                     "reached": "y" if wrong > 1 else "x", "turns": 1, "reprompts": 0}
                )  # fmt: skip
    spoken = table(utterances, utterances_schema(["accent"]))
    return Evidence(
        utterances=spoken,
        heard=table(heard, HYPOTHESES),
        probes=HYPOTHESES.empty_table(),
        scores=table(scores, SCORES),
        outcomes=table(outcomes, OUTCOMES),
        covariates=table([{"utterance_id": u["utterance_id"], "duration_s": 1.0} for u in utterances], COVARIATES),
        normalizer="none",
        human="agent",
        phrases={"g": frozenset(["x"])},
        system="s",
        condition="c",
        membership={"accent": membership(spoken, "accent")},
    )


def by_group(rows):
    return {(row["attribute"], row["group"]): row for row in rows}
