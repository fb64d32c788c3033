"""A run of invented callers whose references are sampled, and transcribers who are simulated."""

import csv
from pathlib import Path

import numpy as np
import soundfile
from runs import callgap

from callgap.tables import read_table

RATE = 16000
PROMPTS = ("Please pay the Zanzibar bill", "Close account four oh two")
SPEAKERS = {"eastern": 12, "western": 12, "lonely": 1}
"""By accent; every speaker says both prompts."""

SAID = ("please pay the zanzibar bill", "close my account four oh two")
"""What everybody says; one of eleven words more than the prompts."""


def recordings(folder):
    """One stereo file per speaker, the agent on channel 0 and a second after the other prompts on channel 1.

    The files are named after speakers, and name speaker and accent in what they say of themselves.
    """
    folder.mkdir()
    rows = []
    for accent, count in SPEAKERS.items():
        for number in range(count):
            speaker = f"{accent}-caller{number:02d}"
            samples = np.random.default_rng(len(rows)).uniform(-0.2, 0.2, (2 * RATE, 2)).astype(np.float32)
            with soundfile.SoundFile(folder / f"{speaker}.wav", "w", RATE, 2, "PCM_16") as file:
                file.title, file.artist, file.comment = PROMPTS[0], speaker, accent
                file.write(samples)
            for turn, text in enumerate(PROMPTS):
                rows.append({
                    "path": f"{speaker}.wav", "text": text, "speaker_id": speaker, "accent": accent,
                    "utterance_id": f"{speaker}-{turn}", "audio_channel": 1, "begin_s": turn, "end_s": turn + 0.5,
                })  # fmt: skip
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "manifest.csv"


def run(folder, name="run"):
    """A finished run of the recordings in `folder`, which were made before; the recognizer says the same to all."""
    callgap(
        "run", "corpus=folder", f"corpus.manifest={folder}/manifest.csv", "corpus.groups=[accent]",
        "+corpus.references.accent=western", "recognizer=command", "recognizer.command=[echo,please,'{wav}']",
        "recognizer.id=echo", "ivr=none", "fairness=speech", "fairness.resamples=1000", "engine.workers=0",
        f"hydra.run.dir={folder.parent / name}", cwd=folder.parent,
    )  # fmt: skip
    return folder.parent / name


def draw(path, output, *options):
    """Draw into a folder."""
    done = callgap("sample", "draw", path, "--attribute=accent", f"--output={output}", *options, cwd=path.parent)
    return output, done.stdout


def read(output, *arguments, check=True):
    """Read a sample back."""
    return callgap("sample", "read", output, *arguments, cwd=Path(output).parent, check=check)


def key(output):
    """Utterance by item, which no transcriber has."""
    rows = read_table(output / "keep-from-transcribers" / "key.csv").to_pylist()
    return {row["item"]: row["utterance_id"] for row in rows}


def sheet(output, number=1):
    """Where a sheet is."""
    return output / f"transcriber-{number}" / f"sheet-{number}.csv"


def rows_of(path):
    """Rows of a sheet."""
    return read_table(path).to_pylist()


def write(path, rows):
    """Write a sheet as a spreadsheet would."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def fill(output, said):
    """Fill every sheet; `said` gives the text of an utterance, or None where it cannot be heard."""
    names = key(output)
    for path in sorted(output.glob("transcriber-*/sheet-*.csv")):
        texts = [(row, said(names[row["item"]])) for row in rows_of(path)]
        write(path, [row | ({"cannot_be_heard": "x"} if text is None else {"text": text}) for row, text in texts])


def truth(utterance):
    """What is said in an utterance."""
    return SAID[int(utterance[-1])]
