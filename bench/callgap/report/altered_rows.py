"""What the runs of a page say of alterations: rows, and the recognizers, lines and groups that they are of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from callgap.report.comparisons import Row, distinct, under_primary_normalizer
from callgap.report.effect_words import ALL
from callgap.report.endpoint_words import ENDPOINTS

Place = tuple[str, str]
"""A recognizer and a line."""

WORDS = "wer"


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
        losses: of which groups nothing is left to compare, in sentences.
    """

    effects: Sequence[Row] = ()
    identities: Sequence[Row] = ()
    validations: Sequence[Row] = ()
    latencies: Sequence[Row] = ()
    instead: Sequence[Row] = ()
    reason: str | None = None
    losses: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class AlteredRows:
    """Rows under the primary normalizer, and what they are of.

    Attributes:
        found: everything.
        rows: of `EFFECTS`.
        declared: endpoints that the runs declare.
    """

    found: Alterations
    rows: Sequence[Row]
    declared: frozenset[str]

    @classmethod
    def of(cls, found: Alterations, reports: Sequence[Row]) -> AlteredRows:
        """Take what the runs of a page declare."""
        policy = reports[0]["policy"] if reports else {}
        declared = frozenset(name for report in reports for name in report["policy"].get("endpoints", ()))
        return cls(found, under_primary_normalizer(found.effects, policy), declared)

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
        return [name for name in self.primary if name in (self.primary[0], WORDS)]

    @property
    def beside(self) -> list[str]:
        """Endpoints that stand beside the declared ones."""
        there = {row["measure"] for row in self.rates}
        return [name for name in ENDPOINTS if name in there and name not in self.primary]

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

    def levels(self, pair: tuple[str, str]) -> list[Row]:
        """What was measured of voices."""
        return [row for row in self.pick(self.rows, pair) if row["kind"] == "level"]

    @staticmethod
    def pick(rows: Iterable[Row], pair: tuple[str, str], **equal: object) -> list[Row]:
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
