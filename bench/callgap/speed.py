"""How long recognizing takes, and a published table from texts to verdicts: `python -m callgap.speed --help`."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import torch

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.evaluation import evaluate
from callgap.model_speed import Work, beside_pipeline, made, sentence
from callgap.process_speed import UTTERANCES, across_processes
from callgap.random_models import ARCHITECTURES, sounds
from callgap.run_directory import RunDirectory
from callgap.voice_speed import altering, measuring, measuring_many
from callgap_kernels.device import cuda_fault
from callgap_kernels.speed.machine import provenance
from callgap_kernels.speed.measure import Timed, WrongResultError
from callgap_kernels.speed.writing import write

_EXPERIMENT = "experiment=afrispeech-vendors"
_PACKAGES = ("numba", "numpy", "pandas", "pocketsphinx", "pyarrow", "scipy", "torch", "transformers")
_SAME = ("contrasts.csv", "groups.csv", "omnibus.csv")
_NOTE = (
    "All systems of the experiment, one after another in one process. `run` looks up what the recognizers "
    "wrote, scores, compares and reports; `score` does the same from the stored texts; both are whole commands, from "
    "the start of Python on. `evaluating` is all of `score` but that start, `contrasts` of it the comparison of the "
    "groups alone: limits, permutations and smallest detectable gaps under every normalizer. First in a process means "
    "that importing and compiling numba's code is part of it. Every time is of a result that is equal byte for byte to "
    "that of `run`."
)


_PROCESSES = (
    "Calls of synthetic voices through a telephone codec, made, transmitted and recognized as open speech; the start "
    "of the processes is part of the time. All texts were the same first."
)
_MODELS = (
    "The same checkpoint, sounds and device in one run: noise of 1 to 30 s; weights are random, so texts mean nothing "
    "and cost what they cost. The pipeline is timed with its fastest batch. `in the model` and `device busy` are parts "
    "of callgap's time: the model's on the device's clock, and that in which any kernel ran."
)


_ALTERED = (
    "Sentences of synthetic voices in batches of 48, one process with one thread; 1,000,000 divided by the "
    "microseconds is how many times faster than the speech it is. Every result was the same bits twice."
)
_MEASURED = (
    "Sentences of synthetic voices, one process with one thread; the last row was done once, over all cores, and the "
    "start of the processes is part of it. Every value was the same twice."
)


@dataclass(frozen=True)
class Pass:
    """One evaluation of all runs: seconds of it, of the comparison within, and a checksum of what came out."""

    evaluating_s: float
    contrasts_s: float
    checksum: str


class _Clocked:
    """A comparison that notes how long it took; in everything else it is the one that it was made of."""

    def __init__(self, comparison: Any) -> None:
        self._comparison = comparison
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._comparison, name)

    def compare(self, *arguments: Any) -> Any:
        """Compare, and add the time."""
        begin = perf_counter()
        found = self._comparison.compare(*arguments)
        self.seconds += perf_counter() - begin
        return found


def main(arguments: list[str] | None = None) -> int:
    """Time an experiment and write the table.

    Args:
        arguments: of the command line; None takes the process's.

    Returns:
        Exit status: 0, also where the corpus is absent; 1 for a wrong result, 2 for a device that cannot run.
    """
    options = _parsed(arguments)
    if options.device != "cpu" and (fault := cuda_fault(options.device)):
        print(f"--device {options.device}: {fault}", file=sys.stderr)
        return 2
    os.environ["CALLGAP_DEVICE"] = options.device
    try:
        for part in options.only or PARTS:
            PARTS[part](options)
    except WrongResultError as error:
        print(f"no time is printed: {error}", file=sys.stderr)
        return 1
    return 0


def _table(options: argparse.Namespace) -> None:
    try:
        utterances = units(plain(composed([options.experiment])))["corpus"].utterances()
    except InputError as error:
        print(f"no time of {options.experiment}: {error}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = measured([options.experiment], utterances, Path(folder), options.rounds, options.device)
    _write("fairness", "All contrasts of an experiment", "table", rows, options, _NOTE)


def _processes(options: argparse.Namespace) -> None:
    # A GPU takes no part in it.
    if options.device == "cpu":
        rows = across_processes(options.utterances, options.rounds)
        _write("recognition", "Recognizing with PocketSphinx", "call", rows, options, _PROCESSES)


def _voices(options: argparse.Namespace) -> None:
    rows, live = altering(options.sentences, options.rounds, options.device)
    _write("alteration", "Altering voices", "second of sound", rows, options, f"{_ALTERED} {live}")
    if options.device == "cpu":
        found = [*measuring(options.sentences, options.rounds), measuring_many(options.measured)]
        _write("voices", "Measuring voices", "utterance", found, options, _MEASURED)


def _models(options: argparse.Namespace) -> None:
    if options.device == "cpu":
        print("no time of models: they are timed on a CUDA device alone, --device cuda", file=sys.stderr)
        return
    rows: list[Timed] = []
    said: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for architecture in ARCHITECTURES:
            place = made(architecture, Path(folder))
            work = Work(architecture, place, sounds(options.hours), options.device, options.dtype, options.unit)
            found = beside_pipeline(work, options.rounds)
            rows, said = [*rows, *found], [*said, sentence(found)]
    note = " ".join([_MODELS, *said])
    _write("recognition", "Recognizing with neural models", "second of sound", rows, options, note)


PARTS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "processes": _processes,
    "models": _models,
    "voices": _voices,
    "table": _table,
}
"""What is timed, by name."""


def _write(name: str, title: str, unit: str, rows: Sequence[Timed], options: argparse.Namespace, note: str) -> None:
    suffix = "" if options.device == "cpu" else f"-{torch.device(options.device).type}"
    facts = provenance(_PACKAGES, options.device)
    page = write(f"{name}{suffix}", title, unit, rows, facts, options.out, note)
    print(page.read_text(encoding="utf-8"))


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m callgap.speed", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(PARTS), help="what is timed (default: everything)")
    parser.add_argument("--experiment", default=_EXPERIMENT, help="as callgap run takes it (default: %(default)s)")
    parser.add_argument("--device", default="cpu", help='"cpu" (the default), "cuda" or "cuda:N"')
    parser.add_argument("--rounds", type=int, default=3, help="timed runs of each (default: %(default)s)")
    parser.add_argument("--hours", type=float, default=2.0, help="of sound for models (default: %(default)s)")
    parser.add_argument("--dtype", default="bf16", choices=["bf16", "fp16", "fp32"], help="of models")
    parser.add_argument("--unit", type=json.loads, default={}, help="further keys of recognizer=transformers, as JSON")
    parser.add_argument("--utterances", type=int, default=UTTERANCES, help="for processes (default: %(default)s)")
    parser.add_argument("--sentences", type=int, default=96, help="altered and measured (default: %(default)s)")
    parser.add_argument("--measured", type=int, default=1000, help="over all cores, once (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("outputs/performance"), help="folder (default: %(default)s)")
    options = parser.parse_args(arguments)
    for name in ("rounds", "utterances", "sentences", "measured"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} is {getattr(options, name)}; accepted is a whole number from 1 on")
    if not options.hours > 0:
        parser.error(f"--hours is {options.hours:g}; accepted is a number above 0")
    return options


def measured(overrides: Sequence[str], utterances: pa.Table, folder: Path, rounds: int, device: str) -> list[Timed]:
    """Time a sweep.

    Args:
        overrides: of `callgap run -m`.
        utterances: of its corpus.
        folder: where the runs are made.
        rounds: timed runs of each way.
        device: where it runs, for the table.

    Returns:
        A row per way of making the table.

    Raises:
        WrongResultError: a command failed, or a table differs from that of the first run.
    """
    runs: list[Path] = []
    seconds: dict[str, list[float]] = {}

    def took(name: str, value: float) -> None:
        seconds.setdefault(name, []).append(value)

    for number in range(rounds):
        sweep = folder / f"sweep-{number}"
        took("run, a new process", command_s("run", "-m", *overrides, f"hydra.sweep.dir={sweep}"))
        found = sorted(path.parent for path in sweep.glob("*/report.json"))
        runs = runs or found
        _require(checksum(runs), checksum(found), "run")
    expected = checksum(runs)
    for _ in range(rounds):
        took("score, a new process", command_s("score", *map(str, runs)))
        _require(expected, checksum(runs), "score")
        for name, one in zip(("first in a process", "again"), in_new_process(passes, runs, 2), strict=True):
            _require(expected, one.checksum, f"evaluating, {name}")
            took(f"evaluating, {name}", one.evaluating_s)
            took(f"contrasts, {name}", one.contrasts_s)
    case = _case(utterances, runs)
    return [Timed(case, f"callgap {name}", device, 1, _quantiles(values), {}) for name, values in seconds.items()]


def command_s(*arguments: str) -> float:
    """Time a command of callgap in a process of its own, in seconds.

    Raises:
        WrongResultError: it failed.
    """
    begin = perf_counter()
    done = subprocess.run([sys.executable, "-m", "callgap", *arguments], capture_output=True, text=True)
    taken = perf_counter() - begin
    if done.returncode:
        raise WrongResultError(f"callgap {arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return taken


def in_new_process(work: Callable[[Sequence[Path], int], list[Pass]], runs: Sequence[Path], times: int) -> list[Pass]:
    """Do work in a process that has imported this module and compiled nothing."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, runs, times).result()


def passes(runs: Sequence[Path], times: int) -> list[Pass]:
    """Evaluate stored runs several times.

    Args:
        runs: run directories; written anew.
        times: how often.

    Returns:
        One pass per time, over all runs.
    """
    found = []
    for _ in range(times):
        contrasts_s, begin = 0.0, perf_counter()
        for path in runs:
            directory = RunDirectory.open(path)
            unit = units(directory.config())
            clocked = _Clocked(unit["fairness"])
            with directory.locked():
                evaluate(directory, unit | {"fairness": clocked})
            contrasts_s += clocked.seconds
        found.append(Pass(perf_counter() - begin, contrasts_s, checksum(runs)))
    return found


def checksum(runs: Sequence[Path]) -> str:
    """Sum up what the runs found: groups, contrasts and their second opinion."""
    content = b"".join((path / name).read_bytes() for path in runs for name in _SAME)
    return hashlib.sha256(content).hexdigest()


def _require(expected: str, found: str, name: str) -> None:
    if found != expected:
        raise WrongResultError(f"{name} gave other groups, contrasts or p-values than the first run")


def _case(utterances: pa.Table, runs: Sequence[Path]) -> str:
    directory = RunDirectory.open(runs[0])
    plan: Mapping[str, Any] = directory.config()["fairness"]
    contrasts = sum(pa.csv.read_csv(path / "contrasts.csv").num_rows for path in runs)
    normalizers = pc.count_distinct(directory.read_table("scores.parquet")["normalizer"]).as_py()
    speakers = pc.count_distinct(utterances["speaker_id"]).as_py()
    return (
        f"{directory.config()['corpus'].get('card')}: {utterances.num_rows:,} utterances, {speakers:,} speakers, "
        f"{len(runs)} systems, {normalizers} normalizers, {contrasts:,} contrasts, B = {plan['resamples']:,}"
    )


def _quantiles(values: Sequence[float]) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9]) * 1e6
    return float(low), float(middle), float(high)


if __name__ == "__main__":
    sys.exit(main())
