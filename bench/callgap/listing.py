"""What can be chosen, read from the first line of each configuration."""

from __future__ import annotations

from rich.table import Table

from callgap.configuration import STAGES
from callgap.errors import InputError, one_of
from callgap.resources import conf_dir

_LISTED = (*STAGES, "experiment")


def choices(stage: str) -> dict[str, str]:
    """The choices of one stage.

    Args:
        stage: a configuration group.

    Returns:
        By name, one line that says what it is.

    Raises:
        InputError: there is no such stage.
    """
    if stage not in _LISTED:
        raise InputError(f"there is no stage {stage!r}; {one_of(stage, _LISTED)}")
    return {
        path.stem: _summary(path.read_text(encoding="utf-8")) for path in sorted((conf_dir() / stage).glob("*.yaml"))
    }


def listing(stage: str | None) -> Table:
    """A table of the choices of one stage, or of all.

    Raises:
        InputError: there is no such stage.
    """
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("stage", "choice", "what it is"):
        shown.add_column(column, overflow="fold")
    for name in [stage] if stage else _LISTED:
        for choice, summary in choices(name).items():
            shown.add_row(name, choice, summary)
    return shown


def _summary(text: str) -> str:
    comments = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
    return next((line for line in comments if not line.startswith("@package")), "")
