"""The command `run`: from the words of a command line to finished run directories."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from callgap.assembly import options, units
from callgap.config_files import located
from callgap.configuration import choices_of, composed, opened, plain, register_resolvers
from callgap.errors import InputError, first_line
from callgap.foretelling import foretell
from callgap.judging import examined
from callgap.overrides import parsed, quoted, shown, without_addresses
from callgap.pipeline import Cell, check_fit
from callgap.pipeline import run as run_cell
from callgap.report import announce
from callgap.resources import conf_dir
from callgap.run_directory import FAILED, RunDirectory


@dataclass
class _Sweep:
    """What became of each run of one command."""

    console: Console
    failures: list[tuple[Path, str, str]] = field(default_factory=list)

    def job(self, config: DictConfig) -> None:
        """Do one run, as Hydra calls it."""
        chosen = HydraConfig.get()
        full = OmegaConf.merge({"hydra": chosen}, config)
        assert isinstance(full, DictConfig)
        cell = Cell(plain(config), choices_of(full), list(chosen.overrides.task))
        self.attempt(cell, Path(chosen.runtime.output_dir), resume=False)

    def attempt(self, cell: Cell, path: Path, *, resume: bool) -> None:
        """Do one run; a failure is recorded, so that the other runs of a sweep go on."""
        try:
            report = run_cell(cell, path, resume=resume, console=Console(stderr=True))
        except KeyboardInterrupt:
            print(f"\ncallgap: stopped; go on with callgap run resume={path}", file=sys.stderr)
            sys.exit(130)
        except Exception as error:
            self._failed(path, error)
        else:
            # A reader who has gone must not stop the other runs of a sweep.
            with contextlib.suppress(BrokenPipeError):
                announce(report, path, self.console)

    def status(self) -> int:
        """Name the runs that failed; exit status 2 where their input was at fault, 1 where the program was."""
        for path in (path for path, _, _ in self.failures if path.exists()):
            self.console.print(f"failed: {path}", highlight=False, soft_wrap=True)
        kinds = {kind for _, kind, _ in self.failures}
        return 1 if "program" in kinds else 2 if kinds else 0

    def record(self) -> None:
        """Write beside the runs of a sweep which of them failed: the others alone are not what was asked for."""
        for folder in {path.parent for path, _, _ in self.failures}:
            failed = {path.name: why for path, _, why in self.failures if path.parent == folder}
            folder.mkdir(parents=True, exist_ok=True)
            (folder / FAILED).write_text(json.dumps(failed, indent=2) + "\n", encoding="utf-8")

    def _failed(self, path: Path, error: Exception) -> None:
        if not isinstance(error, InputError):
            traceback.print_exc()
        self.failures.append((path, "input" if isinstance(error, InputError) else "program", str(error)))
        print(f"callgap: {error}", file=sys.stderr)
        _remove_if_empty(path)
        if (path / "run.json").exists():
            # What failed may be the disk itself; then the sentence above is all there is to say.
            with contextlib.suppress(InputError):
                directory = RunDirectory.open(path)
                directory.write_json("run.json", {**directory.provenance(), "error": str(error)})


def run_command(arguments: list[str], console: Console) -> int:
    """Do what `callgap run` was told.

    Args:
        arguments: Hydra's flags and overrides.
        console: for progress and results.

    Returns:
        Exit status: 0, 2 where the input of a run was at fault, 1 where the program was.

    Raises:
        InputError: the arguments are at fault; nothing has run.
    """
    arguments = [quoted(argument) for argument in arguments]
    known = _parsed(arguments)
    sweep = _Sweep(console)
    resumed = _value(known.overrides, "resume")
    if resumed not in (None, "null"):
        cell = _stored_cell(Path(resumed), known)
        sweep.attempt(cell, Path(resumed), resume=True)
        return sweep.status()
    if _is_dry(known.overrides):
        _preflight(known.overrides, known, partial(foretell, console=console))
        return 0
    if known.cfg is not None:
        for job in _job_overrides(known.overrides, known):
            composed(job, config_dir=known.config_dir)
    elif not (known.info or known.hydra_help or known.shell_completion):
        _preflight(known.overrides, known)
    register_resolvers()
    # Hydra wants its flags before the overrides.
    flags = [argument for argument in arguments if argument not in known.overrides]
    sys.argv = ["callgap run", *flags, *opened(known.overrides)]
    hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(sweep.job)()
    if known.multirun:
        sweep.record()
    return sweep.status()


def _remove_if_empty(path: Path) -> None:
    for folder in [path, *path.parents][:3]:
        if folder == Path.cwd() or not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()


def _parsed(arguments: list[str]) -> Any:
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            known = get_args_parser().parse_intermixed_args(arguments)
    except SystemExit as end:
        if not end.code:
            raise
        said = " ".join(map(shown, arguments))
        raise InputError(
            f"`{said}` cannot be read: accepted are KEY=VALUE and the flags of callgap run --help"
        ) from None
    if known.multirun and known.cfg:
        raise InputError("-m and --cfg cannot be combined: the configuration is shown of one run")
    if known.config_name or known.config_path:
        raise InputError("--config-name and --config-path are not accepted: use overrides, or --config-dir DIR")
    if known.config_dir and not Path(known.config_dir).is_dir():
        raise InputError(f"--config-dir: found {known.config_dir!r}, which is no folder")
    return known


def _value(overrides: Sequence[str], key: str) -> str | None:
    found = [
        override.split("=", 1)[1] for override in overrides if override.split("=", 1)[0] == key and "=" in override
    ]
    return found[-1] if found else None


def _is_dry(overrides: Sequence[str]) -> bool:
    found = _value(overrides, "dry_run")
    if found is not None and found.lower() not in ("true", "false"):
        raise InputError(f"dry_run: found {found!r}; accepted: true or false")
    return found is not None and found.lower() == "true"


def _stored_cell(path: Path, known: Any) -> Cell:
    if known.multirun:
        raise InputError("resume= goes on with one run: leave out -m and name the run directory of one job")
    directory = RunDirectory.open(path)
    notes = directory.provenance()
    own = [override for override in known.overrides if not override.startswith(("resume=", "hydra."))]
    if not own:
        return Cell(directory.config(), notes["choices"], notes["overrides"])
    config = composed(own, config_dir=known.config_dir)
    return Cell(plain(config), choices_of(config), own)


def _preflight(overrides: list[str], known: Any, then: Callable[..., None] | None = None) -> None:
    for job in _job_overrides(overrides, known):
        config = composed(job, config_dir=known.config_dir)
        choices = choices_of(config)
        content = plain(config)
        _require_place(Path(config.hydra.sweep.dir if known.multirun else config.hydra.run.dir))
        options(content)
        unit = _units(content, choices, job, known)
        check_fit(unit, choices)
        examined(unit)
        if then:
            then(unit, choices)


def _units(content: dict[str, Any], choices: dict[str, str], job: list[str], known: Any) -> dict[str, Any]:
    try:
        return units(content)
    except InputError as error:
        stage = str(error).partition(":")[0].partition(".")[0]
        # Where the command line changes a value, the file does not hold what was found.
        if stage not in choices or any(o.lstrip("+~").startswith(f"{stage}.") for o in job):
            raise
        folder = Path(known.config_dir) if known.config_dir else None
        raise InputError(located(str(error), stage, choices[stage], folder)) from None


def _require_place(path: Path) -> None:
    ancestor = next(folder for folder in [path, *path.absolute().parents] if folder.exists())
    if not ancestor.is_dir() or not os.access(ancestor, os.W_OK | os.X_OK):
        raise InputError(f"hydra.run.dir={path} cannot be made: {ancestor} is no folder that can be written to")


def _job_overrides(overrides: list[str], known: Any) -> list[list[str]]:
    if not known.multirun:
        _refuse_sweeps(overrides)
        return [overrides]
    parser = OverridesParser.create()
    single = [override for override in overrides if not parsed(override).is_sweep_override()]
    try:
        named = {override.split("=", 1)[0].lstrip("+~") for override in overrides}
        params = composed(single, config_dir=known.config_dir).hydra.sweeper.params or {}
        swept = [f"{key}={value}" for key, value in params.items() if key not in named]
        jobs = BasicSweeper.split_arguments(parser.parse_overrides([*overrides, *swept]), None)[0]
    except HydraException as error:
        raise InputError(without_addresses(first_line(error))) from None
    return [list(job) for job in jobs]


def _refuse_sweeps(overrides: list[str]) -> None:
    for override in overrides:
        if parsed(override).is_sweep_override():
            word = shown(override)
            raise InputError(f"{word}: several values need the flag -m, as in callgap run -m {word}")
