"""Runs of the command line, as a user would make them."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from callgap.analyses import SCHEMAS
from callgap.cli import main

TINY = [
    "--config-dir",
    str(Path(__file__).resolve().parents[1] / "conf"),
    "corpus=tiny",
    "channel=g711u",
    "batch_size=6",
]
RESULTS = [
    "scores.parquet",
    "outcomes.parquet",
    "groups.csv",
    "contrasts.csv",
    *(f"{name}.csv" for name in SCHEMAS),
]


def callgap(*arguments, cwd, check=True):
    """Run the command in this process, as `callgap ARGUMENTS...` in the folder `cwd` would."""
    before, argv = Path.cwd(), sys.argv
    os.chdir(cwd)
    try:
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    finally:
        os.chdir(before)
        sys.argv = argv
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert not check or done.exit_code == 0, done.output
    return done


def callgap_process(*arguments, cwd):
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "callgap", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def digest(path):
    """Checksums of everything that must not depend on how a run went."""
    return {name: hashlib.sha256((path / name).read_bytes()).hexdigest() for name in RESULTS}
