"""Evidence made of a frame, for tests of what may be wrong with it."""

import numpy as np
import pandas as pd
import pyarrow as pa

from callgap.fairness.evidence import Evidence
from callgap.fairness.membership import membership
from callgap.records import COVARIATES, HYPOTHESES, OUTCOMES, table, utterances_schema
from callgap.scoring import Basic, Scorer

COLUMNS = (
    "prompt_id",
    "language",
    "duration_s",
    "session_id",
    "audio",
    "audio_channel",
    "audio_begin_s",
    "audio_end_s",
)
WORDS = [
    a + b for a in ("ba", "ke", "li", "mo", "nu", "pra", "sto", "tri") for b in ("den", "fal", "gor", "him", "jax")
]


def evidence_of(frame, attributes):
    """Evidence of utterance_id, speaker_id, text, heard, and perhaps status and columns of `utterances`."""
    status = frame["status"] if "status" in frame else pd.Series("ok", index=frame.index)
    said = []
    for row in frame.to_dict("records"):
        given = {name: row[name] for name in (*COLUMNS, *attributes) if name in row and not pd.isna(row[name])}
        base = {"utterance_id": row["utterance_id"], "speaker_id": row["speaker_id"], "text": row["text"], "slots": []}
        said.append({"language": "en-US"} | base | given)
    utterances = table(said, utterances_schema(attributes))
    heard = [
        {"utterance_id": u, "grammar_id": "open", "text": text if state == "ok" else None, "status": state}
        for u, text, state in zip(frame["utterance_id"], frame["heard"], status, strict=True)
    ]
    by_id = {row["utterance_id"]: row for row in heard}
    scorer = Scorer("basic", {"basic": Basic()}, ("word",))
    return Evidence(
        utterances=utterances,
        heard=table(heard, HYPOTHESES),
        probes=HYPOTHESES.empty_table(),
        scores=scorer.score(list(zip(frame["utterance_id"], frame["text"], strict=True)), by_id),
        outcomes=OUTCOMES.empty_table(),
        covariates=COVARIATES.empty_table(),
        normalizer="basic",
        human="",
        phrases={},
        system="s",
        condition="c",
        membership={name: membership(utterances, name) for name in attributes},
    )


def corpus(groups=("a", "b"), *, speakers=12, each=10, words=8, wrong=0.2, seed=0):
    """A clean corpus: sentences of random words, each word heard wrong with probability `wrong`, speakers in turn."""
    random = np.random.default_rng(seed)
    rows = []
    for take in range(each):
        for group in groups:
            for speaker in range(speakers):
                text = random.choice(WORDS, words)
                heard = [random.choice(WORDS) if random.random() < wrong else word for word in text]
                rows.append(
                    {
                        "utterance_id": f"{group}{speaker}-{take}",
                        "speaker_id": f"{group}{speaker}",
                        "accent": group,
                        "text": " ".join(text),
                        "heard": " ".join(heard),
                        "duration_s": round(float(random.gamma(9, 0.4)), 3),
                        "session_id": f"{group}{speaker}",
                        "status": "ok",
                    }
                )
    return pd.DataFrame(rows)


def schema_of(rows, schema):
    """The rows as the table that they are rows of."""
    found = table(rows, schema)
    assert isinstance(found, pa.Table)
    return found
