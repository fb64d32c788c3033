"""`callgap sample read`: transcriptions become the reference errors of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from callgap.assembly import units
from callgap.errors import InputError
from callgap.fairness.compare import Comparison
from callgap.judging import memberships
from callgap.reference_counts import Heard, Judging, agreement, reference_error_rates
from callgap.reference_error import Agreement, ReferenceErrorRate, store
from callgap.run_directory import RunDirectory
from callgap.sheets import Sample, read_sheets


def read_command(folder: Path, sheets: Sequence[Path], runs: Sequence[Path], console: Console) -> None:
    """Read filled sheets back into the reference errors of runs.

    Args:
        folder: of the sample.
        sheets: that came back; those in the folder if empty.
        runs: of the same corpus, to write into; the run that was drawn from if empty.
        console: for the results.

    Raises:
        InputError: a sheet or the key is at fault, nothing was filled in, or a run is of another corpus.
    """
    sample = Sample.open(folder)
    answers = read_sheets(sample, sheets or sample.sheets)
    if not answers:
        raise InputError(f"{folder}: no row of the sheets is filled in yet")
    if not runs and not sample.run.exists():
        raise InputError(f"{sample.run}, which {folder} was drawn from, is not there any more: say where with --run")
    directories = [RunDirectory.open(path) for path in runs or [sample.run]]
    for directory in directories:
        if directory.provenance()["corpus"]["fingerprint"] != sample.corpus_fingerprint:
            raise InputError(f"{directory.path} is a run of other recordings than those that {folder} was drawn from")
    left = len(sample.listenings) - len(answers)
    console.print(f"{len(answers)} of {len(sample.listenings)} items are filled in, {left} are left.", highlight=False)
    for directory in directories:
        _read_into(directory, sample, answers, console)


def reference_of(unit: Mapping[str, Any], attribute: str) -> str | None:
    """The reference of an attribute, as the configuration or else the card declares it."""
    declared: str | None = unit["fairness"].references.get(
        attribute, unit["corpus"].card.attributes[attribute].reference
    )
    return declared


def groups_of(unit: Mapping[str, Any], utterances: pa.Table, attribute: str) -> Mapping[str, str]:
    """By speaker, the group of an attribute as the contrasts of the run name it, pooled by its declared rule."""
    comparison: Comparison = unit["fairness"]
    return memberships(utterances, comparison, {attribute: unit["corpus"].card.attributes[attribute]})[attribute]


def plain_table(*columns: str) -> Table:
    """A table for the terminal, its groups to the left and its numbers to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left", title_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name != "group", justify="left" if name == "group" else "right")
    return table


def _read_into(directory: RunDirectory, sample: Sample, answers: Mapping[str, str | None], console: Console) -> None:
    unit = units(directory.config())
    normalizers, comparison = unit["scoring"].normalizers, unit["fairness"]
    utterances = directory.read_table("utterances.parquet")
    ids = utterances["utterance_id"].to_pylist()
    said, pairs = _said(sample, answers)
    speakers = dict(zip(ids, utterances["speaker_id"].to_pylist(), strict=True))
    heard = Heard(
        references=dict(zip(ids, utterances["text"].to_pylist(), strict=True)),
        said=said,
        speakers={u: speakers[u] for u in said},
        groups=groups_of(unit, utterances, sample.attribute),
    )
    reference = reference_of(unit, sample.attribute)
    judging = Judging(comparison.alpha, comparison.resamples, comparison.seed)
    rows = reference_error_rates(heard, sample.attribute, reference, normalizers, judging)
    agreed = agreement(pairs, normalizers)
    notes = {
        "sample": sample.code,
        "settings": dict(sample.settings),
        "items": len(sample.listenings),
        "filled": len(answers),
        "agreement": [asdict(found) | {"disagreement": found.disagreement} for found in agreed],
    }
    with directory.locked():
        written = store(directory, sample.attribute, rows, notes)
    _announce_read(rows, agreed, unit["scoring"].primary, console)
    console.print(f"written: {' and '.join(map(str, written))}", highlight=False, soft_wrap=True)
    console.print(f"To judge with it: callgap score {directory.path}", highlight=False, soft_wrap=True)


def _said(sample: Sample, answers: Mapping[str, str | None]) -> tuple[dict[str, str | None], list[tuple[str, str]]]:
    """What was said, by utterance, the first time that it could be heard; and the texts of those heard twice."""
    found: dict[str, list[str | None]] = {}
    for row in sorted(sample.listenings, key=lambda row: (row.utterance_id, row.turn)):
        if row.item in answers:
            found.setdefault(row.utterance_id, []).append(answers[row.item])
    texts = {utterance: [text for text in given if text is not None] for utterance, given in found.items()}
    said = {utterance: next(iter(given), None) for utterance, given in texts.items()}
    return said, [(given[0], given[1]) for given in texts.values() if len(given) == 2]


def _announce_read(
    rows: Sequence[ReferenceErrorRate], agreed: Sequence[Agreement], primary: str, console: Console
) -> None:
    table = plain_table("group", "speakers", "utterances", "unheard", "wrong", "points more", "limits")
    table.title = Text(f"Words of the references that were not said so, under {primary}")
    for row in (row for row in rows if row.normalizer == primary):
        table.add_row(
            Text(row.group),
            str(row.speakers),
            str(row.utterances),
            f"{row.not_heard} of {row.listened}",
            _points(row.rate, "{:.1f} %"),
            _points(row.estimate, "{:+.1f}"),
            "" if row.lower is None else f"{_points(row.lower, '{:+.1f}')} to {_points(row.upper, '{:+.1f}')}",
        )
    console.print(table)
    for found in agreed:
        if found.normalizer == primary and found.disagreement is not None:
            console.print(
                f"{found.pairs} utterances were transcribed twice: {found.identical} with the same words, "
                f"{_points(found.disagreement, '{:.1f} %')} of the words differ.",
                highlight=False, soft_wrap=True,
            )  # fmt: skip


def _points(value: float | None, form: str) -> str:
    return "" if value is None else form.format(100 * value)
