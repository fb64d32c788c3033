"""Voices that another run of the same sweep has measured already: no recognizer and no line changes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from callgap.configuration import fingerprint
from callgap.errors import InputError
from callgap.provenance import provenance
from callgap.run_directory import RunDirectory

_STAGES = ("corpus", "alteration", "voice")
_ORIGIN = ("corpus", "altered")
_VERSIONS = ("callgap", "commit", "versions", "device")


def voices_beside(path: Path, config: Mapping[str, Any], origin: Mapping[str, Any], ids: list[str]) -> pa.Table | None:
    """Look for measured voices in the runs beside one.

    Args:
        path: of the run, in the folder of a sweep.
        config: of the run, resolved.
        origin: what `run.json` says of where the recordings are from.
        ids: of the utterances that are to be measured.

    Returns:
        Table `voices` of a run with the same recordings, alteration, measures, seed and versions; None where there is
        none.
    """
    wanted = _identity(config, {**provenance(), **origin})
    for file in sorted(path.parent.glob("*/voices.parquet")):
        try:
            directory = RunDirectory.open(file.parent)
            if file.parent != path and _identity(directory.config(), directory.provenance()) == wanted:
                found = directory.read_table(file.name)
                if set(found["utterance_id"].to_pylist()) >= set(ids):
                    return found
        except InputError:
            # A run beside it that cannot be read is that run's affair.
            continue
    return None


def _identity(config: Mapping[str, Any], notes: Mapping[str, Any]) -> tuple[object, ...]:
    stages = {stage: config.get(stage, {}) for stage in _STAGES}
    made = fingerprint({**stages, "recognizer": {}, "ivr": {}, "seed": config["seed"]})
    return made, *(notes.get(key) for key in (*_ORIGIN, *_VERSIONS))
