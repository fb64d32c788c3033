"""The command `score`: judges stored hypotheses again, without recognition."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console

from callgap.assembly import units
from callgap.configuration import composed, fingerprint, opened, plain, sentence
from callgap.errors import InputError, one_of
from callgap.evaluation import evaluate
from callgap.judging import examined, policy_hash
from callgap.overrides import parsed
from callgap.pipeline import check_texts
from callgap.reference_error import REFERENCE_ERRORS
from callgap.report import announce
from callgap.run_directory import RunDirectory

JUDGING = ("scoring", "fairness", "verdict", "report")
"""The stages that can be done again on stored hypotheses."""


def score_command(runs: Sequence[Path], overrides: Sequence[str], console: Console) -> None:
    """Judge stored hypotheses again.

    Args:
        runs: run directories.
        overrides: of keys under scoring, fairness, verdict and report.
        console: for results.

    Raises:
        InputError: a run was not finished, or an override concerns what was heard.
    """
    if not runs:
        raise InputError("score needs at least one run directory")
    for override in overrides:
        stage = override.lstrip("+~").split("=", 1)[0].split(".", 1)[0]
        if stage not in JUDGING:
            raise InputError(f"{override}: score changes what is judged, not what was heard; {one_of(stage, JUDGING)}")
    for path in runs:
        directory, unit = _rescored(path, overrides) if overrides else _as_it_was(path)
        with directory.locked():
            report = evaluate(directory, unit)
        announce(report, directory.path, console)


def _as_it_was(path: Path) -> tuple[RunDirectory, dict[str, Any]]:
    directory = RunDirectory.open(path)
    return directory, units(directory.config())


def _rescored(path: Path, overrides: Sequence[str]) -> tuple[RunDirectory, dict[str, Any]]:
    origin = RunDirectory.open(path)
    notes, before = origin.provenance(), origin.config()
    config = judged_otherwise(before, overrides)
    unit = units(config)
    attributes = examined(unit)
    check_texts(unit, notes["choices"])
    target = path.with_name(f"{path.name}-score-{fingerprint(config)[:8]}")
    tables = {
        name: origin.read_table(f"{name}.parquet") for name in ("utterances", "hypotheses", "covariates", "timings")
    }
    if (path / "voices.parquet").is_file():
        tables["voices"] = origin.read_table("voices.parquet")
    shutil.rmtree(target, ignore_errors=True)
    notes |= {
        "overrides": [*notes["overrides"], *overrides],
        "fingerprint": fingerprint(config),
        "policy_sha256": policy_hash(config, attributes),
        "normalizers": unit["scoring"].versions(),
    }
    directory = RunDirectory.create(target, config, notes)
    for name, content in tables.items():
        directory.write_table(f"{name}.parquet", content)
    for name in REFERENCE_ERRORS:
        if (path / name).is_file():
            shutil.copy(path / name, target / name)
    return directory, unit


def judged_otherwise(stored: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Change how a stored configuration judges; what it says of the recordings stays as it is stored.

    Args:
        stored: a resolved configuration.
        overrides: of the stages in `JUDGING`: another choice (`fairness=NAME`) or a value (`scoring.primary=none`).

    Returns:
        The changed configuration.

    Raises:
        InputError: a key or a choice does not exist, or an override cannot be read.
    """
    config = OmegaConf.create({key: value for key, value in stored.items() if key != "hydra"})
    OmegaConf.set_struct(config, True)
    for override in opened(overrides):
        try:
            change = parsed(override)
            stage, _, key = change.key_or_group.partition(".")
            if key:
                added = change.is_add() or change.is_force_add()
                OmegaConf.update(config, change.key_or_group, change.value(), force_add=added)
            else:
                config[stage] = composed([override])[stage]
        except (HydraException, OmegaConfBaseException) as error:
            raise InputError(sentence(error)) from None
    return plain(config)
