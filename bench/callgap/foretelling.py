"""`callgap run ... dry_run=true`: what a run would read, and what it could find, before anything is heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

from callgap.corpus import Attribute, KnowsFaults
from callgap.fairness import CONTRADICTORY, UNKNOWN
from callgap.fairness.standing import JUDGED
from callgap.judging import check_references, examined, memberships
from callgap.verdict.cells import is_offered
from callgap.verdict.words import DISADVANTAGED, WITHIN

_UP_TO = "up to: "
_COLUMNS = ("attribute", "group", "speakers", "utterances", "what can be said")


def foretell(unit: Mapping[str, Any], choices: Mapping[str, str], console: Console) -> None:
    """Print what a run would read and which verdicts its speakers allow.

    Args:
        unit: by stage, the objects of the configuration.
        choices: by stage, the name of the unit.
        console: to print on.

    Raises:
        InputError: the corpus cannot be read, or nobody belongs to a reference group, as a run would say.
    """
    corpus = unit["corpus"]
    utterances = corpus.utterances()
    check_references(unit, utterances)
    usable = utterances.filter(pa.compute.is_null(utterances["fault"]))
    blocked = next((fault for fault in _faults(corpus) if fault["consequence"] == "not judged"), None)
    known = not blocked
    console.print(*map(Text, _read(utterances, usable, unit, choices, known=known)), sep="\n")
    shown = Table(*_COLUMNS, box=None, header_style="bold")
    rows = list(_groups(usable, unit, "nobody says who speaks" if blocked else None))
    for row in rows:
        shown.add_row(*map(Text, row))
    console.print(shown)
    console.print(*map(Text, _end(unit, blocked, any(row[-1].startswith(_UP_TO) for row in rows))), sep="\n")


def _read(
    utterances: pa.Table, usable: pa.Table, unit: Mapping[str, Any], choices: Mapping[str, str], *, known: bool
) -> Iterator[str]:
    card = unit["corpus"].card
    yield f"Dry run of {choices['corpus']} ({card.title}): nothing is heard, recognized or written."
    count = len(usable["speaker_id"].unique())
    speakers = f", of {count:,} speaker{'' if count == 1 else 's'}" if known else "; who speaks nobody says"
    yield f"{utterances.num_rows:,} utterances would be read; {usable.num_rows:,} can be used{speakers}."
    seconds = pa.compute.sum(usable["duration_s"]).as_py()
    if seconds:
        stated = usable.num_rows - usable["duration_s"].null_count
        length = f"{seconds / 3600:,.1f} hours" if seconds >= 3600 else f"{seconds / 60:,.1f} minutes"
        yield f"The tables state {length} for {stated:,} of them."
    counted = pa.compute.value_counts(utterances["fault"].drop_null()).to_pylist()
    for entry in sorted(counted, key=lambda entry: (-entry["counts"], entry["values"])):
        yield f"{entry['counts']:,} would be excluded as {entry['values']}."
    altered = "" if choices["alteration"] == "identity" else f" after the alteration {choices['alteration']}"
    line = "directly" if choices["channel"] == "clean" else f"over the line {choices['channel']}"
    yield f"The recognizer {choices['recognizer']} would hear them {line}{altered}."


def _groups(usable: pa.Table, unit: Mapping[str, Any], why_not: str | None) -> Iterator[tuple[str, ...]]:
    attributes = examined(unit)
    found = memberships(usable, unit["fairness"], attributes)
    spoken: dict[str, int] = defaultdict(int)
    for entry in pa.compute.value_counts(usable["speaker_id"]).to_pylist():
        spoken[entry["values"]] = entry["counts"]
    for name, attribute in attributes.items():
        if not attribute.of_person and name in usable.column_names:
            yield from _values(usable, name, why_not)
            continue
        speakers: dict[str, list[str]] = defaultdict(list)
        for speaker, group in found[name].items():
            speakers[group].append(speaker)
        sizes = {group: len(of) for group, of in speakers.items()}
        for group, of in sorted(speakers.items(), key=lambda entry: (-len(entry[1]), entry[0])):
            told = why_not or _verdicts(group, attribute, sizes)
            yield name, group, f"{len(of):,}", f"{sum(spoken[s] for s in of):,}", told


def _values(usable: pa.Table, name: str, why_not: str | None) -> Iterator[tuple[str, ...]]:
    """The values of a condition, of which a speaker may be in several."""
    speakers: dict[str, set[str]] = defaultdict(set)
    utterances: dict[str, int] = defaultdict(int)
    for value, speaker in zip(usable[name].to_pylist(), usable["speaker_id"].to_pylist(), strict=True):
        speakers[value or UNKNOWN].add(speaker)
        utterances[value or UNKNOWN] += 1
    told = why_not or "described: a condition, compared within speakers"
    for value in sorted(utterances, key=lambda value: (-utterances[value], value)):
        yield name, value, f"{len(speakers[value]):,}", f"{utterances[value]:,}", told


def _verdicts(group: str, attribute: Attribute, sizes: Mapping[str, int]) -> str:
    if group in (CONTRADICTORY, UNKNOWN):
        return "counted, never judged"
    if attribute.reference is None:
        return "described: no reference group is declared"
    if group == attribute.reference:
        return "the reference"
    mine, theirs = sizes[group], _reference(attribute.reference, group, sizes)
    if min(mine, theirs) < JUDGED:
        return f"no verdict: it needs {JUDGED} speakers on each side, here {mine} and {theirs}"
    able = [verdict for verdict in (DISADVANTAGED, WITHIN) if is_offered(verdict, mine, theirs)]
    return f"{_UP_TO}{', '.join(able)}" if able else "no verdict: its error rate is not proven for so few"


def _reference(reference: str, group: str, sizes: Mapping[str, int]) -> int:
    if reference in sizes:
        return sizes[reference]
    # Everyone else, where the groups are compared with all the others together.
    return sum(size for name, size in sizes.items() if name not in (group, CONTRADICTORY, UNKNOWN))


def _faults(corpus: object) -> list[dict[str, object]]:
    return corpus.faults() if isinstance(corpus, KnowsFaults) else []


def _end(unit: Mapping[str, Any], blocked: Mapping[str, object] | None, is_judged: bool) -> Iterator[str]:
    card = unit["corpus"].card
    if blocked:
        yield f"{blocked['detail']} Nothing is judged."
    if card.synthetic:
        yield "The voices are no person's: no conclusion about people, whatever is found (grade S)."
    if is_judged:
        yield "Up to: with speakers who say equally much and a gap wide enough. callgap plan tells how wide."
    yield f"What this may show: {card.may_conclude}"
