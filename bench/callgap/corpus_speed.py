"""How long a corpus of a million utterances takes to open, and how much memory its recordings take to stream."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow.compute as pc
import soundfile

from callgap.corpus.folder import FolderCorpus
from callgap_kernels.speed.measure import Timed, WrongResultError

_RATE, _SECONDS, _RECORDINGS = 16000, 3.0, 64
_SPEAKERS = 20_000
_GROUPS = ("north", "south", "east", "west")
_MEBIBYTE = 1024


@dataclass(frozen=True)
class _Pass:
    opened_s: float
    rows: int
    seconds: float
    streamed_s: float
    mebibytes: float


def streaming(utterances: int, streamed: int, folder: Path) -> tuple[list[Timed], str]:
    """Open a large corpus twice, and stream a tenth and all of some of its recordings, each in a process of its own.

    Args:
        utterances: rows of the manifest; its recordings are few files that are named again and again.
        streamed: how many recordings are read.
        folder: an empty one, for the manifest, the recordings and the index.

    Returns:
        Microseconds per utterance, and a sentence on memory.

    Raises:
        WrongResultError: an utterance is missing, or a recording was not read.
    """
    manifest = _written(utterances, folder)
    few = max(1, streamed // 10)
    read = {"the first time": 0, "from its index": 0, "a tenth": few, "all": streamed}
    passes = {name: _alone(manifest, count) for name, count in read.items()}
    for name, one in passes.items():
        _require_all(name, one, utterances, read[name])
    case = f"{utterances:,} utterances"
    rows = [
        _timed(case, f"opening, {name}", utterances, passes[name].opened_s)
        for name in ("the first time", "from its index")
    ]
    rows.append(_timed(f"{streamed:,} recordings of {_SECONDS:g} s", "reading", streamed, passes["all"].streamed_s))
    memory = (
        f"Reading {few:,} recordings took {passes['a tenth'].mebibytes:.0f} MiB at most beyond the opened table, "
        f"reading {streamed:,} took {passes['all'].mebibytes:.0f} MiB."
    )
    return rows, memory


def _require_all(name: str, one: _Pass, utterances: int, read: int) -> None:
    if one.rows != utterances:
        raise WrongResultError(f"{name}: {one.rows:,} of {utterances:,} utterances")
    if round(one.seconds / _SECONDS) != read:
        raise WrongResultError(f"{name}: {one.seconds:.1f} s of sound, expected {read * _SECONDS:.1f}")


def _timed(case: str, name: str, items: int, seconds: float) -> Timed:
    us = seconds / items * 1e6
    return Timed(case, name, "cpu", items, (us, us, us), {})


def _written(utterances: int, folder: Path) -> Path:
    random = np.random.default_rng(0)
    for number in range(_RECORDINGS):
        samples = random.uniform(-0.3, 0.3, round(_SECONDS * _RATE)).astype(np.float32)
        soundfile.write(folder / f"{number}.flac", samples, _RATE)
    manifest = folder / "manifest.tsv"
    with manifest.open("w", encoding="utf-8") as file:
        file.write("utterance_id\tpath\ttext\tspeaker_id\taccent\tage\tsentence_id\tvotes\n")
        for row in range(utterances):
            speaker = row * 7919 % _SPEAKERS
            file.write(
                f"u{row:09d}\t{row % _RECORDINGS}.flac\tPlease tell me what is left on account number {row}\t"
                f"s{speaker:05d}\t{_GROUPS[speaker % 4]}\t{20 + speaker % 50}\t{row:032x}\t2\n"
            )
    return manifest


def _alone(manifest: Path, streamed: int) -> _Pass:
    # The index belongs to the measurement: the user's own is neither read nor filled.
    cache = {**os.environ, "XDG_CACHE_HOME": str(manifest.parent / "cache")}
    command = [sys.executable, "-m", "callgap.corpus_speed", str(manifest), str(streamed)]
    done = subprocess.run(command, capture_output=True, text=True, env=cache)
    if done.returncode:
        raise WrongResultError(f"reading {streamed} recordings ended with {done.returncode}: {done.stderr.strip()}")
    return _Pass(**json.loads(done.stdout))


def _pass(manifest: Path, streamed: int) -> _Pass:
    corpus = FolderCorpus(manifest=manifest, groups=("accent",))
    begin = perf_counter()
    table = corpus.utterances()
    # Every group is counted: what is mapped into memory only is not yet open.
    pc.value_counts(table["accent"])
    opened = perf_counter() - begin
    wanted = table.slice(0, streamed)
    # What reading imports and allocates once is not what grows.
    for _ in islice(corpus.load(table.slice(0, min(streamed, 1))), 1):
        pass
    before = _most()
    begin = perf_counter()
    samples = sum(int(batch.lengths.sum()) for batch in corpus.load(wanted))
    taken = perf_counter() - begin
    return _Pass(opened, len(table), samples / _RATE, taken, (_most() - before) / _MEBIBYTE)


def _most() -> int:
    """The most memory that this process has held, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    print(json.dumps(asdict(_pass(Path(sys.argv[1]), int(sys.argv[2])))))
