"""Two speakers who whistle words: a corpus that a tiny network learns in seconds."""

import csv

import numpy as np
import soundfile
from runs import callgap

RATE = 8000
LETTERS = {"a": 500.0, "b": 1500.0, "é": 2600.0}
WORDS = ("a", "b é", "é ab")
SMALL = [
    "engine.workers=0", "train.threads=1", "train.epochs=60", "train.batch_size=4", "train.hidden_size=32",
    "train.layers=1", "train.dropout=0", "train.mel_bins=20", "train.learning_rate=0.008", "train.speed=[0.95,1.05]",
    "train.tempo=[1,1]", "train.noise_db=[30,50]", "train.masked=0",
]  # fmt: skip


def whistled(text, shift, seed):
    """A tone for each letter and silence for a space, over a little noise; a speaker is a shift in pitch."""
    noise = np.random.default_rng(seed)
    parts = [
        0.3 * np.sin(2 * np.pi * LETTERS.get(letter, 0.0) * shift * np.arange(RATE // 8) / RATE) for letter in text
    ]
    signal = np.concatenate([np.zeros(400), *parts, np.zeros(400)])
    return (signal + 0.003 * noise.standard_normal(len(signal))).astype(np.float32)


def corpus(folder, speakers=("x1", "y1"), takes=2, texts=WORDS):
    """Overrides that choose a corpus of WAV files, made in `folder`; the accent is the first letter of the speaker."""
    folder.mkdir(parents=True)
    rows = []
    for place, speaker in enumerate(speakers):
        for number, text in enumerate(texts):
            for take in range(takes):
                name = f"{speaker}-{number}-{take}.wav"
                sound = whistled(text or "a", 1 + 0.04 * place, [place, number, take])
                soundfile.write(folder / name, sound, RATE)
                rows.append({"path": name, "text": text, "speaker_id": speaker, "accent": speaker[0]})
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return ["corpus=folder", f"corpus.manifest={folder / 'manifest.csv'}", "corpus.groups=[accent]"]


def train(chosen, output, *overrides, check=True):
    """`callgap train` on such a corpus."""
    output.parent.mkdir(exist_ok=True)
    given = [*chosen, *SMALL, f"train.output={output}", *overrides]
    return callgap("train", *given, cwd=output.parent, check=check)
