"""How long a published table takes, from texts to verdicts: as whole commands, and what is in them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
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

from callgap.assembly import units
from callgap.evaluation import evaluate
from callgap.run_directory import RunDirectory
from callgap_kernels.speed.measure import Timed, WrongResultError

_SAME = ("contrasts.csv", "groups.csv", "omnibus.csv")


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


def timed_table(overrides: Sequence[str], utterances: pa.Table, folder: Path, rounds: int, device: str) -> list[Timed]:
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
