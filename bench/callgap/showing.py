"""One utterance of a run, word by word."""

from __future__ import annotations

from pathlib import Path

import jiwer
import pyarrow.compute as pc

from callgap.assembly import units
from callgap.errors import InputError, one_of
from callgap.run_directory import RunDirectory


def show_utterance(run: Path, utterance_id: str, normalizer: str | None = None) -> str:
    """Align what was said with what was understood.

    Args:
        run: a run directory.
        utterance_id: of the utterance.
        normalizer: a name in the run's configuration; None takes the primary one.

    Returns:
        Reference and hypothesis under each other with the errors marked, once per grammar, and how the call ended.

    Raises:
        InputError: there is no such run, utterance or normalizer.
    """
    directory = RunDirectory.open(run)
    scorer = units(directory.config())["scoring"]
    name = normalizer or scorer.primary
    if name not in scorer.normalizers:
        raise InputError(f"--normalizer: found {name!r}; {one_of(name, scorer.normalizers)}")
    utterances = directory.read_table("utterances.parquet")
    known = utterances["utterance_id"].to_pylist()
    if utterance_id not in known:
        raise InputError(f"{run} holds no utterance {utterance_id!r}; {_near(utterance_id, known)}")
    said = utterances.slice(known.index(utterance_id), 1).to_pylist()[0]
    hypotheses = directory.read_table("hypotheses.parquet")
    heard = hypotheses.filter(pc.equal(hypotheses["utterance_id"], utterance_id)).to_pylist()
    lines = [f"{utterance_id}  speaker {said['speaker_id']}  normalizer {name}"]
    for row in heard:
        lines += [
            "",
            f"grammar {row['grammar_id']}: {row['status']}" + (f" ({row['reason']})" if row["reason"] else ""),
        ]
        if row["error_rate"] is not None:
            lines.append(f"published: {row['error_rate']:g} word errors per word, of {said['words']} words; no text")
        if row["text"] is not None:
            lines.append(_aligned(scorer.normalizers[name](said["text"]), scorer.normalizers[name](row["text"])))
    return "\n".join([*lines, *_ended(directory, utterance_id)])


def _aligned(reference: str, hypothesis: str) -> str:
    if not reference:
        return f"REF: (nothing)\nHYP: {hypothesis or '(nothing)'}"
    result = jiwer.process_words(reference, hypothesis)
    text = str(jiwer.visualize_alignment(result, show_measures=False, skip_correct=False))
    return "\n".join(line for line in text.splitlines()[1:] if line.strip())


def _ended(directory: RunDirectory, utterance_id: str) -> list[str]:
    outcomes = directory.read_table("outcomes.parquet")
    calls = outcomes.filter(pc.equal(outcomes["call_id"], utterance_id)).to_pylist()
    return [
        "",
        *(f"call: asked for {c['expected']}, reached {c['reached'] or 'nothing'} ({c['outcome']})" for c in calls),
    ]


def _near(found: str, known: list[str]) -> str:
    clause = one_of(found, known)
    return (
        clause
        if len(known) <= 20
        else clause.split("accepted:")[0] + f"accepted: one of {len(known)} ids such as {known[0]}"
    )
