"""The command `audit`: transcripts that some systems have written already, without audio and without a model."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console

from callgap.assembly import units
from callgap.collating import RESERVED, Collated, System, collate
from callgap.columns import Wanted
from callgap.configuration import choices_of, composed, plain
from callgap.corpus.grouping import banded_name
from callgap.errors import InputError, one_of
from callgap.finished import Finished
from callgap.judging import check_references
from callgap.listing import choices
from callgap.pipeline import Cell, check_texts
from callgap.pipeline import run as run_cell
from callgap.procurement import procurement
from callgap.replication import replication
from callgap.report import announce, render_html, render_markdown

_TEXTS = ("corpus=table", "recognizer=transcripts", "ivr=none")
_RATES = ("corpus=error-rates", "recognizer=published-rates", "ivr=none", "scoring=published")
# Where no file is given yet, a configuration cannot be resolved.
_PLACEHOLDERS = ("corpus.file=file", "recognizer.file=file", "recognizer.column=column")


def audit_command(
    files: Sequence[Path],
    wanted: Wanted,
    *,
    reference_group: str | None,
    normalizer: str | None,
    language: str | None,
    output: Path | None,
    console: Console,
) -> None:
    """Score and compare stored transcripts: one run directory per system, and one report over all of them.

    Args:
        files: tables with references, hypotheses, speakers and groups.
        wanted: columns that the user names.
        reference_group: the group that the others are compared with, or `ATTRIBUTE=GROUP,...`; None compares nothing.
        normalizer: that figures are given under; None takes the default.
        language: BCP 47 tag of what is spoken; None takes the default.
        output: a folder to make; None takes `audit-` and the name of the first file.
        console: for results.

    Raises:
        InputError: the files do not fit together, a group or the normalizer is not known, or the folder holds an audit.
    """
    target = output or Path(f"audit-{files[0].stem}")
    require_new(target)
    scoring = _scoring(normalizer)
    collated = collate(files, wanted)
    if collated.rates and normalizer is not None:
        raise InputError(
            f"--normalizer {normalizer}: {collated.base.path} holds error rates and no texts; leave the option out"
        )
    references = reference_groups(reference_group, collated.groups)
    for line in _told(collated, references, wanted):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    with _input(collated, target) as corpus:
        named = {banded_name(name) if name in wanted.bands else name: of for name, of in references.items()}
        bands = {name: list(limits) for name, limits in wanted.bands.items()}
        corpus |= {"references": named, "language": language, "bands": bands}
        cells = [_cell(system, corpus, collated, scoring) for system in collated.systems]
        _check(cells)
    run_cells({system.name: cell for system, cell in zip(collated.systems, cells, strict=True)}, target, console)
    if len(cells) > 1 and references:
        written = procurement([Finished.open(target / system.name) for system in collated.systems])
        (target / "procurement.md").write_text(written.markdown, encoding="utf-8")
    if collated.rates and (told := replication(collated.base.path)):
        (target / "koenecke-2020.md").write_text(told, encoding="utf-8")
        console.print(f"replication: {target / 'koenecke-2020.md'}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"audit: {target / 'report.html'}", highlight=False, markup=False, soft_wrap=True)


def run_cells(cells: Mapping[str, Cell], target: Path, console: Console) -> None:
    """Run every system of an audit and write one report over all of them.

    Args:
        cells: by system.
        target: the folder of the audit.
        console: for results.

    Raises:
        InputError: the folder cannot be made, or the input of a system is not what its run needs.
    """
    with writable(target):
        target.mkdir(parents=True, exist_ok=True)
    reports = []
    for name, cell in cells.items():
        report = run_cell(cell, target / name, resume=False, console=Console(stderr=True))
        # A reader who has gone must not stop the other systems.
        with suppress(BrokenPipeError):
            announce(report, target / name, console)
        reports.append(report)
    (target / "report.html").write_text(render_html(reports, target.name), encoding="utf-8")
    (target / "report.md").write_text(render_markdown(reports, target.name), encoding="utf-8")


def reference_groups(given: str | None, groups: Sequence[str]) -> dict[str, str]:
    """Read which group the others are compared with.

    Args:
        given: `GROUP` where there is one attribute, or `ATTRIBUTE=GROUP`, several separated by commas.
        groups: the attributes.

    Returns:
        By attribute, its reference; groups of attributes that are not there are described, not compared.

    Raises:
        InputError: an attribute is not known or named twice, or it is not said which one is meant.
    """
    if given is None:
        return {}
    names = "|".join(map(re.escape, groups))
    pieces = re.split(rf",\s*(?=(?:{names})=)", given)
    found: dict[str, str] = {}
    for piece in pieces:
        attribute, equals, group = piece.partition("=")
        if len(groups) == 1 and attribute != groups[0]:
            attribute, group = groups[0], piece
        elif not equals or attribute not in groups:
            raise InputError(
                f"--reference-group: found {piece!r}; {one_of(attribute, (f'{name}=GROUP' for name in groups))}"
            )
        if attribute in found or not group:
            raise InputError(f"--reference-group: found {given!r}; accepted: one group for each attribute")
        found[attribute] = group
    return found


def require_new(target: Path) -> None:
    """Refuse a folder that holds an audit, or is none.

    Raises:
        InputError: it does.
    """
    if target.exists() and not target.is_dir():
        raise InputError(f"--output {target} is no folder; choose another name")
    held = [
        *(name for name in RESERVED if (target / name).exists()),
        *(p.parent.name for p in target.glob("*/run.json")),
    ]
    if held:
        raise InputError(f"--output {target} holds an audit already ({held[0]}): choose another folder")


def _told(collated: Collated, references: Mapping[str, str], wanted: Wanted) -> Iterator[str]:
    base = collated.base
    said = f"words: column {base.columns.words}" if collated.rates else f"references: column {base.columns.reference}"
    yield f"{said} of {base.path}, {collated.utterances:,} utterances"
    for system in collated.systems:
        ids = ", ids compared without folders and endings" if system.stems else ""
        lacking = collated.utterances - system.texts
        missing = f", {lacking:,} utterances are missing" if lacking else ""
        yield f"system {system.name}: column {system.column} of {system.file}{ids}{missing}"
    yield f"groups: {', '.join(grouped(name, references, wanted) for name in collated.groups)}"
    if collated.numbers:
        names = ", ".join(collated.numbers)
        yield f"not grouped by, since they hold numbers: {names} (--band groups by bands of them, --group as they are)"
    if not references:
        yield "no --reference-group: groups are described, nothing is compared"


def grouped(name: str, references: Mapping[str, str], wanted: Wanted) -> str:
    """An attribute in words: its bands, and the group that the others are compared with."""
    limits = ", ".join(f"{limit:g}" for limit in wanted.bands.get(name, ()))
    said = f"{name} in bands from {limits}" if limits else name
    return f"{said} (against {references[name]})" if name in references else said


@contextmanager
def writable(target: Path) -> Iterator[None]:
    """Turn what the system says of a folder that cannot be made into one sentence."""
    try:
        yield
    except OSError as error:
        raise InputError(f"--output {target} cannot be made: {error.strerror}; choose another folder") from None


@contextmanager
def _input(collated: Collated, target: Path) -> Iterator[dict[str, Any]]:
    """The configuration of the corpus; a merged table is written for it, and taken back if the rest is refused."""
    shared = {"groups": list(collated.groups)}
    if collated.merged is None:
        speakers = collated.speakers and str(collated.speakers.absolute())
        file = str(collated.base.path.absolute())
        yield {**shared, "file": file, "columns": dict(collated.columns), "speakers": speakers}
        return
    existed = target.exists()
    path = target / "input" / "references.csv"
    with writable(target):
        path.parent.mkdir(parents=True)
    try:
        _write(collated.merged, path)
        yield {**shared, "file": str(path.absolute()), "columns": {}, "speakers": None}
    except InputError:
        shutil.rmtree(path.parent if existed else target)
        raise


def _write(cells: pa.Table, path: Path) -> None:
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, cells.column_names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(cells.to_pylist())


def _cell(system: System, corpus: Mapping[str, Any], collated: Collated, scoring: Sequence[str]) -> Cell:
    chosen = [*(_RATES if collated.rates else _TEXTS), *scoring]
    config = composed([*chosen, *_PLACEHOLDERS])
    content = plain(config)
    # Not as overrides: a path may hold whatever Hydra's grammar gives a meaning to.
    content["corpus"] |= corpus
    content["recognizer"] |= {
        "file": str(system.file.absolute()),
        "key": system.key,
        "column": system.column,
        "id": system.name,
        **({} if collated.rates else {"stems": system.stems}),
    }
    # Looking texts up takes less time than starting a process would.
    content["engine"] |= {"workers": 0}
    named = {"corpus": collated.base.path.stem, "recognizer": system.name}
    return Cell(content, choices_of(config) | named, chosen)


def _scoring(normalizer: str | None) -> list[str]:
    """Overrides under which figures are given under a normalizer: of the plainest choice that has it."""
    if normalizer is None:
        return []
    known: set[str] = set()
    ranked = []
    for choice in choices("scoring"):
        content = composed([f"scoring={choice}"]).scoring
        known |= {*content.normalizers}
        if normalizer in content.normalizers:
            ranked.append((choice != "default", content.primary != normalizer, len(content.normalizers), choice))
    if not ranked:
        raise InputError(f"--normalizer: found {normalizer!r}; {one_of(normalizer, known)}")
    return [f"scoring={min(ranked)[-1]}", f"scoring.primary={normalizer}"]


def _check(cells: Sequence[Cell]) -> None:
    """Refuse what cannot run before anything is written."""
    for cell in cells:
        unit = units(cell.config)
        check_texts(unit, cell.choices)
        check_references(unit, unit["corpus"].utterances(), "--reference-group")
        unit["recognizer"].check((), unit["corpus"].card.language)
