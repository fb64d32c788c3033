"""Evidence of calls that were walked through a graph, of drawn or stated outcomes."""

import numpy as np

from callgap.fairness import membership
from callgap.fairness.evidence import Evidence
from callgap.records import COVARIATES, HYPOTHESES, OUTCOMES, SCORES, table, utterances_schema

FLAGS = ("gave_up", "keys", "contained")
SOMETIMES = (
    "wrong_priority", "digits_exact_1", "digits_exact_2", "digits_exact_3", "wrong_number_accepted", "critical_heard",
    "confident_error",
)  # fmt: skip
ENDS = ("desk", "paid", "agent")


def walked_calls(groups, calls=8, seed=0):
    """By group so many speakers, each with calls whose outcomes are drawn; a tenth of them was lost."""
    draw = np.random.default_rng(seed)
    rows = []
    for group, speakers in groups.items():
        for speaker in range(speakers):
            for number in range(calls):
                one = {"call_id": f"{group}{speaker}-{number}", "speaker_id": f"{group}{speaker}", "accent": group}
                rows.append(one | drawn(draw))
    return rows


def drawn(draw):
    expected, reached = (str(draw.choice([*ENDS])), [*ENDS, None][draw.integers(4)])
    if draw.random() < 0.1:
        return {"expected": expected, "reached": None, "outcome": "lost", "turns": 1, "reprompts": 0, "service": "s"}
    wrong_number = bool(draw.random() < 0.2)
    ended = "not_understood" if reached is None else "human" if reached == "agent" else None
    return {
        "expected": expected,
        "reached": reached,
        "outcome": ended or ("routed" if reached == expected else "misrouted"),
        "completed": reached == expected and not wrong_number,
        "service": "s",
        "turns": int(draw.integers(1, 6)),
        "reprompts": int(draw.integers(0, 3)),
        "no_matches": int(draw.integers(0, 3)),
        "seconds": float(draw.uniform(10, 90)),
        "asked_for_human": expected == "agent" and bool(draw.random() < 0.7),
        "human_turns": int(draw.integers(1, 6)) if reached in ("desk", "agent") else None,
        "human_seconds": float(draw.uniform(10, 90)) if reached in ("desk", "agent") else None,
        **{name: bool(draw.random() < 0.5) for name in FLAGS},
        **{name: None if draw.random() < 0.3 else bool(draw.random() < 0.5) for name in SOMETIMES},
    }


def evidence_of_calls(calls):
    """Evidence of calls that are rows of outcomes with an `accent`, and of no text."""
    said = [
        {"utterance_id": c["call_id"], "speaker_id": c["speaker_id"], "slots": [], "accent": c["accent"]} for c in calls
    ]
    utterances = table(said, utterances_schema(["accent"]))
    heard = [{"utterance_id": c["call_id"], "grammar_id": "open", "status": "ok"} for c in calls]
    outcomes = [{k: v for k, v in c.items() if k in OUTCOMES.names} | {"nodes": []} for c in calls]
    return Evidence(
        utterances=utterances,
        heard=table(heard, HYPOTHESES),
        probes=HYPOTHESES.empty_table(),
        scores=SCORES.empty_table(),
        outcomes=table(outcomes, OUTCOMES),
        covariates=COVARIATES.empty_table(),
        normalizer="none",
        human="agent",
        phrases={},
        system="recognizer",
        condition="clean",
        membership={"accent": membership(utterances, "accent")},
    )
