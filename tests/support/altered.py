"""Finished runs of transcripts that a recognizer is said to have given before and after an alteration."""

import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from callgap.configuration import choices_of, composed, plain
from callgap.finished import Finished
from callgap.pipeline import Cell, run
from callgap.voice_records import VOICES

SENTENCES = ("please tell me my balance now", "i want to speak to somebody", "my new card was never sent", "close it")
SPEAKERS = [f"{accent}{n:02d}" for accent in ("us", "scotland") for n in range(32)]


def texts(rates, seed, lost=()):
    """By utterance, what was understood: each word wrong at the rate of the speaker's accent; None where it is lost."""
    rng = np.random.default_rng(seed)
    heard = {}
    for speaker in SPEAKERS:
        rate = rates[speaker.rstrip("0123456789")]
        for place, sentence in enumerate(SENTENCES):
            words = ["wrong" if wrong else word for word, wrong in words_of(sentence, rng, rate)]
            heard[f"{speaker}-{place}"] = None if f"{speaker}-{place}" in lost else " ".join(words)
    return heard


def words_of(sentence, rng, rate):
    words = sentence.split()
    return zip(words, rng.random(len(words)) < rate, strict=True)


def altered_run(folder, name, heard, *, alteration=None, overrides=(), said=SENTENCES):
    """Make and open a run; `alteration` is what its provenance says, `name` if None."""
    folder.mkdir(exist_ok=True)
    references, transcripts = folder / f"said-{hash(said) % 10**6}.csv", folder / f"{name}.csv"
    rows = [(f"{s}-{n}", text, s, s.rstrip("0123456789")) for s in SPEAKERS for n, text in enumerate(said)]
    write(references, ("utterance_id", "text", "speaker_id", "accent"), rows)
    found = [(utterance, text) for utterance, text in heard.items() if text is not None]
    write(transcripts, ("utterance_id", "text"), found)
    chosen = ["corpus=table", "recognizer=transcripts", "ivr=none", "corpus.groups=[accent]"]
    chosen += ["corpus.references.accent=us", "fairness.resamples=1999", "fairness.permutations=200", *overrides]
    config = composed(
        [*chosen, f"corpus.file='{references}'", f"recognizer.file='{transcripts}'", "recognizer.id=pocket"]
    )
    content = plain(config)
    content["engine"] |= {"workers": 0}
    # The corpus has no audio that could be altered: that it was is what the user says of the transcripts.
    cell = Cell(content, choices_of(config) | {"alteration": alteration or name}, chosen)
    run(cell, folder / name, resume=False, console=Console(stderr=True, quiet=True))
    return Finished.open(folder / name)


def write(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def measure_voices(finished, level=None, seed=1, skip=(), columns=VOICES.names):
    """Write a table `voices` into a run: levels per accent, and embeddings that are the same for the same seed."""
    rng, level = np.random.default_rng(seed), level or {}
    base = np.random.default_rng(0).normal(0, 1, (len(SPEAKERS), 8))
    rows = []
    for place, speaker in enumerate(SPEAKERS):
        shift = level.get(speaker.rstrip("0123456789"), 0.0)
        for n in range(len(SENTENCES)):
            vector = base[place] + (rng.normal(0, 0.2, 8) if seed else 0.0)
            status = "excluded" if f"{speaker}-{n}" in skip else "ok"
            measured = {
                "embedding": (vector / np.linalg.norm(vector)).astype("float32").tolist(),
                "f0_mean_hz": float(120 * 2 ** ((place % 7 + shift + 0.1 * rng.normal()) / 12)),
                "dnsmos_overall": 3.0 + 0.01 * place,
            }
            why = {"reason": None if status == "ok" else "after_silent"}
            measured = {name: value for name, value in measured.items() if name in columns}
            rows.append(
                {"utterance_id": f"{speaker}-{n}", "status": status} | why | (measured if status == "ok" else {})
            )
    pq.write_table(pa.Table.from_pylist(rows, schema=VOICES), finished.directory.path / "voices.parquet")
