"""What alterations changed, arranged for reading: an overview, what became of each group, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callgap.report.alteration_figures import RateFigure, rate_figures
from callgap.report.alteration_sentences import lines
from callgap.report.altered_rows import Alterations, AlteredRows
from callgap.report.comparisons import UNJUDGED, Row, distinct
from callgap.report.effect_words import (
    ALL,
    CANNOT_TELL,
    comparable,
    mark,
    outcome,
    who,
    widest,
)
from callgap.report.endpoint_words import ENDPOINTS, Endpoint
from callgap.report.figures import number, percent, points
from callgap.report.voice_words import (
    LEVELS,
    delta,
    sounds_alike,
    validation_sentences,
)

_ARROW = "\N{RIGHTWARDS ARROW}"


@dataclass(frozen=True)
class Outcome:
    """One alteration under one recognizer and line.

    Attributes:
        finding: what became of the gaps.
        mark: its color.
        told: the widest gap before and after; empty where there is none.
        everyone: rate over everyone before and after; empty where it is not known.
        counts: how many groups were helped and harmed, and of how many that cannot be told.
    """

    finding: str
    mark: str
    told: str
    everyone: str
    counts: str


@dataclass(frozen=True)
class Matrix:
    """Alterations beside recognizers and lines, for one attribute and endpoint.

    Attributes:
        attribute: in words.
        words: of the endpoint.
        reference: of the groups.
        places: names of the columns.
        rows: of each alteration its anchor, its name, its outcomes, and whether speakers are known and told apart.
        leads: whether it is one of those that are told in sentences.
    """

    attribute: str
    words: Endpoint
    reference: str
    places: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Outcome | None, ...], tuple[str, bool]], ...]
    leads: bool


@dataclass(frozen=True)
class GroupTable:
    """Every figure of one attribute, endpoint, recognizer and line; `rows` are of `EFFECTS`."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class LevelTable:
    """Changes of the voices by group.

    Attributes:
        title: of the table.
        groups: its columns.
        rows: of each measure its name and one change per column.
    """

    title: str
    groups: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class AlterationView:
    """One alteration.

    Attributes:
        anchor: id.
        name: in words.
        lines: headings with their sentences.
        tables: of recognition.
        levels: of voices.
        identities: rows of `IDENTITIES`.
    """

    anchor: str
    name: str
    lines: tuple[tuple[str, tuple[str, ...]], ...]
    tables: tuple[GroupTable, ...]
    levels: tuple[LevelTable, ...]
    identities: tuple[Row, ...]


@dataclass(frozen=True)
class AlterationsView:
    """The section of a page.

    Attributes:
        synthetic: whether the voices are.
        matrices: overviews, one per attribute and endpoint.
        figures: likewise.
        alterations: one view each.
        validations: sentences on what the measures of voices are worth for each group.
        reason: why nothing can be told; empty where something can.
        losses: of which groups nothing is left to compare.
    """

    synthetic: bool
    matrices: tuple[Matrix, ...] = ()
    figures: tuple[RateFigure, ...] = ()
    alterations: tuple[AlterationView, ...] = ()
    validations: tuple[str, ...] = ()
    reason: str = ""
    losses: tuple[str, ...] = ()


def alterations_view(
    found: Alterations | None, reports: Sequence[Row], *, plots: bool, computing: bool
) -> AlterationsView | None:
    """Arrange what alterations changed.

    Args:
        found: None where nothing was altered.
        reports: of the page, for its endpoints and whether its voices are synthetic.
        plots: whether to draw.
        computing: whether to tell how long computing took, which differs from run to run.

    Returns:
        The view; None where there is nothing to tell.
    """
    if found is None or not (found.effects or found.reason):
        return None
    synthetic = any(report["card"]["synthetic"] for report in reports)
    if not found.effects:
        return AlterationsView(synthetic, reason=f"Nothing can be told: {found.reason}.")
    told = AlteredRows.of(found, reports)
    return AlterationsView(
        synthetic=synthetic,
        matrices=tuple(_matrices(told)),
        figures=tuple(rate_figures(told.rates, told.primary, told.place_name, _titles(told))) if plots else (),
        alterations=tuple(_view(told, pair, synthetic=synthetic, computing=computing) for pair in told.pairs),
        validations=validation_sentences(found.validations),
        losses=tuple(found.losses),
    )


def _matrices(told: AlteredRows) -> Iterator[Matrix]:
    for attribute in told.attributes:
        for measure in told.primary:
            rows = [r for r in told.rates if r["attribute"] == attribute and r["measure"] == measure]
            if comparable(rows):
                yield _matrix(told, attribute, measure, str(comparable(rows)[0]["reference"]))


def _matrix(told: AlteredRows, attribute: str, measure: str, reference: str) -> Matrix:
    rows = []
    for number_, pair in enumerate(told.pairs):
        found = [
            (told.at(pair, attribute, measure, place), told.at(pair, ALL, measure, place)) for place in told.places
        ]
        cells = tuple(_outcome(own, everyone) if own else None for own, everyone in found)
        rows.append((_anchor(number_), told.pair_name(pair), cells, _known(told, pair)))
    names = tuple(map(told.place_name, told.places))
    leads = measure in told.told
    return Matrix(attribute.replace("_", " "), ENDPOINTS[measure], reference, names, tuple(rows), leads)


def _known(told: AlteredRows, pair: tuple[str, str]) -> tuple[str, bool]:
    rows = told.pick(told.found.identities, pair, attribute=ALL)
    if not rows or rows[0]["still_themselves"] is None:
        return "", bool(rows) and sounds_alike(rows[0])
    before, after = (percent(rows[0][name]) for name in ("still_themselves_before", "still_themselves"))
    return f"{before} {_ARROW} {after}", sounds_alike(rows[0])


def _view(told: AlteredRows, pair: tuple[str, str], *, synthetic: bool, computing: bool) -> AlterationView:
    speakers = "voices" if synthetic else "speakers"
    said = [(name, tuple(every)) for name, every in lines(told, pair, speakers=speakers, computing=computing)]
    return AlterationView(
        anchor=_anchor(told.pairs.index(pair)),
        name=told.pair_name(pair),
        lines=tuple((name, sentences) for name, sentences in said if sentences),
        tables=tuple(_tables(told, pair)),
        levels=tuple(_levels(told, pair)),
        identities=tuple(told.pick(told.found.identities, pair)),
    )


def _tables(told: AlteredRows, pair: tuple[str, str]) -> Iterator[GroupTable]:
    for attribute in told.attributes:
        for measure in told.told:
            for place in told.places:
                rows = told.at(pair, attribute, measure, place)
                if rows:
                    title = f"{ENDPOINTS[measure].name} by {attribute.replace('_', ' ')}: {told.place_name(place)}"
                    yield GroupTable(title, (*told.at(pair, ALL, measure, place), *rows))


def _levels(told: AlteredRows, pair: tuple[str, str]) -> Iterator[LevelTable]:
    levels = told.levels(pair)
    for attribute in told.attributes:
        rows = [row for row in levels if row["attribute"] in (ALL, attribute)]
        groups = distinct(who(row) for row in rows if row["group"] not in UNJUDGED)
        # The same voices stand under every recognizer and line: the first of them counts.
        cells = {(row["measure"], who(row)): delta(row) for row in reversed(rows)}
        measures = [name for name in LEVELS if any((name, group) in cells for group in groups)]
        if measures:
            changes = ((LEVELS[m].name, tuple(cells.get((m, group), "") for group in groups)) for m in measures)
            yield LevelTable(f"Voices by {attribute.replace('_', ' ')}: changes", tuple(groups), tuple(changes))


def _anchor(number_: int) -> str:
    return f"alteration{number_}"


def _titles(told: AlteredRows) -> dict[tuple[str, str], str]:
    return {pair: told.pair_name(pair) for pair in told.pairs}


def _outcome(rows: Sequence[Row], everyone: Sequence[Row]) -> Outcome:
    finding, row = outcome(rows), widest(rows)
    whole = [f"everyone {percent(of['value_before'])} {_ARROW} {percent(of['value_after'])}" for of in everyone]
    told = f"{row['group']} {points(row['gap_before'])} {_ARROW} {points(row['gap_after'])}" if row else ""
    findings = [one["change_finding"] for one in rows if one["group"] not in UNJUDGED]
    return Outcome(finding, mark(finding), told, "".join(whole), _counts(findings))


def _counts(findings: Sequence[str]) -> str:
    helped, harmed = (findings.count(name) for name in ("helped", "harmed"))
    untold = len(findings) - helped - harmed
    if not helped and not harmed:
        return f"nothing is told of {number(untold)} groups" if untold > 1 else CANNOT_TELL
    return f"{helped} helped, {harmed} harmed{f', of {number(untold)} nothing is told' if untold else ''}"
