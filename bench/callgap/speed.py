"""How long recognizing, altering and reading take, and a published table: `python -m callgap.speed --help`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.corpus_speed import streaming
from callgap.errors import InputError
from callgap.model_speed import Work, beside_pipeline, made, sentence
from callgap.process_speed import UTTERANCES, across_processes
from callgap.random_models import ARCHITECTURES, sounds
from callgap.table_speed import timed_table
from callgap.voice_speed import altering, measuring, measuring_many
from callgap_kernels.device import cuda_fault
from callgap_kernels.speed.machine import provenance
from callgap_kernels.speed.measure import Timed, WrongResultError
from callgap_kernels.speed.writing import write

_EXPERIMENT = "experiment=afrispeech-vendors"
_PACKAGES = ("numba", "numpy", "pandas", "pocketsphinx", "pyarrow", "scipy", "torch", "transformers")
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


_READ = (
    "A manifest of eight columns whose rows name few recordings again and again; each row was timed once, in a process "
    "of its own. Opening is reading the manifest, checking every row and counting the groups; the second time the "
    "table is mapped from its index in the user's cache. Recordings are decoded on all cores."
)


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
    # Once, before anything is written: the tables themselves would count as changes of the checkout.
    options.facts = provenance(_PACKAGES, options.device)
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
        rows = timed_table([options.experiment], utterances, Path(folder), options.rounds, options.device)
    _write("fairness", "All contrasts of an experiment", "table", rows, options, _NOTE)


def _processes(options: argparse.Namespace) -> None:
    # A GPU takes no part in it.
    if options.device == "cpu":
        rows = across_processes(options.utterances, options.rounds)
        _write("recognition", "Recognizing with PocketSphinx", "call", rows, options, _PROCESSES)


def _alteration(options: argparse.Namespace) -> None:
    rows, live = altering(options.sentences, options.rounds, options.device)
    _write("alteration", "Altering voices", "second of sound", rows, options, f"{_ALTERED} {live}")


def _voices(options: argparse.Namespace) -> None:
    if options.device == "cpu":
        found = [*measuring(options.sentences, options.rounds), measuring_many(options.measured)]
        _write("voices", "Measuring voices", "utterance", found, options, _MEASURED)


def _corpora(options: argparse.Namespace) -> None:
    # Reading is no work for a GPU.
    if options.device == "cpu":
        with tempfile.TemporaryDirectory() as folder:
            rows, memory = streaming(options.opened, options.streamed, Path(folder))
        _write("corpora", "Opening and reading a corpus", "utterance", rows, options, f"{_READ} {memory}")


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
    "alteration": _alteration,
    "voices": _voices,
    "corpora": _corpora,
    "table": _table,
}
"""What is timed, by name."""


def _write(name: str, title: str, unit: str, rows: Sequence[Timed], options: argparse.Namespace, note: str) -> None:
    suffix = "" if options.device == "cpu" else f"-{torch.device(options.device).type}"
    page = write(f"{name}{suffix}", title, unit, rows, options.facts, options.out, note)
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
    parser.add_argument("--opened", type=int, default=1_000_000, help="rows of a corpus (default: %(default)s)")
    parser.add_argument("--streamed", type=int, default=20_000, help="recordings of it (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("outputs/performance"), help="folder (default: %(default)s)")
    options = parser.parse_args(arguments)
    for name in ("rounds", "utterances", "sentences", "measured", "opened", "streamed"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} is {getattr(options, name)}; accepted is a whole number from 1 on")
    if not options.hours > 0:
        parser.error(f"--hours is {options.hours:g}; accepted is a number above 0")
    return options


if __name__ == "__main__":
    sys.exit(main())
