"""Fetches a commit of a git repository: its name is the checksum of everything in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from callgap.corpus.archives import require_new
from callgap.errors import InputError

_SETTINGS = {
    # Nothing of this machine's configuration, no question, no filter, no hook, no link.
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
    "GIT_HTTP_LOW_SPEED_TIME": "60",
}
_OPTIONS = (
    *("-c", "core.symlinks=false", "-c", "core.autocrlf=false", "-c", f"core.hooksPath={os.devnull}"),
    *("-c", "fetch.fsckObjects=true", "-c", "advice.detachedHead=false"),
)


def checked_out(address: str, commit: str, to: Path) -> Path:
    """Fetch the files of a commit, without its history.

    Git checks every file against the commit's name as it arrives. All of it is written into a folder beside, which
    takes its name at the end: an error or an interruption leaves nothing behind, and the next call begins anew. Links
    become files that hold where they led.

    Args:
        address: of the repository.
        commit: 40 hexadecimal digits.
        to: the folder to make.

    Returns:
        The folder.

    Raises:
        InputError: the folder exists, git is not installed, or the commit cannot be fetched.
    """
    if shutil.which("git") is None:
        raise InputError(f"{address} is a git repository, and git is not installed; install git")
    require_new(to)
    aside = Path(tempfile.mkdtemp(dir=to.parent, prefix=f".{to.name}-", suffix=".partial"))
    try:
        _git(aside, address, "init", "--quiet")
        _git(aside, address, "fetch", "--quiet", "--depth=1", "--no-tags", "--", address, commit)
        found = _git(aside, address, "rev-parse", "FETCH_HEAD")
        if found != commit:
            raise InputError(f"{address}: found the commit {found}; accepted: {commit}")
        _git(aside, address, "checkout", "--quiet", "--detach", commit)
        shutil.rmtree(aside / ".git")
        # The folder of mkdtemp can be read by its owner alone.
        aside.chmod(0o755)
        aside.replace(to)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return to


def _git(folder: Path, address: str, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _SETTINGS
    command = ["git", "-C", str(folder), *_OPTIONS, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        told = [line for line in lines if line.startswith(("fatal:", "error:"))]
        said = (told or lines or [f"exit status {done.returncode}"])[0]
        raise InputError(f"{address}: git could not fetch it: {said.replace(str(folder), folder.name)}")
    return done.stdout.strip()
