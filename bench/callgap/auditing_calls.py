"""The command `audit` on logs of calls: who called what for and where the calls ended, without one text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from callgap.assembly import units
from callgap.auditing import grouped, reference_groups, require_new, run_cells
from callgap.collating import system_names
from callgap.columns import CallRole, Columns, Wanted, call_columns, group_columns, has_texts, require_columns
from callgap.configuration import choices_of, composed, plain
from callgap.corpus.grouping import banded_name
from callgap.errors import InputError, one_of
from callgap.judging import check_references
from callgap.pipeline import Cell, check_texts
from callgap.submitted import Submitted, are_numbers, found_in, is_trn, require_bands
from callgap.tables import read_table

_CHOSEN = ("corpus=call-log", "recognizer=call-log", "ivr=call-log", "fairness=calls", "verdict=calls")
_PLACEHOLDERS = ("corpus.file=file",)
_SHOWN = 5


@dataclass(frozen=True)
class CallLogs:
    """The files of an audit that are logs of calls, each a system of its own.

    Attributes:
        logs: by name of the system.
        parts: by name of the system, which column plays which part.
        people: a table of callers to join; None for none.
        groups: columns to group callers by.
        numbers: columns with the name of a group that hold numbers, of which no groups are made.
    """

    logs: Mapping[str, Submitted]
    parts: Mapping[str, Mapping[CallRole, str]]
    people: Submitted | None
    groups: tuple[str, ...]
    numbers: tuple[str, ...]


def call_logs(paths: Sequence[Path], wanted: Wanted) -> CallLogs | None:
    """Find out whether files are logs of calls.

    Args:
        paths: tables. One that says what was called for and what was reached is a log; one that says neither describes
            callers, and there is at most one.
        wanted: columns that the user names.

    Returns:
        The logs; None where no file is one, or where one has texts to be scored.

    Raises:
        InputError: a file cannot be read or plays no part, a column that the user names is nowhere, or nothing is there
            to group by.
    """
    asked = wanted.expected or wanted.reached
    if (wanted.reference or wanted.hypothesis or wanted.rates) and not asked:
        return None
    # What is no table of these kinds is no log: the other reading of the files says what is wrong with it.
    known = [path for path in paths if path.suffix.lower() in (".csv", ".tsv", ".jsonl", ".parquet")]
    if len(known) < len(paths) and not asked:
        return None
    tables = {path: read_table(path) for path in paths if not is_trn(path)}
    parts = {path: call_columns(path, cells.column_names, wanted) for path, cells in tables.items()}
    logs = [path for path, of in parts.items() if {"expected", "reached"} <= of.keys()]
    halves = [path for path, of in parts.items() if {"expected", "reached"} & of.keys()]
    texts = any(has_texts(cells.column_names) for cells in tables.values())
    if not logs and not asked and (texts or not halves):
        return None
    require_columns(wanted, [name for cells in tables.values() for name in cells.column_names])
    files = {path: _submitted(path, cells, parts[path], wanted) for path, cells in tables.items()}
    if not logs:
        raise InputError(
            f"{(halves or paths)[0]} says not both what was called for and what was reached; name the columns with "
            f"--expected and --reached; {found_in(list(files.values()))}"
        )
    return _together(files, parts, logs, wanted)


def audit_calls_command(
    calls: CallLogs,
    wanted: Wanted,
    *,
    human: str,
    reference_group: str | None,
    normalizer: str | None,
    language: str | None,
    output: Path | None,
    console: Console,
) -> None:
    """Compare groups of callers on what became of their calls: one run directory per log, one report over all.

    Args:
        calls: the logs.
        wanted: columns that the user names.
        human: the destination at which a person answers; empty where none is known.
        reference_group: the group that the others are compared with, or `ATTRIBUTE=GROUP,...`; None compares nothing.
        normalizer: refused: there are no texts.
        language: BCP 47 tag of what is spoken; None takes the default.
        output: a folder to make; None takes `audit-` and the name of the first log.
        console: for results.

    Raises:
        InputError: a log holds what it may not, a group is not known, or the folder holds an audit.
    """
    first = next(iter(calls.logs.values())).path
    if normalizer is not None:
        raise InputError(f"--normalizer {normalizer}: {first} holds calls and no texts; leave the option out")
    target = output or Path(f"audit-{first.stem}")
    require_new(target)
    references = reference_groups(reference_group, calls.groups)
    named = {banded_name(name) if name in wanted.bands else name: of for name, of in references.items()}
    shared = {
        "language": language,
        "groups": list(calls.groups),
        "references": named,
        "bands": {name: list(limits) for name, limits in wanted.bands.items()},
        "speakers": calls.people and str(calls.people.path.absolute()),
    }
    cells = {name: _cell(calls, name, shared, human) for name in calls.logs}
    told = [line for name, cell in cells.items() for line in _checked(calls, name, cell)]
    _require_ends(calls, cells, human)
    for line in (*told, *_told(calls, references, wanted)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    run_cells(cells, target, console)
    console.print(f"audit: {target / 'report.html'}", highlight=False, markup=False, soft_wrap=True)


def _submitted(path: Path, cells: Any, parts: Mapping[CallRole, str], wanted: Wanted) -> Submitted:
    groups = group_columns(cells.column_names, {*parts.values()}, wanted)
    return Submitted(path, cells, Columns(parts.get("call"), parts.get("caller"), groups=groups))


def _together(
    files: Mapping[Path, Submitted],
    parts: Mapping[Path, Mapping[CallRole, str]],
    logs: Sequence[Path],
    wanted: Wanted,
) -> CallLogs:
    for path in logs:
        if "caller" not in parts[path]:
            raise InputError(f"{path} has no column for the caller; name it with --speaker; {found_in([files[path]])}")
    others = [file for path, file in files.items() if path not in logs]
    for file in others:
        if file.columns.speaker is None or not file.columns.groups or len(others) > 1:
            raise InputError(
                f"{file.path} plays no part beside logs of calls; accepted: one table of callers, with the callers' "
                f"column and groups; {found_in([file])}"
            )
    everything = list(files.values())
    groups = tuple(dict.fromkeys(name for file in everything for name in file.columns.groups))
    require_bands(groups, everything, wanted)
    asked = (*(wanted.groups or ()), *wanted.bands)
    numbers = tuple(name for name in groups if name not in asked and are_numbers(name, everything))
    kept = tuple(name for name in groups if name not in numbers)
    if not kept:
        raise InputError(f"no file has a column to group callers by; name one with --group; {found_in(everything)}")
    names = system_names(list(logs))
    return CallLogs(
        {name: files[path] for name, path in zip(names, logs, strict=True)},
        {name: parts[path] for name, path in zip(names, logs, strict=True)},
        others[0] if others else None,
        kept,
        numbers,
    )


def _cell(calls: CallLogs, name: str, shared: Mapping[str, Any], human: str) -> Cell:
    config = composed([*_CHOSEN, *_PLACEHOLDERS])
    content = plain(config)
    parts, file = calls.parts[name], str(calls.logs[name].path.absolute())
    columns = {"utterance_id": parts.get("call"), "speaker_id": parts["caller"], "intent": parts["expected"]}
    # Not as overrides: a path may hold whatever Hydra's grammar gives a meaning to.
    content["corpus"] |= {"file": file, "columns": {own: their for own, their in columns.items() if their}, **shared}
    content["recognizer"] |= {"file": file, "id": name}
    content["ivr"] |= {
        "file": file,
        "key": parts.get("call"),
        "reached": [parts["reached"]],
        "attempts": parts.get("attempts"),
        "seconds": parts.get("seconds"),
        "human": human,
    }
    content["engine"] |= {"workers": 0}
    named = {"corpus": calls.logs[name].path.stem, "recognizer": name}
    return Cell(content, choices_of(config) | named, list(_CHOSEN))


def _checked(calls: CallLogs, name: str, cell: Cell) -> Iterator[str]:
    """Refuse what cannot run before anything is written; say what was found."""
    unit = units(cell.config)
    check_texts(unit, cell.choices)
    utterances = unit["corpus"].utterances()
    check_references(unit, utterances, "--reference-group")
    unit["ivr"].check()
    path, parts = calls.logs[name].path, calls.parts[name]
    faults = utterances["fault"].to_pylist()
    wanted = {i for i, fault in zip(utterances["intent"].to_pylist(), faults, strict=True) if fault is None}
    reached = unit["ivr"].ends()
    if not wanted & reached:
        raise InputError(
            f"{path}: no call ended where any was for: {parts['expected']!r} holds {_some(wanted)} and "
            f"{parts['reached']!r} holds {_some(reached)}; accepted: the same names in both"
        )
    yield f"calls: {utterances.num_rows:,} of {path}, for {parts['expected']}, ended at {parts['reached']}"
    if never := reached - wanted:
        yield f"ended where no call was for: {_some(never)}"
    lacking = [role for role in ("attempts", "seconds") if role not in parts]
    if lacking:
        yield f"not logged: {', '.join(lacking)}"


def _require_ends(calls: CallLogs, cells: Mapping[str, Cell], human: str) -> None:
    """Refuse destinations that differ in case alone, and a person's that none of the logs has."""
    known: set[str] = set()
    for name, cell in cells.items():
        unit = units(cell.config)
        wanted = {intent for intent in unit["corpus"].utterances()["intent"].to_pylist() if intent}
        found = wanted | unit["ivr"].ends()
        plain: dict[str, str] = {}
        for end in sorted(found):
            if plain.setdefault(end.casefold(), end) != end:
                raise InputError(
                    f"{calls.logs[name].path}: found the destinations {plain[end.casefold()]!r} and {end!r}; accepted: "
                    "each under one name"
                )
        known |= found
    if human and human not in known:
        raise InputError(f"--human: found {human!r}, where no call ended; {one_of(human, known)}")


def _told(calls: CallLogs, references: Mapping[str, str], wanted: Wanted) -> Iterator[str]:
    yield f"groups: {', '.join(grouped(name, references, wanted) for name in calls.groups)}"
    if calls.numbers:
        yield f"not grouped by, since they hold numbers: {', '.join(calls.numbers)} (--band groups by bands of them)"
    if not references:
        yield "no --reference-group: groups are described, nothing is compared"


def _some(names: set[str]) -> str:
    shown = sorted(names)[:_SHOWN]
    rest = len(names) - len(shown)
    return (", ".join(shown) or "nothing") + (f" and {rest} more" if rest else "")
