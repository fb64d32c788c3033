"""What alterations changed, arranged for reading: an overview, what became of each group, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from callgap.report.alteration_figures import RateFigure, rate_figures
from callgap.report.comparisons import UNJUDGED, Row, distinct, under_primary_normalizer
from callgap.report.effect_words import (
    ALL,
    CANNOT_TELL,
    CHANGED_TEXT,
    CONTENT,
    change_sentences,
    comparable,
    content_sentence,
    gap_sentences,
    instead_sentence,
    mark,
    outcome,
    who,
    widest,
)
from callgap.report.endpoint_words import ENDPOINTS, Endpoint
from callgap.report.figures import number, percent, points
from callgap.report.voice_words import (
    EMPHASIZED,
    LEVELS,
    QUALITY,
    SPOKEN,
    delay_sentence,
    delta,
    identity_sentences,
    level_sentences,
    sounds_alike,
    validation_sentences,
)

Place = tuple[str, str]
_WORDS = "wer"
_ARROW = "\N{RIGHTWARDS ARROW}"


@dataclass(frozen=True)
class Alterations:
    """What the runs of a page say of alterations.

    Attributes:
        effects: rows of the table of this name.
        identities: likewise.
        validations: likewise; each with its sentence, `line`, and whether only changes may be told, `deltas_only`.
        latencies: likewise.
        instead: rows that put another recognizer without an alteration beside one after it.
        reason: why nothing can be told of alterations that there are.
    """

    effects: Sequence[Row] = ()
    identities: Sequence[Row] = ()
    validations: Sequence[Row] = ()
    latencies: Sequence[Row] = ()
    instead: Sequence[Row] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Outcome:
    """One alteration under one recognizer and line.

    Attributes:
        finding: what became of the gaps.
        mark: its color.
        told: the widest gap before and after; empty where there is none.
        counts: how many groups were helped and harmed.
    """

    finding: str
    mark: str
    told: str
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
    """

    attribute: str
    words: Endpoint
    reference: str
    places: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Outcome | None, ...], tuple[str, bool]], ...]


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
    """

    synthetic: bool
    matrices: tuple[Matrix, ...] = ()
    figures: tuple[RateFigure, ...] = ()
    alterations: tuple[AlterationView, ...] = ()
    validations: tuple[str, ...] = ()
    reason: str = ""


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
    told = _Told.of(found, reports, synthetic=synthetic, computing=computing)
    return AlterationsView(
        synthetic=synthetic,
        matrices=tuple(told.matrices()),
        figures=tuple(rate_figures(told.rates, told.primary, told.place_name, _titles(told))) if plots else (),
        alterations=tuple(told.view(pair) for pair in told.pairs),
        validations=validation_sentences(found.validations),
    )


@dataclass(frozen=True, eq=False)
class _Told:
    """Rows under the primary normalizer, and what they are of."""

    found: Alterations
    rows: Sequence[Row]
    declared: frozenset[str]
    synthetic: bool
    computing: bool

    @classmethod
    def of(cls, found: Alterations, reports: Sequence[Row], *, synthetic: bool, computing: bool) -> _Told:
        policy = reports[0]["policy"] if reports else {}
        declared = frozenset(name for report in reports for name in report["policy"].get("endpoints", ()))
        return cls(found, under_primary_normalizer(found.effects, policy), declared, synthetic, computing)

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """What alterations are called, before and after."""
        return distinct((row["before"], row["after"]) for row in self.rows)

    @cached_property
    def places(self) -> list[Place]:
        """Recognizers and lines."""
        return distinct((row["system"], row["condition"]) for row in self.rates)

    @cached_property
    def attributes(self) -> list[str]:
        """Attributes of persons."""
        return distinct(row["attribute"] for row in self.rows if row["attribute"] != ALL)

    @cached_property
    def rates(self) -> list[Row]:
        """Rows of endpoints."""
        return [row for row in self.rows if row["kind"] == "rate" and row["measure"] in ENDPOINTS]

    @cached_property
    def primary(self) -> list[str]:
        """Endpoints that are declared, or all where none of them was declared."""
        there = {row["measure"] for row in self.rates}
        return [name for name in ENDPOINTS if name in (there & self.declared or there)]

    @property
    def told(self) -> list[str]:
        """Endpoints that are told in sentences: the first, and words."""
        return [name for name in self.primary if name in (self.primary[0], _WORDS)]

    def place_name(self, place: Place) -> str:
        """Recognizer and line, as briefly as tells them apart."""
        system, line = place
        if len({other for other, _ in self.places}) < 2:
            return f"{system}, {line}" if len(self.places) < 2 else line
        return system if len({other for _, other in self.places}) < 2 else f"{system}, {line}"

    def pair_name(self, pair: tuple[str, str]) -> str:
        """The alteration, and what it is compared with where that is not the same for all."""
        before, after = pair
        return after if len({one for one, _ in self.pairs}) < 2 else f"{after}, against {before}"

    def pick(self, rows: Iterable[Row], pair: tuple[str, str], **equal: object) -> list[Row]:
        """Rows of a pair that have these values."""
        names = {"before": pair[0], "after": pair[1], **equal}
        return [row for row in rows if all(row[name] == value for name, value in names.items())]

    def at(self, pair: tuple[str, str], attribute: str, measure: str, place: Place) -> list[Row]:
        """Rows of the groups of an attribute."""
        return self._by_cell.get((*pair, attribute, measure, *place), [])

    @cached_property
    def _by_cell(self) -> dict[tuple[str, ...], list[Row]]:
        names = ("before", "after", "attribute", "measure", "system", "condition")
        found: dict[tuple[str, ...], list[Row]] = {}
        for row in self.rates:
            found.setdefault(tuple(str(row[name]) for name in names), []).append(row)
        return found

    def matrices(self) -> Iterator[Matrix]:
        """One per attribute and endpoint that groups were compared on."""
        for attribute in self.attributes:
            for measure in self.primary:
                rows = [r for r in self.rates if r["attribute"] == attribute and r["measure"] == measure]
                if comparable(rows):
                    yield self._matrix(attribute, measure, str(comparable(rows)[0]["reference"]))

    def _matrix(self, attribute: str, measure: str, reference: str) -> Matrix:
        rows = []
        for number_, pair in enumerate(self.pairs):
            found = [self.at(pair, attribute, measure, place) for place in self.places]
            cells = tuple(_outcome(own) if own else None for own in found)
            rows.append((_anchor(number_), self.pair_name(pair), cells, self._known(pair)))
        names = tuple(map(self.place_name, self.places))
        return Matrix(attribute.replace("_", " "), ENDPOINTS[measure], reference, names, tuple(rows))

    def _known(self, pair: tuple[str, str]) -> tuple[str, bool]:
        rows = self.pick(self.found.identities, pair, attribute=ALL)
        if not rows or rows[0]["still_themselves"] is None:
            return "", bool(rows) and sounds_alike(rows[0])
        before, after = (percent(rows[0][name]) for name in ("still_themselves_before", "still_themselves"))
        return f"{before} {_ARROW} {after}", sounds_alike(rows[0])

    def view(self, pair: tuple[str, str]) -> AlterationView:
        """Everything on one alteration."""
        lines = [(name, tuple(sentences)) for name, sentences in self._lines(pair)]
        return AlterationView(
            anchor=_anchor(self.pairs.index(pair)),
            name=self.pair_name(pair),
            lines=tuple((name, sentences) for name, sentences in lines if sentences),
            tables=tuple(self._tables(pair)),
            levels=tuple(self._levels(pair)),
            identities=tuple(self.pick(self.found.identities, pair)),
        )

    def _lines(self, pair: tuple[str, str]) -> Iterator[tuple[str, Iterable[str]]]:
        for attribute in self.attributes:
            for place in self.places:
                yield (
                    f"By {attribute.replace('_', ' ')}: {self.place_name(place)}",
                    self._recognized(pair, attribute, place),
                )
        yield "Text", self._content(pair)
        yield (
            "Left out",
            _left_out([row for name in self.told[:1] for row in self.pick(self.rates, pair, measure=name)]),
        )
        yield "Recognition instead", self._instead(pair)
        levels = [row for row in self.pick(self.rows, pair) if row["kind"] == "level"]
        yield "Who speaks", identity_sentences(self.pick(self.found.identities, pair))
        yield "Quality, changes only", level_sentences(levels, QUALITY)
        yield "Emphasis", level_sentences(levels, EMPHASIZED)
        yield "Pace and pitch", level_sentences(levels, SPOKEN)
        delays = [row for row in self.found.latencies if row["alteration"] == pair[1]]
        yield "Delay", [delay_sentence(delays[0] if delays else None, computing=self.computing)]

    def _recognized(self, pair: tuple[str, str], attribute: str, place: Place) -> Iterator[str]:
        for measure in self.told:
            rows = self.at(pair, attribute, measure, place)
            if rows:
                yield from gap_sentences(rows)
                everyone = self.at(pair, ALL, measure, place)
                yield from change_sentences([*everyone, *rows], "voices" if self.synthetic else "speakers")

    def _content(self, pair: tuple[str, str]) -> Iterator[str]:
        for place in self.places:
            rows = self.pick(self.rows, pair, measure=CONTENT, system=place[0], condition=place[1])
            if sentence := content_sentence(rows):
                yield f"{self.place_name(place)}: {sentence}" if len(self.places) > 1 else sentence
        if any(row["measure"] == CONTENT for row in self.pick(self.rows, pair)):
            yield CHANGED_TEXT

    def _instead(self, pair: tuple[str, str]) -> Iterator[str]:
        told = []
        for attribute in self.attributes:
            for place in self.places:
                row = widest(self.at(pair, attribute, _WORDS, place))
                where = {"attribute": attribute, "group": row["group"] if row else None}
                others = self.pick(self.found.instead, pair, system=place[0], condition=place[1], **where)
                systems = len({system for system, line in self.places if line == place[1]})
                sentence = instead_sentence(row, others, systems=systems)
                several = systems > 1 and len(self.places) > 1
                told.append(f"{self.place_name(place)}: {sentence}" if several else sentence)
        yield from distinct(told)

    def _tables(self, pair: tuple[str, str]) -> Iterator[GroupTable]:
        for attribute in self.attributes:
            for measure in self.told:
                for place in self.places:
                    rows = self.at(pair, attribute, measure, place)
                    if rows:
                        title = f"{ENDPOINTS[measure].name} by {attribute.replace('_', ' ')}: {self.place_name(place)}"
                        yield GroupTable(title, (*self.at(pair, ALL, measure, place), *rows))

    def _levels(self, pair: tuple[str, str]) -> Iterator[LevelTable]:
        levels = [row for row in self.pick(self.rows, pair) if row["kind"] == "level"]
        for attribute in self.attributes:
            rows = [row for row in levels if row["attribute"] in (ALL, attribute)]
            groups = distinct(who(row) for row in rows if row["group"] not in UNJUDGED)
            # The same voices stand under every recognizer and line: the first of them counts.
            cells = {(row["measure"], who(row)): delta(row) for row in reversed(rows)}
            measures = [name for name in LEVELS if any((name, group) in cells for group in groups)]
            if measures:
                lines = ((LEVELS[m].name, tuple(cells.get((m, group), "") for group in groups)) for m in measures)
                yield LevelTable(f"Voices by {attribute.replace('_', ' ')}: changes", tuple(groups), tuple(lines))


def _anchor(number_: int) -> str:
    return f"alteration{number_}"


def _titles(told: _Told) -> dict[tuple[str, str], str]:
    return {pair: told.pair_name(pair) for pair in told.pairs}


def _outcome(rows: Sequence[Row]) -> Outcome:
    finding, row = outcome(rows), widest(rows)
    told = f"{row['group']} {points(row['gap_before'])} {_ARROW} {points(row['gap_after'])}" if row else ""
    judged = [one for one in rows if one["group"] not in UNJUDGED]
    counts = [(name, sum(one["change_finding"] == name for one in judged)) for name in ("helped", "harmed")]
    said = ", ".join(f"{count} {name}" for name, count in counts)
    return Outcome(finding, mark(finding), told, f"{said} of {number(len(judged))}" if judged else CANNOT_TELL)


def _left_out(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    places = distinct((row["system"], row["condition"]) for row in rows)
    most = max(
        places,
        key=lambda place: sum(row["left_out"] or 0 for row in rows if (row["system"], row["condition"]) == place),
    )
    own = [row for row in rows if (row["system"], row["condition"]) == most and row["left_out"]]
    if not own:
        yield "No pair was left out: every utterance counts before and after."
        return
    named = "; ".join(f"{who(row)} {number(row['left_out'])}{_reasons(row['left_out_reasons'])}" for row in own)
    yield f"Utterances without a pair that counts, with their reasons: {named}."


def _reasons(counts: str | None) -> str:
    if not counts:
        return ""
    try:
        found = json.loads(counts)
    except ValueError:
        return f" ({counts})"
    return f" ({', '.join(f'{reason} {count}' for reason, count in found.items())})" if found else ""
