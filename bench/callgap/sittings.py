"""How fast a run recognized and altered: what `run.json` says under `recognition` and `alteration`."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc

from callgap.alteration import Alteration
from callgap.recognizer import Central, Recognizer
from callgap.records import Status
from callgap.run_directory import Part, RunDirectory

BATCH_EFFECT = "batch_effect"
"""The note of a recognizer whose texts may depend on the batch: texts `sampled`, of which `changed`."""

_SHARES = (0.5, 0.95, 0.99)


class Sitting:
    """One process that works on a run, from the first job on.

    What it did is written beside each part, so that a process that is killed has not worked for nothing.
    """

    def __init__(self, directory: RunDirectory, recognizer: Recognizer) -> None:
        """Start the clock."""
        self._earlier = directory.sittings()
        self._recognizer = recognizer
        self._audio_s = 0.0
        self._begin = time.perf_counter()

    def after(self, part: Part) -> dict[str, Any]:
        """All sittings of the run once a part is kept.

        Args:
            part: what this sitting gave last.

        Returns:
            For `sittings.json`.
        """
        self._audio_s += part.audio_s
        notes = dict(self._recognizer.notes()) if isinstance(self._recognizer, Central) else {}
        this = {"audio_s": self._audio_s, "wall_s": time.perf_counter() - self._begin, "notes": notes}
        return {"sittings": [*self._earlier, this]}


def recognized(directory: RunDirectory) -> dict[str, Any]:
    """How fast a run recognized.

    Args:
        directory: with the tables `hypotheses` and `timings` of the whole run.

    Returns:
        `audio_s`: seconds of sound that the recognizer was given, once for each grammar; `wall_s`: seconds from the
        first job to the last text, loading apart; `rtfx`: the one over the other; `latency_s`: quantiles over
        utterances, as the recognizer states them; `notes`: the recognizer's.
    """
    sittings = directory.sittings()
    audio_s, wall_s = (sum(float(sitting[name]) for sitting in sittings) for name in ("audio_s", "wall_s"))
    return {
        "audio_s": round(audio_s, 1),
        "wall_s": round(wall_s, 1),
        "rtfx": float(f"{audio_s / wall_s:.4g}") if wall_s else None,
        "latency_s": _latencies(directory),
        "notes": _notes([sitting["notes"] for sitting in sittings]),
    }


def altered(directory: RunDirectory, alteration: Alteration) -> dict[str, Any]:
    """How late an alteration is.

    Args:
        directory: with the tables `covariates` and `timings` of the whole run.
        alteration: of the run.

    Returns:
        `look_ahead_s`: seconds, `whole utterance`, or None where nobody said; `compute_s_per_s`: seconds of computing
        per second of sound, of one process; None where nothing was altered; `device`.
    """
    durations = directory.read_table("covariates.parquet").select(["utterance_id", "duration_s"]).to_pylist()
    seconds_of = {row["utterance_id"]: row["duration_s"] for row in durations}
    timings = directory.read_table("timings.parquet").select(["utterance_id", "altered_s"]).to_pylist()
    pairs = [(row["altered_s"], seconds_of[row["utterance_id"]]) for row in timings]
    told = [(spent, sound) for spent, sound in pairs if spent is not None and sound]
    ahead = alteration.look_ahead_s
    return {
        "look_ahead_s": "whole utterance" if ahead == math.inf else ahead,
        "compute_s_per_s": float(f"{sum(s for s, _ in told) / sum(s for _, s in told):.3g}") if told else None,
        "device": str(getattr(alteration, "device", None) or "cpu"),
    }


def _latencies(directory: RunDirectory) -> dict[str, float | None]:
    # Both tables are in the order of the plan.
    heard = pc.not_equal(directory.read_table("hypotheses.parquet")["status"], Status.EXCLUDED)
    seconds = directory.read_table("timings.parquet")["latency_s"].filter(heard).to_numpy()
    found = np.quantile(seconds, _SHARES) if len(seconds) else [None] * len(_SHARES)
    return {
        f"p{100 * share:.0f}": None if value is None else float(f"{value:.4g}")
        for share, value in zip(_SHARES, found, strict=True)
    }


def _notes(notes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Those of the last sitting; of the texts that were sampled for an effect of the batch, the sums of all."""
    last = dict(next((each for each in reversed(notes) if each), {}))
    effects = [each[BATCH_EFFECT] for each in notes if each.get(BATCH_EFFECT)]
    if effects:
        last[BATCH_EFFECT] = {name: sum(int(effect[name]) for effect in effects) for name in ("sampled", "changed")}
    return last
