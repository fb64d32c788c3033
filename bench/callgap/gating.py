"""The command `gate`: one exit status for what finished runs found, for scripts that must stop on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import yaml
from rich.console import Console

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.corpus import Card
from callgap.errors import InputError, first_line, one_of
from callgap.group_records import CONTRASTS
from callgap.judging import judged
from callgap.listing import choices
from callgap.report.comparisons import by_supported_harm, under_primary_normalizer
from callgap.report.figures import points, span
from callgap.report.wording import ENDPOINTS, NOT_JUDGED
from callgap.run_directory import RunDirectory, failed_in, runs_in
from callgap.verdict import UNFIT, Grade, Policy
from callgap.verdict.words import BETTER, DISADVANTAGED, WITHIN

Row = Mapping[str, Any]
_TARGET = "callgap.verdict.Policy"


class Gate(IntEnum):
    """The exit statuses; 2 is a fault of the input, as with every command."""

    PASS = 0
    DISADVANTAGE = 1
    CANNOT_TELL = 3


_GRAVEST_FIRST = (Gate.DISADVANTAGE, Gate.CANNOT_TELL, Gate.PASS)
_OF_VERDICT = {
    DISADVANTAGED: Gate.DISADVANTAGE,
    UNFIT: Gate.DISADVANTAGE,
    WITHIN: Gate.PASS,
    BETTER: Gate.PASS,
}


@dataclass(frozen=True)
class _Finished:
    """A finished run: its contrasts of persons on the declared endpoints, as they were stored or are judged again."""

    path: Path
    rows: Sequence[Row]

    def gate(self, *, allow_synthetic: bool) -> Gate:
        if not self.rows:
            return Gate.CANNOT_TELL
        found = {_of(row, allow_synthetic) for row in self.rows}
        return next(gate for gate in _GRAVEST_FIRST if gate in found)


def gate_command(runs: Sequence[Path], policy: str | None, *, allow_synthetic: bool, console: Console) -> int:
    """Say whether runs found a disadvantage.

    Args:
        runs: run directories; the directory of a sweep or of an audit stands for its runs.
        policy: a choice of conf/verdict/, or a YAML file with the fields of a policy: the stored contrasts are judged
            again under it, and nothing is written. None takes the stored verdicts.
        allow_synthetic: let synthetic voices decide; otherwise they leave every question open.
        console: for one line per verdict that decided, and a summary.

    Returns:
        The gravest `Gate` of the runs.

    Raises:
        InputError: a run was not finished or is damaged, or there is no such policy.
    """
    chosen = read_policy(policy) if policy is not None else None
    finished = [_finished(run, chosen) for given in runs for run in runs_in(given)]
    gates = [run.gate(allow_synthetic=allow_synthetic) for run in finished]
    failed = [(run, name, why) for run in runs for name, why in failed_in(run).items()]
    for path, name, why in failed:
        console.print(f"{path / name}: the run failed: {why}", highlight=False, markup=False, soft_wrap=True)
    for run, gate in zip(finished, gates, strict=True):
        for line in _lines(run, gate, allow_synthetic):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    gates += [Gate.CANNOT_TELL for _ in failed]
    worst = next(gate for gate in _GRAVEST_FIRST if gate in gates)
    console.print(_summary(worst, gates), highlight=False, soft_wrap=True)
    return worst


def read_policy(given: str) -> Policy:
    """Read a policy by its name or from a file.

    Args:
        given: a choice of conf/verdict/, or the path of a YAML file that ends in `.yaml` or `.yml`.

    Returns:
        The policy.

    Raises:
        InputError: there is no such choice or file, or a field is missing, unknown or out of its range.
    """
    path = Path(given)
    if path.suffix in (".yaml", ".yml"):
        content = plain(composed([])) | {"verdict": _fields(path)}
        try:
            unit = units(content)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
    elif given in (known := choices("verdict")):
        unit = units(plain(composed([f"verdict={given}"])))
    else:
        raise InputError(f"--policy: found {given!r}; {one_of(given, known)}, or a file that ends in .yaml")
    policy: Policy = unit["verdict"]
    return policy


def _fields(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"--policy: {path} cannot be read: {first_line(error)}") from None
    if not isinstance(content, Mapping):
        raise InputError(f"--policy: {path} holds no fields of a policy, found {type(content).__name__}")
    # A file decides what is judged, never what is executed.
    if content.get("_target_", _TARGET) != _TARGET:
        raise InputError(f"--policy: {path}, key _target_: found {content['_target_']!r}; accepted: {_TARGET}")
    return {**content, "_target_": _TARGET}


def _finished(path: Path, policy: Policy | None) -> _Finished:
    directory = RunDirectory.open(path)
    report = directory.report()
    declared, attributes = report["policy"], report["attributes"]
    rows = [
        row
        for row in _contrasts(directory)
        if row["endpoint"] in declared["endpoints"] and attributes.get(row["attribute"], {}).get("of_person")
    ]
    # Judged with what the other normalizers say, then shown under the primary one.
    decided = _judged(rows, report, policy) if policy else rows
    return _Finished(path, under_primary_normalizer(decided, declared))


def _contrasts(directory: RunDirectory) -> list[dict[str, Any]]:
    path = directory.path / "contrasts.csv"
    kinds = {field.name: field.type for field in CONTRASTS}
    # A group may be called NA: only what is written without quotes and empty is null.
    options = pa.csv.ConvertOptions(
        column_types=kinds,
        include_columns=CONTRASTS.names,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    try:
        rows: list[dict[str, Any]] = pa.csv.read_csv(path, convert_options=options).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"{path} is missing or damaged ({first_line(error)}); make it again with callgap score {directory.path}"
        ) from None
    return rows


def _judged(rows: Sequence[Row], report: Row, policy: Policy) -> list[Row]:
    for name in {row["endpoint"] for row in rows}:
        if name not in policy.margins:
            raise InputError(f"--policy: margins has none for the endpoint {name!r}; {one_of(name, policy.margins)}")
    contrasts = [dict(row) for row in rows]
    return list(judged(report["groups"], contrasts, policy, Card.model_validate(report["card"])))


def _of(row: Row, allow_synthetic: bool) -> Gate:
    if row["evidence_grade"] == Grade.S and not allow_synthetic:
        return Gate.CANNOT_TELL
    return _OF_VERDICT.get(row["verdict"], Gate.CANNOT_TELL)


def _lines(run: _Finished, gate: Gate, allow_synthetic: bool) -> Iterator[str]:
    """The verdicts that decided: every disadvantage, and of each other verdict the contrast that tells most."""
    if not run.rows:
        yield f"{run.path}: nothing was compared: no attribute of persons has a reference group with others beside it"
        return
    decided = [row for row in run.rows if _of(row, allow_synthetic) is gate]
    if gate is Gate.CANNOT_TELL and all(row["evidence_grade"] == Grade.S for row in decided):
        yield f"{run.path}: synthetic voices (grade S) are no evidence about people; --allow-synthetic lets them decide"
    by_verdict = defaultdict(list)
    for row in by_supported_harm(decided):
        by_verdict[row["verdict"]].append(row)
    for verdict, rows in by_verdict.items():
        shown = rows if verdict == DISADVANTAGED else rows[:1]
        for row in shown:
            more = f" (and {len(rows) - 1} more)" if len(shown) < len(rows) else ""
            yield f"{run.path}: {_told(row)}{more}"


def _told(row: Row) -> str:
    where = f"{row['attribute']} {row['group']} against {row['reference']}, {ENDPOINTS[row['endpoint']].name.lower()}"
    grade = f"grade {row['evidence_grade']}"
    if row["verdict"] == UNFIT:
        return f"{row['verdict']}: it fails everyone: {row['reason']}; {where}; {grade}"
    if row["verdict"] is None:
        return f"{NOT_JUDGED}: {where}: {str(row['reason']).rstrip('.')}; {grade}"
    if not (limits := span(row["difference_lower"], row["difference_upper"])):
        return f"{row['verdict']}: {where}: {row['reason']}; {grade}"
    speakers = f"{row['group_speakers']} and {row['reference_speakers']} speakers"
    gap = f"{points(row['difference'])} points ({limits}; margin {100 * row['margin']:g})"
    return f"{row['verdict']}: {where}: {gap}, {speakers}, {grade}"


def _summary(worst: Gate, gates: Sequence[Gate]) -> str:
    runs = f"{gates.count(worst)} of {len(gates)} {'run' if len(gates) == 1 else 'runs'}"
    told = {
        Gate.PASS: "no disadvantage in",
        Gate.DISADVANTAGE: "a disadvantage, or a failure of everyone, was found in",
        Gate.CANNOT_TELL: "it cannot be told for",
    }
    return f"gate: exit status {int(worst)}: {told[worst]} {runs}"
