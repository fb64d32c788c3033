"""Measures, checks and writes: `python -m callgap_kernels.speed.run --help`."""

import argparse
import sys
from pathlib import Path
from time import perf_counter

import torch

from callgap_kernels import bootstrap_t, count_errors, permute
from callgap_kernels.device import cuda_fault, require_device_name
from callgap_kernels.options import require_whole
from callgap_kernels.speed import intervals, resampling, scoring
from callgap_kernels.speed.cases import draw_speakers
from callgap_kernels.speed.machine import provenance
from callgap_kernels.speed.measure import WrongResultError
from callgap_kernels.speed.writing import write
from callgap_kernels.tier import compile_at_once

PACKAGES = ("numba", "numpy", "torch", "triton")
PEERS = ("arch", "confidence-intervals", "jiwer", "kaldialign", "rapidfuzz", "scipy", "torchaudio", "torchmetrics")
# A run of confidence-intervals takes half a minute.
SLOW_ROUNDS = 3
SUMS_ONLY = (
    "callgap, rapidfuzz and torchaudio give the errors of each pair; jiwer, kaldialign and torchmetrics are called for "
    "all pairs at once and give sums."
)


def main(arguments: list[str] | None = None) -> int:
    """Time the core and write the tables.

    Args:
        arguments: Of the command line; None takes the process's.

    Returns:
        Exit status: 0, 1 for a wrong result, 2 for a device that cannot run.
    """
    options = _parser().parse_args(arguments)
    if fault := _fault(options):
        print(fault, file=sys.stderr)
        return 2
    # What torch does beside the core is part of the time, and a row says how many threads it had.
    torch.set_num_threads(1)
    compile_at_once()
    try:
        _measure(options.device, options.rounds, options.largest, options.out)
    except WrongResultError as error:
        print(f"no time is printed: {error}", file=sys.stderr)
        return 1
    return 0


def _fault(options: argparse.Namespace) -> str | None:
    """Say what cannot be, before anything is drawn or timed."""
    try:
        require_device_name("--device", options.device)
        require_whole("--rounds", options.rounds, 1)
        require_whole("--largest", options.largest, 1)
        options.out.mkdir(parents=True, exist_ok=True)
    except ValueError as error:
        return str(error)
    except OSError as error:
        return f"--out {options.out}: {error.strerror}"
    fault = None if options.device == "cpu" else cuda_fault(options.device)
    return fault and f"--device {options.device}: {fault}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m callgap_kernels.speed.run", description=__doc__)
    parser.add_argument("--device", default="cpu", help='"cpu" (the default), "cuda" or "cuda:N"')
    parser.add_argument("--rounds", type=int, default=7, help="timed runs of each contender (default: %(default)s)")
    parser.add_argument(
        "--largest", type=int, default=10_000_000, help="pairs of the largest size (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=Path("outputs/performance"), help="folder (default: %(default)s)")
    return parser


def _measure(device: str, rounds: int, largest: int, out: Path) -> None:
    facts = provenance([*PACKAGES, *PEERS], device) | {"compiling, s": f"{_compiling_s():.1f}"}
    suffix = "" if device == "cpu" else f"-{torch.device(device).type}"
    scored = [*scoring.beside_peers(device, rounds), *scoring.growing(device, rounds, largest)]
    page = write(f"scoring{suffix}", "Counting the errors of texts", "pair", scored, facts, out, SUMS_ONLY)
    print(page.read_text(encoding="utf-8"))
    resampled = list(resampling.beside_peers(device, rounds))
    page = write(f"resampling{suffix}", "Resampling speakers", "call", resampled, facts, out)
    print(page.read_text(encoding="utf-8"))
    limits = list(intervals.beside_peers(device, min(rounds, SLOW_ROUNDS)))
    page = write(f"intervals{suffix}", "Limits of rates", "resample", limits, facts, out, intervals.CONTENTS)
    print(page.read_text(encoding="utf-8"))


def _compiling_s() -> float:
    """Time of a process's first calls: importing numba and compiling, of which the tables show nothing."""
    begin = perf_counter()
    count_errors(["a"], ["b"])
    speakers = draw_speakers(4, 2, endpoints=1)
    bootstrap_t(speakers.errors, speakers.words, speakers.group, speakers.contrasts, seed=1, resamples=100)
    permute(speakers.errors, speakers.words, speakers.group, speakers.contrasts, seed=1, resamples=2)
    return perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
